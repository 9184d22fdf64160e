"""The definition fan: the answers that one set of records gives under many definitions of an endpoint."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd

from skeletal import checks
from skeletal.arrays import DAYS_PER_YEAR
from skeletal.competing import cumulative_incidence
from skeletal.errors import InvalidArgument
from skeletal.outcomes import competing_risks, derive_outcomes
from skeletal.outcomes.episodes import GapAnchor
from skeletal.outcomes.recurrent import recurrent_frame
from skeletal.study import Analysis, Estimand, changed_study
from skeletal.tables import DERIVED

from .fan_switches import EventSet, event_sets
from .recurrent_regressions import andersen_gill_rows
from .regressions import cox_rows
from .rows import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from skeletal.outcomes import Outcomes
    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .rows import Statistic

LIMITS = {"ratio": "", "ratio_lower": "_lower", "ratio_upper": "_upper"}


def definition_fan(
    records: TrialRecords,
    study: Study,
    endpoint: str,
    *,
    gaps: Sequence[int] = (14, 21, 28),
    anchors: Sequence[GapAnchor] = ("counted", "any"),
    horizon: int = 365,
) -> pd.DataFrame:
    """Analyse an endpoint under every combination of gap, anchor and kinds of event.

    Use it to show how far a result hangs on the definition; the definition of the trial is chosen before.
    Death competes throughout; other intercurrent events are taken as by the first estimand of the endpoint.

    Parameters
    ----------
    records : TrialRecords
        The raw tables.
    study : Study
        The protocol.
    endpoint : str
        Name of an endpoint with components.
    gaps : sequence of int
        Days from one counted episode to the next; the endpoint's own is added where it is not among them.
    anchors : sequence of {"counted", "any"}
        What the gap runs from; the endpoint's own is added.
    horizon : int
        Day at which the cumulative incidence of a first event is read, on the scale of AVAL.

    Returns
    -------
    DataFrame
        One row a definition: ``endpoint definition own gap_days gap_anchor`` and a column for each further
        switch (``asymptomatic hypercalcaemia radiotherapy_for_pain``: "with", "without", or "as defined"
        where the endpoint counts some of them); ``own`` marks the study's definition.  By arm, as
        ``statistic/arm``: ``n_analysed n_with_event n_episodes subject_years episode_rate incidence``; by
        experimental arm: ``hazard_ratio rate_ratio`` with ``_lower`` and ``_upper``.  ``horizon_days``;
        ``left_out``: switches that change nothing here, and why; ``note``: what is not estimable.

    Raises
    ------
    InvalidArgument
        If the endpoint is unknown or death alone, a gap is negative, an anchor is unknown, or the horizon
        is below 1.

    Notes
    -----
    "without asymptomatic": events need ``symptomatic`` true (hypercalcaemia, pain and instability are
    always felt); "with hypercalcaemia": it is added to an endpoint of subjects with several components that
    does not count it; "without radiotherapy for pain": that with the reason ``bone_pain`` is left out, that
    without a reason stays.  Gap and anchor do not touch a first event.  Hazard ratio: Cox model of the
    first event, death censored (Efron); rate ratio: Andersen-Gill model of all episodes, robust by
    subject.  Rates are episodes per 365.25 days at risk.  R: survival::coxph on each data set.

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nat Hum Behav 2020; 4: 1208-1214.
    """
    _check(study, endpoint, gaps, anchors, horizon)
    own = study.endpoints[endpoint]
    components = {name: study.components[name] for name in own.components}
    sets, left_out = event_sets(records, components, of_lesions=own.unit == "lesion")
    fan = _Fan(
        endpoint=endpoint,
        horizon=horizon,
        outcomes=derive_outcomes(records, _study_of(study, endpoint, sets)),
    )
    all_gaps = sorted({*gaps, own.min_gap_days})
    all_anchors = [item for item in get_args(GapAnchor) if item in {*anchors, own.gap_anchor}]
    rows = []
    for number, chosen in enumerate(sets):
        first = fan.first(number)
        for anchor in all_anchors:
            for gap in all_gaps:
                mine = chosen.own and (gap, anchor) == (own.min_gap_days, own.gap_anchor)
                switches = {"gap_days": gap, "gap_anchor": anchor, **chosen.states}
                every = fan.episodes(number, gap, anchor)
                rows.append(
                    {
                        "endpoint": endpoint,
                        "definition": _words(switches),
                        "own": mine,
                        **switches,
                        **{key: value for key, value in {**first, **every}.items() if key != "note"},
                        "horizon_days": horizon,
                        "left_out": left_out,
                        "note": "; ".join(dict.fromkeys(filter(None, (first["note"], every["note"])))),
                    }
                )
    return pd.DataFrame(rows)


def _check(
    study: Study, endpoint: str, gaps: Sequence[int], anchors: Sequence[GapAnchor], horizon: int
) -> None:
    if endpoint not in study.endpoints:
        raise InvalidArgument(f"no endpoint {endpoint!r}; the study has {', '.join(study.endpoints)}")
    if not study.endpoints[endpoint].components:
        raise InvalidArgument(f"endpoint {endpoint!r} is death alone: it has one definition")
    if wrong := [gap for gap in gaps if gap < 0]:
        raise InvalidArgument(f"gaps must not be negative, got {wrong[0]}")
    for anchor in anchors:
        checks.option(anchor, GapAnchor, "anchors")
    if horizon < 1:
        raise InvalidArgument(f"horizon is a day from 1, got {horizon}")


def _words(switches: dict[str, Any]) -> str:
    """Say a definition in words."""
    gap, anchor, *_ = switches.values()
    words = [f"{gap} days from the last {'counted event' if anchor == 'counted' else 'event of any kind'}"]
    words += [f"{state} {name.replace('_', ' ')}" for name, state in list(switches.items())[2:]]
    return ", ".join(words)


def _study_of(study: Study, endpoint: str, sets: Sequence[EventSet]) -> Study:
    """Return a study with one endpoint a set, read as first and as recurrent events, and nothing else."""
    own = study.endpoints[endpoint]
    parts: dict[str, dict[str, Any]] = {"components": {}, "endpoints": {}, "estimands": {}}
    for number, chosen in enumerate(sets):
        name = f"set-{number}"
        names = {key: f"{name}.{key}" for key in chosen.components}
        parts["components"] |= {names[key]: item for key, item in chosen.components.items()}
        changes = {"components": tuple(names.values()), "definition": ""}
        parts["endpoints"][name] = own.model_copy(update=changes)
        for variable, letter in (("first", "F"), ("recurrent", "R")):
            parts["estimands"][f"{name}-{variable}"] = _estimand(
                study, endpoint, name, variable, f"{letter}{number}"
            )
    measures = {}
    if any(item.table in DERIVED for item in parts["components"].values()):
        measures = study.measures
        parts["endpoints"] = {**study.endpoints, **parts["endpoints"]}
        parts["components"] = {**study.components, **parts["components"]}
    emptied = ("analyses", "multiplicity", "scenarios", "eligibility_options")
    dropped: dict[str, Any] = {name: {} for name in emptied}
    return changed_study(study, **parts, **dropped, eligibility=(), measures=measures)


def _estimand(study: Study, endpoint: str, name: str, variable: str, code: str) -> Estimand:
    """Return the reading of one set: death competing, the rest as the study's first estimand of that kind."""
    like = next((item for item in study.estimands_of(endpoint).values() if item.variable == variable), None)
    events = dict(like.intercurrent) if like else {}
    return Estimand.model_validate(
        {
            "endpoint": name,
            "label": study.endpoints[endpoint].label,
            "paramcd": code,
            "variable": variable,
            "death": "competing",
            "intercurrent": events,
        }
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Fan:
    """The outcomes of every set, and what was computed from them already."""

    endpoint: str
    horizon: int
    outcomes: Outcomes
    known: dict[tuple[int, bytes], dict[str, Any]] = field(default_factory=dict)

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms, control first."""
        return self.outcomes.study.arm_names

    def first(self, number: int) -> dict[str, Any]:
        """Return what does not depend on gap and anchor."""
        estimand = f"set-{number}-first"
        frame = self.outcomes.first(f"set-{number}", estimand)
        causes = self.outcomes.causes(estimand)
        found: dict[str, Any] = {}
        for arm in self.arms:
            rows = frame.loc[frame["arm"] == arm]
            found[f"n_analysed/{arm}"] = len(rows)
            found[f"n_with_event/{arm}"] = int((rows["status"] == 1).sum())
            found[f"incidence/{arm}"] = math.nan
            if len(rows):
                curve = cumulative_incidence(competing_risks(rows, causes), causes[0])
                found[f"incidence/{arm}"] = float(curve.at([self.horizon]).estimate[0])
        return found | self._ratios(self.outcomes, estimand, "cox", "hazard_ratio")

    def episodes(self, number: int, gap: int, anchor: GapAnchor) -> dict[str, Any]:
        """Return what follows from all episodes under one gap and anchor."""
        estimand = f"set-{number}-recurrent"
        observation = self.outcomes.observations[estimand]
        rule = observation.facts.endpoint.model_copy(update={"min_gap_days": gap, "gap_anchor": anchor})
        frame = recurrent_frame(replace(observation, facts=replace(observation.facts, endpoint=rule)))
        key = (number, frame[["start", "stop", "status"]].to_numpy().tobytes())
        if key not in self.known:  # many gaps give the same episodes
            self.known[key] = self._rates(estimand, frame)
        return self.known[key]

    def _rates(self, estimand: str, frame: pd.DataFrame) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for arm in self.arms:
            rows = frame.loc[frame["arm"] == arm]
            n_episodes = int((rows["status"] == 1).sum())
            years = float((rows["stop"] - rows["start"]).sum()) / DAYS_PER_YEAR
            found[f"n_episodes/{arm}"] = n_episodes
            found[f"subject_years/{arm}"] = years
            found[f"episode_rate/{arm}"] = n_episodes / years if years else math.nan
        changed = replace(self.outcomes, frames={estimand: frame})
        return found | self._ratios(changed, estimand, "andersen_gill", "rate_ratio")

    def _ratios(self, outcomes: Outcomes, estimand: str, method: str, name: str) -> dict[str, Any]:
        """Return the ratio of each experimental arm over the control with its limits, and what failed."""
        found: dict[str, Any] = {"note": ""}
        if len(self.arms) == 1:
            return found
        analysis = Analysis.model_validate({"estimand": estimand, "method": method})
        sample = Sample(name=name, analysis=analysis, outcomes=outcomes, study=outcomes.study)
        run: Callable[[Sample], Iterator[Statistic]] = cox_rows if method == "cox" else andersen_gill_rows
        contrasts = {sample.contrast(arm): arm for arm in self.arms[1:]}
        for row in run(sample):
            if row.arm in contrasts and row.statistic in LIMITS:
                found[f"{name}{LIMITS[row.statistic]}/{contrasts[row.arm]}"] = row.value
                if math.isnan(row.value) and row.method.startswith("not estimable"):
                    found["note"] = f"{name.replace('_', ' ')} {row.method}"
        return found
