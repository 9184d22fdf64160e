"""Records and study as an open or a masked report may see them.

Blinding works on what goes in, not on what comes out: the notebook gets records in which every subject
has the same arm (open) or arms called A, B, ... (closed), and a study that names no other.
"""

from __future__ import annotations

import math
import re
from string import ascii_uppercase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, InvalidStudy, name_some
from skeletal.records import TABLES, TrialRecords
from skeletal.study import RECORD_PARTS, Study

from .arm_events import MARK, mark_arm_events
from .arm_terms import arm_terms, normalise, short_terms, term_pattern
from .blinded_analyses import blind_multiplicity, left_out_masked

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["open", "closed"]
POOLED = "All subjects"
WITHHELD = "withheld"
WORDS = ("label", "summary", "population", "time_zero_label", "phase", "note", "words", "reason")
IDENTIFIERS = ("source", "source_row")


def blind_records(
    records: TrialRecords, study: Study, *, kind: Kind, unmask: bool = False
) -> tuple[TrialRecords, Study]:
    """Return records and study without what tells the arms.

    Parameters
    ----------
    records : TrialRecords
        As read.
    study : Study
        With the true arms.
    kind : {"open", "closed"}
        ``open`` pools all subjects in one arm; ``closed`` calls the arms by the letters of
        :func:`masked_arms`.
    unmask : bool
        With ``closed``: leave the arms as they are.

    Returns
    -------
    TrialRecords, Study
        Rows are sorted by subject and numbered anew.  Columns that spell or determine the arm are gone,
        and arm names in columns that the study needs read "withheld".  The study has one or the masked
        arms, no sources, no title, and the mean of the arms in its scenarios.

    Raises
    ------
    InvalidRecords
        If subject identifiers hold the name of an arm.
    InvalidStudy
        If a column that the study reads determines the arm.
    """
    if kind == "closed" and unmask:
        return records, study
    names = dict.fromkeys(study.arm_names, POOLED) if kind == "open" else masked_arms(study)
    marked, shown = mark_arm_events(records, study)
    return _blind_tables(marked, shown, names), _blind_study(shown, names, pooled=kind == "open")


def masked_arms(study: Study) -> dict[str, str]:
    """Return arm -> letter, in an order drawn from the masking seed of the study's report.

    The order depends on the seed and the arm names alone: not on which arm is the control, nor on the
    records, so that it stays the same from one data cut to the next.  A letter that stands alone in the
    name or label of an arm is passed over: else "Arm A" might be the arm that the protocol calls B.
    """
    names = sorted(study.arm_names)
    order = np.argsort(np.random.default_rng(study.report.masking_seed).random(len(names)))
    taken = {word for term in arm_terms(study) for word in re.findall(r"\w+", normalise(term))}
    letters = [letter for letter in ascii_uppercase if letter.casefold() not in taken]
    return {names[place]: letters[rank] for rank, place in enumerate(order)}


# --- records -----------------------------------------------------------------------------------------


def _blind_tables(records: TrialRecords, study: Study, names: Mapping[str, str]) -> TrialRecords:
    terms = arm_terms(study)
    _refuse_telling_ids(records.subjects, terms)
    needed = _needed_columns(study)
    tables = {name: _sorted(table) for name, table in records.tables.items()}
    subjects = _without_determinants(tables["subjects"], needed["subjects"])
    tables["subjects"] = subjects.assign(arm=subjects["arm"].map(names).astype("string"))
    pattern, short = term_pattern(terms), short_terms(terms)
    for name, table in tables.items():
        keep = needed.get(name, set()) | set(TABLES[name].required if name in TABLES else ())
        tables[name] = _without_terms(table, pattern, short, keep, _filter_values(study, name))
    return TrialRecords(
        tables=MappingProxyType(tables),
        digests=records.digests,
        notes=tuple(note for note in records.notes if not pattern.search(normalise(note))),
        data_cutoff=records.data_cutoff,
    )


def _refuse_telling_ids(subjects: pd.DataFrame, terms: tuple[str, ...]) -> None:
    words = [normalise(term) for term in terms if len(normalise(term)) > 2]
    telling = [text for text in subjects["subject_id"] if any(word in normalise(text) for word in words)]
    if telling:
        raise InvalidRecords(
            f"{len(telling)} subject_id(s) hold the name of an arm ({name_some(telling)}): a blinded report "
            "would tell it. Give subjects neutral identifiers, or make only the closed report with --unmask."
        )


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    """Sort by subject and content, and number the rows anew: their order in a file may follow the arm."""
    by = [name for name in table.columns if name not in {*IDENTIFIERS, "arm"}]
    by.sort(key=lambda name: name != "subject_id")
    ordered = table.sort_values(by, kind="stable", key=lambda values: values.astype("string"))
    ordered = ordered.reset_index(drop=True)
    if "source_row" in ordered:
        ordered = ordered.assign(source_row=np.arange(1, len(ordered) + 1))
    return ordered


def _without_determinants(subjects: pd.DataFrame, needed: set[str]) -> pd.DataFrame:
    """Drop the columns of ``subjects`` whose values, or whose absence, tell the arm."""
    kept = {"subject_id", "arm", *IDENTIFIERS}
    others = [name for name in subjects.columns if name not in kept and not name.startswith(MARK)]
    arm = subjects["arm"]
    telling = [name for name in others if _determines(subjects[name], arm)]
    if used := [name for name in telling if name in needed]:
        raise InvalidStudy(
            f"column(s) {name_some(used)} of subjects tell the arm, and the study file reads them: a blinded "
            "report would tell it. Take them out of the study file, or make only the closed report with "
            "--unmask."
        )
    gaps = [name for name in others if name not in needed and _absence_tells(subjects[name], arm)]
    return subjects.drop(columns=list(dict.fromkeys([*telling, *gaps])))


def _absence_tells(values: pd.Series, arm: pd.Series) -> bool:
    """Whether a column is filled more often in one arm than chance explains (three standard errors)."""
    filled = values.notna().groupby(arm.to_numpy()).agg(["mean", "size"])
    share = float(values.notna().mean())
    error = math.sqrt(share * (1 - share) * float((1 / filled["size"]).nlargest(2).sum()))
    return bool(filled["mean"].max() - filled["mean"].min() > 3 * error > 0)


def _determines(values: pd.Series, arm: pd.Series) -> bool:
    """Whether each value of a column with repeated values occurs in one arm only."""
    if arm.nunique() < 2:
        return False
    known = values.notna()
    share = known.groupby(arm.to_numpy()).mean()
    if share.min() == 0 and share.max() >= 0.5:
        return True
    filled = values.astype("string").fillna("<missing>")
    arms = arm.groupby(filled.to_numpy()).nunique()
    return bool((arms == 1).all() and 2 <= len(arms) <= len(values) / 2)


def _without_terms(
    table: pd.DataFrame,
    pattern: re.Pattern[str],
    short: frozenset[str],
    keep: set[str],
    allowed: set[str],
) -> pd.DataFrame:
    """Drop or withhold text that names an arm, but for the arm itself and values that filters read."""
    dropped: list[str] = []
    withheld: dict[str, pd.Series] = {}
    for name in table.columns:
        if name in {"arm", "subject_id"} or not _is_text(table[name]):
            continue
        values = table[name].dropna().astype(str).unique()
        found = [text for text in values if pattern.search(normalise(text))]
        if all(normalise(text) in short for text in values):
            found = list(values)
        if not found:
            continue
        if name in keep:
            blank = table[name].isin(set(found) - allowed)
            withheld[name] = table[name].mask(blank, WITHHELD)
        else:
            dropped.append(name)
    return table.assign(**withheld).drop(columns=dropped)


def _is_text(values: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(values) or pd.api.types.is_object_dtype(values)


def _needed_columns(study: Study) -> dict[str, set[str]]:
    """Columns that the study reads, by table."""
    needed: dict[str, set[str]] = {"subjects": {study.time_zero}}
    needed["subjects"] |= {endpoint.time_zero for endpoint in study.endpoints.values() if endpoint.time_zero}
    needed["subjects"] |= {item.time_zero for item in study.measures.values() if item.time_zero}
    needed["subjects"] |= {item.column for item in study.baseline}
    for analysis in study.analyses.values():
        needed["subjects"] |= {*analysis.strata, *analysis.covariates}
        needed["subjects"] |= {*analysis.censoring_strata, *analysis.subgroups}
    for criterion in study.eligibility:
        read = {name for rule in criterion.rule.walk() for name in (rule.column, rule.times) if name}
        needed.setdefault(f"{criterion.unit}s", set()).update(read)
    for item in _filters(study):
        if item.table is not None:
            needed.setdefault(item.table, set()).update({item.date, *item.where, *_unless(item)})
    return needed


def _unless(item: Any) -> dict[str, Any]:
    """Values that leave a row out; a censoring rule has none."""
    return dict(getattr(item, "unless", {}))


def _filters(study: Study) -> list[Any]:
    """Everything in the study that reads rows of a table."""
    groups = (study.components, study.intercurrent, study.censoring)
    return [study.death, *(item for group in groups for item in group.values())]


def _filter_values(study: Study, table: str) -> set[str]:
    filters = [item for item in _filters(study) if item.table == table]
    read = [*(item.where for item in filters), *map(_unless, filters)]
    return {str(value) for where in read for values in where.values() for value in values}


# --- study -------------------------------------------------------------------------------------------


def _blind_study(study: Study, names: Mapping[str, str], *, pooled: bool) -> Study:
    content = study.model_dump(mode="python")
    content["masking"] = "pooled" if pooled else "masked"
    content["title"] = study.acronym
    content["records"] = {}
    content["report"]["masking_seed"] = 0
    content["arms"] = _blind_arms(study, names, pooled=pooled)
    content["multiplicity"] = blind_multiplicity(study, names, pooled=pooled)
    for name in left_out_masked(study):
        del content["analyses"][name]
    for item in (*content["estimands"].values(), *content["measures"].values()):
        item["treatment"] = ""  # told by the arms as they are shown
    for scenario in content["scenarios"].values():
        for rate in ("event_rate", "death_rate", "dropout_rate"):
            mean = float(np.mean(list(scenario[rate].values())))
            scenario[rate] = dict.fromkeys(sorted(set(names.values())), mean)
        for part in RECORD_PARTS:  # they differ by arm, and only a simulation reads them
            scenario.pop(part, None)
    pattern = term_pattern(arm_terms(study))
    arms, scrubbed = content.pop("arms"), _scrub(content, pattern)
    return Study.model_validate({**scrubbed, "arms": arms})


def _blind_arms(study: Study, names: Mapping[str, str], *, pooled: bool) -> list[dict[str, Any]]:
    if pooled:
        return [{"name": POOLED, "label": POOLED, "control": True}]
    ratio = {names[arm.name]: arm.ratio for arm in study.arms}
    return [
        {"name": name, "label": f"Arm {name}", "ratio": ratio[name], "control": place == 0}
        for place, name in enumerate(sorted(ratio))
    ]


def _scrub(content: Any, pattern: re.Pattern[str], key: str = "") -> Any:
    """Blank sources and withhold arm names in words for readers; keys and filter values stay."""
    if key in {"where", "unless"}:
        return content
    if key in {"sources", "source"}:
        return {} if isinstance(content, dict) else ""
    if isinstance(content, dict):
        return {name: _scrub(item, pattern, name) for name, item in content.items()}
    if isinstance(content, list | tuple):
        return [_scrub(item, pattern, key) for item in content]
    if isinstance(content, str) and key in WORDS:
        return withhold(content, pattern)
    return content


def withhold(text: str, pattern: re.Pattern[str]) -> str:
    """Return ``text`` with what ``pattern`` finds replaced."""
    if not pattern.search(normalise(text)):
        return text
    replaced = re.sub(pattern.pattern, f"[{WITHHELD}]", text, flags=re.IGNORECASE)
    return f"[{WITHHELD}]" if pattern.search(normalise(replaced)) else replaced
