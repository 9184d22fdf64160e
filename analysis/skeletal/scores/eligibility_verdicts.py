"""Verdicts of the criteria on all rows of a unit, and what they add up to for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .eligibility_rules import Quantity, Rows, Verdict, evaluate, once
from .eligibility_scores import MAKERS, Frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from skeletal.arrays import BoolArray, IntArray, LabelArray
    from skeletal.study import Criterion, Rule, Study

# Sentence by kind of criterion and what its rule says.
_SENTENCES = {
    ("inclusion", "met"): 'Meets "{label}": {text}.',
    ("inclusion", "not_met"): 'Does not meet "{label}": {text}.',
    ("exclusion", "met"): 'Excluded by "{label}": {text}.',
    ("exclusion", "not_met"): 'Not excluded by "{label}": {text}.',
    ("inclusion", "not_assessable"): '"{label}" cannot be assessed: {text}.',
    ("exclusion", "not_assessable"): '"{label}" cannot be assessed: {text}.',
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Judged:
    """The criteria of one unit with their verdicts on each of ``n`` rows, and the scores they asked for.

    ``rows`` has one row a row and criterion: row, criterion, kind, label, status, value, reason, verdict.
    """

    criteria: Sequence[Criterion]
    verdicts: Mapping[str, Verdict]
    scores: Mapping[str, Quantity]
    n: int
    rows: pd.DataFrame

    def passing(self, ids: Sequence[str] = ()) -> tuple[BoolArray, BoolArray]:
        """Return which rows pass, and which fail, the criteria named (all where none is)."""
        passes, fails = np.full(self.n, True), np.full(self.n, False)
        for criterion in self.criteria:
            if ids and criterion.id not in ids:
                continue
            verdict = self.verdicts[criterion.id]
            good, bad = verdict.true, verdict.false
            if criterion.kind == "exclusion":
                good, bad = bad, good
            passes, fails = passes & good, fails | bad
        return passes, fails

    def status(self, words: tuple[str, str, str]) -> LabelArray:
        """Return one of ``words`` (passes, fails, not assessable) for each row."""
        passes, fails = self.passing()
        return np.select([passes, fails], [words[0], words[1]], words[2]).astype(object)


def _rows_of(criterion: Criterion, verdict: Verdict) -> pd.DataFrame:
    """Return the verdict of a criterion on each row in words."""
    status = np.select([verdict.true, verdict.false], ["met", "not_met"], "not_assessable").astype(object)
    text = once(verdict.text)
    reason = [
        _SENTENCES[criterion.kind, str(each)].format(label=criterion.label, text=found)
        for each, found in zip(status, text, strict=True)
    ]
    passes = status == ("met" if criterion.kind == "inclusion" else "not_met")
    return pd.DataFrame(
        {
            "row": np.arange(status.size),
            "criterion": criterion.id,
            "kind": criterion.kind,
            "label": criterion.label,
            "status": status,
            "value": text,
            "reason": reason,
            "verdict": np.where(passes, "passes", np.where(status == "not_assessable", "open", "fails")),
        }
    )


def judge(
    study: Study,
    frames: Frames,
    count: Callable[[Sequence[str], str], Quantity],
) -> Judged:
    """Evaluate the criteria of the unit of ``frames`` on its rows."""
    made: dict[tuple[str, Any], Quantity] = {}

    def score(name: str, using: Mapping[str, str]) -> Quantity:
        key = (name, frozenset(using.items()))
        if key not in made:
            made[key] = MAKERS[name](frames, using)
        return made[key]

    rows = Rows(
        table=frames.table, frame=frames.own, options=study.eligibility_options, score=score, count=count
    )
    unit = "lesion" if frames.table == "lesions" else "subject"
    criteria = [criterion for criterion in study.eligibility if criterion.unit == unit]
    verdicts = {criterion.id: evaluate(criterion.rule, rows) for criterion in criteria}
    scores: dict[str, Quantity] = {}
    for (name, _), found in made.items():
        scores.setdefault(name, found)
    found_rows = [_rows_of(criterion, verdicts[criterion.id]) for criterion in criteria]
    return Judged(
        criteria=criteria,
        verdicts=verdicts,
        scores=scores,
        n=len(frames.own),
        rows=pd.concat(found_rows, ignore_index=True) if found_rows else pd.DataFrame(),
    )


def rules_in_use(criterion: Criterion, study: Study) -> Iterator[Rule]:
    """Yield the rules of a criterion under the readings that the study chose."""
    open_rules = [criterion.rule]
    while open_rules:
        rule = open_rules.pop()
        yield rule
        open_rules += [*(rule.all or ()), *(rule.any or ()), *(rule.none or ())]
        if rule.cases is not None and rule.option is not None:
            open_rules.append(rule.cases[study.eligibility_options[rule.option].chosen])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LesionCounter:
    """Counts of the lesions of each subject by the criteria that they pass."""

    judged: Judged
    owner: IntArray
    n_subjects: int
    recorded: bool

    def bounds(self, ids: Sequence[str] = ()) -> tuple[IntArray, IntArray, IntArray]:
        """Return for each subject how many lesions pass, how many may, and how many there are."""
        passes, fails = self.judged.passing(ids)
        return self._count(passes), self._count(~fails), self._count(np.full(self.owner.size, True))

    def _count(self, lesions: BoolArray) -> IntArray:
        return np.bincount(self.owner[lesions], minlength=self.n_subjects).astype(np.int64)

    def count(self, ids: Sequence[str], words: str) -> Quantity:
        """Return the number of lesions that pass as what it may be; unknown without any lesion."""
        low, high, total = self.bounds(ids)
        none = "no lesion is recorded" if self.recorded else "table lesions is not there"
        text = [
            f"{words}: {least}" + ("" if least == most else f" to {most} ({most - least} not assessable)")
            for least, most in zip(low, high, strict=True)
        ]
        known = total > 0
        return Quantity(
            low=np.where(known, low, np.nan),
            high=np.where(known, high, np.nan),
            text=np.where(known, np.array(text, dtype=object), none),
        )


def score_columns(judged: Judged) -> dict[str, Any]:
    """Return the scores that were asked for as columns, missing where they are no one number."""
    return {name: np.where(each.low == each.high, each.low, np.nan) for name, each in judged.scores.items()}


def joined_reasons(rows: pd.DataFrame, n: int, verdict: str) -> LabelArray:
    """Return for each of ``n`` rows its sentences of one verdict, joined; empty text where there is none."""
    text = np.full(n, "", dtype=np.object_)
    if len(rows):
        found = rows.loc[rows["verdict"] == verdict].groupby("row")["reason"].agg(" ".join)
        text[found.index.to_numpy(dtype=np.int64)] = found.to_numpy(dtype=object)
    return text
