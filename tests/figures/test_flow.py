"""The flow of participants: counts by hand, and the boxes that show them."""

from __future__ import annotations

import dataclasses

import pytest
from tests.support import report_trial as trial

from skeletal.errors import InvalidRecords
from skeletal_reports.figures import ArmFlow, Flow, ScreeningFlow, consort_figure, participant_flow


def flow_of(records=None, study=None, outcomes=None):
    return participant_flow(
        records or trial.records(), study or trial.study(), outcomes or trial.outcomes(), trial.ESTIMAND
    )


def box_words(named):
    return [text.get_text() for text in named.figure.axes[0].texts if text.get_gid() == "box-text"]


def test_screening_counts_and_reasons():
    assert flow_of().screening == ScreeningFlow(
        n_screened=12,
        n_excluded=4,
        reasons=(("Life expectancy", 2), ("Declined", 1), ("Reason not stated", 1)),
    )


def test_counts_of_each_arm_by_hand():
    control, experimental = flow_of().arms
    assert dataclasses.asdict(control) == {
        "arm": "observational",
        "label": "Observational arm",
        "n_allocated": 4,
        "n_treated": 0,
        "n_ongoing": 1,
        "n_completed": 1,
        "n_died": 1,
        "n_withdrew": 1,
        "n_lost": 0,
        "n_died_later": 1,
        "n_analysed": 4,
        "excluded": (),
    }
    assert (experimental.n_treated, experimental.n_died, experimental.n_lost) == (3, 1, 1)
    assert (experimental.n_withdrew, experimental.n_ongoing, experimental.n_died_later) == (0, 2, 0)
    assert (experimental.n_analysed, experimental.n_excluded) == (3, 1)


def test_counts_add_up_to_the_subjects_randomised():
    flow = flow_of()
    assert sum(arm.n_allocated for arm in flow.arms) == flow.n_randomised == 8
    for arm in flow.arms:
        ends = (arm.n_ongoing, arm.n_completed, arm.n_died, arm.n_withdrew, arm.n_lost)
        assert sum(ends) == arm.n_allocated
        assert arm.n_analysed + arm.n_excluded == arm.n_allocated


def test_without_a_screening_log_the_flow_starts_at_randomisation():
    flow = flow_of(records=trial.records(screening=False))
    assert flow.screening is None
    words = box_words(consort_figure(flow))
    assert words[0].startswith("Randomised")


def test_without_dispositions_everyone_is_in_follow_up():
    flow = flow_of(records=trial.records(disposition=False))
    assert [arm.n_ongoing for arm in flow.arms] == [4, 4]


def test_pooled_flow_has_one_arm_and_names_no_other():
    records = trial.records(arms=["All subjects"] * 8)
    flow = flow_of(records, trial.pooled_study(), trial.outcomes(pooled=True))
    assert [arm.n_allocated for arm in flow.arms] == [8]
    words = " ".join(box_words(consort_figure(flow)))
    assert "Observational" not in words
    assert "All subjects" in words


def test_a_log_that_contradicts_the_subjects_is_noted():
    fewer = trial.SCREENING.iloc[1:]
    tables = {"subjects": trial.subjects(), "screening": fewer}
    flow = flow_of(records=trial.make_records(tables))
    assert flow.notes == ("The screening log counts 7 randomised, the records of subjects 8.",)
    assert flow.notes[0] in consort_figure(flow).caption


def test_outcomes_of_other_records_are_refused():
    tables = {"subjects": trial.subjects().iloc[1:]}
    with pytest.raises(InvalidRecords, match="3 subjects are randomised, but 4 analysed and 0 excluded"):
        flow_of(records=trial.make_records(tables))


def test_boxes_show_every_count():
    words = [word.replace("\u00a0", " ") for word in box_words(consort_figure(flow_of()))]
    for text in (
        "Screened (n = 12)",
        "Not randomised (n = 4)",
        "Randomised (n = 8)",
        "Died later (n = 1)",
        "Lost to follow-up (n = 1)",
        "Analysed (n = 3)",
        "Excluded (n = 1)",
        "no date < time zero (n = 1)",
    ):
        assert text in words


@pytest.mark.parametrize("n_arms", [1, 2, 3, 6])
def test_words_stay_inside_the_figure_and_apart(n_arms):
    excluded = (("no date of treatment, so that no time can be counted", 3), ("error", 1))
    arms = tuple(
        ArmFlow(
            arm=f"a{place}",
            label="Resection and reconstruction",
            n_allocated=1204,
            n_treated=1200,
            n_ongoing=1000,
            n_completed=100,
            n_died=90,
            n_withdrew=10,
            n_lost=4,
            n_died_later=3,
            n_analysed=1200,
            excluded=excluded,
        )
        for place in range(n_arms)
    )
    screening = ScreeningFlow(
        n_screened=9000, n_excluded=100, reasons=(("Life expectancy of a few weeks", 100),)
    )
    named = consort_figure(Flow(estimand="e", screening=screening, n_randomised=1204, arms=arms, notes=()))
    canvas = named.figure.canvas
    canvas.draw()
    ax = named.figure.axes[0]
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in ax.texts]
    frames = [patch.get_window_extent() for patch in ax.patches if hasattr(patch, "get_width")]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        inside = [
            f for f in frames if f.x0 <= box.x0 and box.x1 <= f.x1 and f.y0 <= box.y0 and box.y1 <= f.y1
        ]
        assert len(inside) == 1


def test_data_hold_every_count():
    data = consort_figure(flow_of()).data
    found = data.set_index(["arm", "item"])["n"]
    assert found["all", "screened"] == 12
    assert found["observational", "died_later"] == 1
    assert found["upfront-rt", "excluded: no date < time zero"] == 1
