"""The calls of one job, timed: what the ``*_jobs.py`` files share."""

from __future__ import annotations

import gc
import json
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Table = dict[str, Any]
    Prepared = Callable[[], float]

SLOW = 20.0  # seconds of a peer's call after which it is not repeated


def read_columns(path: str, names: Iterable[str], whole: set[str]) -> Table:
    """Return the columns of one file of float64, column after column; those of ``whole`` as integers."""
    names = list(names)
    columns = np.fromfile(path).reshape(len(names), -1)
    return {
        name: values.astype(np.int64) if name in whole else values
        for name, values in zip(names, columns, strict=True)
    }


def time_calls(run: Prepared, peer: str, reps: int) -> None:
    """Time the calls and print them, with a value to compare, as one line of JSON."""
    if peer != "ours":
        warnings.filterwarnings("ignore")
    seconds: list[float] = []
    while len(seconds) < reps and (peer == "ours" or max(seconds, default=0.0) <= SLOW):
        gc.collect()
        start = time.perf_counter()
        value = run()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "value": value}))
