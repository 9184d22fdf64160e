"""The profile of a subject: who it is, all its records on one time axis, and what endpoints make of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from skeletal.errors import InvalidArgument

from .display import mime_bundle
from .figures.timeline import timeline_figure
from .figures.timeline_facts import require_subjects, subject_timelines
from .profile_tables import (
    SubjectTables,
    audit_tables,
    lesion_table,
    not_drawn_table,
    outcomes_table,
    subject_facts,
)
from .provenance import data_as_of
from .render.document import MIME, Cover, Document, Exhibit, Facts, Heading, Prose
from .render.markdown import parse_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from skeletal.outcomes import Outcomes

    from .figures.named import NamedFigure
    from .figures.timeline_facts import Timeline
    from .render.document import Block
    from .tables.table import Table

NO_RECORD = "No record of this subject has a date, so there is no timeline."
HOW_TO_READ = (
    "Each record as an endpoint reads it, by date. *Read by* names the estimands by their parameter code "
    "where not all of the endpoint's estimands say the same of a record."
)

# Of the page that is left when dates and fates have theirs.
AUDIT_SHARES: Mapping[str, float] = MappingProxyType({"Record": 0.8, "Sentence": 2.6, "Read by": 0.8})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCover(Cover):
    """The cover of profiles: it names the subject, or how many there are."""

    subjects: tuple[str, ...]

    @property
    def heading(self) -> str:
        """Name of the page."""
        n = len(self.subjects)
        what = f"profile of subject {self.subjects[0]}" if n == 1 else f"profiles of {n} subjects"
        return f"{self.trial}: {what}"


def profile_page(
    outcomes: Outcomes, subjects: Sequence[str], *, endpoints: Sequence[str] | None = None
) -> Document:
    """Lay out the profiles of some subjects, one after the other, as one document.

    For the people who check single subjects: adjudicators, data managers, statisticians.  It names the arm
    and the dates of persons, so it belongs to no open report.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``, of the whole trial.
    subjects : sequence of str
        ``subject_id`` of each, in the order wanted; one that comes twice is shown once.
    endpoints : sequence of str, optional
        Endpoints with a lane in the figure; the first and those of which all events are read if absent.
        The tables show all endpoints.

    Returns
    -------
    Document
        For ``skeletal_reports.render.render_html`` or ``render_pdf``.

    Raises
    ------
    InvalidArgument
        If a subject or endpoint is unknown, or the study is one whose arms were pooled or masked.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skeletal_reports.render import render_html
    >>> page = profile_page(outcomes, ["HERMES-02-007"])  # doctest: +SKIP
    >>> Path("profile.html").write_text(render_html(page), encoding="utf-8")  # doctest: +SKIP
    """
    study, records = outcomes.study, outcomes.records
    if study.masking != "none":
        raise InvalidArgument(
            f"a profile names the arm of its subject, but the arms of this study are {study.masking}; "
            "derive the outcomes from the study as it was written"
        )
    names = tuple(dict.fromkeys(subjects))
    require_subjects(outcomes, names)
    audit = outcomes.full_audit()
    timelines = subject_timelines(outcomes, names, endpoints=endpoints, audit=audit)
    tables = SubjectTables(outcomes, names, audit)
    cover = ProfileCover(
        trial=study.acronym,
        registry=study.registry,
        title="",
        kind="closed",
        as_of=data_as_of(records, study).isoformat(),
        arms="As randomised",
        confidential=True,
        simulated=records.simulated,
        contents=len(names) > 1,
        subjects=names,
    )
    return Document(cover=cover, blocks=tuple(_blocks(timelines, tables)))


class _Numbers:
    """Counts sections and exhibits as they come."""

    def __init__(self, *, several: bool) -> None:
        self.several = several
        self.levels = [0, 0]
        self.exhibits = {"table": 0, "figure": 0}

    def subject(self, name: str) -> Heading:
        self.levels = [self.levels[0] + 1, 0]
        number = str(self.levels[0])
        new_page = self.levels[0] > 1
        return Heading(level=1, number=number, text=name, anchor=f"section-{number}", new_page=new_page)

    def section(self, text: str) -> Heading:
        level = 2 if self.several else 1
        self.levels[level - 1] += 1
        number = ".".join(map(str, self.levels[:level]))
        return Heading(level=level, number=number, text=text, anchor=f"section-{number.replace('.', '-')}")

    def exhibit(self, kind: str, content: dict[str, Any]) -> Exhibit:
        self.exhibits[kind] += 1
        return Exhibit(kind=kind, number=self.exhibits[kind], content=content)

    def table(self, table: Table, shares: Mapping[str, float] = MappingProxyType({})) -> Exhibit:
        content = mime_bundle(table)[MIME]
        columns = [
            {**column, **({"share": shares[column["header"]]} if column["header"] in shares else {})}
            for column in content["columns"]
        ]
        return self.exhibit("table", {**content, "columns": columns})

    def figure(self, figure: NamedFigure) -> Exhibit:
        return self.exhibit("figure", {**mime_bundle(figure)[MIME], "wide": True})


def _blocks(timelines: dict[str, Timeline], tables: SubjectTables) -> Iterator[Block]:
    numbers = _Numbers(several=len(timelines) > 1)
    for place, (subject, timeline) in enumerate(timelines.items(), start=1):
        if numbers.several:
            yield numbers.subject(subject)
        yield Facts(items=subject_facts(tables, subject))
        yield numbers.section("Timeline")
        if timeline.marks:
            yield numbers.figure(timeline_figure(timeline, name=f"timeline-{place}"))
        else:
            yield Prose(tokens=tuple(parse_markdown(NO_RECORD)))
        if timeline.not_drawn:
            yield numbers.table(not_drawn_table(timeline))
        yield numbers.section("Outcomes")
        yield numbers.table(outcomes_table(tables, subject))
        if (lesions := lesion_table(tables, subject)) is not None:
            yield numbers.section("Lesions at baseline")
            yield numbers.table(lesions)
        yield numbers.section("What became of each record")
        yield Prose(tokens=tuple(parse_markdown(HOW_TO_READ)))
        for table in audit_tables(tables, subject):
            yield numbers.table(table, AUDIT_SHARES)
