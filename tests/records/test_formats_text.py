"""Text files as they come: delimiters, decimal marks, encodings, quotation marks."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.records.corpus.case import COLUMNS, SUBJECTS
from tests.support.tiny_trial import STUDY

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.records import make_records, read_records
from skeletal.records.formats.delimited import delimited_frame
from skeletal.study import CsvLayout, parse_study

AGES = [63.0, 70.5, 58.0]


def declared(**keys):
    lines = "".join(f"{key} = {value!r}\n" for key, value in keys.items())
    return parse_study(f"{STUDY}\n[records.csv]\n{lines}")


def read(tmp_path, content, study, name="subjects.csv"):
    (tmp_path / name).write_bytes(content)
    return read_records(tmp_path, study)


@pytest.fixture(scope="module")
def expected(study):
    return make_records({"subjects": pd.DataFrame(COLUMNS, dtype="string")}, study=study).subjects


@pytest.mark.parametrize(
    ("delimiter", "words"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (",", "")]
)
def test_the_delimiter_is_found_in_the_header_and_noted(tmp_path, study, expected, delimiter, words):
    records = read(tmp_path, SUBJECTS.replace(b",", delimiter.encode()), study)
    pd.testing.assert_frame_equal(records.subjects, expected)
    note = f"subjects.csv: fields are separated by {words}, as its header shows"
    assert records.notes == ((note,) if words else ())


def test_a_declared_delimiter_is_used_and_not_noted(tmp_path, expected):
    records = read(tmp_path, SUBJECTS.replace(b",", b"!"), declared(delimiter="!"))
    pd.testing.assert_frame_equal(records.subjects, expected)
    assert records.notes == ()


def test_a_declared_delimiter_wins_over_the_most_frequent(tmp_path):
    content = b"subject_id;arm;randomised_date;a,b,c,d\nS1;control;2025-01-01;x,y,z\n"
    subjects = read(tmp_path, content, declared(delimiter=";")).subjects
    assert subjects["a,b,c,d"].tolist() == ["x,y,z"]


def test_delimiters_in_quotes_do_not_count(tmp_path, study):
    content = b'subject_id;arm;randomised_date;"a,b,c,d"\nS1;control;2025-01-01;x\n'
    assert read(tmp_path, content, study).subjects["a,b,c,d"].tolist() == ["x"]


@pytest.mark.parametrize(("name", "delimiter"), [("Subjects.TSV", b"\t"), ("subjects.txt", b",")])
def test_other_endings_of_text_are_read(tmp_path, study, expected, name, delimiter):
    records = read(tmp_path, SUBJECTS.replace(b",", delimiter), study, name)
    pd.testing.assert_frame_equal(records.subjects, expected)
    assert records.notes == ()


def test_a_tsv_may_hold_commas(tmp_path, study):
    content = b"subject_id\tarm\trandomised_date\tnote, a, b, c, d\nS1\tcontrol\t2025-01-01\tx\n"
    assert "note, a, b, c, d" in read(tmp_path, content, study, "subjects.tsv").subjects


@pytest.mark.parametrize("value", ["70,5", "+70,5", "7,05e1", "70.5"])
def test_a_declared_decimal_comma_is_read(tmp_path, value):
    content = SUBJECTS.replace(b",", b";").replace(b"70.5", value.encode())
    assert read(tmp_path, content, declared(decimal=",")).subjects["age"].tolist() == AGES


def test_a_decimal_comma_is_read_in_further_columns(tmp_path):
    content = b"subject_id;arm;randomised_date;psa;code\nS1;control;2025-01-01;3,5;1.234\n"
    subjects = read(tmp_path, content, declared(decimal=",")).subjects
    assert subjects["psa"].tolist() == [3.5]
    assert subjects["code"].tolist() == ["1.234"]


def test_a_decimal_point_leaves_a_comma_text_in_further_columns(tmp_path, study):
    content = b"subject_id;arm;randomised_date;psa\nS1;control;2025-01-01;3,5\n"
    assert read(tmp_path, content, study).subjects["psa"].tolist() == ["3,5"]


def test_the_decimal_comma_is_that_of_text_files_alone(tmp_path):
    frame = pd.DataFrame(COLUMNS).assign(age=["1.234", "2", "3"])
    frame.to_parquet(tmp_path / "subjects.parquet")
    subjects = read_records(tmp_path, declared(decimal=",")).subjects
    assert subjects["age"].tolist() == [1.234, 2.0, 3.0]


TOWNS = ["Köln", "Łódź", "東京"]


def with_towns(towns):
    header, *rows = SUBJECTS.decode().splitlines()
    lines = [f"{header},town", *(f"{row},{town}" for row, town in zip(rows, towns, strict=True))]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_by_its_mark(tmp_path, study, encoding):
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    records = read(tmp_path, (mark + with_towns(TOWNS)).encode(encoding), study)
    assert records.subjects["town"].tolist() == TOWNS
    assert records.notes == ()


@pytest.mark.parametrize(
    ("encoding", "towns"), [("latin-1", ["Köln", "Málaga", "x"]), ("cp1252", ["Köln", "20 €", "„a“"])]
)
def test_a_declared_encoding_is_read(tmp_path, encoding, towns):
    records = read(tmp_path, with_towns(towns).encode(encoding), declared(encoding=encoding))
    assert records.subjects["town"].tolist() == towns
    assert records.notes == ()


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_utf8_is_read_as_such_though_another_encoding_is_declared(tmp_path, encoding):
    records = read(tmp_path, with_towns(TOWNS).encode(), declared(encoding=encoding))
    assert records.subjects["town"].tolist() == TOWNS
    assert records.notes == (f"subjects.csv: its bytes are UTF-8 and were read so, not as {encoding}",)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_any_way_and_the_last_without(tmp_path, study, expected, end):
    content = b"\n" + SUBJECTS.strip() if end == b"\n" else SUBJECTS
    subjects = read(tmp_path, content.replace(b"\n", end), study).subjects
    pd.testing.assert_frame_equal(subjects, expected)


def test_rows_are_counted_without_blank_lines(tmp_path, study):
    rows = SUBJECTS.replace(b"58", b"old").replace(b"\n003", b"\n\n003")
    with pytest.raises(InvalidRecords, match=r"row 3 \('old'\)"):
        read(tmp_path, rows, study)
    with pytest.raises(InvalidRecords, match=r"row 3: a quotation mark"):
        read(tmp_path, rows.replace(b"old", b'"old'), study)
    with pytest.raises(InvalidRecords, match=r"row 3 has 8"):
        read(tmp_path, rows.replace(b"old", b"1,2"), study)


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=6), st.sampled_from(",;\t|"))
def test_what_a_csv_writer_quotes_comes_back(rows, delimiter):
    frame = pd.DataFrame([("id", *row) for row in rows], columns=["i", "a", "b"], dtype=object)
    text = frame.to_csv(index=False, sep=delimiter, quoting=1, lineterminator="\n").encode()
    found = delimited_frame("x.csv", text, CsvLayout(delimiter=delimiter), notes=[])
    assert found["a"].fillna("").tolist() == frame["a"].tolist()
    assert found["b"].fillna("").tolist() == frame["b"].tolist()


def test_raw_headers_are_taken_as_they_are():
    frame = delimited_frame("x.csv", b"a,a,\n1,2,3\n", CsvLayout(), raw=True, notes=[])
    assert frame.columns.tolist() == ["a", "a", ""]
    assert frame.iloc[0].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"delimiter": ",", "decimal": ","}, "delimiter and decimal cannot both be ','"),
        ({"delimiter": "."}, "delimiter and decimal cannot both be '.'"),
        ({"delimiter": "x"}, "delimiter cannot be 'x'"),
        ({"delimiter": '"'}, "delimiter cannot be"),
        ({"delimiter": "§"}, "delimiter cannot be"),
        ({"delimiter": ";;"}, "records.csv.delimiter"),
        ({"decimal": ";"}, "records.csv.decimal"),
        ({"encoding": "utf-7"}, "records.csv.encoding"),
    ],
)
def test_a_layout_that_cannot_be_is_refused_with_the_study(keys, message):
    with pytest.raises(InvalidStudy) as error:
        declared(**keys)
    assert message in str(error.value)
