"""Names of SDTM variables: their order, labels and units, and those that only repeat others.

Source: CDISC SDTMIG 3.4, the specifications of the domains.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# In the order of a data set: identifiers, topic, qualifiers, timing.  "--" stands for the domain.
_LABELS: Mapping[str, str] = {
    "STUDYID": "Study Identifier",
    "RDOMAIN": "Related Domain Abbreviation",
    "DOMAIN": "Domain Abbreviation",
    "USUBJID": "Unique Subject Identifier",
    "SUBJID": "Subject Identifier for the Study",
    "IDVAR": "Identifying Variable",
    "IDVARVAL": "Identifying Variable Value",
    "QNAM": "Qualifier Variable Name",
    "QLABEL": "Qualifier Variable Label",
    "QVAL": "Data Value",
    "QORIG": "Origin",
    "QEVAL": "Evaluator",
    "--SEQ": "Sequence Number",
    "--SPID": "Sponsor-Defined Identifier",
    "--LNKID": "Link ID",
    "RFSTDTC": "Subject Reference Start Date/Time",
    "RFXSTDTC": "Date/Time of First Study Treatment",
    "RFICDTC": "Date/Time of Informed Consent",
    "DTHDTC": "Date/Time of Death",
    "DTHFL": "Subject Death Flag",
    "SITEID": "Study Site Identifier",
    "AGE": "Age",
    "AGEU": "Age Units",
    "SEX": "Sex",
    "ARMCD": "Planned Arm Code",
    "ARM": "Description of Planned Arm",
    "--TESTCD": "Test Short Name",
    "--TEST": "Test Name",
    "--TRT": "Name of Treatment",
    "--TERM": "Reported Term",
    "--DECOD": "Standardized Term",
    "--OBJ": "Object of the Observation",
    "--CAT": "Category",
    "--PRESP": "Pre-Specified",
    "--OCCUR": "Occurrence",
    "--INDC": "Indication",
    "--CLAS": "Class",
    "--DOSE": "Dose per Administration",
    "--DOSTOT": "Total Daily Dose",
    "--DOSU": "Dose Units",
    "--ORRES": "Result or Finding in Original Units",
    "--ORRESU": "Original Units",
    "--STRESC": "Character Result in Standard Format",
    "--STRESN": "Numeric Result in Standard Units",
    "--STRESU": "Standard Units",
    "--LOC": "Location",
    "--LAT": "Laterality",
    "--LOBXFL": "Last Observation Before Exposure Flag",
    "VISITNUM": "Visit Number",
    "VISIT": "Visit Name",
    "--DTC": "Date/Time of Collection",
    "--STDTC": "Start Date/Time",
    "--ENDTC": "End Date/Time",
}
_ORDER = {name: place for place, name in enumerate(_LABELS)}
# End of a variable's name -> end of the name of the variable with its unit.
_UNITS = {"STRESN": "STRESU", "STRESC": "STRESU", "ORRES": "ORRESU", "DOSE": "DOSU", "DOSTOT": "DOSU"}
# Variable that SDTM requires and that says what another one says, where it has no source of its own.
REPEATED: Mapping[str, str] = {
    "CETERM": "CEDECOD",
    "DSTERM": "DSDECOD",
    "HOTERM": "HODECOD",
    "TUORRES": "TUSTRESC",
    **{f"{domain}ORRES": f"{domain}STRESC" for domain in ("FA", "LB", "RS", "TR", "VS")},
    **{f"{domain}ORRESU": f"{domain}STRESU" for domain in ("LB", "RS", "TR", "VS")},
}
# Variable with one value in all rows of a table (in the domain), where it has no source of its own.
FIXED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("lesions", "TU"): {"TUTEST": "Tumor Identification"},
    ("analgesics", "CM"): {"CMTRT": "OPIOIDS AS ORAL MORPHINE"},
    ("procedures", "PR"): {"PRCAT": "LOCAL TREATMENT"},
    ("assessments", "PR"): {"PRPRESP": "Y"},
    ("assessments", "SV"): {"SVPRESP": "Y"},
    ("events", "FA"): {"FAOBJ": "SKELETAL EVENT"},
}


def unit_variable(variable: str) -> str:
    """Return the name of the variable that holds the unit of ``variable``, or nothing."""
    if variable == "AGE":
        return "AGEU"
    for end, unit in _UNITS.items():
        if variable.endswith(end) and len(variable) == len(end) + 2:
            return variable.removesuffix(end) + unit
    return ""


def sdtm_label(variable: str) -> str:
    """Return the label of a variable (at most 40 characters), or its name where it has none here."""
    return _LABELS.get(_general(variable), variable)


def ordered(variables: Iterable[str]) -> list[str]:
    """Return variables in the order of a data set; those not known here come last."""
    return sorted(variables, key=lambda variable: _ORDER.get(_general(variable), len(_ORDER)))


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name of at most 8 letters and digits for each of ``names``, all different.

    Examples
    --------
    >>> short_names(["n_lesions", "pain at rest", "pain at rests", "10 m"])
    {'n_lesions': 'NLESIONS', 'pain at rest': 'PAINATRE', 'pain at rests': 'PAINATR1', '10 m': 'Q10M'}
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = re.sub("[^A-Z0-9]", "", name.upper()) or "Q"
        plain = plain if plain[0].isalpha() else f"Q{plain}"
        short, number = plain[:8], 0
        while short in found.values():
            number += 1
            short = plain[: 8 - len(str(number))] + str(number)
        found[name] = short
    return found


def words_of(name: str) -> str:
    """Return a column's name as a label of at most 40 characters."""
    return name.replace("_", " ").capitalize()[:40]


def _general(variable: str) -> str:
    return variable if variable in _LABELS else f"--{variable[2:]}"
