"""Time and memory of the command line and the report on this machine, beside their targets.

Run: ``.venv/bin/python benchmarks/report.py`` (a benchmark, not a test: nothing fails).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "skeletal_reports"]
TARGETS = {
    "skeletal --help": "0.5 s",
    "skeletal report hermes, first after installation": "60 s",
    "skeletal report hermes, warm": "20 s",
    "a figure of 120 subjects": "0.5 s",
    "peak memory of the largest process": "1.0 GB",
}


def seconds(arguments: list[str], *, environment: dict[str, str] | None = None) -> float:
    """Return the wall time of one command, which must succeed."""
    start = time.perf_counter()
    run = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if run.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{run.stderr}")
    return time.perf_counter() - start


def report_seconds(folder: Path, *, bytecode: Path | None = None) -> float:
    """Return the time of ``report hermes``, without compiled modules where an empty ``bytecode`` is given."""
    environment = {"PYTHONPYCACHEPREFIX": str(bytecode)} if bytecode else {}
    return seconds(["report", "hermes", "--out", str(folder)], environment=environment)


def figure_seconds() -> float:
    """Return the time to draw one curve of 120 subjects and make its SVG, after a first one."""
    from skeletal.outcomes import derive_outcomes
    from skeletal.plan import analyse
    from skeletal.records import cut_records
    from skeletal.study import load_study
    from skeletal_reports.figures import curve_figure, image_bytes
    from skeletal_synthetic import simulate_trial

    study = load_study("hermes")
    records = cut_records(simulate_trial(study, seed=1), study.data_cutoff)
    results = analyse(derive_outcomes(records, study), study)

    def draw() -> float:
        start = time.perf_counter()
        image_bytes(curve_figure(results, study, "sse-free-curve"), "svg")
        return time.perf_counter() - start

    draw()
    return min(draw() for _ in range(3))


def peak_gigabytes() -> float:
    """Return the peak resident memory of the largest process started so far."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        seconds(["--help"])
        measured = {"skeletal --help": f"{min(seconds(['--help']) for _ in range(5)):.2f} s"}
        first = report_seconds(place / "first", bytecode=place / "bytecode")
        measured["skeletal report hermes, first after installation"] = f"{first:.1f} s"
        report_seconds(place / "compile")
        measured["skeletal report hermes, warm"] = f"{report_seconds(place / 'warm'):.1f} s"
        measured["peak memory of the largest process"] = f"{peak_gigabytes():.2f} GB"
    measured["a figure of 120 subjects"] = f"{figure_seconds():.2f} s"
    print(f"{'':<50}{'measured':>10}{'target':>10}")
    for what, target in TARGETS.items():
        print(f"{what:<50}{measured[what]:>10}{target:>10}")


if __name__ == "__main__":
    main()
