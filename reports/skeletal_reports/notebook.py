"""Give a notebook its parameters, and run it in a kernel of this Python."""

from __future__ import annotations

import asyncio
import copy
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skeletal.errors import SkeletalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbformat import NotebookNode

TEMPLATE = "interim_report.ipynb"
TIMEOUT_SECONDS = 600
QUIET = "IPKernelApp.exec_lines=import logging; logging.getLogger('skeletal').setLevel(logging.ERROR)"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def read_template(name: str = TEMPLATE) -> NotebookNode:
    """Return a notebook of the package; in a checkout, of its ``notebooks`` folder."""
    import nbformat  # noqa: PLC0415

    folder = files("skeletal_reports")
    for place in (folder / "notebooks" / name, Path(str(folder)).parents[1] / "notebooks" / name):
        if place.is_file():
            text = place.read_text(encoding="utf-8")
            found: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
            return found
    raise SkeletalError(f"the notebook {name!r} is missing from this installation: install skeletal again")


def inject_parameters(notebook: NotebookNode, parameters: Mapping[str, Any]) -> NotebookNode:
    """Return ``notebook`` with a cell of assignments after the cell tagged ``parameters``.

    Parameters
    ----------
    notebook : NotebookNode
        Not changed.
    parameters : mapping of str to value
        Values whose ``repr`` is Python code: text, numbers, flags.

    Raises
    ------
    SkeletalError
        If no cell is tagged ``parameters``, or that cell does not assign one of the names.
    """
    found = [
        place
        for place, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", ())
    ]
    if len(found) != 1:
        raise SkeletalError(f"a notebook needs one code cell tagged 'parameters', this one has {len(found)}")
    declared = notebook.cells[found[0]].source
    if unknown := [name for name in parameters if f"{name} = " not in declared]:
        raise SkeletalError(f"the notebook has no parameter {', '.join(map(repr, unknown))}")
    from nbformat.v4 import new_code_cell  # noqa: PLC0415

    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    metadata = {"tags": ["injected-parameters"]}
    cell = new_code_cell(source, id="injected-parameters", metadata=metadata)  # type: ignore[no-untyped-call]
    filled = copy.deepcopy(notebook)
    filled.cells.insert(found[0] + 1, cell)
    return filled


def execute_notebook(
    notebook: NotebookNode, *, folder: Path, timeout: float = TIMEOUT_SECONDS
) -> NotebookNode:
    """Run ``notebook`` from top to bottom in ``folder`` and return it with its outputs.

    The kernel is this Python, whatever kernels are registered on the machine; it reads no start-up files
    and keeps no history.  No times are recorded, so that a repeat gives the same file.

    Parameters
    ----------
    notebook : NotebookNode
        Not changed.
    folder : Path
        Working folder of the kernel.
    timeout : float
        Seconds that one cell may take.

    Raises
    ------
    SkeletalError
        If a cell fails or takes too long; the message shows the cell and its error.
    """
    from nbclient import NotebookClient  # noqa: PLC0415
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: PLC0415

    filled = copy.deepcopy(notebook)
    client = NotebookClient(
        filled,
        km=_kernel_manager(),
        timeout=timeout,
        record_timing=False,
        allow_errors=False,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        # In a thread of its own: the caller may be a notebook, where an event loop is already running.
        with ThreadPoolExecutor(1) as pool:
            work = client.async_execute(env=_environment(folder), cleanup_kc=True)
            pool.submit(asyncio.run, work).result()
    except CellExecutionError as error:
        raise SkeletalError(f"the notebook failed. {COLOUR.sub('', str(error)).strip()}") from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise SkeletalError(f"the notebook did not finish: {error}") from None
    return filled


def _kernel_manager() -> Any:
    """Return a manager that starts a kernel through this interpreter, without a registered kernelspec."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager  # noqa: PLC0415
    from jupyter_client.manager import AsyncKernelManager  # noqa: PLC0415

    class ThisPython(KernelSpecManager):
        """Knows one kernel."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            """Return the kernel of this interpreter under any name."""
            del kernel_name
            options = ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=40", f"--{QUIET}"]
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *options]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisPython())


def _environment(folder: Path) -> dict[str, str]:
    """Environment of the kernel: no user settings, no display, one thread a library, fixed hashes."""
    settings = folder / "settings"
    private = {"IPYTHONDIR": settings, "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", "")}
    fixed = {"MPLBACKEND": "agg", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**os.environ, **{name: str(value) for name, value in private.items() if value}, **fixed}
