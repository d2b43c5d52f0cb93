"""`make logs NAME=order`: the end of one program's log, or of all."""

import sys

from deploy.native import native

from .mode import ModeError, compose, mode, say


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else "*"
    try:
        if mode() == "compose":
            return compose("logs", "--tail", "40", *([] if name == "*" else [name]))
        native.logs(name, 40, False)
    except (ModeError, native.StackError) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
