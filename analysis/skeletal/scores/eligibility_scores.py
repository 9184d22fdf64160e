"""The scores that criteria ask for, made from the columns of subjects and lesions, with the reasons.

A total that was recorded in a column named like the score is taken where its items are not all known; where
both are known and differ, the score is not assessable.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument
from skeletal.records import parse_dates

from .eligibility_rules import SEPARATOR, Cells, Quantity, having, read_cells
from .linden import linden
from .mirels import LESION as MIRELS_LESION
from .mirels import PAIN as MIRELS_PAIN
from .mirels import SIZE, mirels
from .nrf import nrf
from .performance import kps_from_ecog
from .primaries import PRIMARY_TUMOURS
from .renal import SEX, cockcroft_gault
from .sins import ALIGNMENT, COLLAPSE, POSTEROLATERAL, sins
from .sins import LESION as SINS_LESION
from .sins import LOCATION as SINS_LOCATION
from .sins import PAIN as SINS_PAIN
from .vertebrae import LEVELS, level_distance, parse_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from skeletal.arrays import FloatArray, LabelArray

LIMB_OF_BONE: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("humerus", "radius", "ulna", "clavicle", "scapula", "metacarpal"), "upper_limb")
    | dict.fromkeys(("femur", "tibia", "fibula", "patella", "metatarsal"), "lower_limb")
)
RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"mirels": (4, 12), "sins": (0, 18), "nrf": (0, 3), "linden": (0, 6)}
)
TROCHANTERIC = ("peritrochanteric", "trochanteric", "intertrochanteric", "subtrochanteric")
THIRDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "<1/3": (0.0, np.nextafter(1 / 3, 0)),
        "1/3-2/3": (np.nextafter(1 / 3, 1), 2 / 3),
        ">2/3": (np.nextafter(2 / 3, 1), 1.0),
    }
)


class Frames(NamedTuple):
    """The rows to score, of ``table``, and the row of subjects that belongs to each."""

    table: str
    own: pd.DataFrame
    subjects: pd.DataFrame


def _labels(frame: pd.DataFrame, table: str, name: str, allowed: Iterable[str]) -> Cells:
    allowed = tuple(allowed)
    cells = read_cells(frame, table, name, "text")
    rule = f"one of {', '.join(allowed)}" if len(allowed) < 10 else "a label that the score knows"
    return having(cells, cells.content.isin(allowed), rule)


def _numbers(
    frame: pd.DataFrame, table: str, name: str, least: float, most: float, *, step: float | None = None
) -> Cells:
    cells = read_cells(frame, table, name, "number")
    values = cells.content.to_numpy(dtype=np.float64, na_value=np.nan)
    valid = (values >= least) & (values <= most)
    rule = f"at least {least:g}" if np.isinf(most) else f"from {least:g} to {most:g}"
    if step is not None:
        valid &= values % step == 0
        rule += f" in steps of {step:g}"
    return having(cells, valid, rule)


def _positive(frame: pd.DataFrame, table: str, name: str) -> Cells:
    cells = read_cells(frame, table, name, "number")
    return having(cells, (cells.content > 0).to_numpy(dtype=bool), "above 0")


def _fraction_or_label(frame: pd.DataFrame, name: str, labels: Iterable[str], most: float) -> Cells:
    """Return a column that holds a number from 0 to ``most``, or one of ``labels``, as text."""
    labels = tuple(labels)
    cells = read_cells(frame, "lesions", name, "text")
    found = pd.to_numeric(cells.content.astype(object), errors="coerce").to_numpy(dtype=np.float64)
    valid = cells.content.isin(labels).to_numpy(dtype=bool) | ((found >= 0) & (found <= most))
    return having(cells, valid, f"a number from 0 to {most:g} or one of {', '.join(labels)}")


def _objects(cells: Cells) -> pd.Series[Any]:
    """Return values as a score function takes them."""
    return cells.content.astype(object)


def _why(cells: Sequence[Cells]) -> LabelArray:
    """Return the reasons of all cells that are missing, joined."""
    text = np.full(len(cells[0].content), "", dtype=np.object_)
    for each in cells:
        gap = np.where((text == "") | (each.reason == ""), "", ", ").astype(object)
        text = text + gap + each.reason
    return text


def _scored(frames: Frames, name: str, words: str, result: pd.DataFrame, cells: Sequence[Cells]) -> Quantity:
    """Return totals with the points of each item, taking a recorded total where items are missing."""
    total = result["total"].to_numpy(dtype=np.float64)
    items = [column for column in result.columns if column not in ("total", "band")]
    names = [item.replace("_", " ") for item in items]
    made = [
        f"{words} {each:g} ({', '.join(map('{} {:g}'.format, names, points))})"
        for each, *points in zip(total, *(result[item] for item in items), strict=True)
    ]
    why = _why(cells)
    why = np.where(why == "", "an item has no points in the published table", why)
    missing = f"{words} cannot be made: " + why.astype(object)
    text = np.where(np.isnan(total), missing, np.array(made, dtype=object))
    if name not in frames.own:
        return Quantity(low=total, high=total, text=text)
    cells_of_total = _numbers(frames.own, frames.table, name, *RANGES[name], step=1)
    recorded = cells_of_total.content.to_numpy(dtype=np.float64, na_value=np.nan)
    differ = ~np.isnan(total) & ~np.isnan(recorded) & (total != recorded)
    taken = np.isnan(total) & ~np.isnan(recorded)
    noted = [f"{words} {item:g} as recorded" for item in recorded]
    doubt = [
        f"{words} is recorded as {item:g} but is {each}" for item, each in zip(recorded, made, strict=True)
    ]
    text = np.select([differ, taken], [np.array(doubt, dtype=object), np.array(noted, dtype=object)], text)
    total = np.where(differ, np.nan, np.where(taken, recorded, total))
    return Quantity(low=total, high=total, text=text)


def _mirels_site(frame: pd.DataFrame, femoral_neck: str) -> Cells:
    """Return the site of Mirels' score from bone and region."""
    bone = _labels(frame, "lesions", "bone", LIMB_OF_BONE)
    region = read_cells(frame, "lesions", "region", "text")
    site = bone.content.map(dict(LIMB_OF_BONE)).astype("string")
    femur = (bone.content == "femur").to_numpy(dtype=bool, na_value=False)
    places = list(TROCHANTERIC) + (["femoral_neck"] if femoral_neck == "peritrochanteric" else [])
    high = region.content.str.contains("|".join(rf"\b{place}\b" for place in places), na=False)
    site = site.mask(femur & high.to_numpy(dtype=bool), "peritrochanteric")
    unknown = femur & ~region.known
    reason = np.where(unknown, region.reason, bone.reason)
    return Cells(content=site.mask(unknown), shown=bone.shown, reason=reason)


def _mirels(frames: Frames, using: Mapping[str, str]) -> Quantity:
    own = frames.own
    cells = [
        _mirels_site(own, using.get("femoral_neck", "lower_limb")),
        _labels(own, "lesions", "pain_pattern", MIRELS_PAIN),
        _labels(own, "lesions", "matrix", MIRELS_LESION),
        _fraction_or_label(own, "cortical_involvement", SIZE, 1),
    ]
    boundary = cast("Any", using.get("boundary", "middle"))
    result = mirels(*(_objects(each) for each in cells), boundary=boundary)
    return _scored(frames, "mirels", "Mirels score", result, cells)


def _sins(frames: Frames, using: Mapping[str, str]) -> Quantity:
    own = frames.own
    cells = [
        _labels(own, "lesions", "vertebral_level", SINS_LOCATION),
        _labels(own, "lesions", "pain_pattern", SINS_PAIN),
        _labels(own, "lesions", "matrix", SINS_LESION),
        _labels(own, "lesions", "alignment", ALIGNMENT),
        _fraction_or_label(own, "collapse", COLLAPSE, 100),
        _labels(own, "lesions", "posterolateral", POSTEROLATERAL),
    ]
    half = cast("Any", using.get("half", "below"))
    result = sins(*(_objects(each) for each in cells), half=half)
    return _scored(frames, "sins", "SINS", result, cells)


def _nrf(frames: Frames, using: Mapping[str, str]) -> Quantity:
    own = frames.own
    cells = [
        _labels(own, "subjects", "primary_tumour", PRIMARY_TUMOURS),
        read_cells(own, "subjects", "other_metastases", "flag"),
        _numbers(own, "subjects", "kps", 0, 100, step=10),
    ]
    cutoff = cast("Any", using.get("kps_cutoff", "<=60"))
    result = nrf(*(_objects(each) for each in cells), kps_cutoff=cutoff)
    return _scored(frames, "nrf", "NRF score", result, cells)


def _linden(frames: Frames, using: Mapping[str, str]) -> Quantity:  # noqa: ARG001 - one signature for all
    own = frames.own
    cells = [
        _labels(own, "subjects", "primary_tumour", PRIMARY_TUMOURS),
        read_cells(own, "subjects", "visceral_metastases", "flag"),
        _numbers(own, "subjects", "kps", 0, 100, step=10),
    ]
    result = linden(*(_objects(each) for each in cells))
    return _scored(frames, "linden", "Linden score", result, cells)


def _kps(frames: Frames, using: Mapping[str, str]) -> Quantity:
    """Return Karnofsky status, from ECOG where it is missing and a map is named."""
    recorded = _numbers(frames.own, "subjects", "kps", 0, 100, step=10)
    low = high = recorded.content.to_numpy(dtype=np.float64, na_value=np.nan)
    text = np.where(recorded.known, recorded.shown, recorded.reason)
    mapping = using.get("mapping", "recorded")
    if mapping == "recorded":
        return Quantity(low=low, high=high, text=text)
    ecog = _numbers(frames.own, "subjects", "ecog", 0, 5, step=1)
    found = kps_from_ecog(_objects(ecog), mapping=cast("Any", mapping))
    low = np.where(recorded.known, low, found["kps_lowest"])
    high = np.where(recorded.known, high, found["kps_highest"])
    made = [
        f"kps {least:g}" + (f" to {most:g}" if most > least else "") + f" from {shown} ({mapping} map)"
        for least, most, shown in zip(low, high, ecog.shown, strict=True)
    ]
    made_or_not = np.where(ecog.known, np.array(made, dtype=object), text + SEPARATOR + ecog.reason)
    return Quantity(low=low, high=high, text=np.where(recorded.known, text, made_or_not))


def _cockcroft_gault(frames: Frames, using: Mapping[str, str]) -> Quantity:
    own = frames.own
    unit = _labels(own, "subjects", "creatinine_unit", ("mg/dL", "umol/L"))
    age = _numbers(own, "subjects", "age", 0, 140)
    weight, creatinine = (_positive(own, "subjects", name) for name in ("weight_kg", "creatinine"))
    sex = _labels(own, "subjects", "sex", SEX)
    conversion = using.get("conversion", "88.4")
    inputs = [_objects(each) for each in (age, weight, creatinine, sex)]
    clearance = np.full(len(own), np.nan)
    for name in ("mg/dL", "umol/L"):
        found = cockcroft_gault(*inputs, unit=name, conversion=cast("Any", conversion))["clearance_ml_min"]
        clearance = np.where((unit.content == name).to_numpy(dtype=bool, na_value=False), found, clearance)
    clearance = np.round(clearance, 9)  # inputs that meet a limit exactly do not miss it by their last bit
    why = "Cockcroft-Gault clearance cannot be made: " + _why([age, weight, creatinine, sex, unit])
    made = [
        f"Cockcroft-Gault clearance {item:.6g} mL/min ({name}, conversion {conversion}, actual weight)"
        for item, name in zip(clearance, unit.content.fillna(""), strict=True)
    ]
    text = np.where(np.isnan(clearance), why, np.array(made, dtype=object))
    return Quantity(low=clearance, high=clearance, text=text)


def _laboratory_age(frames: Frames, using: Mapping[str, str]) -> Quantity:  # noqa: ARG001 - one signature for all
    """Return the days from the laboratory values to randomisation, a range where a date is partial."""
    cells = [
        read_cells(frames.own, "subjects", name, "date") for name in ("laboratory_date", "randomised_date")
    ]
    taken, randomised = (parse_dates(each.content) for each in cells)
    low = _days(randomised["earliest"] - taken["latest"])
    high = _days(randomised["latest"] - taken["earliest"])
    made = [
        f"laboratory values {least:g} days before randomisation"
        if least == most
        else f"laboratory values {least:g} to {most:g} days before randomisation (partial date)"
        for least, most in zip(low, high, strict=True)
    ]
    text = np.where(np.isnan(low), _why(cells), np.array(made, dtype=object))
    return Quantity(low=low, high=high, text=text)


def _days(difference: pd.Series[Any]) -> FloatArray:
    return np.asarray(difference.dt.days, dtype=np.float64)


def _cortical_involvement(frames: Frames, using: Mapping[str, str]) -> Quantity:  # noqa: ARG001 - one signature for all
    """Return the fraction of the cortex; the middle class of thirds is above one third."""
    cells = _fraction_or_label(frames.own, "cortical_involvement", THIRDS, 1)
    number = pd.to_numeric(_objects(cells), errors="coerce")
    low, high = (
        np.where(
            number.notna(), number, cells.content.map({name: ends[side] for name, ends in THIRDS.items()})
        )
        for side in (0, 1)
    )
    text = np.where(cells.known, cells.shown, cells.reason)
    return Quantity(low=low.astype(np.float64), high=high.astype(np.float64), text=text)


def _prior_rt_distance(frames: Frames, using: Mapping[str, str]) -> Quantity:  # noqa: ARG001 - one signature for all
    level = _labels(frames.own, "lesions", "vertebral_level", LEVELS)
    prior = read_cells(frames.subjects, "subjects", "prior_rt_levels", "text")
    readable = {text for text in set(prior.content.dropna()) if _is_levels(text)}
    prior = having(prior, prior.content.isin(readable), "a list of vertebral levels")
    distance = level_distance(_objects(level), _objects(prior)).to_numpy(dtype=np.float64)
    made = [
        "no level irradiated before" if np.isinf(item) else f"{own}, {before} ({item:g} levels away)"
        for item, own, before in zip(distance, level.shown, prior.shown, strict=True)
    ]
    text = np.where(np.isnan(distance), _why([level, prior]), np.array(made, dtype=object))
    return Quantity(low=distance, high=distance, text=text)


def _is_levels(text: str) -> bool:
    try:
        parse_levels(text)
    except InvalidArgument:
        return False
    return True


MAKERS: Mapping[str, Callable[[Frames, Mapping[str, str]], Quantity]] = MappingProxyType(
    {
        "mirels": _mirels,
        "sins": _sins,
        "cortical_involvement": _cortical_involvement,
        "prior_rt_distance": _prior_rt_distance,
        "nrf": _nrf,
        "linden": _linden,
        "kps": _kps,
        "cockcroft_gault": _cockcroft_gault,
        "laboratory_age_days": _laboratory_age,
    }
)
