"""The primary tumours that the prognostic scores tell apart: one vocabulary for all of them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Points of the revised Tokuhashi score (Tokuhashi et al. 2005, Spine 30, 2186, table 2).
_TOKUHASHI = {
    0: ("lung", "osteosarcoma", "stomach", "bladder", "oesophagus", "pancreas"),
    1: ("liver", "gall_bladder", "unidentified"),
    2: ("other",),
    3: ("renal", "kidney", "uterus"),
    4: ("rectum",),
    5: ("thyroid", "breast", "prostate", "carcinoid"),
}
TOKUHASHI_PRIMARY: Mapping[str, float] = MappingProxyType(
    {tumour: float(points) for points, tumours in _TOKUHASHI.items() for tumour in tumours}
)
PRIMARY_TUMOURS: tuple[str, ...] = tuple(TOKUHASHI_PRIMARY)
# One point for a primary tumour other than breast (Chow et al. 2008, J Clin Oncol 26, 5863).
NRF_PRIMARY: Mapping[str, float] = MappingProxyType(
    {tumour: float(tumour != "breast") for tumour in PRIMARY_TUMOURS}
)
# Van der Linden et al. (2005), Cancer 103, 320: breast 3, prostate 2, lung 1, other 0.
LINDEN_PRIMARY: Mapping[str, float] = MappingProxyType(
    dict.fromkeys(PRIMARY_TUMOURS, 0.0) | {"breast": 3.0, "prostate": 2.0, "lung": 1.0}
)
