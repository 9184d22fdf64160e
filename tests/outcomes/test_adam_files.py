"""Files, define table and other readers agree: names, order, types, lengths, formats, labels and values."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from tests.support.adam_files import STUDIES, trial_outcomes

from skeletal.outcomes import adam_data_sets, define_tables, write_data_sets

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {
    "hermes": ["adpain", "adrecur", "adsl", "adsre", "adtte"],
    "perform": ["adrecur", "adsl", "adsre", "adtte"],
    "rfa-ba": ["adpain", "adrecur", "adsl", "adsre", "adtte"],
    "rt-vertebroplasty": ["adpain", "adrecur", "adsl", "adsre", "adtte"],
    "tiny": ["adrecur", "adsl", "adsre", "adtte"],
}


@pytest.fixture(scope="module", params=STUDIES)
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    outcomes = trial_outcomes(request.param)
    data_sets = adam_data_sets(outcomes)
    write_data_sets(data_sets, folder)
    return request.param, folder, data_sets, outcomes


def described(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "define.csv", keep_default_na=False)


def test_each_study_has_its_data_sets_and_pain_only_where_it_is_measured(written) -> None:
    name, folder, _, _ = written
    assert sorted(path.stem for path in folder.glob("*.xpt")) == NAMES[name]
    assert sorted(path.stem for path in folder.glob("ad*.csv")) == NAMES[name]


def test_define_and_transport_files_agree_in_every_variable(written) -> None:
    _, folder, _, _ = written
    define = described(folder)
    found = []
    for path in folder.glob("*.xpt"):
        frame, about = pyreadstat.read_xport(str(path))
        assert about.table_name == path.stem.upper()
        for column in frame.columns:
            text = about.readstat_variable_types[column] == "string"
            shown = about.original_variable_types[column]
            assert shown is None or text is False
            found.append(
                (
                    about.table_name,
                    column,
                    about.column_names_to_labels[column],
                    "Char" if text else "Num",
                    about.variable_storage_width[column],
                    "" if shown is None else shown.removesuffix(".0"),
                )
            )
    columns = ["dataset", "variable", "label", "type", "length", "format"]
    wanted = define[columns].assign(format=define["format"].str.removesuffix("."))

    assert sorted(set(wanted["dataset"])) == sorted({row[0] for row in found})
    for name in set(wanted["dataset"]):
        mine = wanted.loc[wanted["dataset"] == name]
        assert list(mine.itertuples(index=False, name=None)) == [row for row in found if row[0] == name]


def test_every_variable_is_described(written) -> None:
    _, folder, data_sets, _ = written
    define = described(folder)

    assert not define.duplicated(["dataset", "variable"]).any()
    assert (define[["label", "origin", "derivation", "source"]] != "").all(axis=None)
    assert define["variable"].str.fullmatch("[A-Z][A-Z0-9]{0,7}").all()
    assert (define["label"].str.encode("utf-8").str.len() <= 40).all()
    assert define["length"].between(1, 200).all()
    for made in data_sets:
        csv = pd.read_csv(folder / f"{made.name.lower()}.csv", nrows=0)
        assert list(csv.columns) == define.loc[define["dataset"] == made.name, "variable"].tolist()


def test_one_variable_has_one_label_and_type_in_all_data_sets(written) -> None:
    define = described(written[1])

    assert (
        not define[["variable", "label", "type", "format"]].drop_duplicates()["variable"].duplicated().any()
    )


def test_keys_tell_the_rows_apart_and_are_never_missing_but_for_the_lesion(written) -> None:
    for made in written[2]:
        keys = list(made.keys)
        assert not made.frame.duplicated(keys).any()
        assert made.frame[[key for key in keys if key != "LNKID"]].notna().all(axis=None)


def test_a_parameter_has_one_code_one_name_and_one_number_in_all_data_sets(written) -> None:
    parts = [made.frame[["PARAMCD", "PARAM", "PARAMN"]] for made in written[2] if "PARAMCD" in made.frame]
    found = pd.concat(parts).drop_duplicates()

    assert not found["PARAMCD"].duplicated().any()
    assert not found["PARAM"].duplicated().any()
    assert not found["PARAMN"].duplicated().any()


def test_values_outside_a_codelist_do_not_occur(written) -> None:
    values = define_tables(written[2]).codes
    for made in written[2]:
        mine = values.loc[values["dataset"] == made.name]
        for variable in mine["variable"].unique():
            codes = mine.loc[mine["variable"] == variable]
            shown = made.frame[variable].dropna()
            if pd.api.types.is_float_dtype(shown.dtype):
                shown = shown.astype(np.int64).astype("string")
            if (codes["parameter"] == "").all():
                assert set(shown) <= set(codes["value"]), variable
                continue
            of = made.frame.loc[shown.index, "PARAMCD"]
            listed = of.isin(codes["parameter"])
            allowed = set(zip(codes["parameter"], codes["value"], strict=True))
            assert set(zip(of[listed], shown[listed], strict=True)) <= allowed, variable
            assert variable == "AVAL" or listed.all()


def test_a_code_of_cnsr_says_in_define_what_the_row_says(written) -> None:
    name, _, data_sets, _ = written
    values = define_tables(data_sets).codes.query("dataset == 'ADTTE' and variable == 'CNSR'")
    adtte = next(made.frame for made in data_sets if made.name == "ADTTE")
    code = adtte["CNSR"].astype(np.int64).astype("string")
    words = adtte.assign(value=code).merge(
        values, left_on=["PARAMCD", "value"], right_on=["parameter", "value"], how="left"
    )
    censored = (words["EVNTDESC"] == "Censored").to_numpy()
    competing = ((words["CNSR"] > 0) & ~censored).to_numpy()

    assert (words.loc[words["CNSR"] == 0, "meaning"] == "Event").all()
    assert (words["meaning"][censored] == "Censored: " + words["CNSDTDSC"][censored]).all()
    assert (words["meaning"][competing] == words["CNSDTDSC"][competing] + " (competing event)").all()
    assert censored.any()
    assert competing.any() or name == "tiny"


def test_transport_files_hold_the_values_of_the_csv_files(written) -> None:
    _, folder, data_sets, _ = written
    for made in data_sets:
        name = made.name.lower()
        xpt, _ = pyreadstat.read_xport(str(folder / f"{name}.xpt"))
        csv = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        kinds = {item.name: item.kind for item in made.variables}
        for column, kind in kinds.items():
            assert same(xpt[column], csv[column], kind), (name, column)


def same(values: pd.Series, texts: pd.Series, kind: str) -> bool:
    """Compare a column of a transport file with the text of the csv file."""
    if kind == "text":
        return values.tolist() == texts.tolist()
    if kind == "date":
        return ["" if pd.isna(value) else str(value)[:10] for value in values] == texts.tolist()
    numbers = pd.to_numeric(texts)
    return bool(np.array_equal(values.to_numpy(dtype=float), numbers.to_numpy(dtype=float), equal_nan=True))


def test_the_same_outcomes_make_the_same_bytes(written, tmp_path) -> None:
    _, folder, _, outcomes = written
    outcomes.to_adam(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in folder.iterdir()}
    assert all(path.read_bytes() == (folder / path.name).read_bytes() for path in tmp_path.iterdir())


HAVEN = """
library(haven)
folder <- commandArgs(TRUE)[1]
about <- NULL
for (file in list.files(folder, pattern = "[.]xpt$")) {
  x <- read_xpt(file.path(folder, file))
  for (name in names(x)) {
    v <- x[[name]]
    at <- function(key) if (is.null(attr(v, key))) "" else attr(v, key)
    about <- rbind(about, c(sub("[.]xpt$", "", file), name, at("label"), at("format.sas"), class(v)[1]))
  }
  shown <- as.data.frame(lapply(x, function(v)
    if (is.character(v)) v
    else if (inherits(v, "Date")) format(v)
    else ifelse(is.na(v), NA, sprintf("%.17g", as.numeric(v)))))
  write.csv(shown, file.path(folder, sub("xpt$", "haven.csv", file)), row.names = FALSE, na = "")
}
colnames(about) <- c("dataset", "variable", "label", "format", "class")
write.csv(about, file.path(folder, "haven.csv"), row.names = FALSE)
"""


def haven() -> str:
    """Return the program that runs R, or skip where it or the package is absent."""
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("Rscript is absent")
    asked = [program, "-e", "quit(status = !requireNamespace('haven', quietly = TRUE))"]
    if subprocess.run(asked, check=False, capture_output=True).returncode:
        pytest.skip("the R package haven is absent")
    return program


def test_haven_reads_the_same_labels_formats_and_values(written, tmp_path) -> None:
    program = haven()
    _, folder, data_sets, _ = written
    for path in folder.glob("*.xpt"):
        shutil.copy(path, tmp_path)
    (tmp_path / "read.R").write_text(HAVEN)
    subprocess.run([program, str(tmp_path / "read.R"), str(tmp_path)], check=True, capture_output=True)
    about = pd.read_csv(tmp_path / "haven.csv", keep_default_na=False)
    kinds = {"text": "character", "whole": "numeric", "number": "numeric", "date": "Date"}
    for made in data_sets:
        name = made.name.lower()
        mine = about.loc[about["dataset"] == name]
        assert mine["variable"].tolist() == [item.name for item in made.variables]
        assert mine["label"].tolist() == [item.label for item in made.variables]
        assert mine["format"].tolist() == [item.format.removesuffix(".") for item in made.variables]
        read = pd.read_csv(tmp_path / f"{name}.haven.csv", dtype=str, keep_default_na=False)
        csv = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        assert len(read) == len(csv)
        for item in made.variables:
            assert kinds[item.kind] == mine.set_index("variable")["class"][item.name] or csv.empty
            values = read[item.name] if item.kind in ("text", "date") else pd.to_numeric(read[item.name])
            assert same(values, csv[item.name], "text" if item.kind == "date" else item.kind), item.name
