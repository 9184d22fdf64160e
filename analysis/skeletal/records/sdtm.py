"""Build record tables from SDTM domains by the mapping of the study file.

In csv files of SDTM domains, an empty field and the unquoted field ``NA`` (as R writes it) are missing; a
quoted ``"NA"`` is text.  In native csv files only the empty field is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidStudy, name_some
from skeletal.tables import TABLES

from .convert import as_text, is_among, word
from .faults import did_you_mean, name_rows
from .validate import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.study import RecordsMapping, TableMapping

    from .files import TableFile

MISSING = ("", "NA")


def check_mapping(mapping: RecordsMapping) -> None:
    """Refuse a mapping that names a table or column source that cannot be."""
    problems = []
    for name, parts in mapping.tables.items():
        if name not in TABLES:
            problems.append(
                f"records.tables names {name!r}, which is no record table.{did_you_mean(name, TABLES)}"
            )
            continue
        for part in parts:
            recoded = part.values  # noqa: PD011
            if unmapped := [column for column in recoded if column not in part.columns]:
                problems.append(
                    f"records.tables.{name}: values for columns not mapped: {name_some(unmapped)}"
                )
            if twice := [column for column in part.constants if column in part.columns]:
                problems.append(f"records.tables.{name}: both mapped and constant: {name_some(twice)}")
    if "subjects" not in mapping.tables:
        problems.append("records.format = 'sdtm' needs records.tables.subjects")
    if problems:
        raise InvalidStudy("\n".join(problems))


def map_tables(
    mapping: RecordsMapping, domains: Mapping[str, TableFile], problems: list[str], notes: list[str]
) -> tuple[dict[str, pd.DataFrame], dict[str, Origin]]:
    """Return the record tables and the words for their origin; ``domains`` is by lower-case file name.

    Adds to ``problems`` what cannot be mapped and to ``notes`` how many rows were left out.
    """
    tables, origins = {}, {}
    for name, parts in mapping.tables.items():
        built = [
            _mapped(name, part, domains[part.domain.lower()], problems, notes)
            for part in parts
            if part.domain.lower() in domains
        ]
        if not built:
            continue
        tables[name] = pd.concat(built, ignore_index=True) if len(built) > 1 else built[0]
        origins[name] = _origin(name, parts, domains)
    return tables, origins


def _origin(name: str, parts: tuple[TableMapping, ...], domains: Mapping[str, TableFile]) -> Origin:
    files = [domains[part.domain.lower()].name for part in parts if part.domain.lower() in domains]
    columns: dict[str, str] = {}
    for part in parts:
        for ours, theirs in part.columns.items():
            columns[ours] = theirs if ours not in columns else f"{columns[ours]}/{theirs}"
    return Origin(label=f"{', '.join(dict.fromkeys(files))} ({name})", columns=columns)


def _mapped(
    name: str, part: TableMapping, file: TableFile, problems: list[str], notes: list[str]
) -> pd.DataFrame:
    """Return the rows of one domain that become rows of one table."""
    frame = file.frame.reset_index(drop=True)
    wanted = [*part.columns.values(), *part.where, *part.exclude]
    if absent := [column for column in dict.fromkeys(wanted) if column not in frame.columns]:
        hint = did_you_mean(absent[0], map(str, frame.columns))
        problems.append(
            f"{file.name}: no column(s) {name_some(absent)}, which records.tables.{name} of the study "
            f"names.{hint}"
        )
        return pd.DataFrame({column: pd.Series(dtype="string") for column in part.columns})
    rows = _kept_rows(part, frame)
    _note_left_out(name, part, file, rows, notes)
    frame = frame[rows]
    number = pd.Series(np.flatnonzero(rows) + 1, index=frame.index)
    codes = part.values  # noqa: PD011
    columns: dict[str, Any] = {}
    for ours, theirs in part.columns.items():
        columns[ours] = frame[theirs]
        if ours in codes:
            where = f"{file.name} ({name}), column {ours!r} (from {theirs})"
            columns[ours] = _recoded(frame[theirs], codes[ours], number, where, problems)
    columns |= {ours: pd.Series(word(value), index=frame.index) for ours, value in part.constants.items()}
    columns |= {"source": part.domain.upper(), "source_row": number}
    return pd.DataFrame(columns, index=frame.index).reset_index(drop=True)


def _kept_rows(part: TableMapping, frame: pd.DataFrame) -> Any:
    rows = np.ones(len(frame), dtype=bool)
    for column, values in part.where.items():
        rows &= is_among(frame[column], values)
    for column, values in part.exclude.items():
        rows &= ~is_among(frame[column], values)
    return rows


def _note_left_out(name: str, part: TableMapping, file: TableFile, rows: Any, notes: list[str]) -> None:
    if rows.all():
        return
    rules = [f"{column} is {' or '.join(map(word, values))}" for column, values in part.where.items()]
    rules += [f"{column} is not {' or '.join(map(word, values))}" for column, values in part.exclude.items()]
    notes.append(
        f"{name}: {int((~rows).sum())} of {len(rows)} rows of {file.name} left out "
        f"(kept where {'; '.join(rules)})"
    )


def _recoded(
    values: pd.Series[Any], codes: Mapping[str, Any], number: pd.Series[Any], where: str, problems: list[str]
) -> pd.Series[Any]:
    text = as_text(values)
    recoded = text.map({theirs: word(ours) for theirs, ours in codes.items()}).astype("string")
    unmapped = (text.notna() & recoded.isna()).to_numpy(dtype=bool)
    if unmapped.any():
        kinds = sorted(text[unmapped].unique().tolist())
        problems.append(
            f"{where}: values that the study does not map ({name_some(map(repr, kinds))}) in "
            f"{name_rows(unmapped, text, number)}; add them to values, or leave the rows out with exclude"
        )
    return recoded
