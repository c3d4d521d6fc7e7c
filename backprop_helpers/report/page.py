"""The report as one HTML file: pictures, the ideas to go over again, and a table that sorts and searches by itself."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from jinja2 import Environment
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from backprop_helpers.experiments import theme
from backprop_helpers.experiments.svg import Figure, Panel
from backprop_helpers.feedback.page import environment, number
from backprop_helpers.report.numbers import ClassReport

_HERE = Path(__file__).with_name("templates")


def page(report: ClassReport) -> str:
    """One self-contained document; everything that came from outside is escaped."""
    return (
        _templates()
        .get_template("report.html")
        .render(
            r=report,
            style=Markup(_style()),
            script=Markup((_HERE / "report.js").read_text(encoding="utf-8")),
            histogram=Markup(_histogram(report)) if report.rows else "",
        )
    )


def _histogram(report: ClassReport) -> str:
    """How the marks are spread, at most twenty bars."""
    marks = np.array([row.earned for row in report.rows])
    bins = int(min(20, max(5, report.points)))
    counts, edges = np.histogram(marks, bins=bins, range=(0, report.points or 1))
    top = max(int(counts.max()), 1)
    panel = Panel(
        (0, report.points or 1),
        (0, top * 1.12),
        xlabel="points",
        ylabel="learners",
        width=460,
        height=260,
        yticks=[(n, f"{n:g}") for n in MaxNLocator(nbins=6, integer=True).tick_values(0, top) if n <= top],
    )
    centres = (edges[:-1] + edges[1:]) / 2
    panel.bars(centres, counts, "blue", width=0.9 * float(edges[1] - edges[0]))
    panel.line([report.median, report.median], [0, top * 1.12], "orange", dash="6 4")
    side = "end" if report.median > (report.points or 1) / 2 else "start"
    panel.label(
        report.median,
        top * 1.05,
        f"median {number(report.median)}",
        "orange",
        anchor=side,
        dx=-7 if side == "end" else 7,
    )
    said = ", ".join(
        f"{n} with {a:g} to {b:g}" for n, a, b in zip(counts, edges, edges[1:], strict=False) if n
    )
    return Figure(panel).html(f"Spread of the marks: {said} points; median {number(report.median)}.")


@functools.cache
def _templates() -> Environment:
    return environment(_HERE)


@functools.cache
def _style() -> str:
    return (
        f":root{{color-scheme:light dark;{theme.variables(theme.LIGHT)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{theme.variables(theme.DARK)}}}}}"
        f"{(_HERE / 'report.css').read_text(encoding='utf-8')}"
    )
