"""One job of ``benchmarks/survival.py`` in a process of its own: ours or a Python peer.

Run by it as ``survival_jobs.py JOB PEER FILE REPS``; prints one line of JSON with the seconds of each
call and a value to compare.  Every call starts from arrays, so that ours includes the checks of the data.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from timed_calls import read_columns, time_calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from timed_calls import Prepared, Table

COLUMNS = {
    "times": ("time", "event", "arm", "stratum", *(f"x{i}" for i in range(1, 11))),
    "causes": ("time", "status", "arm", "x1", "x2"),
}
COVARIATES = COLUMNS["times"][4:]
WHOLE = {"event", "status", "arm", "stratum"}
HORIZON = 730.0


def kind_of(job: str) -> str:
    """Return the kind of file that a job reads."""
    return "causes" if job.startswith(("gray", "fine-gray")) else "times"


def read(job: str, path: str) -> Table:
    """Return the columns of a job's file."""
    return read_columns(path, COLUMNS[kind_of(job)], WHOLE)


# Ours.


def our_curve(d: Table) -> Prepared:
    from skeletal.survival import kaplan_meier

    return lambda: float(kaplan_meier(sample(d)).at(365.0).estimate[0])


def our_logrank(weight: str) -> Callable[[Table], Prepared]:
    def prepare(d: Table) -> Prepared:
        from skeletal import survival

        weights = {
            "none": survival.Unweighted(),
            "fh": survival.FlemingHarrington(1, 0),
            "gehan": survival.Gehan(),
        }
        return lambda: (
            survival.logrank(sample(d), d["arm"], strata=d["stratum"], weight=weights[weight]).statistic
        )

    return prepare


def our_cox(d: Table, *, robust: bool = False) -> Prepared:
    from skeletal.survival import cox

    frame = pd.DataFrame({name: d[name] for name in COVARIATES})
    cluster = np.arange(d["time"].size) if robust else None

    def run() -> float:
        fit = cox(sample(d), frame, cluster=cluster)
        return float(fit.std_error[0] if robust else fit.coefficient[0])

    return run


def our_gray(d: Table) -> Prepared:
    from skeletal.competing import cumulative_incidence, gray_test
    from skeletal.data import CompetingRisks

    def run() -> float:
        whole = CompetingRisks(d["time"], d["status"], ("event", "death"))
        for arm in (0, 1):
            rows = d["arm"] == arm
            part = CompetingRisks(d["time"][rows], d["status"][rows], whole.causes)
            for cause in whole.causes:
                cumulative_incidence(part, cause)
        first, _ = (gray_test(whole, d["arm"], cause).statistic for cause in whole.causes)
        return float(first)

    return run


def our_incidence(d: Table) -> Prepared:
    from skeletal.competing import cumulative_incidence
    from skeletal.data import CompetingRisks

    def run() -> float:
        for arm in (0, 1):
            rows = d["arm"] == arm
            part = CompetingRisks(d["time"][rows], d["status"][rows], ("event", "death"))
            curve = cumulative_incidence(part, "event", variance="jackknife")
        return float(curve.at(365.0).std_error[0])

    return run


def our_fine_gray(d: Table) -> Prepared:
    from skeletal.competing import fine_gray
    from skeletal.data import CompetingRisks

    frame = pd.DataFrame({name: d[name] for name in ("arm", "x1", "x2")})

    def run() -> float:
        data = CompetingRisks(d["time"], d["status"], ("event", "death"))
        return float(fine_gray(data, frame, "event").coefficient[0])

    return run


def our_means(d: Table) -> Prepared:
    from skeletal.survival import restricted_mean_contrast

    return lambda: restricted_mean_contrast(sample(d), d["arm"], horizon=HORIZON).estimate


def sample(d: Table) -> Any:
    """Return the checked sample: part of every call."""
    from skeletal.data import RightCensored

    return RightCensored(d["time"], d["event"])


# Python peers.


def lifelines_curve(d: Table) -> Prepared:
    from lifelines import KaplanMeierFitter

    return lambda: float(KaplanMeierFitter().fit(d["time"], d["event"]).predict(365.0))


def statsmodels_curve(d: Table) -> Prepared:
    from statsmodels.duration.survfunc import SurvfuncRight

    def run() -> float:
        curve = SurvfuncRight(d["time"], d["event"])
        return float(curve.surv_prob[np.searchsorted(curve.surv_times, 365.0, side="right") - 1])

    return run


def sksurv_curve(d: Table) -> Prepared:
    from sksurv.nonparametric import kaplan_meier_estimator

    def run() -> float:
        time_, survival, _ = kaplan_meier_estimator(d["event"] == 1, d["time"], conf_type="log-log")
        return float(survival[np.searchsorted(time_, 365.0, side="right") - 1])

    return run


def lifelines_logrank(**options: Any) -> Callable[[Table], Prepared]:
    def prepare(d: Table) -> Prepared:
        from lifelines.statistics import logrank_test

        a = d["arm"] == 1
        return lambda: float(
            logrank_test(d["time"][~a], d["time"][a], d["event"][~a], d["event"][a], **options).test_statistic
        )

    return prepare


def statsmodels_logrank(**options: Any) -> Callable[[Table], Prepared]:
    def prepare(d: Table) -> Prepared:
        from statsmodels.duration.survfunc import survdiff

        return lambda: float(survdiff(d["time"], d["event"], d["arm"], strata=d["stratum"], **options)[0])

    return prepare


def lifelines_cox(d: Table, *, robust: bool = False) -> Prepared:
    from lifelines import CoxPHFitter

    frame = pd.DataFrame({name: d[name] for name in ("time", "event", *COVARIATES)})

    def run() -> float:
        fit = CoxPHFitter().fit(frame, "time", "event", robust=robust)
        return float((fit.standard_errors_ if robust else fit.params_).iloc[0])

    return run


def statsmodels_cox(d: Table) -> Prepared:
    import statsmodels.api as sm

    x = np.column_stack([d[name] for name in COVARIATES])
    return lambda: float(sm.PHReg(d["time"], x, status=d["event"], ties="efron").fit().params[0])


def sksurv_cox(d: Table) -> Prepared:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    x, y = np.column_stack([d[name] for name in COVARIATES]), Surv.from_arrays(d["event"] == 1, d["time"])
    return lambda: float(CoxPHSurvivalAnalysis(ties="efron").fit(x, y).coef_[0])


def lifelines_means(d: Table) -> Prepared:
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    def run() -> float:
        means = []
        for arm in (0, 1):
            rows = d["arm"] == arm
            fit = KaplanMeierFitter().fit(d["time"][rows], d["event"][rows])
            means.append(restricted_mean_survival_time(fit, t=HORIZON))
        return float(means[1] - means[0])

    return run


RUNS: dict[tuple[str, str], Callable[[Table], Prepared]] = {
    ("kaplan-meier", "ours"): our_curve,
    ("kaplan-meier", "lifelines"): lifelines_curve,
    ("kaplan-meier", "statsmodels"): statsmodels_curve,
    ("kaplan-meier", "sksurv"): sksurv_curve,
    ("logrank", "ours"): our_logrank("none"),
    ("logrank", "lifelines"): lifelines_logrank(),
    ("logrank", "statsmodels"): statsmodels_logrank(),
    ("logrank-fh", "ours"): our_logrank("fh"),
    ("logrank-fh", "lifelines"): lifelines_logrank(weightings="fleming-harrington", p=1, q=0),
    ("logrank-fh", "statsmodels"): statsmodels_logrank(weight_type="fh", fh_p=1),
    ("logrank-gehan", "ours"): our_logrank("gehan"),
    ("logrank-gehan", "lifelines"): lifelines_logrank(weightings="wilcoxon"),
    ("logrank-gehan", "statsmodels"): statsmodels_logrank(weight_type="gb"),
    ("cox", "ours"): our_cox,
    ("cox", "lifelines"): lifelines_cox,
    ("cox", "statsmodels"): statsmodels_cox,
    ("cox", "sksurv"): sksurv_cox,
    ("cox-robust", "ours"): lambda d: our_cox(d, robust=True),
    ("cox-robust", "lifelines"): lambda d: lifelines_cox(d, robust=True),
    ("gray", "ours"): our_gray,
    ("gray-survfit", "ours"): our_incidence,
    ("fine-gray", "ours"): our_fine_gray,
    ("fine-gray-small", "ours"): our_fine_gray,
    ("restricted-mean", "ours"): our_means,
    ("restricted-mean", "lifelines"): lifelines_means,
}


if __name__ == "__main__":
    job, peer, path, reps = sys.argv[1:]
    time_calls(RUNS[job, peer](read(job, path)), peer, int(reps))
