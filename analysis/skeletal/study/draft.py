"""The text of a first study file: commented, valid, and open about what a human must decide."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from skeletal.errors import InvalidArgument, name_some

from .mapping import sdtm_mapping_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A kind of skeletal event: its words, and the records that it is."""

    label: str
    table: str
    where: str
    date: str


_WHY = '["bone_pain", "cord_compression", "fracture", "impending_fracture"]'
# Most severe first: the order decides which one a shared day belongs to.
DRAFT_COMPONENTS: Mapping[str, _Kind] = MappingProxyType(
    {
        "cord_compression": _Kind(
            label="Spinal cord compression",
            table="events",
            where='{ component = "cord_compression", symptomatic = true }',
            date="date",
        ),
        "fracture": _Kind(
            label="Symptomatic pathological fracture",
            table="events",
            where='{ component = "fracture", symptomatic = true }',
            date="date",
        ),
        "surgery": _Kind(
            label="Indication for surgery to bone",
            table="procedures",
            where=f'{{ kind = "surgery", reason = {_WHY} }}',
            date="indicated_date",
        ),
        "radiation": _Kind(
            label="Indication for palliative radiotherapy to bone",
            table="procedures",
            where=f'{{ kind = "radiation", intent = "palliative", reason = {_WHY} }}',
            date="indicated_date",
        ),
    }
)
TIME_ZEROS: Mapping[str, str] = MappingProxyType(
    {"randomised_date": "randomisation", "treatment_date": "treatment", "consent_date": "consent"}
)
DRAFT_FORMATS = ("native", "sdtm", "redcap")
_HEAD = """\
# {acronym}: a first draft of a study file.  Lines with TODO are for you to decide; every number below is an
# assumption until you give its source.  `skeletal check THIS-FILE` lists every mistake at once, and
# docs/study-file.md explains every key.
"""
_ESTIMANDS = """\
[endpoints.sse]
label = "Symptomatic skeletal event"
# The first component wins on a shared day.
components = {components}
# TODO days from one counted event to the next, and from which event the gap runs (counted or any).
min_gap_days = 21
gap_anchor = "counted"

[estimands.sse-incidence]
endpoint = "sse"
label = "First SSE, death competing"
paramcd = "TTSSE"
variable = "first"
death = "competing"

[estimands.sse-hazard]
endpoint = "sse"
label = "First SSE, deaths censored"
paramcd = "TTSSECS"
variable = "first"
death = "censor"

[estimands.sse-free-survival]
endpoint = "sse"
label = "SSE-free survival"
paramcd = "SSEFS"
variable = "first"
death = "composite"

[estimands.sse-recurrent]
endpoint = "sse"
label = "All SSEs (first and subsequent)"
paramcd = "TTMSSE"
variable = "recurrent"
death = "competing"

"""
_SURVIVAL = """\
[endpoints.death]
label = "Death from any cause"

[estimands.overall-survival]
endpoint = "death"
label = "Overall survival"
paramcd = "OS"
variable = "first"
death = "composite"

# Where observation ends: a limit ends it, last_seen dates the censoring of a subject without an event.

[censoring.data_cutoff]
label = "Data cutoff"
role = "limit"
data_cutoff = true

[censoring.withdrawal]
label = "Withdrew or lost to follow-up"
role = "limit"
table = "disposition"
where = { status = ["withdrew", "lost"] }
date = "date"

[censoring.last_contact]
label = "Last known alive"
role = "last_seen"
table = "disposition"
where = { status = ["alive", "completed"] }
date = "date"

"""
_LAST_ASSESSMENT = """\
[censoring.last_assessment]
label = "Last assessment"
role = "last_seen"
table = "assessments"
where = { done = true }
date = "date"

"""
_RECORDS: Mapping[str, str] = {
    "native": """\
# The records are one file for each table (docs/tables.md lists tables and columns).

[records]
format = "native"
""",
    "redcap": """\
# The records are a REDCap export with its data dictionary, both in one folder.  TODO name your forms and
# fields; `skeletal init --from redcap DICTIONARY.csv` drafts this part from the dictionary.

[records]
format = "redcap"

[[records.forms.subjects]]
form = "randomisation"
columns = { arm = "arm", randomised_date = "randomisation_date" }
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDraft:
    """What a first study file needs to know.

    Attributes
    ----------
    title, acronym, registry : str
        What the trial is called; ``acronym`` is made of the title where it is empty.
    arms : tuple of str
        Values of ``subjects.arm``; the first is the control.
    n_subjects : int
        Planned number of subjects.
    time_zero : str
        ``randomised_date``, ``treatment_date`` or ``consent_date``.
    components : tuple of str
        Kinds of event that count, of ``DRAFT_COMPONENTS``; none: survival alone.
    visits : tuple of (str, int)
        Name and day after time zero.
    assessments : bool
        Whether visits are recorded, so that the last one dates the censoring.
    records : str
        ``native``, ``sdtm`` or ``redcap``.
    mapping : str
        TOML of ``[records]`` with comments, in place of the start that ``records`` would make.
    notes : mapping of str to str
        ``title``, ``n_subjects``, ``arms``, ``components`` -> the comment above it.
    """

    title: str
    acronym: str = ""
    registry: str = ""
    arms: tuple[str, ...]
    n_subjects: int
    time_zero: str = "randomised_date"
    components: tuple[str, ...] = tuple(DRAFT_COMPONENTS)
    visits: tuple[tuple[str, int], ...] = ()
    assessments: bool = True
    records: str = "native"
    mapping: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


def draft_study(draft: StudyDraft) -> str:
    """Return the commented text of a first study file.

    Parameters
    ----------
    draft : StudyDraft
        What is known.

    Returns
    -------
    str
        TOML that :func:`parse_study` accepts; what nobody said is an assumption with ``TODO``.

    Raises
    ------
    InvalidArgument
        If there are fewer than two arms or subjects, names repeat, or a component, time zero or format is
        not one of those that a draft knows.

    Examples
    --------
    >>> from skeletal.study import parse_study
    >>> text = draft_study(StudyDraft(title="Bone trial", arms=("control", "new"), n_subjects=100))
    >>> parse_study(text).control.name
    'control'
    """
    _check(draft)
    acronym = draft.acronym or draft.title
    parts = [_HEAD.format(acronym=printable(acronym)), _identity(draft, acronym), _arms(draft)]
    parts += [_visit(name, day, draft.visits) for name, day in draft.visits]
    if not draft.visits:
        parts.append("# TODO the planned visits: [[visits]] with name, day, window_before, window_after.\n\n")
    parts += [_components(draft), _SURVIVAL, _LAST_ASSESSMENT if draft.assessments else ""]
    parts += [_horizon(draft), _analyses(draft), _records(draft)]
    return "".join(parts)


def _records(draft: StudyDraft) -> str:
    if draft.mapping:
        return draft.mapping
    return sdtm_mapping_text() if draft.records == "sdtm" else _RECORDS[draft.records]


def _check(draft: StudyDraft) -> None:
    names = [name for name, _ in draft.visits]
    known = {
        "component": (draft.components, DRAFT_COMPONENTS),
        "time zero": ((draft.time_zero,), TIME_ZEROS),
        "format of records": ((draft.records,), DRAFT_FORMATS),
    }
    for kind, (given, choices) in known.items():
        if unknown := [item for item in given if item not in choices]:
            raise InvalidArgument(f"no {kind} {name_some(unknown)}; there are {', '.join(choices)}")
    if len(draft.arms) < 2 or draft.n_subjects < 2 or not draft.title.strip():
        raise InvalidArgument("a draft needs a title, two arms and two subjects")
    for kind, items in (("arms", draft.arms), ("visits", names), ("components", draft.components)):
        if len(set(items)) < len(items) or not all(items):
            raise InvalidArgument(f"{kind} need names that differ, got {name_some(items)}")


def toml_text(value: object) -> str:
    """Return a text, number or list of them as TOML."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def printable(text: str) -> str:
    """Return ``text`` as one line that a comment can hold.

    Examples
    --------
    >>> printable("a  long tail ")
    'a long tail'
    """
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


def _remark(text: str) -> str:
    return f"# {printable(text)}\n" if text else ""


def draft_id(acronym: str) -> str:
    """Return the id of a study called ``acronym``: plain letters, digits and hyphens.

    Examples
    --------
    >>> draft_id("Über BONE 2")
    'uber-bone-2'
    """
    plain = unicodedata.normalize("NFKD", acronym).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "trial"


def _identity(draft: StudyDraft, acronym: str) -> str:
    return (
        f"\nid = {toml_text(draft_id(acronym))}\n"
        f"acronym = {toml_text(acronym)}\n"
        f"{_remark(draft.notes.get('title', ''))}"
        f"title = {toml_text(draft.title)}\n"
        f"registry = {toml_text(draft.registry)}\n"
        f"{_remark(draft.notes.get('n_subjects', ''))}"
        f"n_subjects = {draft.n_subjects}\n"
        "# The day from which everything is counted: a date column of subjects.\n"
        f"time_zero = {toml_text(draft.time_zero)}\n"
        f"time_zero_label = {toml_text(TIME_ZEROS[draft.time_zero])}\n"
        "# TODO data_cutoff = 2027-06-30, the last day that counts (or give it as --cutoff).\n\n"
    )


def _arms(draft: StudyDraft) -> str:
    text = _remark(
        draft.notes.get("arms", "The arms, as subjects.arm writes them; the control is one of them.")
    )
    for number, name in enumerate(draft.arms):
        text += f"\n[[arms]]\nname = {toml_text(name)}\nratio = 1\n" + (
            "control = true\n" if not number else ""
        )
    return f"{text}\n"


def _visit(name: str, day: int, visits: Iterable[tuple[str, int]]) -> str:
    """Return one visit with the widest windows, 14 days at most, that overlap no other."""
    days = sorted(day for _, day in visits)
    place = days.index(day)
    before = day - days[place - 1] if place else day
    after = days[place + 1] - day if place + 1 < len(days) else 29
    window = max(0, min(14, (before - 1) // 2, (after - 1) // 2))
    return (
        f"[[visits]]\nname = {toml_text(name)}\nday = {day}\n"
        f"# TODO the window of the protocol\nwindow_before = {window}\nwindow_after = {window}\n\n"
    )


def _components(draft: StudyDraft) -> str:
    text = _remark(
        draft.notes.get("components", "")
        or "What counts as an event: rows of a record table.  TODO compare with the protocol."
    )
    for name in draft.components:
        kind = DRAFT_COMPONENTS[name]
        text += (
            f'\n[components.{name}]\nlabel = "{kind.label}"\ntable = "{kind.table}"\nwhere = {kind.where}\n'
        )
        text += f'date = "{kind.date}"\n'
    if not draft.components:
        return f"{text}# None is declared yet: the study reads survival alone.\n\n"
    return f"{text}\n" + _ESTIMANDS.format(components=toml_text(draft.components))


def _horizon(draft: StudyDraft) -> str:
    last = max((day for _, day in draft.visits), default=0)
    if not last:
        return ""
    return (
        "# TODO the end of planned follow-up; here the last visit.\n\n[censoring.horizon]\n"
        f'label = "End of planned follow-up"\nrole = "limit"\nafter_days = {last}\n\n'
    )


def _analyses(draft: StudyDraft) -> str:
    """Return the analyses; curves are read at the visits from half a year on."""
    days = sorted({day for _, day in draft.visits if day >= 180}) or [365]
    times = f"times = {toml_text(days)}\n"
    wanted = [("survival-curve", "overall-survival", "kaplan_meier", times)]
    wanted += [("survival-hazard-ratio", "overall-survival", "cox", "")]
    if draft.components:
        wanted += [
            ("sse-incidence-curve", "sse-incidence", "cumulative_incidence", times),
            ("sse-incidence-test", "sse-incidence", "gray_test", ""),
            ("sse-hazard-ratio", "sse-hazard", "cox", ""),
            ("sse-free-curve", "sse-free-survival", "kaplan_meier", times),
            ("sse-mean", "sse-recurrent", "mean_cumulative", times),
            ("sse-rate-ratio", "sse-recurrent", "andersen_gill", ""),
        ]
    text = "# TODO the analyses of the plan, and which one is primary (primary = true).\n"
    for name, estimand, method, more in wanted:
        text += f'\n[analyses.{name}]\nestimand = "{estimand}"\nmethod = "{method}"\n{more}'
    return f"{text}\n# TODO rows of the baseline table: [[baseline]] with column, label, kind.\n\n"
