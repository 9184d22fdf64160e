"""The ADaM data sets of a study and their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skeletal.records.write import write_csv, write_xpt

from .counting_process import counting_process
from .define import define_tables
from .occurrences import occurrences
from .pain import pain_measures, pain_values
from .subject_level import subject_level
from .time_to_event import time_to_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skeletal.outcomes.outcomes import Outcomes

    from .variable import DataSet


def adam_data_sets(outcomes: Outcomes) -> tuple[DataSet, ...]:
    """Return ADSL, ADSRE, ADTTE, ADRECUR, and ADPAIN where the study has a measure of pain.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.

    Returns
    -------
    tuple of DataSet
        Frames with a description of each variable.

    Raises
    ------
    InvalidRecords
        If a text is longer than the 200 bytes that a SAS transport file holds.

    Notes
    -----
    R: admiral with metacore and xportr.  SAS: data steps, PROC CONTENTS and a define.xml tool.
    """
    make = [subject_level, occurrences, time_to_event, counting_process]
    if pain_measures(outcomes.study):
        make.append(pain_values)
    return tuple(one(outcomes) for one in make)


def write_adam(outcomes: Outcomes, folder: str | Path) -> list[Path]:
    """Write the data sets of ``outcomes`` into ``folder`` and return the files."""
    return write_data_sets(adam_data_sets(outcomes), folder)


def write_data_sets(data_sets: Sequence[DataSet], folder: str | Path) -> list[Path]:
    """Write each data set as csv and transport file, ``define.csv`` and ``define-values.csv``.

    Parameters
    ----------
    data_sets : sequence of DataSet
        From :func:`adam_data_sets`.
    folder : str or Path
        Made if absent.

    Returns
    -------
    list of Path
        The files.
    """
    folder = Path(folder)
    paths = []
    for made in data_sets:
        name = made.name.lower()
        paths.append(write_csv(made.frame, folder / f"{name}.csv"))
        paths.append(
            write_xpt(
                made.frame,
                folder / f"{name}.xpt",
                name=made.name,
                label=made.label,
                labels={item.name: item.label for item in made.variables},
                formats={item.name: item.format for item in made.variables if item.format},
                version=5,
            )
        )
    define = define_tables(data_sets)
    paths.append(write_csv(define.variables, folder / "define.csv"))
    paths.append(write_csv(define.codes, folder / "define-values.csv"))
    return paths
