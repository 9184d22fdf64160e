"""Compiled loops: cached on disk, also from a read-only folder, announced once."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import skeletal
from skeletal.kernels import compiled

LOOP = """
from skeletal.kernels.compiled import compiled


@compiled("F i")
def running(values, times):
    total = 0.0
    for _ in range(times):
        for value in values:
            total += value
    return total
"""
RUN = """
import numpy as np
from skeletal.kernels import scratch

values = np.arange(4.0)
values.flags.writeable = False
print(scratch.running(values, 3))
"""
LINE = "Compiling the numerical loops for this machine"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Make a copy of the kernels with one loop of its own, importable as ``skeletal``."""
    source = Path(skeletal.__file__).parent
    kernels = tmp_path / "site" / "skeletal" / "kernels"
    kernels.mkdir(parents=True)
    (kernels.parent / "__init__.py").write_text("")
    for name in ("__init__.py", "compiled.py"):
        (kernels / name).write_text((source / "kernels" / name).read_text())
    (kernels / "scratch.py").write_text(LOOP)
    return tmp_path / "site"


def run(package: Path, cache: Path | None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONWARNINGS": "ignore"}
    environment.pop("NUMBA_CACHE_DIR", None)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    return subprocess.run(
        [sys.executable, "-P", "-c", RUN], env=environment, capture_output=True, text=True, check=True
    )


def test_the_first_session_says_that_it_compiles_and_the_second_reads_the_cache(package: Path) -> None:
    first, second = run(package, None), run(package, None)
    assert first.stdout == second.stdout == "18.0\n"
    assert first.stderr.count(LINE) == 1
    assert second.stderr == ""
    assert list(package.rglob("scratch*.nbi"))


def test_a_cache_folder_elsewhere_serves_a_package_that_cannot_be_written_to(
    package: Path, tmp_path: Path
) -> None:
    first, second = run(package, tmp_path / "cache"), run(package, tmp_path / "cache")
    assert first.stdout == second.stdout == "18.0\n"
    assert second.stderr == ""
    assert not list(package.rglob("*.nbi"))
    assert list((tmp_path / "cache").rglob("scratch*.nbi"))


def test_without_any_folder_to_write_to_the_loop_is_compiled_in_memory(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = numba.njit

    def refuse(*args: object, **options: object) -> object:
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return real(*args, **options)

    monkeypatch.setattr(numba, "njit", refuse)

    @compiled.compiled("i")
    def twice(number: int) -> int:
        return 2 * number

    assert twice(21) == 42


def test_an_unknown_word_for_an_argument_is_refused() -> None:
    with pytest.raises(KeyError, match="X"):
        compiled.compiled("F X")
