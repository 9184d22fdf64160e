"""The small study with one more endpoint: one outcome a target lesion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from tests.support.outcome_trial import CENSORING, small_study, small_tables

from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skeletal.outcomes import Outcomes
    from skeletal.study import Study

LESION = """
[endpoints.lesion-sre]
label = "SRE of a lesion"
components = ["cord", "fracture", "radiation"]
unit = "lesion"
lesions = {{ target = true }}
{endpoint}
[estimands.by-lesion]
endpoint = "lesion-sre"
label = "First SRE of a lesion"
paramcd = "TTLSRE"
death = "{death}"
{more}
[estimands.by-lesion-all]
endpoint = "lesion-sre"
label = "All SREs of a lesion"
paramcd = "TTMLSRE"
variable = "recurrent"
death = "competing"
{more}
{extra}
"""


def lesion_study(
    *,
    endpoint: str = "",
    more: str = "",
    extra: str = "",
    death: str = "competing",
    censoring: str = CENSORING,
    top: str = "",
) -> Study:
    """Build the study; ``more`` goes into both estimands."""
    text = LESION.format(endpoint=endpoint, more=more, extra=extra, death=death)
    return small_study(top=top, extra=text, censoring=censoring)


def lesion_tables(
    *,
    lesions: Sequence[tuple[Any, ...]],
    of: Mapping[str, Sequence[Any]] | None = None,
    **tables: Any,
) -> dict[str, pd.DataFrame]:
    """Return record tables; lesions are (subject, lesion, target), ``of`` a table -> lesion of each row."""
    made = small_tables(**tables)
    made["lesions"] = pd.DataFrame(
        [(row[0], row[1], [*row[2:], "true"][0]) for row in lesions],
        columns=["subject_id", "lesion_id", "target"],
        dtype="string",
    )
    named = {"events": [], "procedures": [], **(of or {})}
    for name, labels in named.items():
        padded = [*labels, *[None] * (len(made[name]) - len(labels))]
        made[name] = made[name].assign(lesion_id=pd.array(padded, dtype="string"))
    return made


def lesion_outcomes(study: Study | None = None, **tables: Any) -> Outcomes:
    """Derive the outcomes of the lesion study."""
    study = study or lesion_study()
    return derive_outcomes(make_records(lesion_tables(**tables), study=study), study)
