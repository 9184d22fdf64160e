"""Time and memory to read and review trials of up to 3,000,000 rows, beside their targets.

Run: ``.venv/bin/python benchmarks/records.py [rows ...]`` (a benchmark, not a test: nothing fails).

A trial of R rows has R / 50 subjects with one row each in subjects and procedures, two each in lesions,
events and disposition, 7 assessments and 35 answers to questionnaires (five items at baseline and at six
visits), drawn from a fixed seed and written into a temporary folder, as csv with ISO dates and as parquet
with dates of their own type.  In csv, one event in ten thousand has a partial date.  Events, procedures
and deaths are drawn apart from each other, so that the review has much to say.  "read" is ``read_records``,
"review" is ``review_records`` of what was read, each folder in a process of its own, whose peak memory
counts everything; "CPU" is the time of both on all cores.  Beside them, what reading alone costs with
``pandas.read_csv`` (every field as text, then numbers and dates converted, nothing checked).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (300_000, 3_000_000)
ROWS_PER_SUBJECT = 50
TARGET = "targets at 3,000,000 rows on 2 cores: csv read and reviewed under 60 s and 6 GB, parquet under 20 s"
VISITS = {
    "Baseline": -5,
    "Month 1": 30,
    "Month 3": 91,
    "Month 6": 183,
    "Month 12": 365,
    "Month 18": 548,
    "Month 24": 730,
}
ITEMS = {"NRS": ("worst_pain",), "QLQ-BM22": ("item_1", "item_2", "item_3"), "EQ-5D-5L": ("vas",)}
FIRST_DAY = np.datetime64("2024-06-01")


def chosen(draw: np.random.Generator, size: int, *values: str) -> pa.Array:
    """Return one of ``values`` in each row."""
    return pa.array(values).take(pa.array(draw.integers(len(values), size=size)))


def days(offsets: Any) -> pa.Array:
    """Return dates so many days after the first one."""
    return pa.array(FIRST_DAY + np.asarray(offsets, dtype="timedelta64[D]"))


def tables_of(n: int) -> Iterator[tuple[str, dict[str, pa.Array]]]:
    """Draw the tables of ``n`` subjects, one after the other."""
    draw = np.random.default_rng(n)
    ids = pa.array([f"HERMES-{i % 97:03d}-{i:06d}" for i in range(n)])
    zero = draw.integers(249, 600, n)
    everyone, twice = np.arange(n), np.repeat(np.arange(n), 2)

    def rows(who: Any, key: str = "", prefix: str = "") -> dict[str, pa.Array]:
        numbers = {key: pa.array([f"{prefix}{i}" for i in range(who.size)])} if key else {}
        return {"subject_id": ids.take(pa.array(who)), **numbers}

    yield (
        "subjects",
        {
            **rows(everyone),
            "arm": chosen(draw, n, "observational", "upfront-rt"),
            "site": chosen(draw, n, *(f"{site:03d}" for site in range(97))),
            "consent_date": days(zero - draw.integers(0, 28, n)),
            "randomised_date": days(zero),
            "treatment_date": days(zero + draw.integers(0, 21, n)),
            "age": pa.array(draw.integers(35, 90, n)),
            "sex": chosen(draw, n, "female", "male"),
            "primary_tumour": chosen(draw, n, "breast", "prostate", "lung", "kidney"),
            "ecog": pa.array(draw.integers(0, 3, n)),
            "weight_kg": pa.array(np.round(draw.normal(75, 12, n), 1)),
        },
    )
    lesion = pa.array(np.tile(np.array(["L1", "L2"]), n))
    yield (
        "lesions",
        {
            **rows(twice),
            "lesion_id": lesion,
            "bone": chosen(draw, 2 * n, "vertebra", "pelvis", "femur", "rib"),
            "diameter_cm": pa.array(np.round(draw.uniform(1, 8, 2 * n), 1)),
            "pain_nrs": pa.array(draw.integers(0, 11, 2 * n)),
            "target": chosen(draw, 2 * n, "true", "false"),
        },
    )
    event_days = zero[twice] + draw.integers(1, 700, 2 * n)
    yield (
        "events",
        {
            **rows(twice, "event_id", "E"),
            "component": chosen(draw, 2 * n, "fracture", "cord_compression", "hypercalcaemia"),
            "date": days(event_days),
            "symptomatic": chosen(draw, 2 * n, "true", "true", "false"),
            "detection": chosen(draw, 2 * n, "clinical", "imaging"),
            "lesion_id": lesion,
            "reported_date": days(event_days + draw.integers(0, 40, 2 * n)),
        },
    )
    indicated = zero + draw.integers(1, 700, n)
    yield (
        "procedures",
        {
            **rows(everyone, "procedure_id", "P"),
            "kind": chosen(draw, n, "radiation", "surgery"),
            "intent": chosen(draw, n, "palliative", "preventive"),
            "reason": chosen(draw, n, "bone_pain", "fracture"),
            "indicated_date": days(indicated),
            "performed_date": days(indicated + draw.integers(0, 21, n)),
            "dose_gy": chosen(draw, n, "8", "20", "30"),
            "lesion_id": chosen(draw, n, "L1", "L2"),
        },
    )
    planned = np.array(list(VISITS.values()))
    visit_days = zero[:, None] + planned + draw.integers(-5, 6, (n, planned.size))
    visits = pa.array(list(VISITS)).take(pa.array(np.tile(np.arange(planned.size), n)))
    who = np.repeat(everyone, planned.size)
    yield (
        "assessments",
        {
            **rows(who),
            "visit": visits,
            "date": days(visit_days.ravel()),
            "modality": chosen(draw, who.size, "ct", "mri"),
            "done": chosen(draw, who.size, *["true"] * 9, "false"),
        },
    )
    answers = [(instrument, item) for instrument, items in ITEMS.items() for item in items]
    each = pa.array(np.tile(np.arange(len(answers)), who.size))
    rows_of = pa.array(np.repeat(np.arange(who.size), len(answers)))
    yield (
        "questionnaires",
        {
            **rows(np.repeat(who, len(answers))),
            "visit": visits.take(rows_of),
            "date": days(visit_days.ravel()).take(rows_of),
            "instrument": pa.array([instrument for instrument, _ in answers]).take(each),
            "item": pa.array([item for _, item in answers]).take(each),
            "value": pa.array(draw.integers(1, 5, len(rows_of))),
        },
    )
    seen = zero[:, None] + np.array([400, 745]) + draw.integers(0, 15, (n, 2))
    status = np.where(
        np.arange(2 * n) % 2, np.array(["alive", "died", "completed"])[draw.integers(3, size=2 * n)], "alive"
    )
    yield (
        "disposition",
        {
            **rows(twice),
            "date": days(seen.ravel()),
            "status": pa.array(status),
            "reported_date": days(seen.ravel() + 10),
        },
    )


def as_text(columns: dict[str, pa.Array], draw: np.random.Generator) -> dict[str, pa.Array]:
    """Return the columns with ISO text for dates, one in ten thousand dates of events without its day."""
    text = dict(columns)
    for name, values in columns.items():
        if pa.types.is_date(values.type):
            iso = np.datetime_as_string(values.to_numpy(zero_copy_only=False)).astype("U10")
            if "event_id" in columns and name == "date":
                spots = draw.integers(0, iso.size, iso.size // 10_000 + 1)
                iso[spots] = iso[spots].astype("U7")
            text[name] = pa.array(iso)
    return text


def write_trial(rows: int, folder: Path) -> None:
    """Write the trial as ``csv`` and ``parquet`` folders."""
    draw = np.random.default_rng(1)
    for kind in ("csv", "parquet"):
        (folder / kind).mkdir()
    for name, columns in tables_of(rows // ROWS_PER_SUBJECT):
        pa_parquet.write_table(pa.table(columns), folder / "parquet" / f"{name}.parquet")
        options = pa_csv.WriteOptions(quoting_style="none")
        pa_csv.write_csv(pa.table(as_text(columns, draw)), folder / "csv" / f"{name}.csv", options)


def peak_gigabytes() -> float:
    """Return the peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


def measure(folder: Path) -> dict[str, float]:
    """Return the seconds to read and to review the tables of ``folder``."""
    from skeletal.records import read_records, review_records
    from skeletal.study import load_study

    study = load_study("hermes")
    start, start_cpu = time.perf_counter(), time.process_time()
    records = read_records(folder, study)
    between = time.perf_counter()
    read_peak = peak_gigabytes()
    findings = review_records(records, study)
    return {
        "read": between - start,
        "review": time.perf_counter() - between,
        "cpu": time.process_time() - start_cpu,
        "rows": sum(len(frame) for frame in records.tables.values()),
        "findings": len(findings),
        "read GB": read_peak,
        "GB": peak_gigabytes(),
    }


def peer(folder: Path) -> dict[str, float]:
    """Return the seconds that plain pandas takes to read the csv files without a check."""
    import pandas as pd

    start, rows = time.perf_counter(), 0
    for path in sorted(folder.glob("*.csv")):
        frame = pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])
        for name in frame.columns:
            if name == "date" or name.endswith("_date"):
                frame[name] = pd.to_datetime(frame[name], format="ISO8601")
            elif name in {"age", "ecog", "weight_kg", "value", "pain_nrs", "diameter_cm", "dose_gy"}:
                frame[name] = pd.to_numeric(frame[name])
        rows += len(frame)
    return {"read": time.perf_counter() - start, "rows": rows, "GB": peak_gigabytes()}


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
    print(
        f"{'':<10}{'rows':>11}{'read':>10}{'review':>10}{'both':>10}{'CPU':>10}{'findings':>10}{'peak':>10}",
        end="",
    )
    print(f"{'of it read':>12}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_trial(size, folder)
            for kind in ("csv", "parquet"):
                found = own_process("--measure", str(folder / kind))
                both = found["read"] + found["review"]
                print(
                    f"{kind:<10}{found['rows']:>11,}{found['read']:>8.2f} s{found['review']:>8.2f} s", end=""
                )
                print(f"{both:>8.2f} s{found['cpu']:>8.2f} s{found['findings']:>10,}", end="")
                print(f"{found['GB']:>7.2f} GB{found['read GB']:>9.2f} GB")
            found = own_process("--peer", str(folder / "csv"))
            print(f"{'pandas':<10}{found['rows']:>11,}{found['read']:>8.2f} s{'':>40}{found['GB']:>7.2f} GB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
    elif sys.argv[1:2] == ["--peer"]:
        print(json.dumps(peer(Path(sys.argv[2]))))
    else:
        main([int(size) for size in sys.argv[1:]] or list(SIZES))
