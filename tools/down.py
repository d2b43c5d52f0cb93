"""`make down` stops everything; `make clean` (--forget) deletes orders, traces and logs too."""

import shutil
import sys

from deploy.native import native
from deploy.native.ports import settings, state_dir

from .draw import console
from .mode import ModeError, compose, mode, say


def main() -> int:
    forget = "--forget" in sys.argv
    try:
        if mode() == "compose":
            return compose("down", *(["--volumes"] if forget else []))
        native.down()
        if forget:
            shutil.rmtree(state_dir(settings()), ignore_errors=True)
    except (ModeError, native.StackError) as error:
        say(str(error))
        return 1
    console.print(
        "Stopped; orders, traces and logs are deleted." if forget else "Stopped; `make up` goes on."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
