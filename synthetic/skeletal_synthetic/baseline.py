"""Subjects, their lesions and the persons screened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import dressing
from .columns import add_columns
from .enrolment import number, rank_within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import BoolArray, FloatArray, IntArray, LabelArray
    from skeletal.study import Scenario, Study
    from skeletal.study.scenario_parts import Lesions

    from .enrolment import Enrolment

Columns = dict[str, Any]
SCREENING_DAYS = 21
# Bones without a left and a right one.
_SINGLE = ("sternum", "sacrum", "skull", "vertebra")


def draw(shares: dressing.Shares, n: int, rng: np.random.Generator) -> LabelArray:
    """Draw ``n`` labels with the given shares."""
    labels, weights = shares
    return np.array(labels, dtype=object)[rng.choice(len(labels), size=n, p=weights)]


def or_missing(rows: BoolArray, values: LabelArray) -> LabelArray:
    """Return ``values`` where ``rows`` is true, and nothing elsewhere."""
    kept = np.full(rows.size, None, dtype=object)
    kept[rows] = values[rows]
    return kept


def draw_subjects(study: Study, enrolment: Enrolment, rng: np.random.Generator) -> Columns:
    """Draw age, sex, tumour, performance status and whatever other column the study declares."""
    n = enrolment.day.size
    sex = draw((("female", "male"), (0.5, 0.5)), n, rng)
    tumour = np.where(
        sex == "female", draw(dressing.TUMOURS["female"], n, rng), draw(dressing.TUMOURS["male"], n, rng)
    )
    ecog = rng.choice(len(dressing.ECOG_SHARES), size=n, p=dressing.ECOG_SHARES)
    kps = np.array(dressing.KPS_OF_ECOG)[ecog, rng.integers(0, 2, size=n)]
    columns: Columns = {
        "subject_id": enrolment.subject_id,
        "arm": np.array([arm.name for arm in study.arms], dtype=object)[enrolment.arm],
        "site": enrolment.site,
        "age": np.clip(np.rint(rng.normal(66, 10, size=n)), 30, 92),
        "sex": sex,
        "primary_tumour": tumour,
        "ecog": ecog.astype(np.float64),
        "kps": kps.astype(np.float64),
    }
    known = {*columns, "n_lesions", "randomised_date", "consent_date", "treatment_date", "screening_id"}
    return columns | _declared_columns(study, known, n, rng)


def _declared_columns(study: Study, known: set[str], n: int, rng: np.random.Generator) -> Columns:
    """Draw the strata and covariates that the analyses and the baseline table name: without effect."""
    labels = [name for each in study.analyses.values() for name in each.strata]
    labels += [each.column for each in study.baseline if each.kind == "categorical"]
    numbers = [name for each in study.analyses.values() for name in each.covariates]
    numbers += [each.column for each in study.baseline if each.kind == "continuous"]
    columns: Columns = {}
    for name in dict.fromkeys([*numbers, *labels]):
        if name in known:
            continue
        values = np.round(rng.standard_normal(n), 2)
        columns[name] = values if name in numbers else np.where(values < 0, "no", "yes").astype(object)
    return columns


def draw_lesions(
    study: Study,
    scenario: Scenario,
    subject_id: LabelArray,
    tumour: LabelArray,
    rng: Mapping[str, np.random.Generator],
) -> Columns:
    """Draw the baseline lesions; the columns of one row a lesion, in the order of ``subject_id``."""
    if scenario.lesions is None:
        return _implied_lesions(study, subject_id, tumour, rng["lesions"])
    drawn = _declared_lesions(scenario.lesions, subject_id, tumour, rng["lesions"])
    return add_columns(drawn, scenario.lesions.columns, rng["columns"])


def _declared_lesions(
    model: Lesions, subject_id: LabelArray, tumour: LabelArray, rng: np.random.Generator
) -> Columns:
    """Draw target lesions, then those that are no targets, all of a subject at different sites."""
    n = subject_id.size
    targets = 1 + rng.choice(len(model.count_shares), size=n, p=model.count_shares)
    count = targets + rng.choice(len(model.other_shares), size=n, p=model.other_shares)
    owner = np.repeat(np.arange(n), count)
    weight = np.array([site.weight for site in model.sites])
    # The largest of log weight plus Gumbel noise are a draw without replacement.
    order = np.argsort(-(np.log(weight) + rng.gumbel(size=(n, weight.size))), axis=1)
    rank = rank_within(owner)
    where = order[owner, rank]
    sites = {
        name: np.array([getattr(site, name) or None for site in model.sites], dtype=object)[where]
        for name in ("bone", "region", "vertebral_level")
    }
    paired = (sites["vertebral_level"] == None) & ~np.isin(sites["bone"], _SINGLE)  # noqa: E711  element by element
    blastic = tumour[owner] == dressing.BLASTIC_TUMOUR
    size = owner.size
    return {
        "owner": owner,
        "subject_id": subject_id[owner],
        "lesion_id": number(rank + 1, prefix="L"),
        **sites,
        "laterality": or_missing(paired, draw((("left", "right"), (0.5, 0.5)), size, rng)),
        "target": rank < targets[owner],
        "diameter_cm": np.round(rng.uniform(*model.diameter_cm, size=size), 1),
        "matrix": np.where(
            blastic, draw(dressing.MATRIX[True], size, rng), draw(dressing.MATRIX[False], size, rng)
        ),
        "pain_nrs": rng.integers(*model.pain_nrs, size=size, endpoint=True).astype(np.float64),
    }


def _implied_lesions(
    study: Study, subject_id: LabelArray, tumour: LabelArray, rng: np.random.Generator
) -> Columns:
    """Draw the lesions of the kind of trial that the components imply, all of them targets."""
    profile = dressing.lesion_profile(study)
    count = 1 + rng.choice(len(profile.count_shares), size=subject_id.size, p=profile.count_shares)
    owner = np.repeat(np.arange(subject_id.size), count)
    n = owner.size
    where = rng.choice(len(profile.sites), size=n, p=[site.share for site in profile.sites])
    level = np.array([site.level for site in profile.sites], dtype=object)[where]
    paired = np.array([site.level is None for site in profile.sites])[where]
    blastic = tumour[owner] == dressing.BLASTIC_TUMOUR
    low, high = profile.diameter_cm
    columns: Columns = {
        "owner": owner,
        "subject_id": subject_id[owner],
        "lesion_id": number(rank_within(owner) + 1, prefix="L"),
        "bone": np.array([site.bone for site in profile.sites], dtype=object)[where],
        "region": np.array([site.region for site in profile.sites], dtype=object)[where],
        "vertebral_level": level,
        "laterality": or_missing(paired, draw((("left", "right"), (0.5, 0.5)), n, rng)),
        "target": np.ones(n, dtype=np.bool_),
        "diameter_cm": np.round(rng.uniform(low, high, size=n), 1),
        "matrix": np.where(
            blastic, draw(dressing.MATRIX[True], n, rng), draw(dressing.MATRIX[False], n, rng)
        ),
        "pain_nrs": rng.integers(*profile.pain_nrs, size=n, endpoint=True).astype(np.float64),
    }
    if profile.bone_loss_percent:
        loss = rng.integers(*profile.bone_loss_percent, size=n, endpoint=True)
        columns["bone_loss_percent"] = loss.astype(np.float64)
    return columns


def draw_screening(
    scenario: Scenario, enrolment: Enrolment, rng: np.random.Generator
) -> tuple[Columns, LabelArray, IntArray]:
    """Draw the persons screened: their columns, the identifier and the screening day of each subject."""
    n = enrolment.day.size
    extra = max(round(n * scenario.screened_per_randomised) - n, 0)
    subject_day = enrolment.day - rng.integers(0, SCREENING_DAYS, size=n, endpoint=True)
    failed_day = rng.integers(-SCREENING_DAYS, scenario.accrual_days, size=extra, endpoint=True)
    failed_site = rng.choice(scenario.n_sites, size=extra, p=enrolment.site_share)
    day = np.concatenate([subject_day, failed_day])
    width = max(2, len(str(scenario.n_sites)))
    site = np.concatenate([enrolment.site, number(failed_site + 1, width=width)])
    reason = np.concatenate([np.full(n, None), draw(dressing.NOT_RANDOMISED, extra, rng)])
    randomised = np.arange(n + extra) < n
    order = np.lexsort((rng.random(n + extra), day, site))
    identifier = np.empty(n + extra, dtype="U24")
    sequence = number(rank_within(_codes(site[order])) + 1, width=max(3, len(str(n + extra))))
    identifier[order] = np.char.add(np.char.add("SCR-", site[order]), np.char.add("-", sequence))
    columns: Columns = {
        "screening_id": identifier[order],
        "site": site[order],
        "date": day[order].astype(np.float64),
        "eligible": (reason != dressing.NOT_RANDOMISED[0][0])[order],
        "reason": reason[order],
        "consented": (reason != dressing.NOT_RANDOMISED[0][1])[order],
        "randomised": randomised[order],
    }
    return columns, identifier[:n], subject_day


def _codes(labels: LabelArray) -> IntArray:
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def count_targets(lesions: Columns, n: int) -> FloatArray:
    """Return how many target lesions each of ``n`` subjects has; they are numbered first."""
    return np.bincount(lesions["owner"], weights=lesions["target"], minlength=n).astype(np.float64)
