"""`make bench` says which Python it measured, and warns of one that the images' users do not have."""

import sys
from pathlib import Path

from loadtest.bench.interpreter import Interpreter, interpreter, warning


def test_interpreter_that_is_asked_says_its_version() -> None:
    found = interpreter(Path(sys.executable))
    assert found.version == ".".join(str(part) for part in sys.version_info[:3])
    assert found.prefix == sys.base_prefix
    assert str(found) == f"{found.version} ({found.built})"


def test_python_built_with_optimisation_is_measured_without_a_word() -> None:
    images = Interpreter("3.11.14", "/usr/local", "'--enable-optimizations' '--with-lto'")
    assert images.built == "optimised"
    assert warning(images) == ""


def test_python_of_the_distribution_is_trusted() -> None:
    debian = Interpreter("3.11.2", "/usr", "'--enable-shared'")
    assert debian.built == "the system's"
    assert warning(debian) == ""


def test_python_built_without_optimisation_is_warned_of() -> None:
    plain = Interpreter("3.11.7", "/home/me/.pyenv/versions/3.11.7", "'--enable-shared'")
    assert plain.built == "not optimised"
    assert "BENCH_PYTHON=/usr/bin/python3" in warning(plain)
