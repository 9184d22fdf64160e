"""Run the R script of a cross-check, and read what it found."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.errors import MissingExtra, SkeletalError

from .folder import R_RESULTS, R_SCRIPT
from .r_script import PACKAGES_MISSING

if TYPE_CHECKING:
    from pathlib import Path

DIFFERENT = 1  # what the script returns where a number differs
LONGEST = 3600  # seconds


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """What R gave beside ours.

    Attributes
    ----------
    rows : DataFrame
        ``key value r difference equal``, one statistic a row.
    said : str
        What the script printed: the table and, last, how many are equal.
    """

    rows: pd.DataFrame
    said: str

    @property
    def all_equal(self) -> bool:
        """Whether no number differs."""
        return bool((self.rows["equal"] == "yes").all())


def find_rscript() -> str:
    """Return the path of Rscript.

    Raises
    ------
    MissingExtra
        If R is not installed.
    """
    found = shutil.which("Rscript")
    if found is None:
        raise MissingExtra(
            "Rscript is not on the PATH: install R with its packages survival and cmprsk, or run "
            f"{R_SCRIPT} elsewhere"
        )
    return found


def run_r(folder: Path) -> Comparison:
    """Run the R script of a cross-check and return its comparison.

    Parameters
    ----------
    folder : Path
        From :func:`write_crosscheck`; ``r-results.csv`` is written into it.

    Returns
    -------
    Comparison
        One row a statistic.

    Raises
    ------
    MissingExtra
        If R or a package of it is not installed.
    SkeletalError
        If the script stopped.
    """
    results = folder / R_RESULTS
    results.unlink(missing_ok=True)
    done = subprocess.run(  # noqa: S603 - the script that was just written
        [find_rscript(), "--vanilla", R_SCRIPT], cwd=folder, capture_output=True, check=False, timeout=LONGEST
    )
    said, failed = (part.decode("utf-8", errors="replace") for part in (done.stdout, done.stderr))
    if done.returncode == PACKAGES_MISSING:
        raise MissingExtra(failed.strip())
    if done.returncode not in (0, DIFFERENT) or not results.is_file():
        raise SkeletalError(f"{folder / R_SCRIPT} stopped: {' '.join(failed.split())[-500:]}")
    rows = pd.read_csv(
        results, dtype={"key": str, "equal": str}, encoding="utf-8", float_precision="round_trip"
    )
    return Comparison(rows=rows, said=said)
