"""Break the code on purpose, one thing at a time, in a copy of the project; the named test must notice.

A mutation no test notices is a hole in the tests.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
PORTS = ("15000-23500", "23500-32000")
"""Of those that run at once: most of them wait for a span that never comes."""
COPIED = ("services", "tests", "tools", "docs", "deploy", "pyproject.toml", ".env.example")


@dataclass(frozen=True)
class Mutation:
    """`old` becomes `new` in `file`; `test` must fail, its output matching `says`: it names the fault.

    `also` are further changes (file, old, new) that make it up.
    """

    name: str
    file: str
    old: str
    new: str
    test: str
    says: str
    also: tuple[tuple[str, str, str], ...] = ()


def main(mutations: list[Mutation], prog: str, **environment: str) -> int:
    """Run the mutations named on the command line, or all; return how the process is to end."""
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutations whose name has one of these words")
    words = parser.parse_args().words
    chosen = [m for m in mutations if not words or any(word in m.name for word in words)]
    os.environ |= environment
    with tempfile.TemporaryDirectory(prefix="spanshop-mutations-") as directory:
        copy = Path(directory)
        tests = sorted({mutation.test for mutation in chosen})
        print(f"First all {len(tests)} tests on the code as it is: they must pass.", flush=True)
        _copy(copy)
        code, output = _pytest(copy, tests, PORTS[0])
        if code != 0:
            print(output[-3000:])
            return 1
    ports: SimpleQueue[str] = SimpleQueue()
    for each in PORTS:
        ports.put(each)
    with ThreadPoolExecutor(len(PORTS)) as workers:
        missed = list(workers.map(partial(_in_turn, ports), chosen)).count(False)
    print(f"{len(chosen) - missed} passed, {missed} failed")
    return 1 if missed else 0


def _in_turn(ports: SimpleQueue[str], mutation: Mutation) -> bool:
    ours = ports.get()
    try:
        return _is_noticed(mutation, ours)
    finally:
        ports.put(ours)


def _is_noticed(mutation: Mutation, ports: str) -> bool:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="spanshop-mutation-") as directory:
        copy = Path(directory)
        _copy(copy)
        _apply(mutation, copy)
        code, output = _pytest(copy, [mutation.test], ports)
    noticed = code == 1 and re.search(mutation.says, output) is not None
    test = mutation.test.rpartition("::")[2]
    verdict = "noticed by" if noticed else f"NOT NOTICED (pytest ended {code}) by"
    print(f"{mutation.name}: {verdict} {test}  {time.monotonic() - started:.0f} s", flush=True)
    if not noticed:
        print(output[-2000:])
    return noticed


def _copy(copy: Path) -> None:
    for name in COPIED:
        source, target = ROOT / name, copy / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def _apply(mutation: Mutation, copy: Path) -> None:
    for name, old, new in ((mutation.file, mutation.old, mutation.new), *mutation.also):
        text = (copy / name).read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{mutation.name}: its place in {name} is gone; bring the mutation up to date")
        (copy / name).write_text(text.replace(old, new))


def _pytest(copy: Path, tests: list[str], ports: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["TEST_PORTS"] = ports
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
