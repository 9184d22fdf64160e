"""How a case of size or coverage is written down, simulated and judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SEED = 2026
ERRORS = 4  # Monte Carlo standard errors by which an observed share may differ
NOMINAL = {"size": 0.05, "coverage": 0.95}


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """How far a method is from its level at this number of subjects, and why theory says so."""

    by: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """Methods that are run on the same trials.

    ``run`` takes what ``draw`` made and returns, by label, the p-value under a true null (size) or whether
    the interval holds the truth (coverage).  A label that ``guaranteed`` names is never above (size) or below
    (coverage) its level by construction, and may be far on the safe side.
    """

    name: str
    kind: str
    draw: Callable[[np.random.Generator, int], Any]
    run: Callable[[Any], Mapping[str, float | bool]]
    n: int
    reps: int
    level: float | None = None
    allowances: Mapping[str, Allowance] = field(default_factory=dict)
    guaranteed: tuple[str, ...] = ()

    @property
    def nominal(self) -> float:
        return NOMINAL[self.kind] if self.level is None else self.level


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Observed share of one label of a case."""

    case: Case
    label: str
    reps: int
    observed: float

    @property
    def error(self) -> float:
        """Monte Carlo standard error where the nominal value is the true one."""
        return float(np.sqrt(self.case.nominal * (1 - self.case.nominal) / self.reps))

    @property
    def allowance(self) -> Allowance | None:
        return self.case.allowances.get(self.label)

    @property
    def guaranteed(self) -> bool:
        return self.label in self.case.guaranteed

    @property
    def holds(self) -> bool:
        excess = self.observed - self.case.nominal
        if self.guaranteed:
            excess = max(excess if self.case.kind == "size" else -excess, 0.0)
        return abs(excess) <= ERRORS * self.error + (self.allowance.by if self.allowance else 0.0)

    def __str__(self) -> str:
        return f"{self.case.name}, {self.label}: {self.observed:.4f} ({self.case.nominal:g})"


def covers(truth: float, lower: float, upper: float) -> bool:
    """Return whether limits hold the truth; a limit that is NaN is open."""
    return not (truth < lower or truth > upper)


def simulate(case: Case, times: float = 1.0) -> list[Finding]:
    """Return what each label of a case gave in ``times`` its number of trials, drawn from its own seed."""
    rng = np.random.default_rng([SEED, crc32(f"{case.kind}, {case.name}".encode())])
    reps = round(case.reps * times)
    counts: dict[str, int] = {}
    for _ in range(reps):
        for label, found in case.run(case.draw(rng, case.n)).items():
            hit = found <= case.nominal + 1e-12 if case.kind == "size" else found
            counts[label] = counts.get(label, 0) + bool(hit)
    assert set(case.allowances) | set(case.guaranteed) <= set(counts), (
        "an allowance for a label that is not there"
    )
    return [
        Finding(case=case, label=label, reps=reps, observed=count / reps) for label, count in counts.items()
    ]
