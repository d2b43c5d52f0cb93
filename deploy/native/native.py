"""Spanshop without Docker: `python deploy/native/native.py up | down | status | restart NAME | logs [NAME]`.

What runs stands in programs.py and supervisord.conf, how in stack.py. Several runs fit on one machine: each
with its own SPANSHOP_STATE and ports.
"""

import argparse
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # as a script, too, this is deploy.native.native

from deploy.native.cached import BuildError, console
from deploy.native.daemon import StackError
from deploy.native.ports import PortError
from deploy.native.stack import Status, down, logs, restart, status, up

__all__ = ["BuildError", "PortError", "StackError", "Status", "down", "logs", "restart", "status", "up"]


def _command(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "up":
            console.print("up" if up(wait=not arguments.no_wait) else "was up already")
        case "down":
            down()
        case "restart":
            restart(arguments.name)
        case "logs":
            logs(arguments.name, arguments.lines, arguments.follow)
        case "status":
            rows = status()
            for row in rows:
                health = "healthy" if row.healthy else "NOT READY"
                print(f"{row.name:15} {row.state:9} {row.pid or '-':>7}  {row.url:30} {health}")
            return 0 if all(row.healthy for row in rows) else 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start what does not run").add_argument("--no-wait", action="store_true")
    commands.add_parser("down", help="stop everything")
    commands.add_parser("status", help="say how each program is; 1 if one is not healthy")
    commands.add_parser("restart", help="stop and start one program").add_argument("name")
    log = commands.add_parser("logs", help="the end of the logs")
    log.add_argument("name", nargs="?", default="*")
    log.add_argument("-n", dest="lines", type=int, default=20)
    log.add_argument("-f", dest="follow", action="store_true")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C: take down what was started
    try:
        return _command(arguments)
    except (BuildError, PortError, StackError) as error:
        console.print(str(error), markup=False, style="red")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
