"""The rules of the review of the records: what each looks for, how grave it is and what to ask the site.

A study file changes their severity and the review applies them, so they lie below both.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["error", "warning", "note"]
Category = Literal[
    "schema", "key", "date_order", "plausibility", "contradiction", "completeness", "duplicate"
]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRule:
    """One contradiction to look for.

    Attributes
    ----------
    name : str
        As in the findings and in ``[review.NAME]`` of a study file.
    category : str
        schema, key, date_order, plausibility, contradiction, completeness or duplicate.
    severity : {"error", "warning", "note"}
        Unless the study file changes it.  error: a number depends on which record is true; warning: the
        analysis has a rule for it, but somebody should look; note: a convention of the study decides.
    finds : str
        What it looks for.
    expected : str
        What must hold.
    request : str
        What the site is asked to do: a sentence.
    """

    name: str
    category: Category
    severity: Severity
    finds: str
    expected: str
    request: str


def _read() -> Mapping[str, ReviewRule]:
    text = (files("skeletal") / "review_rules.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {name: ReviewRule(name=name, **item) for name, item in tomllib.loads(text).items()}
    )


REVIEW_RULES: Mapping[str, ReviewRule] = _read()
