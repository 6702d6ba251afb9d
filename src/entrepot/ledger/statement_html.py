"""A paper as one HTML page that needs nothing else: no script, no font, no picture."""

from __future__ import annotations

import functools

import jinja2

from entrepot.ledger.statement_paper import Paper
from entrepot.values.times import date_at


def render(paper: Paper) -> bytes:
    return _template().render(paper=paper, day=date_at(paper.at_ms)).encode()


@functools.cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("entrepot.ledger", "")
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template("statement.html")
