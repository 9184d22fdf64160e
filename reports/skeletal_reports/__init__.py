"""Figures, tables, reports and the command line of skeletal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .profile import profile_page as profile_page
    from .report import ReportPaths as ReportPaths
    from .report import render_report as render_report
    from .run import RunPaths as RunPaths
    from .run import Simulation as Simulation
    from .run import run_report as run_report

# Imported on first use: the command line must answer before Matplotlib and pandas are loaded.
_HOME = {
    "profile_page": "profile",
    "ReportPaths": "report",
    "render_report": "report",
    "RunPaths": "run",
    "Simulation": "run",
    "run_report": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
