"""Every file of the corpus is refused by one message with its file, place and remedy."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module

import pytest
from tests.records.corpus.case import SUBJECTS
from tests.records.corpus.text import TEXT_CASES
from tests.records.corpus.typed import TYPED_CASES
from tests.support.tiny_trial import STUDY

from skeletal.errors import InvalidRecords
from skeletal.records import read_records
from skeletal.study import parse_study

CASES = TEXT_CASES | TYPED_CASES


@cache
def study_with(text):
    return parse_study(f"{text}\n{STUDY}")


def contents_of(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_gives_one_message_with_place_and_remedy(name, folder, tmp_path, monkeypatch):
    case = CASES[name]
    kept = "" if case.limits or case.study else "events.csv"
    for path in folder.iterdir():
        if path.name != kept:
            path.unlink()
    (folder / case.file).write_bytes(case.content)
    for limit, value in case.limits.items():
        module, constant = limit.split(".")
        monkeypatch.setattr(import_module(f"skeletal.records.formats.{module}"), constant, value)
    before = contents_of(tmp_path)
    with pytest.raises(InvalidRecords) as error:
        read_records(folder, study_with(case.study))
    (problem,) = error.value.problems
    assert problem.startswith("subjects.")
    assert [words for words in case.says if words not in problem] == []
    assert "\n" not in problem
    assert len(problem) < 500
    assert contents_of(tmp_path) == before


def test_the_corpus_is_large_and_its_base_is_sound(folder, study):
    assert len(CASES) >= 60
    (folder / "subjects.csv").write_bytes(SUBJECTS)
    assert read_records(folder, study).n_subjects == 3
