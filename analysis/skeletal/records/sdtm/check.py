"""Whether the mapping of a study can be carried out, and which files it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skeletal.errors import name_some

from ..faults import did_you_mean
from ..mapped_tables import check_parts
from .joins import is_supplement, join_file, split_source, value_variable
from .variables import unit_variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.study import JoinMapping, RecordsMapping, TableMapping


def wanted_domains(mapping: RecordsMapping) -> tuple[set[str], set[str]]:
    """Return the lower-case names of the files that a mapping needs, and of those that may be absent.

    Supplemental qualifiers may be absent: no subject may have any yet.
    """
    required: set[str] = set()
    optional: set[str] = set()
    for parts in mapping.tables.values():
        for part in parts:
            (optional if part.optional else required).add(part.domain.lower())
            for join in {split_source(source).join for source in _sources(part)} - {""}:
                declared = part.joins.get(join)
                needed = {join_file(part, join)} | ({"relrec"} if declared and declared.relrec else set())
                spared = part.optional or declared is None or declared.optional
                (optional if spared else required).update(needed)
    return required, optional - required


def check_mapping(mapping: RecordsMapping) -> None:
    """Refuse a mapping that names a table or column source that cannot be."""
    check_parts(
        mapping.tables,
        section="records.tables",
        form=mapping.format,
        faults=lambda name, part: [f"records.tables.{name}: {problem}" for problem in _part_problems(part)],
    )


def _sources(part: TableMapping) -> list[str]:
    return list(dict.fromkeys([*part.columns.values(), *part.where, *part.exclude]))


def _part_problems(part: TableMapping) -> Iterator[str]:
    for key in ("values", "units", "factors"):
        if unmapped := [column for column in getattr(part, key) if column not in part.columns]:
            yield f"{key} for columns not mapped: {name_some(unmapped)}"
    if twice := [column for column in part.constants if column in part.columns]:
        yield f"both mapped and constant: {name_some(twice)}"
    if both := [column for column in part.factors if part.values.get(column)]:
        yield f"both values and factors for {name_some(both)}; keep one"
    for name, join in part.joins.items():
        yield from _join_problems(name, join)
    wrong = [problem for source in _sources(part) if (problem := _source_problem(part, source))]
    yield from wrong
    if wrong:
        return
    used = {split_source(source).join for source in _sources(part)}
    if unused := [name for name in part.joins if name not in used]:
        yield f"joins that no column uses: {name_some(unused)}; write NAME.COLUMN, or take them out"
    for column in part.units:
        source = part.columns.get(column, "")
        if source and not unit_variable(value_variable(part, split_source(source))):
            yield (
                f"no unit goes with {source}, so that units.{column} cannot be checked; SDTM has units for "
                "--STRESN, --STRESC, --ORRES, --DOSE, --DOSTOT and AGE"
            )


def _join_problems(name: str, join: JoinMapping) -> Iterator[str]:
    if "." in name:
        yield f"joins.{name!r}: a name has no full stop"
    if join.on and join.relrec:
        yield f"joins.{name}: both on and relrec; keep one"
    if bool(join.test) != bool(join.value):
        yield f"joins.{name}: test and value go together: which column names the test, which holds its result"


def _source_problem(part: TableMapping, text: str) -> str:
    source = split_source(text)
    if not source.join or is_supplement(part, source.join):
        if source.variable or not source.name:
            return f"{text!r} is no source; write {source.join}.QNAM"
        return ""
    if source.join not in part.joins:
        known = [*part.joins, f"SUPP{part.domain.upper()}"]
        return (
            f"{text!r} needs joins.{source.join}, which is not there (known: {', '.join(known)})."
            f"{did_you_mean(source.join, known)}"
        )
    if not source.name or (source.variable and not part.joins[source.join].test):
        return f"{text!r} is no source; write {source.join}.COLUMN, or give joins.{source.join} a test"
    return ""
