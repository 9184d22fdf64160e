"""What must be known of a workbook before its cells are read: size, extent and formula errors.

The reader gives an error cell as an empty one and takes room for the whole rectangle of a sheet, so both
are looked up in the package (``.xlsx`` is a zip of XML).
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from skeletal.errors import InvalidRecords

from .limits import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_SHEET = 20_000_000  # cells of the rectangle from A1 to the last one
_WIDEST = 16_384  # columns of a sheet
_ERROR = re.compile(rb'<c\s[^>]*\bt="e"[^>]*>(.*?)</c>', re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_CELL = re.compile(rb'<c\s(?:[^>]*\s)?r="([A-Z]{1,3})(\d{1,7})"')
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def check_package(name: str, data: bytes) -> None:
    """Refuse a workbook that unpacks to more than a file may have, or a sheet that is too large.

    Raises
    ------
    InvalidRecords
        If so, or if the package is broken.
    """
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check_parts(name, package)
    except InvalidRecords:
        raise
    except Exception as error:  # zlib has an error of its own
        raise InvalidRecords(f"{name} is broken or cut short ({error}); save it again in Excel") from None


def _check_parts(name: str, package: zipfile.ZipFile) -> None:
    size = sum(item.file_size for item in package.infolist())
    if size > LARGEST_FILE:
        raise InvalidRecords(
            f"{name} unpacks to {size / 1e9:.1f} GB, more than the {LARGEST_FILE / 1e9:.1f} GB that a "
            "file may have; save the tables as csv or parquet"
        )
    for item in package.namelist():
        if item.startswith("xl/worksheets/") and item.endswith(".xml"):
            _check_extent(name, package.read(item))


def _check_extent(name: str, xml: bytes) -> None:
    """Refuse a sheet with a stray cell far out; a sheet of few rows cannot be too large."""
    rows = [int(row) for row in re.findall(rb'<row\s(?:[^>]*\s)?r="(\d{1,7})"', xml)]
    if max(rows, default=0) * _WIDEST <= LARGEST_SHEET:
        return
    places = {found.group(1) for found in _CELL.finditer(xml)}
    height, width = max(rows), max((_number(letters) for letters in places), default=0)
    if height * width > LARGEST_SHEET:
        raise InvalidRecords(
            f"{name}: a sheet reaches to row {height:,} and column {width:,}, more than the "
            f"{LARGEST_SHEET:,} cells that one may have; delete the stray cells or save it as csv"
        )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def error_cells(data: bytes, sheet: str) -> list[str]:
    """Return the cells of a sheet whose formula ended in an error, as ``E2 (#REF!)``."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return list(_errors_of(package, sheet))


def _errors_of(package: zipfile.ZipFile, sheet: str) -> Iterator[str]:
    target = _sheet_file(package, sheet)
    xml = package.read(target) if target in package.namelist() else b""
    for found in _ERROR.finditer(xml):
        place, value = _PLACE.search(found.group(0)), _VALUE.search(found.group(1))
        cell = b"".join(place.groups()).decode() if place else "a cell"
        yield f"{cell} ({value.group(1).decode() if value else 'error'})"


def _sheet_file(package: zipfile.ZipFile, sheet: str) -> str:
    """Return the part of the package that holds a sheet."""
    book = ET.fromstring(package.read("xl/workbook.xml"))  # noqa: S314
    parts = ET.fromstring(package.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {part.get("Id"): part.get("Target", "") for part in parts}
    for item in book.iter():
        if item.tag.endswith("}sheet") and item.get("name") == sheet:
            target = targets.get(item.get(_ID), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""
