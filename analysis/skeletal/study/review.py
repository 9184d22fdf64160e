"""Changes of the review that a study declares."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from skeletal.review_rules import REVIEW_RULES, Severity

from .filter_problems import did_you_mean
from .rules import Model


class SeverityChange(Model):
    """Another severity for one rule of the review, and why."""

    severity: Severity
    reason: str = Field(min_length=1, description="Printed in the report")


def _known(changes: dict[str, SeverityChange]) -> dict[str, SeverityChange]:
    """Refuse names that are no rules of the review."""
    unknown = [name for name in changes if name not in REVIEW_RULES]
    if unknown:
        lines = [
            f"no rule of the review is called {name!r}{did_you_mean(name, REVIEW_RULES)}" for name in unknown
        ]
        raise ValueError("\n".join([*lines, "skeletal check --rules lists them"]))
    return changes


ReviewChanges = Annotated[dict[str, SeverityChange], AfterValidator(_known)]
