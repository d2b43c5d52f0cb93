"""Tests that run at the same time, as mutations do, never take each other's ports."""

import subprocess
import sys

from tests.mutate import PORTS, ROOT

GIVEN = "from tests.support import free_ports; print(*free_ports(40))"


def test_who_is_given_a_part_of_the_ports_takes_none_of_the_others() -> None:
    for part in PORTS:
        first, last = map(int, part.split("-"))
        command = ["env", f"TEST_PORTS={part}", sys.executable, "-c", GIVEN]
        given = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
        assert all(first <= int(port) < last for port in given)


def test_parts_have_no_port_in_common() -> None:
    parts = [range(*map(int, part.split("-"))) for part in PORTS]
    assert sum(map(len, parts)) == len({port for part in parts for port in part})
