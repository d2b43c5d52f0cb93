"""`make test-compose`: the system by `docker compose` on a real engine, tested from outside.

With ENGINE=install (root, Debian) it installs and runs an engine of its own where none answers. Exit codes: 0
passed, 1 a test or a step failed, 3 no engine here and so nothing tested, 130 stopped. Options go to pytest.
"""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from deploy.native.cached import BuildError

from . import images
from .engine import Engine, NoEngine, engine
from .project import COMPOSE, NAME
from .shell import StageError, asked, say

ROOT = Path(__file__).parents[2]
NOTHING_TESTED = 3


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.compose",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _, for_pytest = parser.parse_known_args()
    _on_ending(signal.default_int_handler)  # clean up on the way out, also where a shell had us ignore it
    began = time.monotonic()
    try:
        code = _run(for_pytest)
    except NoEngine as error:
        say(str(error))
        return NOTHING_TESTED
    except (StageError, BuildError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; nothing is left running")
        return 130
    say(f"{'passed' if not code else 'FAILED'} after {time.monotonic() - began:.0f} s")
    return code


def _on_ending(handler: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _run(for_pytest: list[str]) -> int:
    with engine() as found:
        stand_ins: list[str] = []
        try:
            _take_down(found)  # what a run left that was killed hard
            stand_ins = images.provide(found)
            say(f"Stood in for: {', '.join(stand_ins) or 'nothing, all images are the real ones'}")
            return _tests(found, for_pytest)
        finally:
            _on_ending(signal.SIG_IGN)  # a second Ctrl-C must not leave containers behind
            _take_down(found)
            images.forget(found, stand_ins)


def _tests(found: Engine, for_pytest: list[str]) -> int:
    """Pytest in a session of its own: it hears of a Ctrl-C once, from us, and takes the project down."""
    command = [sys.executable, "-u", "-m", "pytest", "-v", "-s", "--timeout", "900", *for_pytest]
    command += [] if any("tests/compose" in option for option in for_pytest) else ["tests/compose"]
    env = {**found.environment, "SPANSHOP_COMPOSE_TESTS": "1"}
    tests = subprocess.Popen(command, cwd=ROOT, env=env, close_fds=False, start_new_session=True)
    try:
        return 1 if tests.wait() else 0
    except KeyboardInterrupt:
        say("stopping: taking everything down")
        _on_ending(signal.SIG_IGN)
        tests.send_signal(signal.SIGINT)
        try:
            tests.wait(120)
        except subprocess.TimeoutExpired:
            tests.kill()
        raise


def _take_down(found: Engine) -> None:
    if found.ask("ps", "-aq", "--filter", f"label=com.docker.compose.project={NAME}"):
        command = [*COMPOSE, "down", "--volumes", "--remove-orphans", "--timeout", "5"]
        asked(command, seconds=120, env=found.environment)


if __name__ == "__main__":
    sys.exit(main())
