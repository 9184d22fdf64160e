"""The course of pain, counted by hand."""

from __future__ import annotations

import pandas as pd
from tests.support import measure_trial as trial

from skeletal_reports.tables import pain_course_table


class Courses:
    """Control: S1 complete on day 30 for 60 days, S2 partial on day 40 and still; S3 not assessed.

    Experimental: S5 partial on day 20 until a progression 10 days later, S6 progression with a flare.
    """

    lesions = False

    def pain_course(self, name):
        del name
        rows = [
            ("S1", "observational", "complete", "2025-04-01", 30, 60, True, "loss of response", False),
            ("S2", "observational", "partial", "2025-04-10", 40, 80, False, "last assessment", False),
            ("S3", "observational", None, None, None, None, None, None, None),
            ("S5", "upfront-rt", "partial", "2025-03-20", 20, 10, True, "progression", False),
            ("S6", "upfront-rt", "progression", None, None, None, None, None, True),
        ]
        columns = ["subject_id", "arm", "best_response", "response_date", "response_time", "duration"]
        frame = pd.DataFrame(rows, columns=[*columns, "ended", "end_reason", "flare"])
        types = {"response_time": "Int64", "duration": "Int64", "ended": "boolean", "flare": "boolean"}
        frame = frame.astype({"best_response": "string", "end_reason": "string", **types})
        return frame.assign(subject_id="S1", lesion_id=frame["subject_id"]) if self.lesions else frame


def cells(table):
    return {row.cells[0]: row.cells[1:] for row in table.rows}


def test_each_unit_has_one_best_response_or_none_assessed():
    found = cells(pain_course_table(Courses(), trial.study(), trial.PAIN))
    assert found["Complete"] == ("1 (33.3%)", "0 (0.0%)", "1 (20.0%)")
    assert found["Partial"] == ("1 (33.3%)", "1 (50.0%)", "2 (40.0%)")
    assert found["Progression"] == ("0 (0.0%)", "1 (50.0%)", "1 (20.0%)")
    assert found["None assessed"] == ("1 (33.3%)", "0 (0.0%)", "1 (20.0%)")


def test_the_first_response_and_how_it_ended():
    found = cells(pain_course_table(Courses(), trial.study(), trial.PAIN))
    assert found["With a response, complete or partial"] == ("2 (66.7%)", "1 (50.0%)", "3 (60.0%)")
    assert found["Median day of it"] == ("35", "20", "30")
    assert found["Ended by loss of response"] == ("1 (33.3%)", "0 (0.0%)", "1 (20.0%)")
    assert found["Ended by progression"] == ("0 (0.0%)", "1 (50.0%)", "1 (20.0%)")
    assert "Ended by intercurrent event" not in found
    assert found["Pain flare"] == ("0 (0.0%)", "1 (50.0%)", "1 (20.0%)")


def test_a_response_that_holds_is_censored_in_its_duration():
    # control: ends at 60 among 2, one censored at 80: survival 0.5 from 60 on; the median is the middle of
    # [60, 80] by the rule of survfit; experimental: the one response ends after 10 days
    found = cells(pain_course_table(Courses(), trial.study(), trial.PAIN))
    durations = found["Median duration, days (95% CI)"]
    assert [text.split(" ")[0] for text in durations] == ["70", "10", "60"]


def test_lesions_name_their_subjects():
    class Lesions(Courses):
        lesions = True

    table = pain_course_table(Lesions(), trial.study(), trial.PAIN)
    assert cells(table)["Subjects with a lesion analysed"] == ("1", "0", "1")
    assert table.notes[0].startswith("N: lesions analysed.")


def test_an_arm_without_a_response_has_no_duration():
    class None_(Courses):
        def pain_course(self, name):
            frame = super().pain_course(name)
            return frame.loc[frame["subject_id"] != "S5"]

    found = cells(pain_course_table(None_(), trial.study(), trial.PAIN))
    assert found["Median duration, days (95% CI)"][1] == "-"
    assert found["Median day of it"][1] == "-"
