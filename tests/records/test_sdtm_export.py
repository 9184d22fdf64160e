"""Records written as SDTM read back as the same records, and the files are such as SDTM asks for."""

import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.tiny_trial import STUDY

from skeletal.errors import InvalidRecords
from skeletal.records import export_sdtm, make_records, read_records, write_sdtm
from skeletal.study import list_studies, load_study, mapping_text, parse_study, sdtm_mapping, study_text
from skeletal.tables import TABLES
from skeletal_synthetic import simulate_trial

NAMES = list_studies()["name"].tolist()
SUBJECTS = {
    "subject_id": ["S1", "S2", "S3"],
    "arm": ["control", "active", "active"],
    "randomised_date": ["2025-01-05", "2025-02", "2025"],
}


@pytest.fixture(scope="module", params=NAMES)
def exported(request, tmp_path_factory):
    """Give the records of a simulated trial, its export and the records read from the files."""
    study = load_study(request.param)
    records = simulate_trial(study, seed=5, n_subjects=14)
    export = export_sdtm(records, study_id=study.id)
    folder = tmp_path_factory.mktemp(request.param)
    write_sdtm(export, folder)
    reading = parse_study(f"{study_text(request.param)}\n{mapping_text(export.mapping)}")
    return records, export, folder, read_records(folder, reading)


def same_tables(ours, theirs):
    """Assert that two record sets have the same rows, in whatever order, with the same dtypes."""
    assert set(ours.tables) == set(theirs.tables)
    for name, frame in ours.tables.items():
        columns = [column for column in frame.columns if column not in ("source", "source_row")]
        assert set(theirs[name].columns) == {*columns, "source", "source_row"}
        expected, found = (
            table[columns].sort_values(columns, ignore_index=True) for table in (frame, theirs[name])
        )
        pd.testing.assert_frame_equal(found, expected)


def round_trip(tables, folder):
    records = make_records({name: pd.DataFrame(columns, dtype="string") for name, columns in tables.items()})
    export = export_sdtm(records)
    write_sdtm(export, folder)
    back = read_records(folder, parse_study(STUDY + mapping_text(export.mapping)))
    same_tables(records, back)
    return export, back


def test_the_files_of_a_simulated_trial_read_back_as_the_same_records(exported):
    records, _, _, back = exported
    same_tables(records_without_empty_kinds(records), back)
    assert back.simulated


def records_without_empty_kinds(records):
    """Return the records as files hold them: an undeclared column that is missing throughout is text."""
    tables = {
        name: frame.drop(columns=["source", "source_row"]).assign(
            **{
                column: pd.Series(pd.NA, index=frame.index, dtype="string")
                for column in frame.columns
                if column not in TABLES[name].columns and frame[column].isna().all()
            }
        )
        for name, frame in records.tables.items()
    }
    return make_records(tables)


def test_rows_of_one_domain_keep_their_order_and_name_their_source(exported):
    records, _, _, back = exported
    for name, source in {"subjects": "DM", "lesions": "TU", "events": "CE", "questionnaires": "QS"}.items():
        if name in records.tables:
            keys = [key for key in TABLES[name].key if key in records[name].columns]
            pd.testing.assert_frame_equal(back[name][keys], records[name][keys])
            assert set(back[name]["source"]) <= {source}


def test_every_file_is_a_transport_file_of_version_5_with_labels(exported):
    _, export, folder, _ = exported
    assert {path.name for path in folder.iterdir()} == {f"{name.lower()}.xpt" for name in export.domains}
    for name, frame in export.domains.items():
        path = folder / f"{name.lower()}.xpt"
        assert path.read_bytes().startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!")
        _, about = pyreadstat.read_xport(str(path))
        assert about.column_names == list(frame.columns)
        assert about.table_name == name
        assert all(0 < len(label) <= 40 for label in about.column_labels)
        assert all(len(column) <= 8 for column in frame.columns)
        labelled = dict(zip(about.column_names, about.column_labels, strict=True))
        assert [column for column, label in labelled.items() if label == column] == []


def test_every_row_is_numbered_within_its_subject(exported):
    _, export, _, _ = exported
    for name, frame in export.domains.items():
        assert (frame["STUDYID"] == export.domains["DM"]["STUDYID"].iloc[0]).all()
        assert frame["USUBJID"].notna().all()
        assert set(frame["USUBJID"]) <= set(export.domains["DM"]["USUBJID"])
        if name.startswith("SUPP") or name in ("DM", "SV"):
            continue
        assert (frame["DOMAIN"] == name).all()
        assert (
            frame.groupby("USUBJID")[f"{name}SEQ"]
            .apply(lambda numbers: numbers.tolist() == list(range(1, len(numbers) + 1)))
            .all()
        )


def test_every_qualifier_belongs_to_one_row(exported):
    _, export, _, _ = exported
    supplements = {name: frame for name, frame in export.domains.items() if name.startswith("SUPP")}
    assert "SUPPDM" in supplements
    for name, frame in supplements.items():
        domain = name.removeprefix("SUPP")
        keys = ["USUBJID", "IDVARVAL"]
        assert not frame.duplicated([*keys, "QNAM"]).any()
        assert frame["QVAL"].str.len().gt(0).all()
        assert frame["QNAM"].str.fullmatch("[A-Z][A-Z0-9]{0,7}").all()
        assert frame.groupby("QNAM")["QLABEL"].nunique().eq(1).all()
        if domain == "DM":
            assert set(frame["IDVAR"]) == {""}
            continue
        assert set(frame["IDVAR"]) == {f"{domain}SEQ"}
        parent = export.domains[domain]
        known = set(zip(parent["USUBJID"], parent[f"{domain}SEQ"].astype(int).astype(str), strict=True))
        assert set(zip(frame["USUBJID"], frame["IDVARVAL"], strict=True)) <= known


def test_persons_not_randomised_are_in_dm_and_no_subjects(exported):
    records, export, _, back = exported
    screening, demographics = records["screening"], export.domains["DM"]
    assert len(demographics) == len(screening) > records.n_subjects == back.n_subjects
    counts = demographics["ARM"].value_counts().to_dict()
    assert counts.get("Screen Failure", 0) == int((~screening["eligible"]).sum())
    assert counts.get("Not Assigned", 0) == int((screening["eligible"] & ~screening["randomised"]).sum())


def test_visits_are_numbered_in_the_order_of_time(exported):
    _, export, _, _ = exported
    visits = export.domains["QS"][["VISIT", "VISITNUM"]].drop_duplicates().sort_values("VISITNUM")
    months = [int(visit.split()[-1]) for visit in visits["VISIT"] if visit.startswith("Month")]
    assert visits["VISIT"].iloc[0] == "Baseline"
    assert months == sorted(months)


def test_a_small_trial_has_the_rows_that_sdtm_gives_it(tmp_path):
    tables = {
        "subjects": SUBJECTS
        | {"age": ["63", "70.5", ""], "sex": ["female", "male", ""], "smoker": ["true", "", "false"]},
        "lesions": {"subject_id": ["S1", "S1"], "lesion_id": ["L1", "L2"], "diameter_cm": ["2.7", ""]},
        "disposition": {"subject_id": ["S2"], "date": ["2025-09"], "status": ["died"], "cause": ["sepsis"]},
    }
    export, _ = round_trip(tables, tmp_path)
    domains = export.domains
    assert list(domains) == ["DM", "SUPPDM", "DS", "SUPPDS", "TU", "TR"]
    people = domains["DM"][["USUBJID", "RFSTDTC", "AGE", "AGEU", "SEX", "ARM", "DTHFL", "DTHDTC"]]
    assert people.astype(object).where(people.notna(), "").to_numpy().tolist() == [
        ["S1", "2025-01-05", 63.0, "YEARS", "F", "control", "", ""],
        ["S2", "2025-02", 70.5, "YEARS", "M", "active", "Y", "2025-09"],
        ["S3", "2025", "", "", "", "active", "", ""],
    ]
    qualifiers = domains["SUPPDM"][["USUBJID", "IDVAR", "QNAM", "QLABEL", "QVAL"]]
    assert qualifiers.to_numpy().tolist() == [
        ["S1", "", "SMOKER", "Smoker", "Y"],
        ["S3", "", "SMOKER", "Smoker", "N"],
    ]
    assert domains["DS"][["USUBJID", "DSSEQ", "DSDECOD", "DSSTDTC"]].to_numpy().tolist() == [
        ["S1", 1.0, "RANDOMIZED", "2025-01-05"],
        ["S2", 1.0, "RANDOMIZED", "2025-02"],
        ["S3", 1.0, "RANDOMIZED", "2025"],
        ["S2", 2.0, "DEATH", "2025-09"],
    ]
    (cause,) = domains["SUPPDS"][["USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QVAL"]].to_numpy().tolist()
    assert cause == ["S2", "DSSEQ", "2", "DTHCAUS", "sepsis"]
    (found,) = domains["TR"][["USUBJID", "TRLNKID", "TRTESTCD", "TRSTRESN", "TRSTRESU"]].to_numpy().tolist()
    assert found == ["S1", "L1", "LDIAM", 2.7, "cm"]


def test_protocol_treatment_is_exposure_and_scans_are_procedures(tmp_path):
    tables = {
        "subjects": SUBJECTS,
        "procedures": {
            "subject_id": ["S1", "S2", "S1"],
            "procedure_id": ["P1", "P1", "P2"],
            "kind": ["radiation", "radiation", "surgery"],
            "intent": ["protocol", "palliative", ""],
            "dose_gy": ["20", "8", ""],
        },
        "assessments": {
            "subject_id": ["S1", "S1", "S2"],
            "visit": ["Week 2", "Week 2", "Week 2"],
            "date": ["2025-02-01", "2025-02-01", "2025-02"],
            "modality": ["clinic visit", "CT", ""],
            "done": ["true", "false", ""],
        },
    }
    export, back = round_trip(tables, tmp_path)
    exposure = export.domains["EX"][["USUBJID", "EXSPID", "EXTRT", "EXDOSE", "EXDOSU"]]
    assert exposure.to_numpy().tolist() == [["S1", "P1", "radiation", 20.0, "Gy"]]
    assert export.domains["SV"][["USUBJID", "SVOCCUR"]].to_numpy().tolist() == [["S1", "Y"]]
    procedures = export.domains["PR"][["USUBJID", "PRCAT", "PRTRT"]].fillna("").to_numpy().tolist()
    assert procedures == [
        ["S2", "LOCAL TREATMENT", "radiation"],
        ["S1", "LOCAL TREATMENT", "surgery"],
        ["S1", "IMAGING", "CT"],
        ["S2", "IMAGING", ""],
    ]
    assert back["procedures"]["source"].tolist() == ["EX", "PR", "PR"]


def test_a_word_without_a_code_is_written_as_it_is(tmp_path):
    export, back = round_trip({"subjects": SUBJECTS | {"sex": ["female", "F", "other"]}}, tmp_path)
    assert export.domains["DM"]["SEX"].tolist() == ["female", "F", "other"]
    assert back.subjects["sex"].tolist() == ["female", "F", "other"]


def test_an_arm_named_as_those_not_randomised_keeps_its_subjects(tmp_path):
    records = make_records({"subjects": pd.DataFrame(SUBJECTS | {"arm": ["SCRNFAIL", "a b", "a-b"]})})
    codes = export_sdtm(records).domains["DM"]["ARMCD"].tolist()
    assert len({*codes, "SCRNFAIL", "NOTASSGN"}) == 5


def test_a_table_without_rows_comes_back_without_rows(tmp_path):
    events = {column: [] for column in TABLES["events"].columns}
    export, back = round_trip({"subjects": SUBJECTS, "events": events}, tmp_path)
    assert len(export.domains["CE"]) == 0
    assert len(back["events"]) == 0


def test_what_a_transport_file_cannot_hold_is_refused_at_once():
    note = ["x" * 201, "é" * 101, "x" * 200]
    name = ["fine", " blank before", "blank after "]
    lesions = {"subject_id": ["S1", "S1", "S2"], "lesion_id": ["L1", "L1", ""], "matrix": ["lytic"] * 3}
    lesions["matrix"][0] = ""
    tables = {"subjects": SUBJECTS | {"note": note, "name": name}, "lesions": lesions}
    records = make_records({key: pd.DataFrame(value) for key, value in tables.items()})
    with pytest.raises(InvalidRecords) as error:
        export_sdtm(records)
    long, blank, linked = error.value.problems
    assert long.startswith("subjects, column 'note': texts longer than 200 bytes in 2 rows: row 1 (")
    assert "subjects, column 'name': texts with a blank at an end" in blank
    assert "in 2 rows: row 2 (' blank before'), row 3 ('blank after ')" in blank
    assert linked == (
        "lesions: findings cannot be linked by TR in 2 rows: row 2 ('S1 L1'), row 3 ('S2 (missing)'); give "
        "each row of a subject its own identifier"
    )


def test_the_study_id_is_in_every_row():
    records = make_records({"subjects": pd.DataFrame(SUBJECTS)})
    for frame in export_sdtm(records, study_id="NCT1").domains.values():
        assert set(frame["STUDYID"]) == {"NCT1"}


def test_the_standard_mapping_knows_every_column_of_the_record_tables():
    for name, schema in TABLES.items():
        parts = sdtm_mapping().tables[name]
        assert set(schema.columns) <= {column for part in parts for column in part.columns}, name


TEXT = st.text(alphabet="aZ01.é,;\"'µ -NA\n", max_size=12).map(str.strip)
NUMBER = st.one_of(
    st.just(""), st.integers(-50, 5000).map(str), st.floats(-1e12, 1e12, allow_subnormal=False).map(repr)
)
DATE = st.sampled_from(["", "2025", "2025-03", "2025-03-15", "1999-12-31T23:59", "2024-02-29"])
FLAG = st.sampled_from(["", "true", "false"])
KINDS = {"text": TEXT, "number": NUMBER, "date": DATE, "flag": FLAG}
EXTRAS = {"note": TEXT, "n_visits": NUMBER, "asked_date": DATE, "informed": FLAG, "note 2": TEXT}


def column_values(column):
    return st.sampled_from(["", *column.allowed]) if column.allowed else KINDS[column.kind]


def some(draw, items, n):
    return draw(st.lists(st.sampled_from(items), min_size=n, max_size=n))


@st.composite
def record_sets(draw):
    ids = draw(st.lists(TEXT.filter(bool), min_size=1, max_size=3, unique=True))
    tables = {}
    for name, schema in TABLES.items():
        if name != "subjects" and not draw(st.booleans()):
            continue
        n = len(ids) if name == "subjects" else draw(st.integers(0, 3))
        chosen = [column for column in schema.columns if column in schema.required or draw(st.booleans())]
        values = {
            column: draw(st.lists(column_values(schema.columns[column]), min_size=n, max_size=n))
            for column in chosen
        }
        extras = draw(st.lists(st.sampled_from(sorted(EXTRAS)), unique=True, max_size=2))
        values |= {extra: draw(st.lists(EXTRAS[extra], min_size=n, max_size=n)) for extra in extras}
        numbers = [str(number) for number in range(n)]
        if name == "subjects":
            values |= {"subject_id": ids, "arm": some(draw, ["control", "active"], n)}
            if draw(st.booleans()):
                values["screening_id"] = [f"scr {number}" for number in numbers]
        elif name == "screening":
            values["screening_id"] = some(draw, [*ids, "scr 0", "scr 9"], n)
        else:
            values["subject_id"] = some(draw, ids, n)
        if name in ("lesions", "events"):
            values[schema.key[1]] = numbers
        if "modality" in values:
            values["modality"] = some(draw, ["", "CT", "clinic visit"], n)
        tables[name] = values
    return tables


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables=record_sets())
def test_any_records_read_back_as_the_same_records(tables, tmp_path_factory):
    round_trip(tables, tmp_path_factory.mktemp("export"))
