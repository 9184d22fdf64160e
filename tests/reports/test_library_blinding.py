"""No study of the library tells an arm in what a blinded report is given."""

from __future__ import annotations

import pytest

from skeletal.outcomes import derive_outcomes
from skeletal.records import cut_records
from skeletal.study import list_studies, load_study
from skeletal_reports.arm_terms import arm_terms, normalise, term_pattern
from skeletal_reports.blinding import blind_records
from skeletal_synthetic import simulate_trial

NAMES = list_studies()["name"].tolist()


@pytest.fixture(scope="module", params=NAMES)
def trial(request):
    study = load_study(request.param)
    return study, cut_records(simulate_trial(study, seed=3), study.data_cutoff)


def words(content, filters):
    """Texts of a study that readers see; the values that filters read go to ``filters``."""
    if isinstance(content, dict):
        for name, item in content.items():
            if name in {"where", "unless"}:
                filters.update(str(value) for values in item.values() for value in values)
            else:
                yield from words(item, filters)
    elif isinstance(content, list | tuple):
        for item in content:
            yield from words(item, filters)
    elif isinstance(content, str):
        yield content


@pytest.mark.parametrize("kind", ["open", "closed"])
def test_study_and_records_name_no_arm(trial, kind):
    study, records = trial
    blinded, shown = blind_records(records, study, kind=kind)
    pattern = term_pattern(arm_terms(study))
    filters = set()
    assert [text for text in words(shown.model_dump(), filters) if pattern.search(normalise(text))] == []
    texts = {
        text
        for table in blinded.tables.values()
        for name in table.columns
        if table[name].dtype == "string"
        for text in table[name].dropna().unique()
    }
    assert [text for text in texts - filters if pattern.search(normalise(text))] == []
    assert all(not event.arms for event in shown.intercurrent.values())


def test_masked_arms_have_the_outcomes_of_the_arms_behind_them(trial):
    study, records = trial
    counts = ["n_analysed", "n_events", "n_competing", "n_censored"]
    open_, closed = (
        derive_outcomes(*blind_records(records, study, kind=kind)).accounting() for kind in ("open", "closed")
    )
    true = derive_outcomes(records, study).accounting()
    for found in (open_, closed):
        totals = found.groupby("estimand")[counts].sum()
        assert totals.equals(true.groupby("estimand")[counts].sum().loc[totals.index])
