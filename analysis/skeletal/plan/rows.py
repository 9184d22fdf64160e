"""One statistic, and the sample that an analysis reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, NotConverged, NotEstimable, name_some
from skeletal.outcomes import recurrent_events
from skeletal.recurrent import outside_window
from skeletal.study.analysis_methods import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skeletal.arrays import FloatArray, LabelArray
    from skeletal.outcomes import Outcomes
    from skeletal.results import Estimate, MaxComboResult, TestResult
    from skeletal.study import Analysis, Estimand, Study

FAILURES = (NotEstimable, NotConverged)
ESTIMATE = ("estimate", "std_error", "lower", "upper", "p_value")
TEST = ("statistic", "df", "p_value")

Found = TypeVar("Found")


def attempt(run: Callable[[], Found], reason: str = "") -> tuple[Found | None, str]:
    """Return what ``run`` gives, or None and why it cannot be had (``reason`` says that it is no use)."""
    if reason:
        return None, reason
    try:
        return run(), ""
    except FAILURES as error:
        return None, f"not estimable: {error}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One number of the results, with what identifies it."""

    endpoint: str
    estimand: str
    analysis: str
    arm: str
    statistic: str
    value: float
    unit: str = ""
    method: str = ""
    time: float = math.nan

    def row(self) -> dict[str, object]:
        """Return the statistic as a row of the results frame."""
        at = "" if math.isnan(self.time) else f"@{self.time:g}"
        return {
            "endpoint": self.endpoint,
            "estimand": self.estimand,
            "analysis": self.analysis,
            "arm": self.arm,
            "statistic": self.statistic,
            "time": self.time,
            "value": float(self.value),
            "unit": self.unit,
            "method": self.method,
            "key": f"{self.analysis}/{self.arm}/{self.statistic}{at}",
        }


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sample:
    """What one analysis reads: the outcome rows of its estimand or measure, arms, columns of subjects."""

    name: str
    analysis: Analysis
    outcomes: Outcomes
    study: Study

    @property
    def estimand(self) -> Estimand:
        """The estimand of the analysis."""
        return self.study.estimands[self.analysis.estimand]

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms, control first."""
        return self.study.arm_names

    def frame(self) -> pd.DataFrame:
        """Return the outcome rows: one a subject, or (start, stop] rows of recurrent events."""
        kind = self.outcomes.first if self.estimand.variable == "first" else self.outcomes.recurrent
        frame = kind(self.estimand.endpoint, self.analysis.estimand)
        return without_windows(frame, self.window) if self.analysis.at_risk == "removed" else frame

    def measured(self) -> pd.DataFrame:
        """Return the rows of the measure: one a subject and planned visit."""
        return self.outcomes.measure(self.analysis.measure)

    @property
    def window(self) -> int:
        """Days after an episode in which no other can begin, by the gap rule."""
        return max(self.study.endpoints[self.estimand.endpoint].min_gap_days - 1, 0)

    def intervals(self) -> pd.DataFrame:
        """Return the interval (left, right] of each subject's first event."""
        return self.outcomes.intervals(self.estimand.endpoint, self.analysis.estimand)

    @staticmethod
    def cluster(frame: pd.DataFrame) -> LabelArray | None:
        """Return the subject of each row where the rows are of lesions, else None."""
        return frame["subject_id"].to_numpy(dtype=object) if "lesion_id" in frame else None

    def counts(self, frame: pd.DataFrame, **more: Any) -> Iterator[Statistic]:
        """Yield the numbers of subjects, and of lesions where the rows are of lesions."""
        yield self.statistic("n_subjects", frame["subject_id"].nunique(), unit="subjects", **more)
        if "lesion_id" in frame:
            n_lesions = len(frame.drop_duplicates(["subject_id", "lesion_id"]))
            yield self.statistic("n_lesions", n_lesions, unit="lesions", **more)

    @property
    def unit(self) -> str:
        """What the endpoint counts, in words."""
        return f"{self.study.endpoints[self.estimand.endpoint].unit}s"

    @property
    def causes(self) -> tuple[str, ...]:
        """The endpoint in words, then the causes that compete with it."""
        competing = self.outcomes.causes(self.analysis.estimand)[1:]
        return (self.study.endpoints[self.estimand.endpoint].label, *competing)

    def statistic(self, statistic: str, value: float, **more: Any) -> Statistic:
        """Return a statistic of this analysis; ``more`` are further fields of :class:`Statistic`."""
        fields = {"arm": "all", **more}
        if "at_risk" in METHODS[self.analysis.method].options and self.window:
            said = f"the {self.window} days after an episode {self.analysis.at_risk} at risk"
            fields["method"] = f"{fields.get('method', '')}; {said}"
        measure = self.analysis.measure
        return Statistic(
            endpoint=measure or self.estimand.endpoint,
            estimand=measure or self.analysis.estimand,
            analysis=self.name,
            statistic=statistic,
            value=value,
            **fields,
        )

    def contrast(self, arm: str) -> str:
        """Return the label of the contrast of ``arm`` with the control."""
        return f"{arm} vs {self.study.control.name}"

    def strata(self, frame: pd.DataFrame) -> LabelArray | None:
        """Return one stratum label a row of ``frame``, or None where the analysis names none."""
        return self.labels(frame, self.analysis.strata)

    def labels(self, frame: pd.DataFrame, names: tuple[str, ...]) -> LabelArray | None:
        """Return the values of columns of subjects as one label a row, or None without columns."""
        if not names:
            return None
        columns = self._columns(frame, names)
        return columns.astype("string").agg(" / ".join, axis=1).to_numpy(dtype=object)

    def arm_of(self, frame: pd.DataFrame) -> LabelArray:
        """Return the arm of each row."""
        return frame["arm"].to_numpy(dtype=object)

    def pairs(self, frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, str]]:
        """Yield each experimental arm with its rows and the control's, and why they cannot be compared."""
        control = self.study.control.name
        for arm in self.arms[1:]:
            rows = frame.loc[frame["arm"].isin([control, arm])]
            absent = [name for name in (control, arm) if not (rows["arm"] == name).any()]
            yield arm, rows, f"not estimable: {' and '.join(absent)} without subjects" if absent else ""

    def not_comparable(self, frame: pd.DataFrame) -> str:
        """Say why the arms cannot be compared; empty where they can."""
        present = [arm for arm, _ in self.by_arm(frame)]
        if self.study.control.name not in present or len(present) < 2:
            found = f"only {', '.join(present)} has subjects" if present else "no subjects"
            return f"not estimable: {found}"
        return ""

    def estimates(self, run: Callable[[], Estimate], reason: str = "", **more: Any) -> Iterator[Statistic]:
        """Yield the fields of an estimate, or NaN where it cannot be had for ``reason`` or by its error."""
        found, said = attempt(run, reason)
        for name in ESTIMATE:
            value = math.nan if found is None else float(getattr(found, name))
            yield self.statistic(name, value, method=found.method if found else said, **more)

    def test(
        self, found: TestResult | MaxComboResult | None, reason: str, **more: Any
    ) -> Iterator[Statistic]:
        """Yield statistic, degrees of freedom and p-value of a test, or NaN for ``reason``."""
        for name in TEST:
            value = math.nan if found is None else float(getattr(found, name))
            yield self.statistic(name, value, method=found.method if found else reason, **more)

    def design(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the covariates of each row: an indicator an arm that has rows, then those declared."""
        arm = frame["arm"].to_numpy(dtype=object)
        present = [name for name, _ in self.by_arm(frame) if name != self.study.control.name]
        indicators = {name: (arm == name).astype(np.float64) for name in present}
        return pd.DataFrame({**indicators, **self.covariates(frame)})

    def covariates(self, frame: pd.DataFrame) -> dict[str, FloatArray]:
        """Return the declared covariates of each row."""
        columns = self._columns(frame, self.analysis.covariates)
        values: dict[str, FloatArray] = {}
        for name in columns:
            if not pd.api.types.is_numeric_dtype(columns[name]):
                raise InvalidRecords(
                    f"analysis {self.name!r}: covariate {name!r} of subjects is not numeric. "
                    "Give a numeric column, or use it as a stratum."
                )
            values[str(name)] = columns[name].to_numpy(dtype=np.float64)
        return values

    def covariate_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the declared covariates of each row as a frame."""
        return pd.DataFrame(self.covariates(frame), index=range(len(frame)))

    def _columns(self, frame: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
        if not names:
            return pd.DataFrame(index=range(len(frame)))
        subjects = self.outcomes.subjects.set_index("subject_id")
        absent = [name for name in names if name not in subjects]
        if absent:
            raise InvalidRecords(
                f"analysis {self.name!r}: subjects have no column(s) {name_some(absent)}. "
                "Add them to the records, or take them out of the analysis."
            )
        columns = subjects.loc[frame["subject_id"], list(names)].reset_index()
        missing = columns.loc[columns[list(names)].isna().any(axis=1), "subject_id"].unique()
        if len(missing):
            raise InvalidRecords(
                f"analysis {self.name!r}: {name_some(names)} missing for {len(missing)} subject(s) "
                f"({name_some(missing)}). Complete the records, or leave the column out of the analysis."
            )
        return columns[list(names)]

    def by_arm(self, frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield each arm that has rows, control first, with its rows."""
        for arm in self.arms:
            rows = frame.loc[frame["arm"] == arm]
            if len(rows):
                yield arm, rows


def without_windows(frame: pd.DataFrame, length: int) -> pd.DataFrame:
    """Return rows of recurrent events without the ``length`` days after each episode."""
    data, rows = outside_window(recurrent_events(frame), float(length))
    kept = frame.iloc[rows].reset_index(drop=True)
    return kept.assign(start=data.start, stop=data.stop, status=data.status)
