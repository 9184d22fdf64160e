"""Values of a table that stand in other rows of SDTM: supplemental qualifiers, findings, RELREC, units."""

import pytest
from tests.support.tiny_trial import STUDY

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.records import read_records
from skeletal.records.sdtm.mapping import wanted_domains
from skeletal.study import RecordsMapping, mapping_text, parse_study

MAPPING = """
[records]
format = "sdtm"

[[records.tables.subjects]]
domain = "DM"
exclude = { ARMCD = "SCRNFAIL" }
[records.tables.subjects.columns]
subject_id = "USUBJID"
arm = "ARM"
randomised_date = "RANDOM.DSSTDTC"
age = "AGE"
primary_tumour = "SUPPDM.PRIMTUM"
simulated = "SUPPDM.SIM"
creatinine = "LB.CREAT"
creatinine_unit = "LB.CREAT.LBSTRESU"
haemoglobin_g_dl = "LB.HGB"
[records.tables.subjects.values.simulated]
Y = true
N = false
[records.tables.subjects.units]
haemoglobin_g_dl = "g/dL"
age = "YEARS"
[records.tables.subjects.joins.RANDOM]
domain = "DS"
where = { DSDECOD = "RANDOMIZED" }
[records.tables.subjects.joins.LB]
where = { LBBLFL = "Y" }
exclude = { LBSTAT = "NOT DONE" }
test = "LBTESTCD"
value = "LBSTRESN"

[[records.tables.lesions]]
domain = "TU"
[records.tables.lesions.columns]
subject_id = "USUBJID"
lesion_id = "TULNKID"
diameter_cm = "TR.LDIAM"
matrix = "TR.MATRIX"
[records.tables.lesions.units]
diameter_cm = "mm"
[records.tables.lesions.factors]
diameter_cm = 0.1
[records.tables.lesions.values]
matrix = { LYTIC = "lytic" }
[records.tables.lesions.joins.TR]
on = { TRLNKID = "TULNKID" }
where = { VISIT = "BASELINE" }
test = "TRTESTCD"
value = "TRSTRESC"

[[records.tables.events]]
domain = "AE"
where = { "SUPPAE.SKELETAL" = "Y" }
[records.tables.events.columns]
subject_id = "USUBJID"
event_id = "AESPID"
component = "AEDECOD"
date = "AESTDTC"
symptomatic = "FA.SYMPTOM"
lesion_id = "SUPPAE.LESION"
[records.tables.events.joins.FA]
relrec = true
test = "FATESTCD"
value = "FASTRESC"
"""

FILES = {
    "dm": """USUBJID,ARM,ARMCD,AGE,AGEU
S1,control,C,63,YEARS
S2,active,A,70,YEARS
F1,Screen Failure,SCRNFAIL,,
""",
    "suppdm": """RDOMAIN,USUBJID,IDVAR,IDVARVAL,QNAM,QVAL
DM,S2,,,PRIMTUM,"breast, left"
DM,S1,,,PRIMTUM,prostate
DM,S1,,,SIM,Y
DM,S1,,,RACE1,WHITE
DM,S1,,,RACE1,BLACK
""",
    "ds": """USUBJID,DSDECOD,DSSTDTC
S2,RANDOMIZED,2025-02-05
S1,INFORMED CONSENT OBTAINED,2025-01-01
S1,RANDOMIZED,2025-01
""",
    "lb": """USUBJID,LBTESTCD,LBSTRESN,LBSTRESU,LBBLFL,LBSTAT
S1,CREAT,88,umol/L,Y,
S1,CREAT,99,umol/L,N,
S1,HGB,12.5,g/dL,Y,
S2,CREAT,1.1,mg/dL,Y,
S2,HGB,,,Y,
F1,HGB,9,mmol/L,Y,
""",
    "tu": """USUBJID,TUSEQ,TULNKID
S1,1,T01
S1,2,T02
S2,1,T01
""",
    "tr": """USUBJID,TRLNKID,TRTESTCD,TRSTRESC,TRSTRESU,VISIT
S2,T01,LDIAM,31,mm,BASELINE
S1,T01,LDIAM,27,mm,BASELINE
S1,T01,LDIAM,35,mm,WEEK 8
S1,T02,MATRIX,LYTIC,,BASELINE
S1,T09,LDIAM,5,mm,BASELINE
""",
    "ae": """USUBJID,AESEQ,AESPID,AEDECOD,AESTDTC
S1,1,A1,fracture,2025-03
S1,2,A2,headache,2025-03-02
S2,1,A1,fracture,2025-05-01
""",
    "suppae": """RDOMAIN,USUBJID,IDVAR,IDVARVAL,QNAM,QVAL
AE,S1,AESEQ, 1,SKELETAL,Y
AE,S1,AESEQ,2,SKELETAL,N
AE,S2,AESPID,A1,SKELETAL,Y
AE,S2,AESEQ,1,LESION,T01
""",
    "fa": """USUBJID,FASEQ,FATESTCD,FASTRESC
S1,1,SYMPTOM,Y
S1,2,SYMPTOM,N
S2,1,SEVERE,Y
""",
    "relrec": """RDOMAIN,USUBJID,IDVAR,IDVARVAL,RELTYPE,RELID
AE,S1,AESEQ,1,,R1
FA,S1,FASEQ,1,,R1
AE,S1,AESPID,A2,,R2
FA,S1,FASEQ,2,,R2
AE,S2,AESEQ,1,,R1
FA,S2,FASEQ,1,,R1
""",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def change(folder, name, old, new):
    assert old in FILES[name]
    (folder / f"{name}.csv").write_text(FILES[name].replace(old, new))


def study_with(*changes):
    mapping = MAPPING
    for old, new in changes:
        assert old in mapping
        mapping = mapping.replace(old, new)
    return parse_study(STUDY + mapping)


def read(folder, *changes):
    return read_records(folder, study_with(*changes))


def problem(folder, *changes):
    with pytest.raises(InvalidRecords) as error:
        read(folder, *changes)
    (only,) = error.value.problems
    return only


def values(frame, *columns):
    return frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).to_numpy().tolist()


def test_qualifiers_of_subjects_are_found_without_identifier(folder):
    subjects = read(folder).subjects
    assert values(subjects, "subject_id", "primary_tumour", "simulated") == [
        ["S1", "prostate", True],
        ["S2", "breast, left", None],
    ]


def test_a_date_of_another_domain_keeps_what_is_known_of_it(folder):
    assert read(folder).subjects["randomised_date"].tolist() == ["2025-01", "2025-02-05"]


def test_baseline_findings_are_columns_with_the_unit_of_each(folder):
    subjects = read(folder).subjects
    assert values(subjects, "creatinine", "creatinine_unit", "haemoglobin_g_dl") == [
        [88.0, "umol/L", 12.5],
        [1.1, "mg/dL", None],
    ]


def test_findings_are_linked_within_the_subject_and_converted_to_the_last_decimal(folder):
    lesions = read(folder)["lesions"]
    assert values(lesions, "subject_id", "lesion_id", "diameter_cm", "matrix") == [
        ["S1", "T01", 2.7, None],
        ["S1", "T02", None, "lytic"],
        ["S2", "T01", 3.1, None],
    ]


def test_rows_are_chosen_by_a_qualifier_and_related_by_relrec(folder):
    events = read(folder)["events"]
    assert values(events, "subject_id", "event_id", "date", "symptomatic", "lesion_id", "source_row") == [
        ["S1", "A1", "2025-03", True, None, 1],
        ["S2", "A1", "2025-05-01", None, "T01", 3],
    ]


def test_a_number_in_the_file_and_text_in_idvarval_are_the_same_row(folder):
    change(folder, "suppae", "AESEQ, 1", "AESEQ,1")
    assert read(folder)["events"]["event_id"].tolist() == ["A1", "A1"]


def test_several_rows_that_match_one_are_named_with_a_remedy(folder):
    assert problem(folder, ('where = { VISIT = "BASELINE" }\n', "")) == (
        "tr.csv: several rows with TR.LDIAM belong to one row of TU (lesions): rows 2, 3 for row 1; choose "
        "with where in records.tables.lesions.joins.TR, or keep one of them"
    )


def test_several_rows_for_a_row_that_is_left_out_do_no_harm(folder):
    change(folder, "ds", "S1,INFORMED", "F1,RANDOMIZED,2025-01-01\nF1,RANDOMIZED,2025-01-02\nS1,INFORMED")
    assert read(folder).n_subjects == 2


def test_a_qualifier_that_is_there_twice_is_refused(folder):
    change(folder, "suppdm", "DM,S1,,,SIM,Y", "DM,S1,,,SIM,Y\nDM,S1,,,SIM,N")
    assert problem(folder) == (
        "suppdm.csv: several rows with SUPPDM.SIM belong to one row of DM (subjects): rows 3, 4 for row 1; "
        "keep one of them"
    )


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        ("AE,S1,AESEQ,2", "AE,S1,AESEQ,7", "row 2 ('S1 SKELETAL')"),
        ("AE,S1,AESEQ,2", "AE,S3,AESEQ,2", "row 2 ('S3 SKELETAL')"),
        ("AE,S1,AESEQ,2", "AE,S1,AEXXX,2", "row 2 ('S1 SKELETAL')"),
        ("AE,S2,AESEQ,1", "AE,S2,,", "row 4 ('S2 LESION')"),
    ],
)
def test_qualifiers_that_belong_to_nothing_are_named(folder, old, new, row):
    change(folder, "suppae", old, new)
    assert problem(folder) == (
        f"suppae.csv: qualifiers that belong to no row of ae.csv in 1 row: {row}; correct USUBJID, IDVAR and "
        "IDVARVAL, or take the rows out"
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "shown"),
    [
        ("lb", "12.5,g/dL", "7.8,mmol/L", "row 3 ('mmol/L')"),
        ("lb", "12.5,g/dL", "7.8,", "row 3 (<NA>)"),
        ("tr", "27,mm", "2.7,cm", "row 2 ('cm')"),
        ("dm", "63,YEARS", "756,MONTHS", "row 1 ('MONTHS')"),
    ],
)
def test_another_unit_is_refused_with_the_row_of_its_file(folder, name, old, new, shown):
    change(folder, name, old, new)
    message = problem(folder)
    assert message.startswith(f"{name}.csv (")
    assert f"in 1 row: {shown}; bring the values to that unit, or map rows of another unit apart" in message


def test_a_value_without_a_code_is_named_by_the_row_of_the_joined_file(folder):
    change(folder, "tr", "LYTIC", "MIXED")
    assert problem(folder).startswith(
        "tr.csv (lesions), column 'matrix' (from TR.MATRIX): values that the study does not map ('MIXED') in "
        "1 row: row 4 ('MIXED')"
    )


def test_a_joined_value_that_does_not_fit_is_refused(folder):
    change(folder, "tr", "S1,T01,LDIAM,27", "S1,T01,LDIAM,about 27")
    assert problem(folder).startswith(
        "tr.csv (lesions), column 'diameter_cm' (from TR.LDIAM): values that are not numbers in 1 row: row 2 "
        "('about 27')"
    )


def test_a_column_that_a_joined_domain_does_not_have_is_refused(folder):
    change(folder, "tr", "TRSTRESC", "TRSTRES")
    assert problem(folder) == (
        "tr.csv: no column(s) TRSTRESC, which records.tables.lesions of the study names. Did you mean "
        "'TRSTRES'?"
    )


def test_what_is_absent_from_a_domain_and_from_its_joins_is_said_at_once(folder):
    change(folder, "tr", "TRSTRESC", "TRSTRES")
    change(folder, "dm", "AGEU", "UNIT")
    change(folder, "suppdm", "QVAL", "VALUE")
    with pytest.raises(InvalidRecords) as error:
        read(folder)
    assert [message.split(", which")[0] for message in error.value.problems] == [
        "dm.csv: no column(s) AGEU",
        "suppdm.csv: no column(s) QVAL",
        "tr.csv: no column(s) TRSTRESC",
    ]


def test_a_link_that_the_domain_does_not_have_is_refused(folder):
    changed = ('on = { TRLNKID = "TULNKID" }', 'on = { TRLNKID = "TULINKID" }')
    assert problem(folder, changed) == (
        "tu.csv: no column(s) TULINKID, which records.tables.lesions of the study names. Did you mean "
        "'TULNKID'?"
    )


def test_a_domain_related_as_a_whole_is_joined_by_its_columns(folder):
    text = "RDOMAIN,USUBJID,IDVAR,IDVARVAL,RELTYPE,RELID\nAE,,AESPID,,ONE,A\nFA,,FALNKID,,MANY,A\n"
    (folder / "relrec.csv").write_text(text)
    assert problem(folder) == (
        "relrec.csv: FA is related as a whole (USUBJID is empty) in 1 row: row 2 ('FALNKID'); name the "
        "columns with on instead of relrec in records.tables.events"
    )


def test_a_qualifier_that_nobody_has_is_noted_with_the_nearest_name(folder):
    records = read(folder, ("SUPPDM.PRIMTUM", "SUPPDM.PRIMTUMR"))
    assert records.subjects["primary_tumour"].isna().all()
    (note,) = [note for note in records.notes if "PRIMTUMR" in note]
    assert note == (
        "subjects: no row of suppdm.csv that counts has QNAM PRIMTUMR, so that it is missing for all. "
        "Did you mean 'PRIMTUM'?"
    )


def test_qualifiers_may_be_absent_and_joined_domains_may_not(folder):
    (folder / "suppdm.csv").unlink()
    records = read(folder)
    assert records.subjects["primary_tumour"].isna().all()
    assert "subjects: no file suppdm, so that PRIMTUM, SIM is missing for all" in records.notes
    (folder / "tr.csv").unlink()
    assert "has no file for the SDTM domain(s) TR" in problem(folder)
    start = "[records.tables.lesions.joins.TR]\n"
    optional = read(folder, (start, f"{start}optional = true\n"))
    assert optional["lesions"]["diameter_cm"].isna().all()


def test_an_optional_domain_may_be_absent(folder):
    for name in ("ae", "suppae", "fa", "relrec"):
        (folder / f"{name}.csv").unlink()
    assert "AE, FA, RELREC" in problem(folder)
    records = read(folder, ('domain = "AE"', 'domain = "AE"\noptional = true'))
    assert "events" not in records
    assert "events: no file ae, which the study calls optional" in records.notes


def test_the_files_that_a_mapping_wants():
    required, optional = wanted_domains(study_with().records)
    assert required == {"dm", "ds", "lb", "tu", "tr", "ae", "fa", "relrec"}
    assert optional == {"suppdm", "suppae"}


def test_the_text_of_a_mapping_reads_as_the_same_mapping():
    mapping = study_with().records
    again = parse_study(STUDY + mapping_text(mapping)).records
    assert again == mapping
    assert "optional" not in mapping_text(mapping)
    assert mapping_text(RecordsMapping()) == "[records]\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("TR.MATRIX", "TRR.MATRIX", "'TRR.MATRIX' needs joins.TRR, which is not there (known: TR, SUPPTU)"),
        ("TR.MATRIX", "SUPPTR.MATRIX", "'SUPPTR.MATRIX' needs joins.SUPPTR, which is not there"),
        ("SUPPDM.SIM", "SUPPDM.SIM.X", "'SUPPDM.SIM.X' is no source; write SUPPDM.QNAM"),
        ("RANDOM.DSSTDTC", "RANDOM.DSSTDTC.X", "is no source; write RANDOM.COLUMN, or give joins.RANDOM"),
        ("relrec = true\n", 'relrec = true\non = { A = "B" }\n', "joins.FA: both on and relrec; keep one"),
        ('value = "FASTRESC"\n', "", "joins.FA: test and value go together"),
        ("RANDOM.DSSTDTC", "RFSTDTC", "joins that no column uses: RANDOM; write NAME.COLUMN"),
        ('age = "YEARS"', 'arm = "YEARS"', "no unit goes with ARM, so that units.arm cannot be checked"),
        ('age = "YEARS"', 'weight = "kg"', "units for columns not mapped: weight"),
        ("diameter_cm = 0.1", "diameter = 0.1", "factors for columns not mapped: diameter"),
        ("diameter_cm = 0.1", "matrix = 0.1", "both values and factors for matrix; keep one"),
        ("joins.TR]", 'joins."T.R"]', "joins.'T.R': a name has no full stop"),
    ],
)
def test_a_join_that_cannot_be_is_refused(folder, old, new, message):
    with pytest.raises(InvalidStudy) as error:
        read(folder, (old, new))
    assert message in str(error.value)
