"""`make archive TRACE=…`: keep the trace of an incident after Jaeger has forgotten the others."""

import argparse
import re
import sys

import httpx

from .draw import console
from .jaeger import Jaeger
from .jaeger_internal import archive
from .urls import urls


def main() -> int:
    parser = argparse.ArgumentParser(prog="make archive", description=__doc__)
    parser.add_argument("trace", help="its id, or its link")
    (trace_id,) = re.findall("[0-9a-f]{32}$", parser.parse_args().trace) or [""]
    if not trace_id:
        console.print("[red]That is no trace id[/]: 32 hexadecimal digits, as in `make archive TRACE=4bf9…`.")
        return 1
    jaeger = urls().jaeger
    try:
        kept = archive(jaeger, trace_id)
    except (httpx.HTTPError, ValueError) as error:
        console.print(f"[red]Jaeger does not archive at {jaeger}[/] ({type(error).__name__}); `make status`?")
        return 1
    if not kept:
        console.print(f"[red]Jaeger has no trace {trace_id}[/]: never sampled, or forgotten already.")
        return 1
    console.print(f"Kept for JAEGER_ARCHIVE_TTL: {Jaeger(jaeger).link(trace_id)}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
