"""Time and memory to derive all endpoints of HERMES from 10,000 to 1,000,000 subjects, beside their targets.

Run: ``.venv/bin/python benchmarks/outcomes.py [subjects ...]`` (a benchmark, not a test: nothing fails).

For N subjects the records hold N rows of subjects, 3 N of events, 2 N of lesions (two a subject; events and
procedures name one of them), N of procedures, 2 N of assessments, N / 2 of therapies, N / 4 of stays and N
of disposition: every table that the rules of the endpoints read.  Dates are ISO text, as files hold them.
The measures of the study (questionnaires, days at home) are left out.
Making and checking the records is not timed.  "derive" is ``derive_outcomes``: all estimands of all
endpoints, first and recurrent.  "frames" copies the frame of each, "accounting" both accounting tables,
"audit" makes the audit with its sentences of one estimand after the other and drops it.  Each size runs in
a process of its own, whose peak memory counts the records too.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    from skeletal.records import TrialRecords
    from skeletal.study import Study

SIZES = (10_000, 100_000, 1_000_000)
NAIVE_SUBJECTS = 1_000
TARGET = "target at 1,000,000 subjects: derive, frames and accounting under 60 s and 8 GB on 2 cores"
STAGES = ("derive", "frames", "accounting", "audit")


def drawn(draw: np.random.Generator, size: int, *values: Any) -> pd.Series[Any]:
    """Return one of ``values`` in each row, as text or flags."""
    chosen = np.array(values, dtype=object)[draw.integers(len(values), size=size)]
    return pd.Series(chosen, dtype="boolean" if isinstance(values[0], bool) else "string")


def tables_of(n: int) -> dict[str, pd.DataFrame]:
    """Draw the tables of ``n`` subjects."""
    draw = np.random.default_rng(n)
    ids = np.array([f"S{i:07d}" for i in range(n)], dtype=object)
    calendar = np.datetime_as_string(np.datetime64("2024-06-01") + np.arange(1500)).astype(object)
    zero = 249 + draw.integers(0, 700, n)

    def dates(who: Any, last: int) -> pd.Series[Any]:
        day = np.minimum(zero[who] + draw.integers(-10, last, who.size), 1499)
        return pd.Series(calendar[day], dtype="string")

    def rows(who: Any, key: str = "") -> dict[str, Any]:
        number = {key: pd.Series(np.arange(who.size).astype(str), dtype="string")} if key else {}
        return {"subject_id": pd.Series(ids[who], dtype="string"), **number}

    def lesions(size: int) -> pd.Series[Any]:
        return drawn(draw, size, "L1", "L2")

    everyone, twice = draw.permutation(n), np.repeat(np.arange(n), 2)
    events, procedures, visits, drugs, stays = (
        draw.integers(0, n, size) for size in (3 * n, n, 2 * n, n // 2, n // 4)
    )
    return {
        "subjects": pd.DataFrame(
            {
                **rows(everyone),
                "arm": drawn(draw, n, "observational", "upfront-rt"),
                "randomised_date": pd.Series(calendar[zero[everyone]], dtype="string"),
            }
        ),
        "events": pd.DataFrame(
            {
                **rows(events, "event_id"),
                "component": drawn(draw, events.size, "fracture", "cord_compression", "hypercalcaemia"),
                "date": dates(events, 760),
                "symptomatic": drawn(draw, events.size, True, True, False),
                "detection": drawn(draw, events.size, "clinical", "imaging"),
                "lesion_id": lesions(events.size),
            }
        ),
        "lesions": pd.DataFrame(
            {
                **rows(twice),
                "lesion_id": pd.Series(np.tile(np.array(["L1", "L2"], dtype=object), n), dtype="string"),
                "target": pd.Series(True, index=range(2 * n), dtype="boolean"),
            }
        ),
        "procedures": pd.DataFrame(
            {
                **rows(procedures, "procedure_id"),
                "kind": drawn(draw, procedures.size, "radiation", "surgery"),
                "reason": drawn(draw, procedures.size, "bone_pain", "fracture"),
                "intent": drawn(draw, procedures.size, "palliative", "preventive"),
                "indicated_date": dates(procedures, 760),
                "performed_date": dates(procedures, 90),
                "lesion_id": lesions(procedures.size),
            }
        ),
        "therapies": pd.DataFrame(
            {
                **rows(drugs),
                "drug": drawn(draw, drugs.size, "A", "B"),
                "class": drawn(draw, drugs.size, "bone_agent", "anticancer"),
                "start_date": dates(drugs, 760),
            }
        ),
        "stays": pd.DataFrame(
            {
                **rows(stays),
                "admission_date": dates(stays, 760),
                "discharge_date": dates(stays, 760),
                "place": drawn(draw, stays.size, "hospital", "rehabilitation"),
                "bone_related": drawn(draw, stays.size, True, False),
            }
        ),
        "assessments": pd.DataFrame(
            {
                **rows(visits),
                "visit": drawn(draw, visits.size, "Month 6", "Month 12", "Month 18"),
                "date": dates(visits, 700),
                "done": drawn(draw, visits.size, True, True, True, False),
            }
        ),
        "disposition": pd.DataFrame(
            {
                **rows(everyone),
                "status": drawn(draw, n, "alive", "died", "completed", "withdrew"),
                "date": dates(everyone, 800),
            }
        ),
    }


def endpoints_of_hermes() -> Study:
    """Return the study without its measures."""
    from skeletal.study import load_study

    return load_study("hermes").model_copy(update={"measures": {}})


def records_of(n: int) -> TrialRecords:
    """Return checked records of ``n`` subjects."""
    from skeletal.records import make_records

    return make_records(tables_of(n))


def peak_gigabytes() -> float:
    """Return the peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


def measure(n: int) -> dict[str, float]:
    """Return seconds of each stage, rows of the records and peak memory before and after the audit."""
    from skeletal.outcomes import derive_outcomes

    study = endpoints_of_hermes()
    records = records_of(n)
    found: dict[str, float] = {
        "rows": sum(len(frame) for frame in records.tables.values()),
        "records GB": peak_gigabytes(),
    }

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        found[stage] = time.perf_counter() - start
        return result

    start_cpu = time.process_time()
    outcomes = timed("derive", lambda: derive_outcomes(records, study))

    def frames() -> None:
        for name, estimand in study.estimands.items():
            getattr(outcomes, estimand.variable)(estimand.endpoint, name)

    def audits() -> int:
        return sum(len(outcomes.audit_of(name)) for name in study.estimands)

    timed("frames", frames)
    timed("accounting", lambda: (outcomes.accounting(), outcomes.record_accounting()))
    found["cpu"] = time.process_time() - start_cpu
    found["outcomes GB"] = peak_gigabytes()
    found["audit rows"] = timed("audit", audits)
    found["audit GB"] = peak_gigabytes()
    return found


def naive_seconds(n: int) -> tuple[float, float]:
    """Return the time of plain loops over subjects and that of ours, for what the plain loops can read.

    They read estimands of subjects and of the first episode, without intercurrent events.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.support.naive_outcomes import naive_first, naive_recurrent, rows_of

    from skeletal.outcomes import derive_outcomes

    study, records = endpoints_of_hermes(), records_of(n)
    plain = {
        name: item.model_copy(update={"intercurrent": {}})
        for name, item in study.estimands.items()
        if study.endpoints[item.endpoint].unit == "subject" and item.order == 1
    }
    read = {item.endpoint for item in plain.values()}
    endpoints = {name: item for name, item in study.endpoints.items() if name in read}
    study = study.model_copy(update={"estimands": plain, "endpoints": endpoints})
    start = time.perf_counter()
    subjects = rows_of(records)
    for name, estimand in study.estimands.items():
        derive = naive_first if estimand.variable == "first" else naive_recurrent
        for rows in subjects.values():
            derive(rows, study, name)
    between = time.perf_counter()
    outcomes = derive_outcomes(records, study)
    for name in study.estimands:
        outcomes.frames[name]
    return between - start, time.perf_counter() - between


def own_process(*arguments: str) -> Any:
    """Return what this script prints as JSON when run with ``arguments``."""
    run = subprocess.run(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    if run.returncode:
        sys.exit(f"{' '.join(arguments)} failed")
    return json.loads(run.stdout)


def main(sizes: list[int]) -> None:
    """Measure and print."""
    print(TARGET)
    print(f"{'subjects':>10}{'rows':>11}", *(f"{stage:>11}" for stage in STAGES), end="")
    print(f"{'CPU':>11}{'per 10^6 rows':>15}{'growth':>8}{'peak':>9}{'with audit':>12}")
    before: dict[str, float] = {}
    for size in sizes:
        found = own_process("--measure", str(size))
        total = sum(found[stage] for stage in STAGES[:-1])
        print(f"{size:>10,}{found['rows']:>11,}", *(f"{found[stage]:>9.2f} s" for stage in STAGES), end="")
        print(f"{found['cpu']:>9.2f} s{total / found['rows'] * 1e6:>13.2f} s", end="")
        growth = total / before["total"] / (found["rows"] / before["rows"]) if before else float("nan")
        print(f"{growth:>8.2f}{found['outcomes GB']:>6.2f} GB{found['audit GB']:>9.2f} GB")
        before = {"total": total, "rows": found["rows"]}
    print("CPU, per 10^6 rows, growth: derive, frames and accounting; growth 1 is linear in the rows")
    loops, ours = own_process("--naive", str(NAIVE_SUBJECTS))
    print(
        f"{NAIVE_SUBJECTS:,} subjects: plain loops over subjects {loops:.2f} s, derive {ours:.2f} s, "
        f"ratio {loops / ours:.0f}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    elif sys.argv[1:2] == ["--naive"]:
        print(json.dumps(naive_seconds(int(sys.argv[2]))))
    else:
        main([int(size) for size in sys.argv[1:]] or list(SIZES))
