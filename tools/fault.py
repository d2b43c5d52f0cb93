"""`make fault NAME=… [SEAT=…] [VARIANT=…] [OFF=1]`: switch a fault; running services notice by themselves."""

import argparse
import re
import sys

from .draw import console
from .faults import Flags, active_file, state, switch, switching
from .mode import ModeError, say

SEAT = r"(?!(\D*\d){13})[a-z0-9-]{1,16}"  # what the shop lets in as baggage


class Wrong(Exception):
    """What was asked for can't be done; the text says why and what can."""


def change(flags: Flags, wanted: argparse.Namespace) -> list[str]:
    """Switch what is wanted in `flags`; return the names. Raises Wrong."""
    if not wanted.name and not wanted.off:
        raise Wrong(f"Which one? NAME=… is one of {', '.join(flags)}; OFF=1 alone switches all off.")
    if wanted.name and wanted.name not in flags:
        raise Wrong(f"There is no fault {wanted.name!r}. There are {', '.join(flags)}.")
    if wanted.seat and not re.fullmatch(SEAT, wanted.seat):
        raise Wrong(f"SEAT={wanted.seat} is no seat: 1 to 16 of a-z, 0-9 and -, at most 12 of them digits.")
    names = [wanted.name] if wanted.name else list(flags)
    for name in names:
        _switch(name, flags, wanted)
    return names


def _switch(name: str, flags: Flags, wanted: argparse.Namespace) -> None:
    flag, variant = flags[name], "off" if wanted.off else wanted.variant
    if variant not in flag["variants"]:
        raise Wrong(f"{name} has no variant {variant!r}. It has {', '.join(flag['variants'])}.")
    if wanted.seat and flag["metadata"]["scope"] == "global":
        if wanted.name:
            raise Wrong(f"{name} is global: it can't be limited to a seat. Leave SEAT out.")
        return  # all off for a seat: what is global is not the seat's
    switch(flag, variant, wanted.seat)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fault", description=__doc__)
    parser.add_argument("--name")
    parser.add_argument("--seat", help="only for requests with the baggage shop.seat of this value")
    parser.add_argument("--variant", default="on")
    parser.add_argument("--off", action="store_true")
    wanted = parser.parse_args()
    try:
        file = active_file()
        with switching(file) as flags:
            names = change(flags, wanted)
    except (Wrong, ModeError) as error:
        say(str(error))
        return 1
    if not wanted.name:
        console.print(f"Every fault is off{f' for {wanted.seat}' if wanted.seat else ''}.")
        return 0
    (name,) = names
    console.print(f"{name}: {state(flags[name])}", markup=False, soft_wrap=True)
    if not wanted.off:
        console.print(f"In the trace: {flags[name]['metadata']['looks']}", markup=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
