"""Check that each notebook of a folder is stripped of outputs, then run it from top to bottom."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def unstripped_cells(notebook: nbformat.NotebookNode) -> list[int]:
    """Return the positions of code cells that hold an output or a count."""
    return [
        number
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)
    ]


def main(folder: Path) -> int:
    """Run every notebook below ``folder``; 1 if one is not stripped."""
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        print(f"no notebooks in {folder}", file=sys.stderr)
        return 1
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        if cells := unstripped_cells(notebook):
            print(f"{path}: outputs in code cells {cells}; strip them", file=sys.stderr)
            return 1
        with tempfile.TemporaryDirectory() as place:
            resources = {"metadata": {"path": place}}
            NotebookClient(notebook, timeout=300, resources=resources).execute()
        print(f"{path.name}: ran {len(notebook.cells)} cells")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
