"""What a method of analysis reads, the options it takes and those it cannot do without."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Reads = Literal["first", "recurrent", "value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRule:
    """What a method reads and takes.

    Attributes
    ----------
    reads : str
        ``first`` or ``recurrent`` of an estimand, or ``value`` of a measure.
    options : tuple of str
        Options that it takes.
    needs : tuple of str
        Options of these that must be given.
    choices : mapping of str to tuple of str
        Values of an option whose values differ from method to method; the first is the default.
    clustered : bool
        Whether it allows for several lesions of a subject.
    lesions_only : bool
        Whether it is about lesions, and asks for an endpoint or measure of unit lesion.
    """

    reads: Reads = "first"
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    clustered: bool = False
    lesions_only: bool = False


def choices(**values: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the values of options, the default of each first."""
    return MappingProxyType(values)


BOUNDED = choices(conf_type=("log-log", "log", "plain", "logit", "arcsine"))
CURVE = ("times", "conf_level", "conf_type")
COX = ("covariates", "strata", "ties")
CONTRAST = ("difference", "ratio")
