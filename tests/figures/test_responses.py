"""The bars of pain responses hold every unit once."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support import measure_trial as trial

from skeletal.errors import InvalidArgument
from skeletal_reports.figures import image_bytes, measure_figure, response_figure
from skeletal_reports.tables import response_counts

LABELS = {"observational": "Observational arm", "upfront-rt": "Upfront radiotherapy arm"}


def draw(counts=None, **more):
    found = response_counts(trial.pain(), trial.study()) if counts is None else counts
    options = {"name": "pain", "title": "Pain response", "labels": LABELS, "unit": "lesion", **more}
    return response_figure(found, **options)


def pieces(named, arm):
    ax = next(ax for ax in named.figure.axes if ax.get_label() == arm)
    return {bar.get_gid(): (bar.get_y(), bar.get_height()) for bar in ax.patches}


def test_pieces_are_stacked_from_response_to_what_was_not_seen():
    found = pieces(draw(), "observational")
    third = pytest.approx(1 / 3)
    assert list(found) == [
        "Month 1: partial",
        "Month 1: indeterminate",
        "Month 1: progression",
        "Month 3: complete",
        "Month 3: missing",
        "Month 3: structural",
    ]
    assert found["Month 1: partial"] == (0.0, third)
    assert found["Month 1: progression"] == (pytest.approx(2 / 3), third)
    assert found["Month 3: structural"] == (pytest.approx(2 / 3), third)


def test_every_bar_reaches_all_units():
    named = draw()
    for arm in LABELS:
        for visit in ("Month 1", "Month 3"):
            heights = [height for gid, (_, height) in pieces(named, arm).items() if gid.startswith(visit)]
            assert sum(heights) == pytest.approx(1.0)


def test_numbers_in_the_bars_are_counts_and_thin_pieces_have_none():
    counts = pd.DataFrame(
        {
            "arm": "observational",
            "visit": "Month 1",
            "outcome": ["complete", "partial"],
            "n": [98, 2],
            "share": [0.98, 0.02],
        }
    )
    ax = draw(counts).figure.axes[0]
    assert [text.get_text() for text in ax.texts if text.get_gid() == "count"] == ["98"]


def test_the_legend_names_what_occurs_and_the_caption_the_units():
    named = draw()
    words = [text.get_text() for text in named.figure.legends[0].get_texts()]
    assert words == [
        "Died",
        "Not collected by design",
        "Missing",
        "Progression",
        "Indeterminate",
        "Partial response",
        "Complete response",
    ]
    assert "Observational arm: 3 lesions; Upfront radiotherapy arm: 1 lesion." in named.caption
    assert "Observational arm, Month 1: 1 with a response" in named.alt


def test_the_data_are_the_counts_and_the_bytes_repeat():
    counts = response_counts(trial.pain(), trial.study())
    named = draw(counts)
    pd.testing.assert_frame_equal(named.data, counts)
    assert image_bytes(named, "svg") == image_bytes(draw(counts), "svg")


def test_counts_without_a_column_or_a_row_are_refused():
    counts = response_counts(trial.pain(), trial.study())
    with pytest.raises(InvalidArgument, match=r"need the column\(s\) share"):
        draw(counts.drop(columns="share"))
    with pytest.raises(InvalidArgument, match="counts have no row"):
        draw(counts.iloc[:0])


def test_the_figure_of_a_declared_measure_names_lesions_subjects_and_cutoff():
    named = measure_figure(trial.MeasureOutcomes(), trial.study(), trial.PAIN)
    assert named.name == "measure-pain"
    assert "every lesion analysed" in named.caption
    assert named.caption.endswith("The lesions belong to 3 subjects. Data cutoff: 2028-02-05.")


def test_a_score_has_no_responses_to_draw():
    with pytest.raises(InvalidArgument, match="measure 'function' is a score"):
        measure_figure(trial.MeasureOutcomes(), trial.study(), trial.FUNCTION)
