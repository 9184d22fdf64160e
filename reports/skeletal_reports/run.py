"""The run folder: derived data, results, figures, tables, reports and the manifest, all or nothing."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skeletal.errors import InvalidArgument
from skeletal.outcomes import cut_as_planned, derive_outcomes
from skeletal.plan import analyse
from skeletal.records import review_records, write_csv, write_records
from skeletal.study import lock_study

from .blinding import masked_arms
from .contradictions import refuse_errors
from .derived import write_derived
from .provenance import MANIFEST, data_as_of, run_name, write_manifest
from .report import ReportPaths, write_report
from .tables import baseline_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from skeletal.outcomes import Outcomes
    from skeletal.plan import Results
    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .blinding import Kind

KINDS: tuple[Kind, ...] = ("open", "closed")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Simulation:
    """How simulated records came about.

    Attributes
    ----------
    seed : int
        Of :func:`skeletal_synthetic.simulate_trial`.
    scenario : str
        Its scenario.
    truth : DataFrame or None
        True values of the scenario, written beside the data.
    """

    seed: int
    scenario: str
    truth: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RunPaths:
    """A finished run.

    Attributes
    ----------
    folder : Path
        The run folder.
    reports : mapping of str to ReportPaths
        Kind -> html, pdf and notebook.
    manifest : Path
        Digests, versions, seeds and time.
    """

    folder: Path
    reports: Mapping[str, ReportPaths]
    manifest: Path


class _Log:
    """Passes each stage on to the caller and keeps it for ``log.txt``."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self.lines: list[str] = []
        self._progress = progress

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        if self._progress is not None:
            self._progress(line)


def run_report(  # noqa: PLR0913 - every option is a keyword
    study: Study,
    records: TrialRecords,
    *,
    out: str | Path | None = None,
    kinds: Sequence[Kind] = KINDS,
    unmask: bool = False,
    simulation: Simulation | None = None,
    force: bool = False,
    progress: Callable[[str], None] | None = None,
) -> RunPaths:
    """Derive, analyse and report a trial, and write the run folder.

    Parameters
    ----------
    study : Study
        The protocol.
    records : TrialRecords
        The records; they are cut as the study says unless they were cut before.
    out : path, optional
        The run folder; ``runs/<study>-<data date>-<digest>`` if absent.
    kinds : sequence of {"open", "closed"}
        Which reports are made.
    unmask : bool
        Name the arms in the closed report.
    simulation : Simulation, optional
        Where the records are simulated: they are then written too, so that the run can be repeated.
    force : bool
        Replace an earlier run folder at that place.
    progress : callable, optional
        Called with one line a stage.

    Returns
    -------
    RunPaths
        Where everything is.

    Raises
    ------
    FileExistsError
        If the folder is there and ``force`` is false, or it is no run folder.
    InvalidRecords
        If the review of the records finds errors.
    SkeletalError
        If the notebook fails or the open report would name an arm.  Nothing is left behind.
    """
    if not kinds or not set(kinds) <= set(KINDS):
        raise InvalidArgument(f"kinds must be some of {', '.join(KINDS)}, got {', '.join(kinds) or 'none'}")
    say = _Log(progress)
    records = cut_as_planned(records, study)
    target = Path(out) if out is not None else Path("runs") / run_name(study, records)
    with _staged(target, force=force) as folder:
        _write_run(folder, study, records, tuple(dict.fromkeys(kinds)), unmask, simulation, say)
    reports = {str(kind): _paths(target / "report", kind) for kind in dict.fromkeys(kinds)}
    return RunPaths(folder=target, reports=reports, manifest=target / MANIFEST)


def _write_run(
    folder: Path,
    study: Study,
    records: TrialRecords,
    kinds: tuple[Kind, ...],
    unmask: bool,
    simulation: Simulation | None,
    say: _Log,
) -> None:
    say(f"Reviewing the records of {records.n_subjects} subjects")
    review = review_records(records, study)
    refuse_errors(review)
    if study.baseline:
        baseline_table(records, study)  # refuses a column that is absent or of the wrong kind
    say("Deriving outcomes")
    outcomes = derive_outcomes(records, study)
    say("Analysing")
    results = analyse(outcomes, study)  # first: the notebooks then find the loops compiled
    (folder / "report").mkdir()
    say(f"Running the notebook and rendering ({' and '.join(kinds)})")
    with ThreadPoolExecutor(len(kinds)) as pool:
        work = [
            pool.submit(write_report, study, records, kind=kind, unmask=unmask, folder=folder)
            for kind in kinds
        ]
        _write_data(folder / "data", outcomes, review, records, simulation)
        _write_results(folder / "results", results)
        for report in work:
            report.result()
    if "closed" in kinds and not unmask:
        _write_key(study, folder / "report" / "treatment-key.csv")
    (folder / "study.lock.toml").write_text(lock_study(study), encoding="utf-8")
    say("Writing the manifest")
    (folder / "log.txt").write_text("\n".join([*say.lines, *records.notes]) + "\n", encoding="utf-8")
    write_manifest(folder, _manifest(study, records, kinds, unmask, simulation))


def _write_data(
    folder: Path,
    outcomes: Outcomes,
    review: pd.DataFrame,
    records: TrialRecords,
    simulation: Simulation | None,
) -> None:
    folder.mkdir()
    write_derived(outcomes, records, folder)
    write_csv(review, folder / "review.csv")
    if simulation is not None:
        write_records(records, folder / "records")
        if simulation.truth is not None:
            write_csv(simulation.truth, folder / "truth.csv")


def _write_results(folder: Path, results: Results) -> None:
    folder.mkdir()
    write_csv(results.frame, folder / "results.csv")
    (folder / "results.json").write_text(results.to_json(), encoding="utf-8")


def _write_key(study: Study, path: Path) -> None:
    letters = masked_arms(study)
    lines = [f"{letter},{arm}" for arm, letter in sorted(letters.items(), key=lambda item: item[1])]
    path.write_text("\n".join(["masked,arm", *lines]) + "\n", encoding="utf-8")


def _manifest(
    study: Study,
    records: TrialRecords,
    kinds: tuple[Kind, ...],
    unmask: bool,
    simulation: Simulation | None,
) -> dict[str, Any]:
    seeds: dict[str, Any] = {"masking": study.report.masking_seed}
    if simulation is not None:
        seeds["simulation"] = {"seed": simulation.seed, "scenario": simulation.scenario}
    return {
        "study": {"id": study.id, "digest": study.digest()},
        "data_as_of": data_as_of(records, study).isoformat(),
        "simulated": simulation is not None,
        "reports": list(kinds),
        "unmasked": unmask,
        "seeds": seeds,
        "inputs": dict(sorted(records.digests.items())),
    }


def _paths(folder: Path, kind: Kind) -> ReportPaths:
    return ReportPaths(
        html=folder / f"{kind}.html", pdf=folder / f"{kind}.pdf", notebook=folder / f"{kind}.ipynb"
    )


@contextmanager
def _staged(target: Path, *, force: bool) -> Iterator[Path]:
    """Give an empty folder beside ``target`` that takes its place if nothing fails."""
    _refuse_existing(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        folder = staged / "new"
        folder.mkdir()
        yield folder
        _refuse_existing(target, force=force)
        if target.exists():
            target.rename(staged / "old")
        folder.rename(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _refuse_existing(target: Path, *, force: bool) -> None:
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not force:
        raise FileExistsError(f"{target} exists; add --force to replace it, or name another place with --out")
    if not (target / MANIFEST).is_file():
        raise FileExistsError(
            f"{target} is not a run folder, so --force does not replace it; name another place"
        )
