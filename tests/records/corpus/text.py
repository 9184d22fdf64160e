"""Bad text files."""

from __future__ import annotations

from .case import HEADER, ROWS, SUBJECTS, Case, with_value

_FIRST, _SECOND, _THIRD = ROWS
_XPT = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!000000000000000000000000000000  "
_UMLAUT = SUBJECTS.replace(b"70.5", "70.5,Köln".encode("latin-1")).replace(b"age\n", b"age,town\n")
_LATIN = 'records.csv.encoding = "latin-1"'
_WIDE = HEADER.replace(b"age", b"age,town")


def _towns(*towns: bytes) -> bytes:
    """Return the subjects with a further column."""
    return _WIDE + b"".join(
        row.rstrip(b"\n") + b"," + town + b"\n" for row, town in zip(ROWS, towns, strict=True)
    )


def _csv(content: bytes, *says: str, study: str = "", limits: dict[str, int] | None = None) -> Case:
    return Case("subjects.csv", content, says, study, limits or {})


KINDS = {
    "zero bytes": _csv(b"", "subjects.csv is empty", "export the table again, with a header line"),
    "blank lines": _csv(b"\n \n", "subjects.csv is empty"),
    "byte order mark alone": _csv(b"\xef\xbb\xbf\n", "subjects.csv is empty"),
    "header alone": _csv(HEADER, "subjects.csv: no rows; one for each randomised subject is required"),
    "log-in page": _csv(b"<!DOCTYPE html><html>Log in", "not comma-separated text but an HTML page"),
    "xml": _csv(b"<?xml version='1.0'?><ODM/>", "an HTML page"),
    "zip": _csv(b"PK\x03\x04xx", "a zip archive or Excel workbook; export it again as .csv or rename it"),
    "old workbook": _csv(b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook"),
    "gzip": _csv(b"\x1f\x8b\x08\0", "a gzip archive"),
    "pdf": _csv(b"%PDF-1.4", "a PDF"),
    "transport file": _csv(_XPT, "a SAS transport file"),
    "parquet": _csv(b"PAR1xx", "a parquet file"),
    "data set": _csv(b"\0" * 12 + b"\xc2\xea\x81\x60xx", "a SAS data set"),
    "binary": _csv(b"a,b\n" * 9 + b"1\0,2\n", "a binary file"),
    "tsv that is a page": Case("subjects.tsv", b"<html>", ("subjects.tsv is not tab-separated text but",)),
}

ENCODINGS = {
    "UTF-16 without its mark": _csv(SUBJECTS.decode().encode("utf-16-le"), "UTF-16 text without its mark"),
    "UTF-16 cut inside a letter": _csv(
        SUBJECTS.decode().encode("utf-16")[:-1],
        "UTF-16 text that breaks off at byte",
        "save it again as UTF-8",
    ),
    "latin-1 not declared": _csv(
        _towns(b"Ulm", b"K\xf6ln", b"Bonn"),
        "subjects.csv, line 3: byte 0xf6 is not UTF-8",
        'write encoding = "latin-1" under [records.csv]',
        "or save the file as UTF-8",
    ),
    "two encodings": _csv(
        _towns("Zürich".encode(), b"K\xf6ln", b"Bonn"),
        "subjects.csv, line 3: byte 0xf6 is not UTF-8, but line 2 is: the file mixes encodings",
        "save the whole file as UTF-8",
    ),
    "two encodings, latin-1 declared": _csv(
        _towns("Zürich".encode(), b"K\xf6ln", b"Bonn"),
        "subjects.csv, line 2: 'ü' in UTF-8, the rest is latin-1: the file mixes encodings",
        study=_LATIN,
    ),
    "mark of UTF-8 before latin-1": _csv(
        b"\xef\xbb\xbf" + _towns(b"Ulm", b"K\xf6ln", b"Bonn"), "line 3: byte 0xf6 is not UTF-8"
    ),
    "byte that Windows does not have": _csv(
        _towns(b"Ulm", b"K\xf6ln", b"\x81"),
        "subjects.csv, line 4: byte 0x81 is not cp1252, which the study declares; save the file as UTF-8",
        study='records.csv.encoding = "cp1252"',
    ),
    "NUL far down": _csv(
        HEADER + b"".join(ROWS) + b"\n" * 5000 + b"004,control\0\n",
        "subjects.csv, line 5005: a NUL byte",
        "export it again",
    ),
}

HEADERS = {
    "column named twice": _csv(
        SUBJECTS.replace(b"site", b"age"), "subjects.csv: columns named more than once: age; keep one of each"
    ),
    "column without a name": _csv(
        SUBJECTS.replace(b"site", b" "),
        "subjects.csv: column(s) without a name: number 6; name or delete them",
    ),
    "delimiter at the end": _csv(SUBJECTS.replace(b"\n", b",\n"), "column(s) without a name: number 8"),
    "title above the header": _csv(
        b"Export of the trial\n" + SUBJECTS,
        "4 row(s) do not have the 1 fields of the header (row 1 has 7",
        "delete what stands above",
    ),
    "line that names the separator": _csv(b"sep=;\n" + SUBJECTS, "column(s) without a name: number 2"),
    "no line ends": _csv(
        SUBJECTS.replace(b"\n", b" "),
        "subjects.csv: the first line has ",
        "more than the 200 that a header may have",
        limits={"delimited.LARGEST_CELL": 200},
    ),
    "another delimiter than declared": _csv(
        SUBJECTS,
        "the header has no ';', which the study declares as delimiter, but commas; correct delimiter",
        study='records.csv.delimiter = ";"',
    ),
    "column missing": _csv(
        SUBJECTS.replace(b"arm", b"group"),
        "subjects.csv: required column 'arm' is missing",
        "found subject_id",
    ),
    "column misspelt": _csv(SUBJECTS.replace(b"arm", b"arms"), "Did you mean 'arms'?"),
}

ROWS_AND_QUOTES = {
    "row with a field too many": _csv(
        HEADER + _FIRST + b"x," + _SECOND,
        "subjects.csv: 1 row(s) do not have the 7 fields of the header (row 2 has 8); put fields that hold",
    ),
    "row with fields too few": _csv(
        HEADER + _FIRST + b"002,active\n" + _THIRD + b"x\n", "2 row(s)", "row 2 has 2, row 4 has 1"
    ),
    "cut short in a row": _csv(SUBJECTS[:-15], "1 row(s) do not have the 7 fields", "row 3 has 5"),
    "quote open to the end": _csv(
        HEADER + _FIRST + b'"' + _SECOND + _THIRD,
        "subjects.csv, row 2: a quotation mark is not closed",
        "put the field in quotes and double the marks inside it",
    ),
    "quote open to the next": _csv(
        HEADER + _FIRST + b'"' + _SECOND + b'"' + _THIRD, "row 2: a quotation mark is not closed (", "'\"002"
    ),
    "two rows joined without a word": _csv(
        _towns(b'"Ulm', b'"Bonn', b"Trier"), "subjects.csv, row 1: a quotation mark is not closed", '"Ulm'
    ),
    "quote inside a field": _csv(
        _towns(b"Ulm", b'5" nail', b"Bonn"),
        "row 2: a quotation mark stands inside a field that is not in quotes",
    ),
    "letters after a closing quote": _csv(_towns(b"Ulm", b'"a"b', b"Bonn"), "row 2: a quotation mark"),
    "quote open in the header": _csv(b'"' + SUBJECTS, "subjects.csv"),
    "field of 2 GB": _csv(
        _towns(b"Ulm", b"x" * 501, b"Bonn"),
        "subjects.csv, row 2: a field of 501 bytes, more than the 500 that one may have",
        "leave documents and images out",
        limits={"delimited.LARGEST_CELL": 500},
    ),
    "row longer than is read at a time": _csv(
        _towns(b"Ulm", b"x" * 5000, b"Bonn"),
        "subjects.csv: a row has more than 256 bytes",
        limits={"delimited._BLOCK": 256},
    ),
    "file of 2 GB": _csv(
        SUBJECTS,
        "subjects.csv has 0.0 GB, more than the 1e-07 GB that such a file may have; leave documents, images",
        limits={"files.LARGEST_FILE": 100},
    ),
}

VALUES = {
    "decimal comma not declared": _csv(
        with_value("age", '"70,5"'),
        "subjects.csv, column 'age': values that are not numbers in 1 row: row 2 ('70,5')",
        'write decimal = "," under [records.csv]',
    ),
    "thousands under a decimal comma": _csv(
        with_value("age", "1.234").replace(b",", b";"),
        "row 2 ('1.234'); write digits with a decimal comma",
        study='records.csv.decimal = ","',
    ),
    "words for a number": _csv(with_value("age", "sixty"), "column 'age'", "row 2 ('sixty')", "write digits"),
    "infinite number": _csv(with_value("age", "1e999"), "column 'age'", "row 2 ('1e999')"),
    "day number of Excel": _csv(
        with_value("treatment_date", "45698"),
        "column 'treatment_date': values that are not dates in 1 row: row 2 ('45698')",
        "As a day number of Excel, 45698 would be 2025-02-10: format the column as a date (yyyy-mm-dd)",
    ),
    "day number of SAS": _csv(
        with_value("treatment_date", "23782"),
        "row 2 ('23782')",
        "As a day number of SAS, 23782 would be 2025-02-10: give the column a date format",
    ),
    "day before month": _csv(with_value("treatment_date", "10/02/2025"), "row 2 ('10/02/2025')", "ISO 8601"),
    "day that does not exist": _csv(with_value("treatment_date", "2025-02-30"), "row 2 ('2025-02-30')"),
    "month that does not exist": _csv(with_value("treatment_date", "2025-13"), "row 2 ('2025-13')"),
    "unknown arm": _csv(
        with_value("arm", "Active"),
        "column 'arm': arms that the study does not have in 1 row: row 2 ('Active')",
    ),
    "arm empty": _csv(with_value("arm", ""), "column 'arm': empty in 1 row: row 2"),
    "subject twice": _csv(with_value("subject_id", "001"), "subjects listed before in 1 row: row 2 ('001')"),
    "empty row at the end": _csv(
        SUBJECTS + b",,,,,,\n", "subjects.csv: nothing in 1 row: row 4; delete rows that hold nothing"
    ),
}

TEXT_CASES = {**KINDS, **ENCODINGS, **HEADERS, **ROWS_AND_QUOTES, **VALUES}
