"""Ours and its peers one after the other, each in a process of its own: seconds, memory, ratios.

Used by ``survival.py`` and ``recurrent.py``.  A suite has a file of Python jobs (``*_jobs.py``: ours and the
Python peers) and one of R jobs (``*_jobs.R``).  All read the same files, drawn from a fixed seed, before
their time starts.  The median of ``--reps`` calls counts (one call of a peer where it takes over 20
seconds); the peak memory is that of the process, data and libraries included.  ``--size`` is the most rows
that a job has.  Ours runs twice: with an empty cache of compiled loops, for the time to compile them, and
again as on every later day.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).resolve().parent
MILLION = 10**6
IMPORT_TARGET = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is run: rows, peers and the target of ours over each peer."""

    rows: int
    what: str
    python: tuple[str, ...] = ()
    r: tuple[str, ...] = ()
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Jobs that belong together.

    ``columns`` gives the columns of each kind of file, ``kind_of`` the kind that a job reads, ``draw`` the
    table of a kind and number of rows.
    """

    name: str
    jobs: Mapping[str, Job]
    columns: Mapping[str, tuple[str, ...]]
    kind_of: Callable[[str], str]
    draw: Callable[[str, int], Mapping[str, Any]]
    modules: tuple[str, ...]

    def file_of(self, job: str, rows: int, folder: Path) -> Path:
        """Return the file of a job, which is drawn where it is not there yet."""
        kind = self.kind_of(job)
        path = folder / f"{kind}-{rows}.bin"
        if not path.exists():
            table = self.draw(kind, rows)
            np.vstack([np.asarray(table[name], dtype="<f8") for name in self.columns[kind]]).tofile(path)
        return path


def peak_megabytes(usage: Any) -> float:
    """Return the peak resident memory of a process that has ended."""
    return float(usage.ru_maxrss) / (1e6 if sys.platform == "darwin" else 1e3)


def measure(command: list[str], limit: float, **environment: str) -> dict[str, Any]:
    """Return what one process prints, its memory, or why it failed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors, env={**os.environ, **environment})
        timer = threading.Timer(limit, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        late = not timer.is_alive()
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        printed, said = out.read().strip(), errors.read().strip()
    if process.returncode or not printed:
        why = f"over {limit:.0f} s" if late else (said or f"exit {process.returncode}").splitlines()[-1]
        return {"failed": why[:150]}
    return {**json.loads(printed.splitlines()[-1]), "memory": peak_megabytes(usage)}


def run_python(
    suite: Suite, job: str, peer: str, path: Path, options: Any, **environment: str
) -> dict[str, Any]:
    """Run ours or a Python peer."""
    if peer != "ours" and importlib.util.find_spec(peer) is None:
        return {"missing": True}
    command = [sys.executable, str(HERE / f"{suite.name}_jobs.py"), job, peer, str(path), str(options.reps)]
    return measure(command, options.limit, **environment)


def run_r(suite: Suite, job: str, peer: str, path: Path, options: Any) -> dict[str, Any]:
    """Run an R peer."""
    if shutil.which("Rscript") is None:
        return {"missing": True}
    command = ["Rscript", str(HERE / f"{suite.name}_jobs.R"), job, peer, str(path), str(options.reps)]
    return measure([*command, ",".join(suite.columns[suite.kind_of(job)])], options.limit)


def print_peer(job: str, name: str, rows: int, ours: dict[str, Any], peer: dict[str, Any]) -> None:
    """Print one line: ours beside one peer."""
    head = f"{job:<16}{rows:>10,}  {name:<13}"
    if peer.get("missing"):
        print(f"{head}not installed")
        return
    if "failed" in peer:
        print(f"{head}failed: {peer['failed']}")
        return
    mine, other = statistics.median(ours["seconds"]), statistics.median(peer["seconds"])
    once = " (once)" if len(peer["seconds"]) == 1 else ""
    same = "" if peer["value"] is None else f"{abs(peer['value'] / ours['value'] - 1):.0e}"
    print(
        f"{head}{mine:>9.4f} s{other:>10.4f} s{other / mine:>9.1f}x{ours['memory']:>9,.0f} MB"
        f"{peer['memory']:>9,.0f} MB{same:>9}{once}"
    )


def run_job(suite: Suite, job: str, folder: Path, options: Any) -> list[float]:
    """Print the lines of one job; return the seconds of our calls that tell what compiling costs."""
    spec = suite.jobs[job]
    rows = min(spec.rows, options.size)
    path = suite.file_of(job, rows, folder)
    print(f"{job}: {spec.what}; target {spec.target}")
    cache = folder / "cache"
    cold = run_python(suite, job, "ours", path, options, NUMBA_CACHE_DIR=str(cache))
    ours = run_python(suite, job, "ours", path, options, NUMBA_CACHE_DIR=str(cache))
    shutil.rmtree(cache, ignore_errors=True)
    why = cold.get("failed") or ours.get("failed")
    if why:
        print(f"{job:<16}{rows:>10,}  ours failed: {why}")
        return []
    peers = [(peer, run_python) for peer in spec.python] + [(peer, run_r) for peer in spec.r]
    for peer, run in peers:
        print_peer(job, peer, rows, ours, run(suite, job, peer, path, options))
    return [cold["seconds"][0], cold["seconds"][-1], ours["seconds"][0], statistics.median(ours["seconds"])]


def import_seconds(module: str, reps: int) -> float:
    """Return the time to import a module in a new process, the interpreter's own start not counted."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    command, found = [sys.executable, "-c", code], []
    for _ in range(reps):
        run = subprocess.run(command, check=False, capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"import {module} failed: {run.stderr.strip().splitlines()[-1]}")
        found.append(float(run.stdout))
    return statistics.median(found)


def main(suite: Suite, description: str, arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--reps", type=int, default=5, help="calls of each implementation")
    parser.add_argument("--size", type=int, default=MILLION, help="most rows of a job")
    parser.add_argument(
        "--jobs", nargs="+", choices=list(suite.jobs), default=list(suite.jobs), metavar="JOB"
    )
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which a process is stopped")
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, median of {options.reps}")
    for module in suite.modules:
        seconds = import_seconds(module, options.reps)
        print(f"import {module}: {seconds:.2f} s (target {IMPORT_TARGET:.0f} s for skeletal)")
    print(
        f"{'job':<16}{'rows':>10}  {'peer':<13}{'ours':>11}{'peer':>12}{'ratio':>10}{'ours peak':>12}"
        f"{'peer peak':>12}{'differs':>9}"
    )
    with tempfile.TemporaryDirectory() as name:
        found = {job: run_job(suite, job, Path(name), options) for job in options.jobs}
    print("seconds of our calls where the compiled loops are ...")
    print(f"{'':<16}{'not there':>14}{'then last':>14}{'on disk':>14}{'then median':>14}")
    for job, seconds in found.items():
        if seconds:
            print(f"{job:<16}" + "".join(f"{value:>12.4f} s" for value in seconds))
