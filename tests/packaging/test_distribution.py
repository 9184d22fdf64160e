"""What the installed distribution says of itself and carries with it."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import distribution, entry_points, requires
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("skeletal", "skeletal_synthetic", "skeletal_reports")


@pytest.mark.parametrize("package", PACKAGES)
def test_package_says_that_it_is_typed(package):
    assert (files(package) / "py.typed").is_file()


@pytest.mark.parametrize("name", ["hermes.toml", "perform.toml"])
def test_library_studies_are_installed(name):
    assert (files("skeletal.study") / "library" / name).is_file()


def test_templates_of_the_report_are_installed():
    names = {item.name for item in (files("skeletal_reports") / "render").iterdir()}
    assert {"report.css", "report.html.j2", "report.typ"} <= names


@pytest.mark.parametrize("name", ["interim_report.ipynb", "outcomes.ipynb", "recurrent_events.ipynb"])
def test_notebooks_are_found_after_installation(name):
    installed = Path(str(files("skeletal_reports"))) / "notebooks" / name
    assert installed.is_file() or (ROOT / "notebooks" / name).is_file()


def test_licence_is_mit():
    metadata = distribution("skeletal").metadata
    assert (metadata["License-Expression"] or metadata["License"]) == "MIT"


def test_command_is_installed():
    (command,) = entry_points(group="console_scripts", name="skeletal")
    assert command.value == "skeletal_reports.cli:main"


def test_lifelines_is_not_older_than_the_one_that_fits():
    # An older lifelines declares no upper bound of pandas and is silently chosen next to pandas 3.
    assert "lifelines>=0.30.3" in {requirement.replace(" ", "") for requirement in requires("skeletal") or ()}


def constraints() -> list[str]:
    path = ROOT / "constraints.txt"
    if not path.is_file():
        pytest.skip("constraints.txt absent: the tests run outside a checkout")
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_constraints_are_exact_versions_and_nothing_else():
    assert not [line for line in constraints() if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)]


def test_constraints_cover_every_direct_dependency():
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in constraints()}
    named = {
        re.match(r"[A-Za-z0-9._-]+", line)[0].lower()
        for line in requires("skeletal") or ()
        if "lab" not in line
    }
    assert {re.sub(r"[-_.]+", "-", name) for name in named} - {"skeletal"} <= pinned


def imported_by(code: str, *, whole: bool = False) -> set[str]:
    name = "name" if whole else "name.partition('.')[0]"
    shown = f"import sys; print(' '.join({{{name} for name in sys.modules}}))"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{shown}"], capture_output=True, text=True, check=True
    )
    return set(run.stdout.splitlines()[-1].split())


HEAVY = {
    "numpy",
    "pandas",
    "scipy",
    "matplotlib",
    "pydantic",
    "pyarrow",
    "lifelines",
    "statsmodels",
    "nbclient",
}


def test_help_imports_nothing_heavy():
    code = "from skeletal_reports.cli import app\ntry: app(['--help'])\nexcept SystemExit: pass"
    modules = imported_by(code)
    assert "typer" in modules
    assert modules & HEAVY == set()


def test_kernel_imports_no_matplotlib():
    modules = imported_by("import skeletal.study, skeletal.records, skeletal.outcomes, skeletal.plan")
    assert "pandas" in modules
    assert modules & {"matplotlib", "skeletal_synthetic", "skeletal_reports"} == set()


def test_a_report_starts_without_the_slow_parts_of_scipy():
    modules = imported_by("import skeletal_reports.run, skeletal_synthetic", whole=True)
    assert "scipy.special" in modules
    assert modules & {"scipy.stats", "scipy.optimize", "scipy.integrate"} == set()
