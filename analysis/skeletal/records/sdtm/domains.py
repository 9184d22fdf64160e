"""Rows of SDTM domains as they are gathered from record tables: numbered, linked, with their units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ..convert import as_text, word
from ..dates import parse_dates
from ..faults import name_rows
from .joins import is_supplement, join_file, split_source, value_variable
from .variables import FIXED, REPEATED, ordered, short_names, unit_variable, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.study import TableMapping

    from .joins import Source

_SUPPLEMENT = (
    "STUDYID",
    "RDOMAIN",
    "USUBJID",
    "IDVAR",
    "IDVARVAL",
    "QNAM",
    "QLABEL",
    "QVAL",
    "QORIG",
    "QEVAL",
)

_UNNUMBERED = ("DM", "SV")  # no --SEQ in SDTMIG; SV has one here where qualifiers need it
_MEASURED = ("LB", "RS", "TR", "VS")
_NUMBER = r"-?\d+(?:\.\d+)?"


class Domains:
    """The rows of each domain and their supplemental qualifiers, in the order in which they were added."""

    def __init__(self, *, study_id: str) -> None:
        self.study_id = study_id
        self.rows: dict[str, list[pd.DataFrame]] = {}
        self._qualifiers: dict[str, list[pd.DataFrame]] = {}

    def add(
        self,
        table: str,
        parts: tuple[TableMapping, TableMapping],
        rows: pd.DataFrame,
        people: pd.Series[Any],
        problems: list[str],
    ) -> None:
        """Add the rows of a table by one part of the mapping, with their qualifiers and joined rows.

        ``parts`` are the part as it is read back and as it is in the standard mapping; variables that only
        the latter has stay empty.
        """
        part, whole = parts
        domain = part.domain.upper()
        base: dict[str, pd.Series[Any]] = {"USUBJID": people}
        qualifiers: dict[str, tuple[str, pd.Series[Any]]] = {}
        joined: dict[str, dict[str, tuple[Source, pd.Series[Any]]]] = {}
        for ours, theirs in part.columns.items():
            source, cells = split_source(theirs), _written(part, ours, rows[ours])
            if not source.join:
                base[source.name] = cells
                if ours in part.units:
                    base[unit_variable(source.name)] = _unit(part.units[ours], cells)
            elif is_supplement(part, source.join):
                qualifiers[ours] = (source.name, as_text(cells))
            else:
                joined.setdefault(source.join, {})[ours] = (source, as_text(cells))
        base |= {
            column: pd.Series(word(values[0]), index=rows.index, dtype="string")
            for column, values in part.where.items()
        }
        for name in _plain_variables(whole):
            base.setdefault(name, pd.Series(index=rows.index, dtype="string"))
        frame = pd.DataFrame(base, index=rows.index)
        self._qualify(domain, self._append(table, domain, frame), qualifiers)
        for name, columns in joined.items():
            self._join(table, part, name, frame, columns, problems)

    def _append(self, table: str, domain: str, frame: pd.DataFrame) -> pd.Index[Any]:
        """Add rows to a domain; return their places in it, in the order of ``frame``."""
        for column, text in FIXED.get((table, domain), {}).items():
            frame = frame.assign(**{column: pd.Series(text, index=frame.index, dtype="string")})
        for column, other in REPEATED.items():
            if column not in frame.columns and other in frame.columns:
                frame = frame.assign(**{column: frame[other]})
        gathered = self.rows.setdefault(domain, [])
        start = sum(len(part) for part in gathered)
        places = pd.RangeIndex(start, start + len(frame))
        gathered.append(frame.set_axis(places, axis=0))
        return places

    def _qualify(
        self, domain: str, places: pd.Index[Any], qualifiers: Mapping[str, tuple[str, pd.Series[Any]]]
    ) -> None:
        for ours, (name, cells) in qualifiers.items():
            there = cells.notna().to_numpy(dtype=bool)
            frame = pd.DataFrame(
                {
                    "place": places[there],
                    "QNAM": name,
                    "QLABEL": words_of(ours),
                    "QVAL": cells[there].to_numpy(),
                }
            )
            self._qualifiers.setdefault(domain, []).append(frame)

    def _join(
        self,
        table: str,
        part: TableMapping,
        name: str,
        frame: pd.DataFrame,
        columns: Mapping[str, tuple[Source, pd.Series[Any]]],
        problems: list[str],
    ) -> None:
        """Add the rows of a joined domain: one for each row that has values, or one for each test of it."""
        join, domain = part.joins[name], join_file(part, name).upper()
        tests: dict[str, dict[str, pd.Series[Any]]] = {}
        labels: dict[str, str] = {}
        for ours, (source, cells) in columns.items():
            test = source.name if join.test else ""
            row = tests.setdefault(test, {})
            labels.setdefault(test, words_of(ours))
            row[value_variable(part, source)] = cells
            if ours in part.units:
                row[unit_variable(value_variable(part, source))] = _unit(part.units[ours], cells)
        keys = pd.DataFrame(
            {"USUBJID": frame["USUBJID"], **{theirs: frame[ours] for theirs, ours in join.on.items()}}
        )
        found = []
        for test, row in tests.items():
            values = pd.DataFrame(row, index=frame.index)
            values = values[values.notna().any(axis="columns")]
            given = {column: word(items[0]) for column, items in join.where.items()}
            if test:
                given |= {join.test: test, join.test.removesuffix("CD"): labels[test]}
            texts = {
                column: pd.Series(text, index=values.index, dtype="string") for column, text in given.items()
            }
            known = keys.loc[values.index].assign(**texts)
            found.append(pd.concat([known, values], axis="columns"))
        stacked = _stacked(found)
        _check_linked(table, domain, keys, keys.index.isin(stacked.index), problems)
        self._append(table, domain, stacked.sort_index(kind="stable"))

    def finished(self) -> dict[str, pd.DataFrame]:
        """Return the domains as they are written, each followed by its supplemental qualifiers."""
        visits = _visit_numbers(self.rows)
        written = {}
        for domain, parts in self.rows.items():
            frame = _stacked(parts).assign(
                STUDYID=pd.Series(self.study_id, index=range(sum(map(len, parts))), dtype="string"),
                DOMAIN=pd.Series(domain, index=range(sum(map(len, parts))), dtype="string"),
            )
            if domain not in _UNNUMBERED or (self._qualifiers.get(domain) and domain != "DM"):
                numbers = frame.groupby("USUBJID").cumcount() + 1
                frame = frame.assign(**{f"{domain}SEQ": numbers.astype("float64")})
            if "VISIT" in frame.columns:
                frame = frame.assign(VISITNUM=as_text(frame["VISIT"]).map(visits).astype("float64"))
            if domain == "QS":
                frame = _with_codes(frame)
            if domain in _MEASURED:
                text = as_text(frame[f"{domain}STRESC"])
                number = text.where(text.str.fullmatch(_NUMBER).fillna(False))
                frame = frame.assign(**{f"{domain}STRESN": number.astype("Float64").astype("float64")})
            written[domain] = frame[ordered(frame.columns)]
            if supplement := self._supplement(domain, frame):
                written |= supplement
        return written

    def _supplement(self, domain: str, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        parts = [part for part in self._qualifiers.get(domain, []) if len(part)]
        if not parts:
            return {}
        rows = pd.concat(parts, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
        owner = frame.loc[rows["place"]].reset_index(drop=True)
        identifier = "" if domain == "DM" else f"{domain}SEQ"
        columns = {
            "STUDYID": self.study_id,
            "RDOMAIN": domain,
            "USUBJID": owner["USUBJID"],
            "IDVAR": identifier,
            "IDVARVAL": as_text(owner[identifier]) if identifier else "",
            **{column: rows[column] for column in ("QNAM", "QLABEL", "QVAL")},
            "QORIG": "Collected",
            "QEVAL": "",
        }
        supplement = pd.DataFrame(columns, index=rows.index).astype("string")
        return {f"SUPP{domain}": supplement[list(_SUPPLEMENT)]}


def _plain_variables(part: TableMapping) -> list[str]:
    """Return the variables of the domain itself from which a part reads, with their units."""
    plain = {ours: theirs for ours, theirs in part.columns.items() if "." not in theirs}
    return [*plain.values(), *(unit_variable(theirs) for ours, theirs in plain.items() if ours in part.units)]


def _written(part: TableMapping, ours: str, values: pd.Series[Any]) -> pd.Series[Any]:
    """Return the values of a column as SDTM writes them: their codes, Y and N, numbers, text."""
    if codes := part.values.get(ours):  # noqa: PD011
        theirs = {word(value): code for code, value in reversed(codes.items())}
        return as_text(values).map(theirs).astype("string")
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean").map({True: "Y", False: "N"}).astype("string")
    return values if pd.api.types.is_numeric_dtype(values.dtype) else as_text(values)


def _unit(unit: str, cells: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(unit, index=cells.index, dtype="string").where(cells.notna())


def _check_linked(table: str, domain: str, keys: pd.DataFrame, used: Any, problems: list[str]) -> None:
    """Refuse rows with findings (``used``) that could not be told from those of another row."""
    plain = pd.DataFrame({column: as_text(keys[column]).str.strip() for column in keys.columns})
    unclear = plain.isna().any(axis="columns") | plain.duplicated(keep=False)
    faults = used & unclear.to_numpy(dtype=bool)
    if faults.any():
        shown = pd.Series(
            [" ".join(parts) for parts in plain.fillna("(missing)").to_numpy().tolist()], dtype="string"
        )
        named = name_rows(faults, shown, pd.Series(plain.index + 1))
        problems.append(
            f"{table}: findings cannot be linked by {domain} in {named}; give each row of a subject its own "
            "identifier"
        )


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return rows one below the other; a column that a part does not have is missing there."""
    columns = list(dict.fromkeys(column for part in parts for column in part.columns))
    stacked = {}
    for column in columns:
        dtype = next(part[column].dtype for part in parts if column in part.columns)
        pieces = [
            part[column] if column in part.columns else pd.Series(index=part.index, dtype=dtype)
            for part in parts
        ]
        stacked[column] = pd.concat(pieces) if len(pieces) > 1 else pieces[0]
    return pd.DataFrame(stacked)


def _with_codes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return questionnaires with a short name of each item, and the values as text too."""
    items = as_text(frame["QSTEST"])
    codes = short_names(items.dropna().unique().tolist())
    text = as_text(frame["QSSTRESN"])
    return frame.assign(QSTESTCD=items.map(codes).astype("string"), QSORRES=text, QSSTRESC=text)


def _visit_numbers(rows: Mapping[str, list[pd.DataFrame]]) -> dict[str, float]:
    """Return the number of each visit, by the first day on which anybody had it."""
    first: dict[str, Any] = {}
    for domain, column in {"SV": "SVSTDTC", "PR": "PRSTDTC", "QS": "QSDTC"}.items():
        for part in rows.get(domain, []):
            if not {"VISIT", column} <= set(part.columns):
                continue
            days = parse_dates(part[column])["earliest"].fillna(pd.Timestamp.max)
            for visit, day in days.groupby(as_text(part["VISIT"])).min().items():
                first[str(visit)] = min(day, first.get(str(visit), day))
    named = sorted(first, key=lambda visit: (first[visit], visit))
    return {visit: float(number) for number, visit in enumerate(named, start=1)}
