"""Run the code of a lesson's page outside a notebook, with some exercises left empty."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jupytext

LESSONS = Path(__file__).parents[1] / "lessons"
SOLUTION = re.compile(r"( *)### BEGIN SOLUTION.*### END SOLUTION", re.DOTALL)
PICTURE = re.compile(r"\w+\(\)")  # a cell that only shows an experiment


def page_cells(lesson: str) -> list[Any]:
    """The code cells of a lesson's text."""
    return [c for c in jupytext.read(LESSONS / f"{lesson}.py").cells if c.cell_type == "code"]


def run_page(lesson: str, empty: list[str], until: str, capsys: Any) -> tuple[str, dict[str, Any]]:
    """Run every cell but checks and pictures, up to the one that holds `until`: what it printed, and all names.

    empty: the exercises that raise, as they do before a learner has written them.
    """
    space: dict[str, Any] = {}
    for cell in page_cells(lesson):
        if "check" in cell.metadata or PICTURE.fullmatch(cell.source.strip()):
            continue
        source = cell.source
        if cell.metadata.get("exercise") in empty:
            source = SOLUTION.sub(r"\1raise NotImplementedError", source)
        capsys.readouterr()
        exec(compile(source, lesson, "exec"), space)
        if until in cell.source:
            return capsys.readouterr().out, space
    raise AssertionError(f"no cell of {lesson} holds {until!r}")
