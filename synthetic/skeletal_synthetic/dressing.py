"""What the disease and the protocol treatment of a trial look like: assumptions, as data.

Nothing here changes when or whether an event happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.study import Study

Shares = tuple[tuple[str, ...], tuple[float, ...]]

TUMOURS: Mapping[str, Shares] = {
    "female": (("breast", "lung", "renal", "other"), (0.55, 0.20, 0.08, 0.17)),
    "male": (("prostate", "lung", "renal", "other"), (0.45, 0.25, 0.12, 0.18)),
}
ECOG_SHARES = (0.35, 0.45, 0.20)
# Karnofsky values that go with ECOG 0, 1 and 2.
KPS_OF_ECOG = ((100, 90), (80, 70), (60, 50))
MATRIX: Mapping[bool, Shares] = {
    True: (("blastic", "mixed", "lytic"), (0.70, 0.20, 0.10)),
    False: (("lytic", "mixed", "blastic"), (0.60, 0.30, 0.10)),
}
BLASTIC_TUMOUR = "prostate"
NOT_RANDOMISED: Shares = (("eligibility criteria not met", "declined", "other reason"), (0.6, 0.3, 0.1))
REASON_WEIGHT: Mapping[str, float] = {"bone_pain": 0.55, "impending_fracture": 0.35}
OTHER_REASON_WEIGHT = 0.05
# Total dose in Gy and number of fractions.
REGIMENS: Mapping[str, tuple[tuple[float, int], ...]] = {
    "palliative": ((8.0, 1), (20.0, 5)),
    # NCT07146074: 1 x 8 Gy conventional, or stereotactic 1 x 20, 2 x 12, 3 x 10 or 5 x 8 Gy.
    "preventive": ((8.0, 1), (20.0, 1), (24.0, 2), (30.0, 3), (40.0, 5)),
}
CAUSE_OF_DEATH: Shares = (("disease progression", "other"), (0.9, 0.1))
LEAVING: Shares = (("withdrew", "lost"), (0.6, 0.4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place in the skeleton: its bone, region, vertebral level (where it is one) and share."""

    bone: str
    region: str
    share: float
    level: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionProfile:
    """What baseline lesions look like; ranges are (least, most)."""

    count_shares: tuple[float, ...]
    sites: tuple[Site, ...]
    diameter_cm: tuple[float, float]
    pain_nrs: tuple[int, int]
    bone_loss_percent: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolTreatment:
    """The local treatment that the protocol gives at ``treatment_date``."""

    kind: str
    intent: str
    control: bool

    def row(self) -> dict[str, str]:
        """Return the columns that a component's filter could meet."""
        return {"kind": self.kind, "intent": self.intent}


# NCT07146074: one to five high-risk lesions with a pain score of at most 2; the shares are assumptions.
HIGH_RISK = LesionProfile(
    count_shares=(0.40, 0.27, 0.17, 0.10, 0.06),
    sites=(
        Site(bone="pelvis", region="acetabulum", share=0.18),
        Site(bone="pelvis", region="SI_joint", share=0.14),
        Site(bone="femur", region="femoral_neck", share=0.12),
        Site(bone="femur", region="femoral_head", share=0.05),
        Site(bone="humerus", region="humeral_head", share=0.08),
        Site(bone="scapula", region="glenoid", share=0.05),
        Site(bone="vertebra", region="cervical", level="C7", share=0.06),
        Site(bone="vertebra", region="thoracic", level="T12", share=0.14),
        Site(bone="vertebra", region="lumbar", level="L1", share=0.10),
        Site(bone="vertebra", region="lumbar", level="L5", share=0.08),
    ),
    diameter_cm=(2.0, 6.0),
    pain_nrs=(0, 2),
)
# NCT06863129: proximal femur, not the neck alone, 25 to 75 % bone loss.
PROXIMAL_FEMUR = LesionProfile(
    count_shares=(1.0,),
    sites=(
        Site(bone="femur", region="intertrochanteric", share=0.55),
        Site(bone="femur", region="subtrochanteric", share=0.45),
    ),
    diameter_cm=(2.0, 8.0),
    pain_nrs=(2, 10),
    bone_loss_percent=(25, 75),
)


def has_index_surgery(study: Study) -> bool:
    """Tell whether the study counts revisions, so that there was something to revise."""
    return any(
        each.table == "procedures" and "revision" in each.where.get("kind", ())
        for each in study.components.values()
    )


def lesion_profile(study: Study) -> LesionProfile:
    """Return the lesions of a trial of surgery, or of one of high-risk lesions."""
    return PROXIMAL_FEMUR if has_index_surgery(study) else HIGH_RISK


def protocol_treatment(study: Study) -> ProtocolTreatment | None:
    """Return the local treatment that the components imply, ``None`` where they imply none.

    Revisions imply an operation of every subject; components that tell procedures apart by ``intent``
    imply preventive treatment of the same kind outside the control arm.  A treatment that a component
    would count as an event is none.
    """
    procedures = [each for each in study.components.values() if each.table == "procedures"]
    by_intent = [each for each in procedures if "intent" in each.where and "kind" in each.where]
    if has_index_surgery(study):
        treatment = ProtocolTreatment(kind="surgery", intent="protocol", control=True)
    elif by_intent:
        kind = str(by_intent[0].where["kind"][0])
        treatment = ProtocolTreatment(kind=kind, intent="preventive", control=False)
    else:
        return None
    row = treatment.row()
    counted = any(
        all(row.get(column) in allowed for column, allowed in each.where.items()) for each in procedures
    )
    return None if counted else treatment
