"""Files are written whole, the same each time, and read back as the same tables."""

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from skeletal.errors import InvalidArgument
from skeletal.records import cut_records, make_records, read_records, write_csv, write_records, write_xpt


def assert_same_records(one, other):
    assert list(one.tables) == list(other.tables)
    for name in one.tables:
        assert_frame_equal(one[name], other[name], check_exact=True)


def write_tables(records, folder, ending):
    for name, frame in records.tables.items():
        if ending == ".xpt":
            write_xpt(frame.drop(columns=["source", "source_row"]), folder / f"{name}.xpt", name=name)
        else:
            frame.to_parquet(folder / f"{name}.parquet")


def test_records_written_and_read_are_the_same(tables, study, tmp_path):
    records = make_records(tables, study=study)
    paths = write_records(records, tmp_path / "out")
    assert [path.name for path in paths] == [f"{name}.csv" for name in tables]
    assert_same_records(read_records(tmp_path / "out", study), records)


@pytest.mark.parametrize("ending", [".parquet", ".xpt"])
def test_other_formats_read_the_same_tables(tables, study, tmp_path, ending):
    tables["subjects"] = tables["subjects"].assign(age=["63", "0", "70.25"], stratum=["x", None, "z"])
    records = make_records(tables, study=study)
    write_tables(records, tmp_path, ending)
    again = read_records(tmp_path, study)
    assert set(again.tables) == set(records.tables)
    for name in records.tables:
        assert_frame_equal(again[name], records[name], check_exact=True)


def test_rows_of_another_origin_keep_their_numbers(tables, study, tmp_path):
    records = cut_records(make_records(tables, study=study), dt.date(2025, 3, 31))
    write_records(records, tmp_path)
    again = read_records(tmp_path, study)
    for name in records.tables:
        assert_frame_equal(again[name], records[name], check_exact=True, check_dtype=not records[name].empty)


texts = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8),
    st.sampled_from(["NA", "a,b", 'say "x"', "two\nlines", "007", " x ", "null", "=1+1"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            texts,
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.one_of(st.none(), st.booleans()),
            st.sampled_from([None, "2025", "2025-03", "2025-03-15"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_values_survive_a_csv_round_trip(rows, study, tmp_path):
    words, numbers, flags, dates = zip(*rows, strict=True)
    ids = [f"S{i}" for i in range(len(rows))]
    records = make_records(
        {
            "subjects": pd.DataFrame({"subject_id": ids, "arm": "active", "randomised_date": "2025-01-01"}),
            "events": pd.DataFrame(
                {
                    "subject_id": ids,
                    "event_id": "1",
                    "component": pd.array(words, dtype="string"),
                    "date": pd.array(dates, dtype="string"),
                    "symptomatic": pd.array(flags, dtype="boolean"),
                }
            ),
            "analgesics": pd.DataFrame(
                {"subject_id": ids, "date": "2025-01-01", "omed_mg": np.array(numbers, dtype=float)}
            ),
        }
    )
    write_records(records, tmp_path)
    assert_same_records(read_records(tmp_path, study), records)


def test_csv_text_is_plain(tmp_path):
    frame = pd.DataFrame(
        {
            "n": [1.0, np.nan],
            "x": [0.5, 2.0],
            "flag": pd.array([True, None], dtype="boolean"),
            "plain": [True, False],
            "day": pd.to_datetime(["2025-03-01", None]),
            "moment": pd.to_datetime(["2025-03-01 10:30", None]),
            "text": ["a,b", "ü"],
        }
    )
    path = write_csv(frame, tmp_path / "new" / "frame.csv")
    assert path.read_bytes().decode() == (
        "n,x,flag,plain,day,moment,text\n"
        '1,0.5,true,true,2025-03-01,2025-03-01T10:30:00,"a,b"\n'
        ",2.0,,false,,,ü\n"
    )


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = write_csv(pd.DataFrame({"a": [1]}), tmp_path / "frame.csv")

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(OSError, match="disk full"):
        write_csv(pd.DataFrame({"a": [2]}), path)
    assert path.read_text() == "a\n1\n"
    assert [item.name for item in tmp_path.iterdir()] == ["frame.csv"]


ADAM = pd.DataFrame(
    {
        "USUBJID": ["S1", "S2", "S3"],
        "AVAL": [1.0, 0.0, np.nan],
        "ADT": pd.to_datetime(["2025-03-01", "1960-01-01", None]),
        "FLAG": pd.array([True, False, None], dtype="boolean"),
        "CNSDTDSC": ["", None, "Data cutoff"],
    }
)


def test_a_transport_file_holds_values_labels_and_names(tmp_path):
    path = write_xpt(ADAM, tmp_path / "adtte.xpt", name="adtte", labels={"AVAL": "Analysis value"})
    frame, about = pyreadstat.read_xport(str(path))
    assert about.table_name == "ADTTE"
    assert about.column_names_to_labels["AVAL"] == "Analysis value"
    assert about.original_variable_types["ADT"] == "DATE9"
    assert frame["AVAL"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(frame["AVAL"][2])
    assert frame["ADT"].tolist()[:2] == [dt.date(2025, 3, 1), dt.date(1960, 1, 1)]
    assert frame["FLAG"].tolist() == ["Y", "N", ""]
    assert frame["CNSDTDSC"].tolist() == ["", "", "Data cutoff"]


def test_another_reader_of_transport_files_agrees(tmp_path):
    path = write_xpt(ADAM, tmp_path / "adtte.xpt", name="adtte")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pd.read_sas(path, format="xport", encoding="utf-8")  # an independent reading of the format
    assert frame["USUBJID"].tolist() == ["S1", "S2", "S3"]
    assert frame["AVAL"][0] == 1.0
    assert abs(frame["AVAL"][1]) < 1e-70  # this reader's known fault: it shows a zero as 5.4e-79
    assert np.isnan(frame["AVAL"][2])
    assert frame["ADT"][0] == (dt.date(2025, 3, 1) - dt.date(1960, 1, 1)).days


@pytest.mark.parametrize(
    ("frame", "labels", "version"),
    [
        (pd.DataFrame({"SHORT": ["x" * 200]}), {"SHORT": "L" * 40}, 5),
        (pd.DataFrame({"ninechars": ["x"]}), {}, 8),
        (pd.DataFrame({"SHORT": ["x" * 201]}), {}, 8),
        (pd.DataFrame({"SHORT": ["x"]}), {"SHORT": "L" * 41}, 8),
    ],
)
def test_version_5_is_written_where_it_fits(tmp_path, frame, labels, version):
    path = write_xpt(frame, tmp_path / "a.xpt", name="a", labels=labels)
    first = path.read_bytes()[:40]
    assert first.startswith(b"HEADER RECORD*******LIBRARY" if version == 5 else b"HEADER RECORD*******LIBV8")
    read, about = pyreadstat.read_xport(str(path))
    assert read.iloc[0, 0] == frame.iloc[0, 0]
    assert {name: label for name, label in about.column_names_to_labels.items() if label} == labels


def test_the_time_of_writing_is_not_recorded(tmp_path):
    for version, frame in ((5, ADAM), (8, ADAM.rename(columns={"AVAL": "analysis_value"}))):
        path = write_xpt(frame, tmp_path / f"v{version}.xpt", name="a")
        assert path.read_bytes().count(b"01JAN60:00:00:00") == 4
        assert pyreadstat.read_xport(str(path))[1].creation_time == dt.datetime(1960, 1, 1)


def test_a_data_set_has_a_label_and_columns_have_lengths_and_formats(tmp_path):
    frame = pd.DataFrame(
        {
            "TEXT": ["ab", "über"],
            "NONE": pd.array([None, None], dtype="string"),
            "N": [0.0, 2.5],
            "DAY": pd.to_datetime(["2025-03-01", None]),
        }
    )
    options = {"name": "adsl", "label": "Subjects", "formats": {"N": "8.1"}, "version": 5}
    _, about = pyreadstat.read_xport(str(write_xpt(frame, tmp_path / "a.xpt", **options)))
    assert about.file_label == "Subjects"
    assert about.variable_storage_width == {"TEXT": 5, "NONE": 1, "N": 8, "DAY": 8}
    assert about.original_variable_types == {"TEXT": None, "NONE": None, "N": "8.1", "DAY": "DATE9"}
    _, about = pyreadstat.read_xport(str(write_xpt(frame.iloc[:0], tmp_path / "b.xpt", **options)))
    assert about.variable_storage_width == {"TEXT": 1, "NONE": 1, "N": 8, "DAY": 8}
    assert about.readstat_variable_types == {
        "TEXT": "string",
        "NONE": "string",
        "N": "double",
        "DAY": "double",
    }


@pytest.mark.parametrize(
    ("columns", "options", "too_long"),
    [
        (["NINECHARS"], {}, "name NINECHARS"),
        (["A"], {"name": "ninechars"}, "name ninechars"),
        (["A"], {"labels": {"A": "é" * 21}}, r"label of A \(42 of 40 bytes\)"),
        (["A"], {"label": "L" * 41}, r"label of data \(41 of 40 bytes\)"),
        (["TEXT"], {}, r"text in TEXT \(202 of 200 bytes\)"),
    ],
)
def test_version_5_can_be_asked_for_and_then_nothing_is_cut(tmp_path, columns, options, too_long):
    value = "é" * 101 if columns == ["TEXT"] else 1.0
    frame = pd.DataFrame([[value]], columns=columns)
    options = {"name": "data", **options}
    with pytest.raises(InvalidArgument, match=f"too long for a transport file of version 5: {too_long}$"):
        write_xpt(frame, tmp_path / "a.xpt", version=5, **options)
    assert list(tmp_path.iterdir()) == []
    assert write_xpt(frame, tmp_path / "a.xpt", **options).read_bytes()[20:28] == b"LIBV8   "


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (["a b"], {}, "not SAS names .*: a b"),
        (["x" * 33], {}, "not SAS names"),
        (["1a"], {}, "not SAS names"),
        (["a"], {"name": "my data"}, "not SAS names .*: my data"),
        (["a", "A"], {}, "SAS does not tell case apart: A"),
        (["a"], {"labels": {"b": "B"}}, "labels name columns that are not there: b"),
        (["a"], {"labels": {"a": "B" * 257}}, "labels longer than 256 bytes: a"),
        (["a"], {"formats": {"b": "8."}}, "formats name columns that are not there: b"),
        (["a"], {"formats": {"a": "date"}}, r"not SAS formats \(such as 8. or DATE9.\): date"),
    ],
)
def test_what_sas_cannot_name_is_refused(tmp_path, columns, options, message):
    frame = pd.DataFrame([[1.0] * len(columns)], columns=columns)
    with pytest.raises(InvalidArgument, match=message):
        write_xpt(frame, tmp_path / "a.xpt", **{"name": "a", **options})
    assert list(tmp_path.iterdir()) == []
