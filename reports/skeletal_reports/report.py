"""One report of one kind: blind, run the notebook, render, check."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skeletal.errors import SkeletalError
from skeletal.records import write_records
from skeletal.study import lock_study

from .blinding import blind_records
from .leaks import check_open, check_self_contained, require_pooled
from .notebook import execute_notebook, inject_parameters, read_template
from .provenance import data_as_of, records_digest, study_as_cut
from .render import read_document, render_html, render_pdf
from .render.document import Cover

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .blinding import Kind

OUTPUT = "output"
ARMS = {
    "none": "As randomised (unmasked)",
    "masked": "Masked, shown as letters",
    "pooled": "Pooled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPaths:
    """The files of one report.

    Attributes
    ----------
    html, pdf, notebook : Path
        The page, the print and the executed notebook that both were made from.
    """

    html: Path
    pdf: Path
    notebook: Path


def render_report(
    study: Study,
    records: TrialRecords,
    *,
    kind: Kind,
    out: str | Path,
    unmask: bool = False,
    force: bool = False,
) -> ReportPaths:
    """Write the interim report of one kind as html, pdf and executed notebook.

    For the whole run folder with data, results and manifest use :func:`run_report`.

    Parameters
    ----------
    study : Study
        The protocol, with the true arms.
    records : TrialRecords
        The records, cut at the data cutoff.
    kind : {"open", "closed"}
        Arms pooled, or arms under the letters A, B, ...
    out : path
        Folder for ``<kind>.html``, ``<kind>.pdf`` and ``<kind>.ipynb``; made where it is missing.
    unmask : bool
        Name the arms in the closed report.
    force : bool
        Replace files that are there.

    Returns
    -------
    ReportPaths
        Where the files are.

    Raises
    ------
    FileExistsError
        If a file is there and ``force`` is false.
    InvalidRecords, InvalidStudy
        If the records or the study tell the arms and cannot be blinded.
    SkeletalError
        If the notebook fails, or the open report would name an arm.  No file is written.

    Examples
    --------
    >>> render_report(study, records, kind="open", out="reports")  # doctest: +SKIP
    """
    place = Path(out)
    names = [f"{kind}.{ending}" for ending in ("html", "pdf", "ipynb")]
    there = [name for name in names if (place / name).exists()]
    if there and not force:
        raise FileExistsError(f"{place / there[0]} exists; use force to replace it, or name another folder")
    with tempfile.TemporaryDirectory(prefix="skeletal-") as temporary:
        made = write_report(study, records, kind=kind, unmask=unmask, folder=Path(temporary))
        place.mkdir(parents=True, exist_ok=True)
        for path in (made.html, made.pdf, made.notebook):
            shutil.copy2(path, place / path.name)
    html, pdf, notebook = (place / name for name in names)
    return ReportPaths(html=html, pdf=pdf, notebook=notebook)


def write_report(
    study: Study, records: TrialRecords, *, kind: Kind, unmask: bool, folder: Path
) -> ReportPaths:
    """Make one report in ``folder``: ``report/``, ``figures/<kind>/`` and ``tables/<kind>/``."""
    shown, protocol = blind_records(records, study, kind=kind, unmask=unmask)
    if kind == "open":
        require_pooled(shown, protocol)
    protocol = study_as_cut(protocol, records)
    digests = {"study_digest": study.digest(), "records_digest": records_digest(records)}
    with tempfile.TemporaryDirectory(prefix="skeletal-notebook-") as name:
        work = Path(name)
        notebook = _run(protocol, shown, kind, digests, work)
        _move(work / OUTPUT, folder, kind)
    paths = _render(notebook, _cover(protocol, shown, kind), folder / "report", kind)
    reports = (paths.html, paths.pdf, paths.notebook)
    check_self_contained((paths.html, paths.notebook), (work,))  # the pdf is made from the same blocks
    if kind == "open":
        drawn = [path for part in ("figures", "tables") for path in (folder / part / kind).glob("*")]
        check_open([*reports, *(path for path in drawn if path.suffix != ".png")], study)
    return paths


def _run(
    study: Study, records: TrialRecords, kind: Kind, digests: dict[str, str], work: Path
) -> NotebookNode:
    """Run the notebook in ``work``, which holds the study, the records and, afterwards, the output."""
    (work / "study.toml").write_text(lock_study(study), encoding="utf-8")
    write_records(records, work / "records")
    parameters: dict[str, Any] = {
        "study_file": "study.toml",
        "records_folder": "records",
        "kind": kind,
        "output_folder": OUTPUT,
        **digests,
    }
    return execute_notebook(inject_parameters(read_template(), parameters), folder=work)


def _move(output: Path, folder: Path, kind: Kind) -> None:
    for part in ("figures", "tables"):
        target = folder / part / kind
        target.parent.mkdir(parents=True, exist_ok=True)
        if (output / part).is_dir():
            shutil.move(output / part, target)


def _cover(study: Study, records: TrialRecords, kind: Kind) -> Cover:
    return Cover(
        trial=study.acronym,
        registry=study.registry,
        title=study.title if study.title != study.acronym else "",
        kind=kind,
        as_of=data_as_of(records, study).isoformat(),
        arms=ARMS[study.masking],
        confidential=kind == "closed",
        simulated=records.simulated,
    )


def _render(notebook: NotebookNode, cover: Cover, folder: Path, kind: Kind) -> ReportPaths:
    folder.mkdir(parents=True, exist_ok=True)
    document = read_document(notebook, cover)
    if not document.blocks:
        raise SkeletalError("the notebook showed nothing to report")
    paths = ReportPaths(
        html=folder / f"{kind}.html", pdf=folder / f"{kind}.pdf", notebook=folder / f"{kind}.ipynb"
    )
    paths.html.write_text(render_html(document), encoding="utf-8")
    paths.pdf.write_bytes(render_pdf(document))
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    paths.notebook.write_text(text + "\n", encoding="utf-8")
    return paths
