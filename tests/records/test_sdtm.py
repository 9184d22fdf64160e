"""SDTM domains become record tables by the mapping of the study file."""

import pandas as pd
import pytest
from tests.support.tiny_trial import STUDY

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.records import read_records, write_xpt
from skeletal.study import parse_study

MAPPING = """
[records]
format = "sdtm"

[[records.tables.subjects]]
domain = "DM"
exclude = { ARMCD = ["Scrnfail", "NOTASSGN"] }
columns = { subject_id = "USUBJID", arm = "ARM", randomised_date = "RFSTDTC", age = "AGE" }

[[records.tables.events]]
domain = "AE"
where = { AEDECOD = ["HIP FRACTURE", "BACK PAIN"] }
columns = { subject_id = "USUBJID", event_id = "AESEQ", component = "AEDECOD", date = "AESTDTC" }
constants = { symptomatic = true }
[records.tables.events.values.component]
"HIP FRACTURE" = "fracture"
"BACK PAIN" = "pain"

[[records.tables.events]]
domain = "CE"
columns = { subject_id = "USUBJID", event_id = "CESEQ", component = "CETERM", date = "CEDTC" }
"""

FILES = {
    "dm": '"USUBJID","ARM","ARMCD","RFSTDTC","AGE"\n"S1","control","C","2025-01-05",63\n'
    '"F1","Screen Failure","Scrnfail",NA,NA\n"S2","active","A","2025-02-05T10:00",NA\n',
    "AE": '"USUBJID","AESEQ","AEDECOD","AESTDTC","NOTE"\n"S1",1,"HIP FRACTURE","2025-03","NA"\n'
    '"S1",2,"HEADACHE","2025-03-02","x"\n"S2",1,"BACK PAIN",NA,NA\n',
    "ce": "USUBJID,CESEQ,CETERM,CEDTC\nS2,9,fracture,2025-04-04\n",
}


@pytest.fixture
def sdtm(tmp_path):
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def study_with(mapping=MAPPING):
    return parse_study(STUDY + mapping)


def problems(path, study):
    with pytest.raises(InvalidRecords) as error:
        read_records(path, study)
    return error.value.problems


def test_rows_keep_their_domain_and_row_number(sdtm):
    events = read_records(sdtm, study_with())["events"]
    assert events["source"].tolist() == ["AE", "AE", "CE"]
    assert events["source_row"].tolist() == [1, 3, 1]
    assert events["event_id"].tolist() == ["1", "1", "9"]
    assert events["component"].tolist() == ["fracture", "pain", "fracture"]


def test_constants_fill_the_rows_of_their_mapping(sdtm):
    assert read_records(sdtm, study_with())["events"]["symptomatic"].tolist() == [True, True, pd.NA]


def test_unquoted_na_is_missing_and_quoted_na_is_text(sdtm):
    mapping = MAPPING.replace('date = "AESTDTC" }', 'date = "AESTDTC", note = "NOTE" }')
    records = read_records(sdtm, study_with(mapping))
    assert records["events"]["date"].isna().tolist() == [False, True, False]
    assert records["events"]["note"].tolist() == ["NA", pd.NA, pd.NA]
    assert records.subjects["age"].isna().tolist() == [False, True]


def test_rows_left_out_are_noted(sdtm):
    assert read_records(sdtm, study_with()).notes == (
        "subjects: 1 of 3 rows of dm.csv left out (kept where ARMCD is not Scrnfail or NOTASSGN)",
        "events: 1 of 3 rows of AE.csv left out (kept where AEDECOD is HIP FRACTURE or BACK PAIN)",
    )


def test_where_compares_numbers_as_numbers(sdtm):
    mapping = MAPPING.replace(
        'where = { AEDECOD = ["HIP FRACTURE", "BACK PAIN"] }', "where = { AESEQ = 1.0 }"
    )
    assert read_records(sdtm, study_with(mapping))["events"]["source_row"].tolist() == [1, 3, 1]


def test_domains_in_transport_files_give_the_same_tables(sdtm):
    plain = read_records(sdtm, study_with())
    for name in FILES:
        frame = pd.read_csv(sdtm / f"{name}.csv")
        (sdtm / f"{name}.csv").unlink()
        write_xpt(frame, sdtm / f"{name}.xpt", name=name)
    again = read_records(sdtm, study_with())
    for name in plain.tables:
        pd.testing.assert_frame_equal(again[name], plain[name])


def test_a_domain_without_a_file_is_refused(sdtm):
    (sdtm / "ce.csv").unlink()
    (problem,) = problems(sdtm, study_with())
    assert "has no file for the SDTM domain(s) CE, which the study maps" in problem


def test_a_column_that_a_domain_does_not_have_is_refused(sdtm):
    study = study_with(MAPPING.replace("CEDTC", "CESTDTC"))
    assert problems(sdtm, study) == (
        "ce.csv: no column(s) CESTDTC, which records.tables.events of the study names. Did you mean 'CEDTC'?",
    )


def test_a_value_without_a_code_is_refused_with_its_row(sdtm):
    study = study_with(MAPPING.replace('"BACK PAIN" = "pain"\n', ""))
    (problem,) = problems(sdtm, study)
    assert problem == (
        "AE.csv (events), column 'component' (from AEDECOD): values that the study does not map "
        "('BACK PAIN') in 1 row: row 3 ('BACK PAIN'); add them to values, or leave the rows out with exclude"
    )


def test_a_bad_value_is_named_by_domain_column_and_file_row(sdtm):
    text = FILES["dm"].replace("2025-02-05T10:00", "5FEB2025").replace('"active"', '"actve"')
    (sdtm / "dm.csv").write_text(text)
    date, arm = problems(sdtm, study_with())
    assert date.startswith(
        "dm.csv (subjects), column 'randomised_date' (from RFSTDTC): values that are not dates in 1 row: "
        "row 3 ('5FEB2025')"
    )
    assert arm.startswith(
        "dm.csv (subjects), column 'arm' (from ARM): arms that the study does not have in 1 row: row 3"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("records.tables.events", "records.tables.event", "no record table. Did you mean 'events'?"),
        ("records.tables.subjects", "records.tables.lesions", "needs records.tables.subjects"),
        ("values.component", "values.detection", "values for columns not mapped: detection"),
        ("symptomatic = true }\n[records", "date = '2025' }\n[records", "both mapped and constant: date"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(sdtm, old, new, message):
    with pytest.raises(InvalidStudy, match="records") as error:
        read_records(sdtm, study_with(MAPPING.replace(old, new)))
    assert message in str(error.value)
