"""Build record tables from SDTM domains by the mapping of the study file.

In csv files of SDTM domains, an empty field and the unquoted field ``NA`` (as R writes it) are missing; a
quoted ``"NA"`` is text.  In native csv files only the empty field is missing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import name_some
from skeletal.tables import TABLES

from ..convert import are_numbers, as_marked_text, as_text, convert, is_among, passing_rows, word
from ..faults import name_rows
from ..validate import Origin
from .check import check_mapping, wanted_domains
from .joins import Finder, Found, ambiguous

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skeletal.study import RecordsMapping, TableMapping

    from ..formats.files import TableFile

__all__ = ["MISSING", "check_mapping", "map_tables", "wanted_domains"]

MISSING = ("", "NA")


def map_tables(
    mapping: RecordsMapping, domains: Mapping[str, TableFile], problems: list[str], notes: list[str]
) -> tuple[dict[str, pd.DataFrame], dict[str, Origin]]:
    """Return the record tables and the words for their origin; ``domains`` is by lower-case file name.

    Adds to ``problems`` what cannot be mapped and to ``notes`` how many rows were left out.
    """
    tables, origins = {}, {}
    for name, parts in mapping.tables.items():
        there = [part for part in parts if part.domain.lower() in domains]
        notes += [
            f"{name}: no file {part.domain.lower()}, which the study calls optional"
            for part in parts
            if part.optional and part not in there
        ]
        decimal = mapping.csv.decimal
        built = [_mapped(name, part, domains, problems, notes, decimal=decimal) for part in there]
        mapped = [frame for frame in built if frame is not None]
        if not mapped or len(mapped) < len(built):
            continue
        tables[name] = _stacked(mapped, decimal)
        origins[name] = _origin(name, there, domains)
    return tables, origins


def _stacked(built: list[pd.DataFrame], decimal: str) -> pd.DataFrame:
    """Return the rows of all parts; as text, because one domain may hold numbers where another has words."""
    if len(built) == 1:
        return built[0]
    texts = [
        frame.assign(
            **{
                column: as_marked_text(frame[column], decimal)
                for column in frame.columns
                if column != "source_row"
            }
        )
        for frame in built
    ]
    return pd.concat(texts, ignore_index=True)


def _origin(name: str, parts: list[TableMapping], domains: Mapping[str, TableFile]) -> Origin:
    files = [domains[part.domain.lower()].name for part in parts]
    columns: dict[str, str] = {}
    for part in parts:
        for ours, theirs in part.columns.items():
            columns[ours] = theirs if ours not in columns else f"{columns[ours]}/{theirs}"
    return Origin(label=f"{', '.join(dict.fromkeys(files))} ({name})", columns=columns)


def _mapped(
    name: str,
    part: TableMapping,
    domains: Mapping[str, TableFile],
    problems: list[str],
    notes: list[str],
    *,
    decimal: str,
) -> pd.DataFrame | None:
    """Return the rows of one domain that become rows of one table; nothing where columns are absent."""
    finder = Finder(name, part, domains, decimal=decimal)
    sources = dict.fromkeys([*part.columns.values(), *part.where, *part.exclude], False)
    sources |= {part.columns[ours]: True for ours in part.units}
    found = finder.find(sources)
    problems += finder.problems
    if not found:
        return None
    cells = {source: found[source].cells for source in (*part.where, *part.exclude)}
    rows = passing_rows(pd.DataFrame(cells, index=finder.frame.index), part.where, part.exclude)
    problems += _near_misses(name, part, found)
    _note_left_out(name, part, finder.file.name, rows, notes)
    notes += finder.notes
    for source, item in found.items():
        choosing = source in part.where or source in part.exclude
        if problem := ambiguous(name, part, source, item, np.ones_like(rows) if choosing else rows):
            problems.append(problem)
    index = finder.frame.index[rows]
    columns: dict[str, Any] = {}
    for ours, theirs in part.columns.items():
        item = found[theirs]
        where = f"{item.file} ({name}), column {ours!r} (from {theirs})"
        if ours in part.units:
            _check_units(part.units[ours], item, rows, where, problems)
        columns[ours] = _value(part, ours, item, rows, where, problems, decimal=decimal)
        spec = TABLES[name].columns.get(ours)
        if spec and item.file != finder.file.name:  # a fault is told here, by the row of the other file
            fault = convert(columns[ours], spec, item.rows[rows], decimal=decimal).problem
            if fault:
                problems.append(f"{where}: {fault}")
                columns[ours] = pd.Series(pd.NA, index=index, dtype="string")
    columns |= {ours: pd.Series(word(value), index=index) for ours, value in part.constants.items()}
    columns |= {"source": part.domain.upper(), "source_row": pd.Series(np.flatnonzero(rows) + 1, index=index)}
    return pd.DataFrame(columns, index=index).reset_index(drop=True)


def _near_misses(name: str, part: TableMapping, found: Mapping[str, Found]) -> list[str]:
    """Return which values of ``where`` and ``exclude`` differ from those named only in case or blanks.

    Only rows count that the other conditions keep, they too in any case and with any blanks.
    """
    kept = {source: _alike(found[source], values) for source, values in part.where.items()}
    problems = []
    for source in dict.fromkeys([*part.where, *part.exclude]):
        item = found[source]
        wanted = [*part.where.get(source, ()), *part.exclude.get(source, ())]
        near = _alike(item, wanted) & ~is_among(item.cells, wanted)
        for other in kept.keys() - {source}:
            near &= kept[other]
        if near.any():
            problems.append(
                f"{item.file} ({name}), {source}: values that differ from "
                f"{' or '.join(repr(word(value)) for value in wanted)} only in case or blanks in "
                f"{name_rows(near, as_text(item.cells), item.rows)}; correct them, or name them too in the "
                "study"
            )
    return problems


def _alike(item: Found, wanted: Iterable[object]) -> Any:
    """Return which rows have one of ``wanted``, in any case and with any blanks."""
    folded = {_folded(word(value)) for value in wanted}
    texts = as_text(item.cells)
    alike = [text for text in texts.dropna().unique().tolist() if _folded(text) in folded]
    return texts.isin(alike).to_numpy(dtype=bool) | is_among(item.cells, wanted)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _note_left_out(name: str, part: TableMapping, file: str, rows: Any, notes: list[str]) -> None:
    if rows.all():
        return
    rules = [f"{column} is {' or '.join(map(word, values))}" for column, values in part.where.items()]
    rules += [f"{column} is not {' or '.join(map(word, values))}" for column, values in part.exclude.items()]
    notes.append(
        f"{name}: {int((~rows).sum())} of {len(rows)} rows of {file} left out (kept where {'; '.join(rules)})"
    )


def _value(
    part: TableMapping,
    ours: str,
    item: Found,
    rows: Any,
    where: str,
    problems: list[str],
    *,
    decimal: str,
) -> pd.Series[Any]:
    """Return the values of one column: as they are, recoded, or converted to another unit."""
    cells: pd.Series[Any] = item.cells[rows]
    codes = part.values.get(ours)  # noqa: PD011
    if codes:
        return _recoded(cells, codes, item.rows[rows], where, problems)
    if ours in part.factors:
        factor = Decimal(repr(part.factors[ours]))
        plain = as_marked_text(cells, decimal).fillna("").str.strip()
        pairs = zip(plain.tolist(), are_numbers(plain, decimal), strict=True)
        texts = [_times(text, factor, decimal) if good else text for text, good in pairs]
        return pd.Series(texts, index=cells.index, dtype="string")
    return cells


def _times(text: str, factor: Decimal, decimal: str) -> str:
    """Return a number times a factor, to the last decimal, with the decimal mark of the file."""
    product = format((Decimal(text.replace(",", ".")) * factor).normalize(), "f")
    return product.replace(".", decimal)


def _check_units(unit: str, item: Found, rows: Any, where: str, problems: list[str]) -> None:
    """Refuse values in another unit, or in none."""
    if item.units is None:
        return
    units = as_text(item.units[rows])
    valued = as_text(item.cells[rows]).notna().to_numpy(dtype=bool)
    other = valued & ~(units.str.strip() == unit).fillna(False).to_numpy(dtype=bool)
    if other.any():
        problems.append(
            f"{where}: units that are not {unit!r} in {name_rows(other, units, item.rows[rows])}; bring the "
            "values to that unit, or map rows of another unit apart, with where and factors"
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
