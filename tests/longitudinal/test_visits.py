from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.support.golden import read
from tests.support.visit_data import pain

from skeletal.errors import InvalidArgument
from skeletal.longitudinal import (
    RepeatedMeasures,
    impute,
    missing_visits,
    responder_contrast,
    visits_of_measure,
)
from skeletal.longitudinal.missing import missing_words

NAN = float("nan")
ROWS = {
    "subject": ["a", "a", "b", "b", "c", "c"],
    "visit": [30, 90, 30, 90, 30, 90],
    "value": [1.0, 2.0, 3.0, NAN, NAN, 5.0],
    "arm": ["x", "x", "y", "y", "y", "y"],
}


def made(**changes):
    given = {**ROWS, **changes}
    first = [given.pop(name) for name in ("subject", "visit", "value", "arm")]
    return RepeatedMeasures(*first, **given)


def test_values_are_laid_out_by_subject_and_visit_whatever_the_order_of_the_rows():
    order = [5, 0, 3, 1, 4, 2]
    turned = made(**{name: [column[k] for k in order] for name, column in ROWS.items()})
    for data in (made(), turned):
        np.testing.assert_array_equal(data.value, [[1, 2], [3, NAN], [NAN, 5]])
        assert data.subjects.tolist() == ["a", "b", "c"]
        assert data.arm.tolist() == [0, 1, 1]


def test_control_names_the_reference():
    assert made(control="y").arms == ("y", "x")
    assert made(control="y").arm.tolist() == [1, 0, 0]


def test_unstated_reasons_are_told_apart_by_what_follows():
    assert made().reason.tolist() == [["", ""], ["", "dropout"], ["missed", ""]]


def test_a_stated_reason_is_kept_and_missing_is_told_apart():
    data = made(reason=["observed", "", "", "structural", "missing", None])
    assert data.reason.tolist() == [["", ""], ["", "structural"], ["missed", ""]]


def test_a_visit_without_a_row_is_missing():
    short = {name: column[:3] + column[4:] for name, column in ROWS.items()}
    assert made(**short).reason[1, 1] == "dropout"


def test_a_value_given_to_a_death_is_a_value_with_a_reason():
    data = made(value=[1, 2, 3, 10, NAN, 5], reason=["", "", "", "death", "", ""])
    assert data.reason[1, 1] == "death"
    table = missing_visits(data).set_index(["arm", "visit"])
    assert table.loc[("y", 90), ["n_observed", "n_assigned", "n_death"]].tolist() == [1, 1, 0]


def test_fields_cannot_be_changed():
    data = made()
    with pytest.raises(AttributeError, match="read-only"):
        data.value = data.value
    with pytest.raises(ValueError, match="read-only"):
        data.value[0, 0] = 9


def test_the_frame_has_every_subject_and_visit():
    frame = made(baseline=[1, 1, 2, 2, 3, 3]).to_frame()
    assert frame["subject"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert frame["baseline"].tolist() == [1, 1, 2, 2, 3, 3]
    again = RepeatedMeasures(
        frame.subject, frame.visit, frame.value, frame.arm, baseline=frame.baseline, reason=frame.reason
    )
    np.testing.assert_array_equal(again.reason, made().reason)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"visit": [30, 30, 30, 90, 30, 90]}, "one row a visit: 1 have more .a at 30"),
        ({"visit": [30, NAN, 30, 90, 30, 90]}, "visit must be known"),
        ({"visit": [30, 90]}, "visit must have one entry a row"),
        ({"value": [1, np.inf, 3, 4, 5, 6]}, "value must be finite"),
        ({"value": [1, 2]}, "value must have one entry a row"),
        ({"value": list("abcdef")}, "value must be numbers"),
        ({"subject": ["a", None, "b", "b", "c", "c"]}, "subject must not be missing"),
        ({"subject": [1, "a", "b", "b", "c", "c"]}, "labels of one kind"),
        ({"arm": ["x", "y", "y", "y", "y", "y"]}, r"arm changes within a subject: 1 subject\(s\) \(a\)"),
        ({"arm": ["x"] * 6}, "at least two labels"),
        ({"arm": ["x", "x", "y", "y", "z", "z"]}, "arm must have two labels"),
        ({"control": "w"}, "control must be one of the arms"),
        ({"baseline": [1, 1, 2, NAN, 3, 3]}, r"baseline must be known and finite.*: 1 subject\(s\) \(b\)"),
        ({"baseline": [1, 1, 2, 3, 3, 3]}, "baseline changes within a subject"),
        ({"baseline": [1]}, "baseline must have one entry a row"),
        ({"covariates": pd.DataFrame({"age": [1, 2, 3, 3, 4, 4]})}, "covariate age changes"),
        ({"covariates": pd.DataFrame({"age": [1, NAN, 3, 3, 4, 4]})}, "covariates must be known"),
        ({"reason": ["", "", "", "bored", "", ""]}, "reason must be one of"),
        ({"reason": ["", "", ""]}, "reason must have one entry a row"),
        ({"reason": ["", "dropout", "", "", "", ""]}, "a row with a value must not say why"),
        ({"reason": ["", "", "", "observed", "", ""]}, "without a value must not be observed"),
        ({"reason": ["", "", "", "", "death", ""]}, "observed after death"),
        ({"reason": ["", "", "", "", "dropout", ""]}, "observed after dropout"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(InvalidArgument, match=message):
        made(**changes)


def test_visits_can_be_left_out():
    data = made().at_visits([90])
    assert data.visits.tolist() == [90]
    np.testing.assert_array_equal(data.value, [[2], [NAN], [5]])
    assert data.reason.tolist() == [[""], ["dropout"], [""]]
    with pytest.raises(InvalidArgument, match="visits must be some of 30, 90, got 31"):
        made().at_visits([31.0])


def test_no_rows_are_refused():
    with pytest.raises(InvalidArgument, match="no rows"):
        RepeatedMeasures([], [], [], [])


def test_missing_visits_close_and_tell_the_reasons_apart():
    frame = read("pain_visits").sort_values(["id", "visit"])
    unknown = frame.value.isna()
    later = frame.value[::-1].groupby(frame.id[::-1]).transform(lambda x: x.notna().cumsum())[::-1] > 0
    frame = frame.assign(
        n_death=frame.reason == "death",
        n_dropout=(frame.reason == "dropout") | (unknown & frame.reason.isna() & ~later),
        n_missed=unknown & frame.reason.isna() & later,
        n_structural=frame.reason == "structural",
    )
    table = missing_visits(pain())
    parts = [name for name in table if name.startswith("n_") and name not in ("n_subjects", "n_expected")]
    assert (table[parts].sum(axis=1) == table["n_subjects"]).all()
    counted = ["n_death", "n_dropout", "n_missed", "n_structural"]
    expected = frame.groupby(["arm", "visit"])[counted].sum()
    np.testing.assert_array_equal(table.set_index(["arm", "visit"]).loc[expected.index, counted], expected)
    assert (table["n_expected"] == 60 - table["n_death"] - table["n_structural"]).all()
    np.testing.assert_allclose(table["completeness"], table["n_observed"] / table["n_expected"])


def test_completeness_of_nobody_is_not_a_number():
    data = made(value=[1, 2, 3, NAN, NAN, NAN], reason=["", "", "", "not_due", "missed", "death"])
    table = missing_visits(data).set_index(["arm", "visit"])
    assert np.isnan(table.loc[("y", 90), "completeness"])
    assert table.loc[("y", 30), "completeness"] == 0.5


def measure(**changes):
    frame = pd.DataFrame(
        {
            "subject_id": ["a", "a", "a", "b", "b", "b"],
            "arm": ["x"] * 3 + ["y"] * 3,
            "planned_day": [0, 30, 90] * 2,
            "value": [5.0, 4.0, NAN, 6.0, 3.0, 2.0],
            "status": ["observed", "observed", "structural", "observed", "observed", "observed"],
        }
    )
    return frame.assign(**changes)


def test_a_measure_becomes_repeated_measures_with_its_baseline():
    data = visits_of_measure(measure(), control="y")
    assert data.baseline.tolist() == [5, 6]
    assert data.visits.tolist() == [30, 90]
    assert data.reason[0, 1] == "structural"
    assert data.arms == ("y", "x")


def test_a_measure_without_a_baseline_day_keeps_every_visit():
    data = visits_of_measure(measure(), control="y", baseline_day=None)
    assert data.baseline is None
    assert data.visits.tolist() == [0, 30, 90]


def test_a_missing_baseline_is_refused_or_given_the_mean():
    frame = measure(value=[NAN, 4, NAN, 6, 3, 2], status=["missing", *measure()["status"][1:]])
    with pytest.raises(InvalidArgument, match="baseline must be known"):
        visits_of_measure(frame, control="y")
    data = visits_of_measure(frame, control="y", missing_baseline="mean")
    assert data.baseline.tolist() == [6, 6]
    assert data.note == "1 missing baseline(s) replaced by the mean of all others"
    assert data.note in responder_contrast(data, visit=30, threshold=3).method
    assert data.note in impute(data, n_imputations=1, seed=1).method


def test_two_baselines_are_refused():
    with pytest.raises(InvalidArgument, match="two rows at baseline"):
        visits_of_measure(pd.concat([measure(), measure().iloc[:1]]), control="y")


def test_a_measure_of_lesions_and_one_without_its_columns_are_refused():
    with pytest.raises(InvalidArgument, match="rows of lesions"):
        visits_of_measure(measure(lesion_id="L1"), control="y")
    with pytest.raises(InvalidArgument, match="lacks status"):
        visits_of_measure(measure().drop(columns="status"), control="y")


def test_visits_that_hardly_anybody_has_reached_are_left_out_and_named():
    data = pain()
    least = int(missing_visits(data).query("visit == 365")["n_observed"].min())
    assert data.at_visits_with(least) is data
    few = data.at_visits_with(least + 1)
    assert few.visits.tolist() == [30, 90, 180]
    assert few.note == f"visits left out, an arm has fewer than {least + 1} values there: 365"
    assert few.note in missing_words(few)
    assert data.at_visits_with(1000) is data
    with pytest.raises(InvalidArgument, match="least must be a whole number"):
        data.at_visits_with(0)


def test_values_whose_squares_are_infinite_are_refused():
    with pytest.raises(InvalidArgument, match=r"value must lie within 1e\+100 of 0"):
        RepeatedMeasures([1, 2], [1, 1], [1e300, 2], ["x", "y"])
