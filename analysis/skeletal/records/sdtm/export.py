"""Write trial records as SDTM domains: the standard mapping, read the other way round."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.errors import InvalidRecords
from skeletal.study import RecordsMapping, TableMapping, sdtm_mapping
from skeletal.tables import DERIVED, TABLES

from ..convert import as_text, word
from ..faults import name_rows
from ..write import write_xpt
from .domains import Domains
from .joins import split_source
from .people import demographics, people_of
from .variables import sdtm_label, short_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import BoolArray

    from ..schema import TrialRecords

_LONGEST = 200  # bytes of a text in a SAS transport file of version 5
_FLAGS = {"Y": True, "N": False}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SdtmExport:
    """Records as SDTM, and the mapping that makes the same records of it.

    Attributes
    ----------
    domains : mapping of str to DataFrame
        Domains and supplemental qualifiers by upper-case name; numbers are ``float64``, the rest text.
    mapping : RecordsMapping
        For the study file that reads them; :func:`skeletal.study.mapping_text` writes it.
    """

    domains: Mapping[str, pd.DataFrame]
    mapping: RecordsMapping


def export_sdtm(records: TrialRecords, *, study_id: str = "STUDY") -> SdtmExport:
    """Write trial records as SDTM domains.

    Every column has the place that the standard mapping (:func:`skeletal.study.sdtm_mapping`) gives it;
    columns that it does not know become supplemental qualifiers.  Persons who were screened and not
    randomised are in DM, with ARMCD ``SCRNFAIL`` (not eligible) or ``NOTASSGN``.

    Parameters
    ----------
    records : TrialRecords
        Their tables; ``source`` and ``source_row`` are not written.
    study_id : str
        STUDYID of every row.

    Returns
    -------
    SdtmExport
        The domains, and the mapping that reads them back.  Rows of a table that is spread over several
        domains (procedures: EX and PR; assessments: SV and PR) come back domain by domain; what is missing
        in a whole column comes back as text.

    Raises
    ------
    InvalidRecords
        All problems together: texts that a SAS transport file does not hold (longer than 200 bytes, or
        with a blank at an end), rows that a finding could not be linked to because their identifiers
        are missing or repeated.

    Notes
    -----
    Not written, because records do not have it: COUNTRY, --DY, EPOCH, dictionary codes beyond the words of
    the records, and the dates of baseline findings.

    References
    ----------
    CDISC SDTMIG 3.4: 4.1.2 (names, lengths), 5.2 (DM), 6 (domains), 8.4 (SUPP--).

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> subjects = {"subject_id": ["S1"], "arm": ["a"], "randomised_date": ["2025-03"], "smoker": ["true"]}
    >>> export = export_sdtm(make_records({"subjects": pd.DataFrame(subjects)}))
    >>> export.domains["SUPPDM"][["USUBJID", "QNAM", "QLABEL", "QVAL"]]
      USUBJID    QNAM  QLABEL QVAL
    0      S1  SMOKER  Smoker    Y
    >>> export.mapping.tables["subjects"][0].columns["randomised_date"]
    'RANDOM.DSSTDTC'

    R: haven::read_xpt()  SAS: LIBNAME ... XPORT
    """
    problems: list[str] = []
    tables = {
        name: frame.drop(columns=["source", "source_row"]).reset_index(drop=True)
        for name, frame in records.tables.items()
        if name not in DERIVED
    }
    for name, frame in tables.items():
        problems += _text_problems(name, frame)
    people = people_of(tables)
    domains = Domains(study_id=study_id)
    standard = sdtm_mapping()
    used: dict[str, list[TableMapping]] = {}
    for name, frame in tables.items():
        used[name] = []
        for whole, rows in _spread(standard.tables[name], frame):
            part = _cut(name, whole, rows, _extra(standard.tables[name], frame))
            domains.add(name, (part, whole), rows, people[name].loc[rows.index], problems)
            used[name].append(part)
    demographics(domains, tables)
    if problems:
        raise InvalidRecords(problems)
    parts = {name: tuple(parts) for name, parts in used.items()}
    return SdtmExport(domains=domains.finished(), mapping=RecordsMapping(format="sdtm", tables=parts))


def write_sdtm(export: SdtmExport, folder: str | Path) -> list[Path]:
    """Write each domain as a SAS transport file (version 5) with its labels.

    Parameters
    ----------
    export : SdtmExport
        What :func:`export_sdtm` returns.
    folder : str or Path
        Made if absent; other files in it are left alone.

    Returns
    -------
    list of Path
        The files, by lower-case name of the domain.
    """
    return [
        write_xpt(
            frame,
            Path(folder) / f"{name.lower()}.xpt",
            name=name,
            labels={column: sdtm_label(column) for column in frame.columns},
        )
        for name, frame in export.domains.items()
    ]


def _text_problems(name: str, frame: pd.DataFrame) -> list[str]:
    problems: list[str] = []
    for column in map(str, frame.columns):
        text = frame[column]
        if not isinstance(text.dtype, pd.StringDtype):
            continue
        values = text.fillna("").tolist()
        kinds = {
            f"texts longer than {_LONGEST} bytes": [len(value.encode()) > _LONGEST for value in values],
            "texts with a blank at an end, or a null character": [
                value != value.strip() or "\0" in value for value in values
            ],
        }
        problems += [
            f"{name}, column {column!r}: {words} in {name_rows(faults, text)}; SAS transport files do not "
            "hold them: shorten or trim them"
            for words, faults in kinds.items()
            if any(faults)
        ]
    return problems


def _spread(parts: tuple[TableMapping, ...], frame: pd.DataFrame) -> list[tuple[TableMapping, pd.DataFrame]]:
    """Return the parts of the standard mapping with the rows that each takes.

    A row goes to the first part that says all of it; the last part that is not optional takes what is left.
    """
    parts = tuple(part for part in parts if not any("." in column for column in part.where))
    last = next((part for part in reversed(parts) if not part.optional), parts[-1])
    known = _known(parts)
    spread: list[tuple[TableMapping, pd.DataFrame]] = []
    rest = pd.Series(True, index=frame.index)
    for part in parts:
        taken = rest & _says_all(part, frame, known)
        if part is last:
            taken = rest.copy()
        if taken.any() or part is last:
            rows = frame[taken]
            rest &= ~taken
            if part is not last or len(rows) or not spread:
                spread.append((part, rows))
    return spread


def _known(parts: tuple[TableMapping, ...]) -> set[str]:
    return {column for part in parts for column in (*part.columns, *part.constants)}


def _extra(parts: tuple[TableMapping, ...], frame: pd.DataFrame) -> dict[str, str]:
    """Return a short name for each column that the standard mapping does not know."""
    known = _known(parts)
    return short_names([str(column) for column in frame.columns if column not in known])


def _says_all(part: TableMapping, frame: pd.DataFrame, known: set[str]) -> Any:
    """Return which rows a part can say in full: its constants hold, its codes exist, the rest is missing."""
    rows = pd.Series(all(column in frame.columns for column in part.constants), index=frame.index)
    for column, value in part.constants.items():
        if column in frame.columns:
            rows &= (as_text(frame[column]) == word(value)).fillna(False).to_numpy(dtype=bool)
    for column in known - set(part.columns) - set(part.constants):
        if column in frame.columns:
            rows &= frame[column].isna()
    for column, codes in part.values.items():  # noqa: PD011
        if column in frame.columns:
            rows &= _has_code(frame[column], codes)
    return rows


def _has_code(values: pd.Series[Any], codes: Mapping[str, Any]) -> BoolArray:
    text = as_text(values)
    coded = text.isin([word(ours) for ours in codes.values()]) | text.isna()
    return coded.to_numpy(dtype=bool)


def _cut(table: str, part: TableMapping, rows: pd.DataFrame, extra: Mapping[str, str]) -> TableMapping:
    """Return a part with the columns of ``rows``: those that it knows, and ``extra`` as qualifiers."""
    columns, constants = {}, dict(part.constants)
    for column in map(str, rows.columns):
        source = part.columns.get(column)
        if column in extra:
            source = f"SUPP{part.domain}.{extra[column]}"
        if source and "." in source and rows[column].isna().all():
            constants[column] = ""  # no row elsewhere can say that a column is there
        elif source:
            columns[column] = source
    codes = {
        column: dict(items)
        for column, items in part.values.items()  # noqa: PD011
        if column in columns and _has_code(rows[column], items).all()
    }
    undeclared = [
        column
        for column in columns
        if column not in TABLES[table].columns and pd.api.types.is_bool_dtype(rows[column].dtype)
    ]
    joins = {split_source(source).join for source in columns.values()}
    return part.model_copy(
        update={
            "columns": columns,
            "constants": constants,
            "values": codes | dict.fromkeys(undeclared, _FLAGS),
            "units": {column: unit for column, unit in part.units.items() if column in columns},
            "joins": {name: join for name, join in part.joins.items() if name in joins},
        }
    )
