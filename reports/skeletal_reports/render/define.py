"""The define table as one self-contained html page."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from skeletal_reports.tables.define import define_sections
from skeletal_reports.tables.table import to_html

if TYPE_CHECKING:
    from skeletal.outcomes import Define
    from skeletal.study import Study
    from skeletal_reports.tables.table import Table


def render_define(define: Define, study: Study) -> str:
    """Return the define table as an html page: one section a data set, no script, nothing from outside.

    Parameters
    ----------
    define : Define
        From ``skeletal.outcomes.define_tables``.
    study : Study
        Gives acronym, title and digest.

    Returns
    -------
    str
        The page; it can be printed (A4, landscape).
    """
    folder = files("skeletal_reports.render")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((folder / "define.html.j2").read_text(encoding="utf-8"))
    style, more = (
        Markup((folder / name).read_text(encoding="utf-8"))  # noqa: S704 - our own files
        for name in ("report.css", "define.css")
    )
    page = template.render(
        study=study,
        digest=study.digest()[:16],
        sections=define_sections(define),
        style=style,
        more=more,
        to_html=_table,
    )
    return page + "\n"


def _table(table: Table) -> Markup:
    return Markup(to_html(table))  # noqa: S704 - escaped by to_html
