"""From records and a study to outcomes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .accounting import exclusions_frame
from .censoring import done_assessments
from .deaths import death_rows
from .endpoint import default_estimand, endpoint_facts
from .filters import cohort_of
from .inputs import check_inputs
from .measure_facts import excluded_units, measure_exclusions
from .observation import observe
from .outcomes import Frames, Outcomes
from .pain import with_tables_read
from .subject_dates import take_dates

if TYPE_CHECKING:
    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .endpoint import EndpointFacts


def derive_outcomes(records: TrialRecords, study: Study) -> Outcomes:
    """Derive every outcome that ``study`` declares from ``records``.

    Parameters
    ----------
    records : TrialRecords
        The raw tables.
    study : Study
        Endpoints, estimands, censoring rules.

    Returns
    -------
    Outcomes
        First events, recurrent episodes, intervals, audit, accounting.  It does not depend on the order
        of rows, or on records that no rule of the study speaks of.

    Raises
    ------
    InvalidRecords
        If a table or column that an endpoint needs is not there, an arm is not the study's, or nothing
        says how long a subject was followed.

    Notes
    -----
    R: admiral's ``derive_param_tte``.  SAS: the data steps behind ADTTE.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> from skeletal.study import load_study
    >>> hermes = load_study("hermes")
    >>> sse = {"endpoints": {"sse": hermes.endpoints["sse"]}, "estimands": {}, "measures": {}, "analyses": {}}
    >>> study = hermes.model_copy(update=sse)
    >>> who = {"subject_id": ["1", "2"]}
    >>> day = {"randomised_date": "2025-03-01"}
    >>> reason = {"reason": "bone_pain", "intent": "palliative"}
    >>> tables = {
    ...     "subjects": pd.DataFrame({**who, "arm": ["observational", "upfront-rt"], **day}),
    ...     "events": pd.DataFrame(
    ...         {"subject_id": ["1"], "event_id": ["1"], "component": "fracture", "date": "2025-03-31",
    ...          "symptomatic": True}
    ...     ),
    ...     "procedures": pd.DataFrame(
    ...         {"subject_id": ["1"], "procedure_id": ["1"], "kind": "radiation",
    ...          "indicated_date": "2025-04-02", **reason}
    ...     ),
    ...     "assessments": pd.DataFrame({**who, "visit": "Month 6", "date": "2025-09-01", "done": True}),
    ...     "disposition": pd.DataFrame({**who, "date": "2025-12-01", "status": ["died", "alive"]}),
    ... }
    >>> outcomes = derive_outcomes(make_records(tables, study=study), study)
    >>> outcomes.first("sse")[["subject_id", "time", "status", "component", "censor_reason"]]
      subject_id  time  status component     censor_reason
    0          1    31       1  fracture              <NA>
    1          2   276       0      <NA>  Last known alive
    """
    given, records = records, with_tables_read(records, study)
    check_inputs(records, study)
    cohort = cohort_of(records, study)
    deaths = death_rows(records, study, cohort)
    facts = {name: endpoint_facts(records, study, cohort, name, deaths) for name in study.endpoints}
    observations = {
        name: observe(facts[estimand.endpoint], name, estimand) for name, estimand in study.estimands.items()
    }
    frames = Frames(dict(observations))
    for name in study.endpoints:
        if not study.estimands_of(name):
            own = f"{name} (default)"
            observations[own] = observe(facts[name], own, default_estimand(study, name, "first"))
    units = excluded_units(records, study, cohort, deaths)
    out = [exclusions_frame(item) for item in observations.values()]
    out += [measure_exclusions(name, frame) for name, frame in units.items()]
    outcomes = Outcomes(
        study=study,
        records=given,
        subjects=cohort.frame,
        exclusions=pd.concat(out, ignore_index=True),
        deaths=take_dates(deaths, cohort.size, label=study.death.label),
        facts=facts,
        observations=observations,
        frames=frames,
        assessments={
            name: fact.cohort.shared(
                ("done", study.time_zero_of(name)),
                partial(_done_days, records, fact),
            )
            for name, fact in facts.items()
        },
        measured_units=units,
    )
    cohort.known.clear()
    return outcomes


def _done_days(records: TrialRecords, facts: EndpointFacts) -> pd.DataFrame:
    """Return ``subject`` and ``day`` of the assessments that were done."""
    if "assessments" not in records:
        return pd.DataFrame({"subject": np.empty(0, np.int64), "day": np.empty(0, np.int64)})
    return done_assessments(records, facts.cohort, facts.start)[["subject", "day"]]
