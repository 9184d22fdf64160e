"""Excel workbooks: each sheet a table, its first row the header, cells as they are typed."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import python_calamine

from skeletal.errors import InvalidRecords, name_some

from .header import check_header
from .old_workbook_cells import check_old_extent, old_error_cells
from .workbook_cells import check_package, error_cells

if TYPE_CHECKING:
    from collections.abc import Iterable

_LETTERS = 26


def workbook_frames(
    name: str, data: bytes, wanted: Iterable[str], stem: str, problems: list[str]
) -> dict[str, tuple[str, pd.DataFrame]]:
    """Return table -> sheet and its frame; add to ``problems`` the sheets that cannot be tables.

    A sheet is the table of its name, in any case.  A workbook with one filled sheet whose name is no table
    is the table that the workbook is named after.  Numbers and flags come as typed, date cells as ISO 8601
    text, a column of several types as text; blank cells are missing.  Rows and columns that hold nothing
    are left out at the end.

    Raises
    ------
    InvalidRecords
        If the file is no workbook, has a password or is broken, or is named after a table while several
        sheets could be it.
    """
    book = _opened(name, data)
    known = set(wanted)
    sheets = [(sheet.lower().strip(), sheet) for sheet in book.sheet_names]
    found = [(table, sheet) for table, sheet in sheets if table in known]
    if not found and stem in known:
        found = [(stem, _only_sheet(name, book, stem))]
    frames = {}
    for table, sheet in found:
        try:
            frames[table] = (sheet, _sheet_frame(name, data, book, sheet))
        except InvalidRecords as error:
            problems += error.problems
    return frames


def _only_sheet(name: str, book: Any, stem: str) -> str:
    if not book.sheet_names:
        raise InvalidRecords(f"{name} is broken: it holds no sheet; save it again in Excel")
    filled = [sheet for sheet in book.sheet_names if _cells(name, book, sheet)]
    if len(filled) > 1:
        raise InvalidRecords(
            f"{name} has {len(filled)} sheets ({name_some(filled)}) and none is named after a table; name "
            f"the sheet {stem!r}, or leave one sheet"
        )
    return str((filled or book.sheet_names)[0])


def _sheet_frame(name: str, data: bytes, book: Any, sheet: str) -> pd.DataFrame:
    cells = _cells(name, book, sheet)
    where = f"{name}, sheet {sheet}"
    if not cells:
        raise InvalidRecords(f"{where} is empty; export the table again, with a header line")
    header = [_word(cell) for cell in cells[0]]
    check_header(where, header, first="row", describe=_lettered)
    errors = _errors(where, data, book, sheet)
    if errors:
        raise InvalidRecords(
            f"{where}: {len(errors)} cell(s) with a formula error ({name_some(errors)}); correct the "
            "formulas or empty the cells"
        )
    columns = zip(*cells[1:], strict=True) if len(cells) > 1 else [()] * len(header)
    return pd.DataFrame({title: _column(list(each)) for title, each in zip(header, columns, strict=True)})


def _errors(where: str, data: bytes, book: Any, sheet: str) -> list[str]:
    """Return the cells with a formula error, as ``E2 (#REF!)``."""
    try:
        if data.startswith(b"PK"):
            return error_cells(data, sheet)
        found = old_error_cells(data, book.sheet_names.index(sheet))
    except Exception as error:
        raise _broken(where, error) from None
    return [f"{_letters(column)}{row + 1} ({fault})" for row, column, fault in found]


def _opened(name: str, data: bytes) -> Any:
    """Open a workbook; a fault of the reader's own code is a broken file too."""
    check_package(name, data)
    try:
        if not data.startswith(b"PK"):
            check_old_extent(data)
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except python_calamine.PasswordError:
        raise InvalidRecords(f"{name} has a password; save it again without one") from None
    except BaseException as error:
        raise _broken(name, error) from None


def _broken(name: str, error: BaseException) -> BaseException:
    """Return the error to raise: a panic of the reader is no ``Exception``, but no stop of the program."""
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        return error
    reason = (str(error).splitlines() or ["no reason given"])[0]
    return InvalidRecords(f"{name} is broken or cut short ({reason:.200}); save it again in Excel")


def _cells(name: str, book: Any, sheet: str) -> list[list[Any]]:
    """Return the rows of a sheet up to the last one and the last column that hold something."""
    try:
        rows: list[list[Any]] = book.get_sheet_by_name(sheet).to_python()
    except BaseException as error:
        raise _broken(f"{name}, sheet {sheet}", error) from None
    widths = [_width(row) for row in rows]
    height = max((at for at, width in enumerate(widths, start=1) if width), default=0)
    widest = max(widths, default=0)
    return [row[:widest] for row in rows[:height]]


def _width(row: list[Any]) -> int:
    """Return the number of cells up to the last one that holds something."""
    for at in range(len(row), 0, -1):
        if not _blank(row[at - 1]):
            return at
    return 0


def _blank(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _word(cell: Any) -> str:
    """Return a cell as text; whole numbers have no point."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)


def _column(cells: list[Any]) -> pd.Series[Any]:
    """Return a column of one type as such, a mixed one as text."""
    kinds = {type(cell) for cell in cells if not _blank(cell)}
    if kinds == {bool}:
        return pd.Series([pd.NA if _blank(cell) else cell for cell in cells], dtype="boolean")
    if kinds and kinds <= {int, float}:
        return pd.Series([np.nan if _blank(cell) else cell for cell in cells], dtype="float64")
    return pd.Series([pd.NA if _blank(cell) else _word(cell) for cell in cells], dtype="string")


def _lettered(places: list[int]) -> str:
    return f"{name_some(map(_letters, places))} (merged cells name one column)"


def _letters(number: int) -> str:
    """Return the letters of a column counted from 0, as Excel names it."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters
