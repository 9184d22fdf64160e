"""Values of SDTM rows that stand in other rows: supplemental qualifiers, joined domains, RELREC.

Sources: CDISC SDTMIG 3.4, section 8.2 to 8.4 (RELREC, SUPP--; SUPPDM alone leaves IDVAR empty).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from skeletal.errors import SHOWN, name_some
from skeletal.study import JoinMapping

from ..convert import as_marked_text, as_text, is_among, passing_rows
from ..faults import did_you_mean, name_rows
from .variables import unit_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skeletal.study import TableMapping

    from ..formats.files import TableFile

_SUPPLEMENT = JoinMapping(test="QNAM", value="QVAL")
_RELATIONS = ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL")


class Source(NamedTuple):
    """Where a column comes from: a column of the domain itself (``join`` is empty), or of a join."""

    join: str
    name: str
    variable: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Found:
    """The values (``cells``) of one source for each row of a domain, and where they stand.

    ``rows`` are row numbers of ``file``; ``several`` has the positions of rows with more than one match and
    the row numbers of those.
    """

    file: str
    cells: pd.Series[Any]
    rows: pd.Series[Any]
    units: pd.Series[Any] | None = None
    several: pd.DataFrame | None = None


def split_source(text: str) -> Source:
    """Return the parts of ``COLUMN``, ``JOIN.NAME`` or ``JOIN.TEST.COLUMN``."""
    if "." not in text:
        return Source("", text)
    join, name, *rest = text.split(".", 2)
    return Source(join, name, *rest)


def is_supplement(part: TableMapping, join: str) -> bool:
    """Return whether ``join`` stands for the supplemental qualifiers of the domain, undeclared."""
    return join not in part.joins and join.upper() == f"SUPP{part.domain.upper()}"


def join_file(part: TableMapping, join: str) -> str:
    """Return the lower-case file name of the domain behind a join."""
    declared = part.joins.get(join)
    return (declared.domain if declared and declared.domain else join).lower()


def value_variable(part: TableMapping, source: Source) -> str:
    """Return the column of a file from which a source is read."""
    if not source.join:
        return source.name
    if is_supplement(part, source.join):
        return "QVAL"
    join = part.joins[source.join]
    return (source.variable or join.value) if join.test else source.name


class Finder:
    """Look up the sources of one part of a mapping; each join is matched once."""

    def __init__(
        self, table: str, part: TableMapping, files: Mapping[str, TableFile], *, decimal: str = "."
    ) -> None:
        self.table, self.part, self.files, self.decimal = table, part, files, decimal
        self.file = files[part.domain.lower()]
        self.frame = self.file.frame.reset_index(drop=True)
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._matched: dict[str, tuple[pd.DataFrame, pd.DataFrame] | None] = {}

    def find(self, sources: Mapping[str, bool]) -> dict[str, Found]:
        """Return what stands behind ``sources`` (source -> whether its unit is wanted)."""
        split = {text: split_source(text) for text in sources}
        plain = [source.name for source in split.values() if not source.join]
        plain += [
            unit_variable(split[text].name) for text, unit in sources.items() if unit and "." not in text
        ]
        if absent := [column for column in dict.fromkeys(plain) if column not in self.frame.columns]:
            self._absent(self.file, absent)
        joins: dict[str, list[tuple[Source, bool]]] = {}
        for text, source in split.items():
            if source.join:
                joins.setdefault(source.join, []).append((source, sources[text]))
        for join, wanted in joins.items():
            self._matched[join] = self._match(join, wanted)
        if absent:
            return {}
        return {text: self._found(source, unit=sources[text]) for text, source in split.items()}

    def _absent(self, file: TableFile, absent: list[str]) -> None:
        hint = did_you_mean(absent[0], map(str, file.frame.columns))
        self.problems.append(
            f"{file.name}: no column(s) {name_some(absent)}, which records.tables.{self.table} of the study "
            f"names.{hint}"
        )

    def _found(self, source: Source, *, unit: bool) -> Found:
        if not source.join:
            return Found(
                file=self.file.name,
                cells=self.frame[source.name],
                rows=pd.Series(np.arange(1, len(self.frame) + 1), index=self.frame.index),
                units=self.frame[unit_variable(source.name)] if unit else None,
            )
        matched = self._matched[source.join]
        if matched is None:
            missing = pd.Series(pd.NA, index=self.frame.index, dtype="string")
            return Found(file=join_file(self.part, source.join), cells=missing, rows=missing, units=missing)
        child, pairs = matched
        variable = value_variable(self.part, source)
        used = as_text(child[variable]).notna()
        test = self._join(source.join).test
        if test:
            used &= as_text(child[test]) == source.name
        chosen = pairs[used.fillna(False).to_numpy(dtype=bool)[pairs["child"].to_numpy()]]
        first = chosen.drop_duplicates("parent").set_index("parent")["child"]
        twice = chosen[chosen["parent"].duplicated(keep=False)]
        several = twice.assign(row=child["row"].to_numpy()[twice["child"].to_numpy()]) if len(twice) else None
        return Found(
            file=self.files[join_file(self.part, source.join)].name,
            cells=self._placed(as_marked_text(child[variable], self.decimal), first),
            rows=self._placed(child["row"].astype("string"), first),
            units=self._placed(as_text(child[unit_variable(variable)]), first) if unit else None,
            several=several,
        )

    def _placed(self, values: pd.Series[Any], child: pd.Series[Any]) -> pd.Series[Any]:
        """Return the values of the matched rows at the places of the rows that they belong to."""
        placed = pd.Series(values.iloc[child.to_numpy()].to_numpy(), index=child.index, dtype="string")
        return placed.reindex(self.frame.index)

    def _join(self, name: str) -> JoinMapping:
        return _SUPPLEMENT if is_supplement(self.part, name) else self.part.joins[name]

    def _match(
        self, name: str, wanted: list[tuple[Source, bool]]
    ) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Return the rows of a join that count, and pairs of positions: ours, theirs."""
        file = self.files.get(join_file(self.part, name))
        names = ", ".join(dict.fromkeys(source.name for source, _ in wanted))
        if file is None:
            self.notes.append(
                f"{self.table}: no file {join_file(self.part, name)}, so that {names} is missing for all"
            )
            return None
        join, supplement = self._join(name), is_supplement(self.part, name)
        ours = [column for column in ("USUBJID", *join.on.values()) if column not in self.frame.columns]
        theirs = self._columns_absent(file, name, wanted)
        for holder, absent in ((self.file, ours), (file, theirs)):
            if absent:
                self._absent(holder, absent)
        if ours or theirs:
            return None
        child = file.frame.reset_index(drop=True)
        child = child.assign(row=np.arange(1, len(child) + 1))[
            passing_rows(child, join.where, join.exclude)
        ].reset_index(drop=True)
        if supplement:
            child = self._qualifiers(child, [source.name for source, _ in wanted])
            pairs = self._by_identifier(child)
            self._note_orphans(file, child, pairs)
        elif join.relrec:
            pairs = self._by_relrec(join_file(self.part, name), child)
        else:
            on = {"USUBJID": "USUBJID"} | join.on
            pairs = _merged(_keys(self.frame, on.values(), on), _keys(child, on, on))
        self._note_unused(file, name, child, [source.name for source, _ in wanted])
        return child, pairs

    def _columns_absent(self, file: TableFile, name: str, wanted: list[tuple[Source, bool]]) -> list[str]:
        join = self._join(name)
        columns = ["USUBJID", *join.on, *join.where, *join.exclude, *([join.test] if join.test else [])]
        columns += list(_RELATIONS) if is_supplement(self.part, name) else []
        for source, unit in wanted:
            variable = value_variable(self.part, source)
            columns += [variable, unit_variable(variable)] if unit else [variable]
        return [column for column in dict.fromkeys(columns) if column not in file.frame.columns]

    def _qualifiers(self, child: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        domain = self.part.domain.upper()
        mine = is_among(child["RDOMAIN"], [domain, domain[:2]]) & is_among(child["QNAM"], names)
        return child[mine].reset_index(drop=True)

    def _by_identifier(self, relations: pd.DataFrame) -> pd.DataFrame:
        """Match by the column of our domain that IDVAR names; an empty IDVAR is for DM alone."""
        identifiers = as_text(relations["IDVAR"]).str.strip()
        found = []
        if self.part.domain.upper() == "DM":
            blank = relations[identifiers.isna().to_numpy(dtype=bool)]
            keys = {"USUBJID": "USUBJID"}
            found.append(_merged(_keys(self.frame, keys, keys), _keys(blank, keys, keys)))
        for identifier in identifiers.dropna().unique():
            if identifier not in self.frame.columns:
                continue
            rows = relations[(identifiers == identifier).fillna(False).to_numpy(dtype=bool)]
            ours = _numbered(self.frame, identifier, identifier)
            theirs = _numbered(rows, "IDVARVAL", identifier)
            found.append(
                _merged(
                    _keys(ours, ["USUBJID", identifier], ["USUBJID", "value"]),
                    _keys(theirs, ["USUBJID", "IDVARVAL"], ["USUBJID", "value"]),
                )
            )
        return pd.concat(found, ignore_index=True) if found else _no_pairs()

    def _by_relrec(self, domain: str, child: pd.DataFrame) -> pd.DataFrame:
        """Match the rows of two domains that have a RELID of one subject in common."""
        relrec = self.files.get("relrec")
        if relrec is None:
            return _no_pairs()
        frame = relrec.frame.reset_index(drop=True)
        if absent := [column for column in (*_RELATIONS, "RELID") if column not in frame.columns]:
            self._absent(relrec, absent)
            return _no_pairs()
        whole = as_text(frame["USUBJID"]).isna() & is_among(frame["RDOMAIN"], [domain.upper()])
        if whole.any():
            self.problems.append(
                f"{relrec.name}: {domain.upper()} is related as a whole (USUBJID is empty) in "
                f"{name_rows(whole, frame['IDVAR'])}; name the columns with on instead of relrec in "
                f"records.tables.{self.table}"
            )
        ours = _relations(self.frame, frame, self.part.domain)
        theirs = _relations(child, frame, domain)
        keys = ["USUBJID", "RELID"]
        both = ours.merge(theirs, on=keys, suffixes=("", "_theirs"))
        pairs = both.rename(columns={"position": "parent", "position_theirs": "child"})
        return pairs[["parent", "child"]].drop_duplicates(ignore_index=True)

    def _note_orphans(self, file: TableFile, child: pd.DataFrame, pairs: pd.DataFrame) -> None:
        orphan = ~np.isin(np.arange(len(child)), pairs["child"].to_numpy())
        if not orphan.any():
            return
        shown = as_text(child["USUBJID"]) + " " + as_text(child["QNAM"])
        named = name_rows(orphan, shown, child["row"])
        self.problems.append(
            f"{file.name}: qualifiers that belong to no row of {self.file.name} in {named}; "
            "correct USUBJID, IDVAR and IDVARVAL, or take the rows out"
        )

    def _note_unused(self, file: TableFile, name: str, child: pd.DataFrame, names: list[str]) -> None:
        """Say which tests or qualifiers nobody has: an early trial, or a name that is misspelt."""
        test = self._join(name).test
        if not test:
            return
        frame = file.frame[test]
        known = as_text(child[test]).dropna().unique().tolist()
        for absent in [item for item in dict.fromkeys(names) if item not in known]:
            hint = did_you_mean(absent, set(as_text(frame).dropna().unique()) - {absent})
            self.notes.append(
                f"{self.table}: no row of {file.name} that counts has {test} {absent}, so that it is missing "
                f"for all.{hint}"
            )


def ambiguous(table: str, part: TableMapping, source: str, found: Found, kept: Any) -> str:
    """Return what to say where several rows of a join belong to one row that is kept, or nothing."""
    if found.several is None:
        return ""
    several = found.several[np.asarray(kept, dtype=bool)[found.several["parent"].to_numpy()]]
    groups = several.groupby("parent", sort=True)["row"].agg(list)
    if groups.empty:
        return ""
    shown = [
        f"rows {', '.join(map(str, rows[:SHOWN]))} for row {parent + 1}"
        for parent, rows in groups.iloc[:SHOWN].items()
    ]
    more = f" and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
    join = split_source(source).join
    if is_supplement(part, join):
        remedy = "keep one of them"
    else:
        remedy = f"choose with where in records.tables.{table}.joins.{join}, or keep one of them"
    return (
        f"{found.file}: several rows with {source} belong to one row of {part.domain.upper()} ({table}): "
        f"{'; '.join(shown)}{more}; {remedy}"
    )


def _keys(frame: pd.DataFrame, columns: Iterable[str], names: Iterable[str]) -> pd.DataFrame:
    """Return key columns as text under common names, with the index of the frame as ``position``."""
    keys = {name: _key(frame[column]) for column, name in zip(columns, names, strict=True)}
    return pd.DataFrame(keys, index=frame.index).dropna().rename_axis("position").reset_index()


def _key(values: pd.Series[Any]) -> pd.Series[Any]:
    return as_text(values).str.strip()


def _numbered(frame: pd.DataFrame, column: str, identifier: str) -> pd.DataFrame:
    """Return a frame in which the sequence numbers of ``column`` are written alike: 1.0 is 1."""
    if not identifier.endswith("SEQ"):
        return frame
    return frame.assign(**{column: _key(frame[column]).str.replace(r"^0*(\d+)(?:\.0*)?$", r"\1", regex=True)})


def _merged(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    keys = [column for column in ours.columns if column != "position"]
    both = ours.merge(theirs, on=keys, suffixes=("", "_theirs"))
    return both.rename(columns={"position": "parent", "position_theirs": "child"})[["parent", "child"]]


def _relations(frame: pd.DataFrame, relrec: pd.DataFrame, domain: str) -> pd.DataFrame:
    """Return position, USUBJID and RELID of the rows of a domain that RELREC names one by one."""
    rows = relrec[is_among(relrec["RDOMAIN"], [domain.upper()])]
    identifiers = as_text(rows["IDVAR"]).str.strip()
    found = []
    for identifier in identifiers.dropna().unique():
        if identifier not in frame.columns:
            continue
        mine = rows[(identifiers == identifier).fillna(False).to_numpy(dtype=bool)]
        mine = _numbered(mine, "IDVARVAL", identifier)
        ours = _keys(_numbered(frame, identifier, identifier), ["USUBJID", identifier], ["USUBJID", "value"])
        theirs = _keys(mine, ["USUBJID", "IDVARVAL", "RELID"], ["USUBJID", "value", "RELID"])
        found.append(ours.merge(theirs.drop(columns="position"), on=["USUBJID", "value"]))
    if not found:
        return pd.DataFrame({"position": pd.Series(dtype="int64"), "USUBJID": "", "RELID": ""})
    return pd.concat(found, ignore_index=True)[["position", "USUBJID", "RELID"]]


def _no_pairs() -> pd.DataFrame:
    return pd.DataFrame({"parent": pd.Series(dtype="int64"), "child": pd.Series(dtype="int64")})
