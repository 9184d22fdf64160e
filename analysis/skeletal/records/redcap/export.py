"""Trial records as the export and data dictionary of a REDCap project, with the mapping that reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.study import FormMapping, RecordsMapping, RedcapProject
from skeletal.tables import DERIVED

from .columns import FieldPlan, Names, number_text, plan_fields
from .dictionary import STATUS
from .file import EVENT, INSTANCE, INSTRUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..schema import TrialRecords

RECORD_ID = "record_id"
DICTIONARY_COLUMNS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
_FIRST_EVENT = "Enrolment"
_NO_VISIT = "Unscheduled"
_ITEM_COLUMNS = ("instrument", "item", "value")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RedcapExport:
    """An export, its data dictionary, and the mapping by which both make the same records again."""

    export: pd.DataFrame
    dictionary: pd.DataFrame
    mapping: RecordsMapping


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Form:
    """One instrument: its fields, the record and visit of each of its rows, how it is read back."""

    name: str
    table: str
    fields: list[FieldPlan]
    record: pd.Series[Any]
    visit: pd.Series[Any] | None
    constants: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    repeats: bool = True

    @property
    def columns(self) -> list[str]:
        """Return its columns in the export, the status last."""
        cells = [str(column) for plan in self.fields for column in plan.cells]
        return [*cells, f"{self.name}_complete"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Event:
    """One event: its unique name, its label and the visit that it stands for."""

    name: str
    label: str
    visit: str


def export_redcap(records: TrialRecords, *, labels: bool = False) -> RedcapExport:
    """Write trial records as one flat REDCap export with its data dictionary.

    ``subjects`` is the first form and ``screening`` one of records of its own; every other table is a
    repeating instrument, and every instrument of ``questionnaires`` a form with a field for each item.
    Visits become events.  Words that come again are choices with codes; flags that are known in every row
    are the boxes of one checkbox field.

    Parameters
    ----------
    records : TrialRecords
        Tables that the derivation makes are left out.
    labels : bool
        Choices, events and instruments by their labels instead of raw codes.

    Returns
    -------
    RedcapExport
        ``export`` and ``dictionary`` hold text, as their csv files do; ``mapping`` reads them back to the
        same tables.  Rows come in the order of records, events, forms and instances, and ``source`` and
        ``source_row`` name the rows of the export then.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> subjects = pd.DataFrame({"subject_id": ["S1"], "arm": ["a"], "randomised_date": ["2025-03-01"]})
    >>> made = export_redcap(make_records({"subjects": subjects}))
    >>> made.export.drop(columns=["redcap_repeat_instrument", "redcap_repeat_instance"]).iloc[0].tolist()
    ['S1', '1', '2025-03-01', '2']
    """
    forms = list(_forms(records))
    events = _events(forms)
    rows = pd.concat([_rows(form, number, events, labels) for number, form in enumerate(forms)])
    ids = {record: number for number, record in enumerate(rows[RECORD_ID].unique().tolist())}
    order = rows.assign(record_number=rows[RECORD_ID].map(ids))
    order = order.sort_values(["record_number", "event_number", "form_number", "number"], kind="stable")
    keys = [RECORD_ID, *([EVENT] if events else []), INSTRUMENT, INSTANCE]
    export = order[[*keys, *(column for form in forms for column in form.columns)]]
    return RedcapExport(
        export=export.astype("string").reset_index(drop=True),
        dictionary=_dictionary(forms),
        mapping=_mapping(forms, events, labels=labels),
    )


def _forms(records: TrialRecords) -> Iterator[_Form]:
    """Return the instruments, that of the subjects first."""
    fields, forms = Names({RECORD_ID}), Names()
    for name in ("subjects", *(name for name in records.tables if name != "subjects")):
        if name in DERIVED:
            continue
        frame = records[name].drop(columns=["source", "source_row"])
        if name == "questionnaires":
            answered = frame[list(_ITEM_COLUMNS)].notna().all(axis=1)
            for instrument, rows in frame[answered].groupby("instrument", sort=False):
                yield _instrument(str(instrument), rows, fields, forms)
            if answered.all() and len(frame):
                continue
            frame = frame[~answered]
        yield _plain_form(name, frame, records, fields, forms)


def _plain_form(name: str, frame: pd.DataFrame, records: TrialRecords, fields: Names, forms: Names) -> _Form:
    """Return the form of one table, a field for each column."""
    form = forms.give(name)
    record = frame["screening_id" if name == "screening" else "subject_id"]
    others = record.duplicated().any() or record.isin(records.subjects["subject_id"]).any()
    return _Form(
        name=form,
        table=name,
        fields=plan_fields(form, name, frame.drop(columns=["visit", record.name], errors="ignore"), fields),
        record=record,
        visit=frame.get("visit"),
        repeats=name != "subjects" and (name != "screening" or bool(others)),
    )


def _instrument(instrument: str, rows: pd.DataFrame, fields: Names, forms: Names) -> _Form:
    """Return the form of one questionnaire: a row for each time it was filled in, a field for each item."""
    form = forms.give(instrument, longest=50)
    shared = [column for column in rows if column not in _ITEM_COLUMNS]
    time = rows.groupby(shared, dropna=False, sort=False).ngroup()
    again = rows.groupby([time, rows["item"]], sort=False).cumcount()
    sheet = rows.groupby([time, again], sort=False).ngroup()
    first = rows.assign(sheet=sheet).drop_duplicates("sheet").set_index("sheet")
    plans = plan_fields(
        form, "questionnaires", first[shared].drop(columns=["subject_id", "visit"], errors="ignore"), fields
    )
    items = {}
    for item in rows["item"].unique().tolist():
        of_item = rows["item"] == item
        answers = pd.Series(rows["value"][of_item].to_numpy(), index=sheet[of_item])
        name = fields.give(form, str(item))
        items[name] = str(item)
        cells = number_text(answers.reindex(first.index)).rename(name).to_frame()
        plans.append(
            FieldPlan(name=name, label=str(item), kind="text", validation="number", cells=cells, columns={})
        )
    return _Form(
        name=form,
        table="questionnaires",
        fields=plans,
        record=first["subject_id"],
        visit=first.get("visit"),
        constants={"instrument": instrument},
        items=items,
    )


def _events(forms: list[_Form]) -> dict[str | None, _Event]:
    """Return visit (missing: empty text; no visits in the table: None) -> event; none without visits."""
    visits = [form.visit.fillna("") for form in forms if form.visit is not None]
    if not visits:
        return {}
    names, labels = Names(), set[str]()
    events: dict[str | None, _Event] = {}
    for visit in [None, *pd.concat(visits).unique().tolist()]:
        words = _FIRST_EVENT if visit is None else visit or _NO_VISIT
        name = f"{names.give(words, longest=18)}_arm_1"
        label = words if words not in labels else f"{words} ({name})"
        labels.add(label)
        events[visit] = _Event(name=name, label=label, visit=visit or "")
    return events


def _rows(form: _Form, number: int, events: Mapping[str | None, _Event], labels: bool) -> pd.DataFrame:
    """Return the rows of one form in the export, with the numbers by which rows are sorted."""
    index = form.record.index
    visits = [None] * len(index) if form.visit is None else form.visit.fillna("").tolist()
    places = {visit: place for place, visit in enumerate(events)}
    pieces = [plan.labelled() if labels else plan.cells for plan in form.fields]
    rows = pd.concat([form.record.rename(RECORD_ID), *pieces], axis=1)
    rows[f"{form.name}_complete"] = STATUS["2"] if labels else "2"
    rows["event_number"] = [places.get(visit, 0) for visit in visits]
    if events:
        rows[EVENT] = [events[visit].label if labels else events[visit].name for visit in visits]
    rows["form_number"] = number
    rows["number"] = rows.groupby([RECORD_ID, "event_number"]).cumcount() + 1
    rows[INSTRUMENT] = _label(form.name) if labels else form.name
    rows[INSTANCE] = rows["number"].astype("string")
    if not form.repeats:
        rows[INSTRUMENT] = rows[INSTANCE] = pd.Series(pd.NA, index=index, dtype="string")
    return rows


def _label(form: str) -> str:
    return form.replace("_", " ").title()


def _dictionary(forms: list[_Form]) -> pd.DataFrame:
    """Return the data dictionary, the record id first."""
    first = {"Field Type": "text", "Field Label": "Record ID"}
    rows = [{"Variable / Field Name": RECORD_ID, "Form Name": forms[0].name, **first}]
    for form in forms:
        for plan in form.fields:
            choices = {} if plan.kind == "yesno" else plan.choices
            rows.append(
                {
                    "Variable / Field Name": plan.name,
                    "Form Name": form.name,
                    "Field Type": plan.kind,
                    "Field Label": plan.label,
                    "Choices, Calculations, OR Slider Labels": " | ".join(
                        f"{code}, {label}" for code, label in choices.items()
                    ),
                    "Text Validation Type OR Show Slider Number": plan.validation,
                }
            )
    frame = pd.DataFrame(rows, columns=list(DICTIONARY_COLUMNS), dtype="string")
    return frame.mask(frame == "")


def _mapping(forms: list[_Form], events: Mapping[str | None, _Event], *, labels: bool) -> RecordsMapping:
    """Return the mapping that reads the export."""
    tables: dict[str, tuple[FormMapping, ...]] = {}
    for form in forms:
        key = "screening_id" if form.table == "screening" else "subject_id"
        columns = {key: RECORD_ID} if key == "screening_id" else {}
        columns |= {} if form.visit is None else {"visit": EVENT}
        codes: dict[str, dict[str, Any]] = {}
        for plan in form.fields:
            columns |= plan.columns
            codes |= plan.codes
        part = FormMapping(
            form=form.name,
            columns=columns,
            values=codes,
            constants=form.constants,
            items=form.items,
        )
        tables[form.table] = (*tables.get(form.table, ()), part)
    visits = {
        event.label if labels else event.name: event.visit for key, event in events.items() if key is not None
    }
    return RecordsMapping(format="redcap", forms=tables, redcap=RedcapProject(visits=visits))
