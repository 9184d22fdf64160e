"""Write docs/statistical-checks.md: ``python -m tests.statistical.table [--times 4] [--jobs 2]``.

``--times`` multiplies the numbers of trials of the tests.
"""

from __future__ import annotations

import argparse
import platform
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import scipy
from tests.statistical.all_cases import CASES, FAMILIES
from tests.statistical.harness import ERRORS, SEED, Finding, simulate

import skeletal

TARGET = Path(__file__).resolve().parents[2] / "docs" / "statistical-checks.md"
HEADER = """\
# Size of tests, coverage of intervals

Trials are drawn from laws whose truth is known in closed form or as an integral (some 30 to 40 percent of
times censored), and every test and interval is applied to them. Size is the share of trials without an effect
in which a test rejects, coverage the share in which an interval holds the truth. Under "monthly times" all
times are rounded up, and the truth is that of the rounded ones. "At least" and "at most" mark exact methods,
which keep their level by construction and may be far on the safe side. A † marks a method that is off its
level at this number of subjects; by how much, and why, is said below the table.

The tests (`pytest -m statistical`) fail where an observed share is more than {errors} Monte Carlo standard
errors from the nominal one (beyond what a † allows). {within} percent of the {rows} shares without a mark are
within two; those of one kind of trial come from the same samples.

Made by `python -m tests.statistical.table{options}` with seed {seed}, skeletal {skeletal}, Python {python},
NumPy {numpy}, SciPy {scipy}, Numba {numba}, pandas {pandas}.
"""


def line(finding):
    case = finding.case
    bound = {"size": "at most ", "coverage": "at least "}[case.kind] if finding.guaranteed else ""
    dagger = " †" if finding.allowance else ""
    cells = (
        case.name,
        finding.label + dagger,
        str(case.n),
        str(finding.reps),
        f"{bound}{case.nominal:g}",
        f"{finding.observed:.4f}",
        f"{finding.error:.4f}",
    )
    return f"| {' | '.join(cells)} |"


def notes(findings):
    """Return one line a reason for which a method may be off its level."""
    reasons = {}
    for finding in findings:
        if finding.allowance:
            reasons.setdefault(finding.allowance, []).append(f"{finding.case.name}, {finding.label}")
    return [
        f"† {'; '.join(labels)}: by up to {reason.by:g}; {reason.why}." for reason, labels in reasons.items()
    ]


def section(title, kind, findings):
    return [
        f"\n### {title}\n",
        f"| trials | method | subjects | trials drawn | nominal {kind} | observed | standard error |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(line(finding) for finding in findings),
        *(f"\n{note}" for note in notes(findings)),
    ]


def document(findings, options):
    usual = [found for found in findings if not (found.guaranteed or found.allowance)]
    within = np.mean([abs(found.observed - found.case.nominal) <= 2 * found.error for found in usual])
    text = [
        HEADER.format(
            errors=ERRORS,
            rows=len(usual),
            within=round(100 * within),
            options=options,
            seed=SEED,
            skeletal=skeletal.__version__,
            python=platform.python_version(),
            numpy=np.__version__,
            scipy=scipy.__version__,
            numba=numba.__version__,
            pandas=pd.__version__,
        )
    ]
    for kind, heading in (("size", "Size of tests"), ("coverage", "Coverage of intervals")):
        text.append(f"\n## {heading}")
        for title, cases in FAMILIES.items():
            mine = [found for found in findings if found.case.kind == kind and found.case in cases]
            text += section(title, kind, mine) if mine else []
    return "\n".join(text) + "\n"


def findings_of(index, times):
    """Return the findings of one case without the case, which does not travel between processes."""
    return [(found.label, found.reps, found.observed) for found in simulate(CASES[index], times)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=float, default=1.0)
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.jobs) as pool:
        found = list(pool.map(partial(findings_of, times=chosen.times), range(len(CASES))))
    findings = [
        Finding(case=case, label=label, reps=reps, observed=observed)
        for case, rows in zip(CASES, found, strict=True)
        for label, reps, observed in rows
    ]
    TARGET.write_text(document(findings, f" --times {chosen.times:g}" if chosen.times != 1 else ""))


if __name__ == "__main__":
    main()
