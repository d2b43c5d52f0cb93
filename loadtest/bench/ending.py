"""Ctrl-C at a command of the bench: what was started is ended."""

import contextlib
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import psutil


def run(main: Callable[[], int]) -> NoReturn:
    """Run to the end, or to Ctrl-C or SIGTERM, also where a shell has told us to ignore the first."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        _end_the_rest()


def _end_the_rest() -> None:
    """What Ctrl-C came upon between its start and our note of it, or whose end a second Ctrl-C cut short."""
    rest = psutil.Process().children(recursive=True)
    for process in rest:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(rest, timeout=5)
