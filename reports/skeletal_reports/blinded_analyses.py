"""What a study declares that a blinded report cannot compute, or could only by telling the arms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.study import Analysis, Study

IMPUTED = ("imputed_contrast", "tipping_point")


def tells_the_control(analysis: Analysis) -> bool:
    """Whether an analysis treats the arms unlike, so that its result tells which is the control.

    Imputation from the reference arm does, and a shift of the imputed values of one arm.
    """
    if analysis.method not in IMPUTED:
        return False
    shifted = analysis.method == "tipping_point" or bool(analysis.delta)
    return analysis.imputation == "copy-reference" or (shifted and analysis.delta_arm != "both")


def left_out_masked(study: Study) -> tuple[str, ...]:
    """Return the analyses that a masked report leaves out, in the order of the study."""
    return tuple(name for name, item in study.analyses.items() if tells_the_control(item))


def blind_multiplicity(study: Study, names: Mapping[str, str], *, pooled: bool) -> dict[str, Any]:
    """Return the families of hypotheses as a blinded report can test them.

    Parameters
    ----------
    study : Study
        With the true arms.
    names : mapping of str to str
        Arm -> letter.
    pooled : bool
        One arm: nothing is compared, and no family is left.

    Returns
    -------
    dict
        Families whose hypotheses all remain; a key of a p-value names the contrast by its letters.
    """
    if pooled:
        return {}
    reference = min(names.values())
    gone = set(left_out_masked(study))
    families = {}
    for name, family in study.multiplicity.items():
        hypotheses = [_masked(key, study, names, reference, gone) for key in family.hypotheses]
        if all(hypotheses):
            families[name] = {**family.model_dump(mode="python"), "hypotheses": tuple(hypotheses)}
    return families


def _masked(key: str, study: Study, names: Mapping[str, str], reference: str, gone: set[str]) -> str:
    """Return a hypothesis by the letters of its arms; empty where a masked report has no such contrast."""
    analysis, _, rest = key.partition("/")
    if analysis in gone:
        return ""
    arm, _, statistic = rest.rpartition("/")
    for name in study.arm_names[1:]:
        if arm == f"{name} vs {study.control.name}":
            letters = {names[name], names[study.control.name]}
            if reference not in letters:
                return ""
            (other,) = letters - {reference}
            return f"{analysis}/{other} vs {reference}/{statistic}"
    return key
