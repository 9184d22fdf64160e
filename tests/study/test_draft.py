"""The text of a first study file is a valid study, whatever is known."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skeletal.errors import InvalidArgument
from skeletal.study import DRAFT_COMPONENTS, DRAFT_FORMATS, TIME_ZEROS, StudyDraft, draft_study, parse_study

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)


@settings(max_examples=30)
@given(
    title=WORDS,
    arms=st.lists(WORDS, min_size=2, max_size=4, unique=True),
    n_subjects=st.integers(2, 10**6),
    time_zero=st.sampled_from(sorted(TIME_ZEROS)),
    components=st.lists(st.sampled_from(sorted(DRAFT_COMPONENTS)), unique=True),
    visits=st.dictionaries(WORDS, st.integers(0, 4000), max_size=4),
    assessments=st.booleans(),
    records=st.sampled_from(DRAFT_FORMATS),
)
def test_every_draft_is_a_valid_study(**known):
    visits = tuple(known.pop("visits").items())
    known |= {"arms": tuple(known["arms"]), "components": tuple(known["components"]), "visits": visits}
    study = parse_study(draft_study(StudyDraft(**known)))
    assert study.title == known["title"]
    assert study.control.name == known["arms"][0]
    assert {arm.name for arm in study.arms} == set(known["arms"])
    assert tuple(study.components) == known["components"]
    assert [(visit.name, visit.day) for visit in study.visits] == list(visits)
    assert ("last_assessment" in study.censoring) == known["assessments"]
    assert study.records.format == known["records"]
    assert study.time_zero == known["time_zero"]


def test_windows_of_visits_do_not_overlap():
    visits = (("a", 7), ("b", 14), ("c", 91))
    study = parse_study(draft_study(StudyDraft(title="T", arms=("a", "b"), n_subjects=2, visits=visits)))
    ends = [(visit.day - visit.window_before, visit.day + visit.window_after) for visit in study.visits]
    assert all(last < first for (_, last), (first, _) in pairwise(ends))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"components": ("pain",)}, "no component pain"),
        ({"time_zero": "birth"}, "no time zero birth"),
        ({"records": "excel"}, "no format of records excel"),
        ({"arms": ("a",)}, "two arms"),
        ({"n_subjects": 1}, "two subjects"),
        ({"title": " "}, "needs a title"),
        ({"arms": ("a", "a")}, "arms need names that differ"),
        ({"visits": (("v", 1), ("v", 2))}, "visits need names that differ"),
    ],
)
def test_a_draft_that_cannot_be_is_refused(change, words):
    with pytest.raises(InvalidArgument, match=words):
        draft_study(StudyDraft(**{"title": "T", "arms": ("a", "b"), "n_subjects": 10} | change))
