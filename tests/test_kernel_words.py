"""A learner who begins in the middle of a page is told which cell makes the name that Python does not know."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager

from backprop_helpers.learn.kernel import RESTARTED, use_in, where_made

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CHAIN_RULE = NOTEBOOKS / "03_chain_rule" / "03_chain_rule.ipynb"


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_every_name_that_a_lessons_check_cells_need_leads_to_a_cell(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    assert "the first code cell of this page" in where_made("check", str(notebook))
    exercises = [
        re.sub("^exercise-", "", cell.metadata.nbgrader.grade_id)
        for cell in cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    ]
    assert exercises
    for name in exercises:
        assert where_made(name, str(notebook)), name


def test_a_cell_further_down_is_named_by_its_first_line() -> None:
    said = where_made("numerical_derivative", str(CHAIN_RULE))
    assert "the cell `def numerical_derivative(f, x):`" in said


def written(folder: Path, *sources: str) -> str:
    path = folder / "page.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": [s]} for s in sources]}))
    return str(path)


@pytest.mark.parametrize(
    ("source", "made", "not_made"),
    [
        ("import numpy as np, os.path", {"np", "os"}, {"numpy", "path"}),
        ("from backprop_helpers import check", {"check"}, {"backprop_helpers"}),
        ("def f(x):\n    inside = x\n    return inside", {"f"}, {"x", "inside"}),
        ("for i, (a, b) in pairs:\n    last = a", {"i", "a", "b", "last"}, {"pairs"}),
        ("if (n := 3) > 2:\n    with open('x') as stream: pass", {"n", "stream"}, {"open"}),
        ("squares = [k * k for k in range(3)]", {"squares"}, {"k", "range"}),
        ("class Tensor:\n    grad = 0", {"Tensor"}, {"grad"}),
        ("%timeit x = 1", set(), {"x"}),
    ],
)
def test_what_a_cell_makes(tmp_path: Path, source: str, made: set[str], not_made: set[str]) -> None:
    page = written(tmp_path, "pass", "# a comment\n" + source)
    assert {name for name in made | not_made if where_made(name, page)} == made
    for name in made:
        assert f"the cell `{source.splitlines()[0]}`" in where_made(name, page)


@pytest.mark.parametrize("text", ["", "[]", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}'])
def test_a_notebook_that_cannot_be_read_adds_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.ipynb").write_text(text)
    assert where_made("check", str(tmp_path / "odd.ipynb")) == ""
    assert where_made("check", str(tmp_path / "gone.ipynb")) == ""
    assert where_made("check", None) == where_made(None, str(CHAIN_RULE)) == ""


@pytest.fixture(scope="module")
def error_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Runs code in a real kernel, opened as JupyterLab opens one for lesson 03; what it says of an error."""
    own = tmp_path_factory.mktemp("ipython")
    use_in(own)
    manager = KernelManager(kernel_name="python3")
    environment = {**os.environ, "IPYTHONDIR": str(own), "JPY_SESSION_NAME": str(CHAIN_RULE)}
    manager.start_kernel(env=environment)
    client = manager.blocking_client()
    client.start_channels()

    def error_of(code: str) -> dict[str, Any]:
        heard: list[dict[str, Any]] = []
        client.execute_interactive(code, timeout=60, output_hook=heard.append)
        errors = [message["content"] for message in heard if message["msg_type"] == "error"]
        assert len(errors) == 1, heard
        text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(errors[0]["traceback"]))
        return {**errors[0], "text": text, "streams": [m for m in heard if m["msg_type"] == "stream"]}

    try:
        client.wait_for_ready(timeout=60)
        yield error_of
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.slow
def test_in_a_kernel_the_line_stands_below_the_error(error_of: Callable[[str], dict[str, Any]]) -> None:
    error = error_of("check('numerical_derivative', numerical_derivative)")
    assert (error["ename"], error["evalue"]) == ("NameError", "name 'check' is not defined")
    assert "----> 1 check(" in error["text"]
    assert "→ `check` is made by the first code cell of this page" in error["text"]
    assert error["text"].rstrip().endswith(RESTARTED)
    assert error["streams"] == []


@pytest.mark.slow
def test_in_a_kernel_all_other_errors_are_as_always(error_of: Callable[[str], dict[str, Any]]) -> None:
    assert error_of("no_cell_has_this_name")["text"].endswith("name 'no_cell_has_this_name' is not defined")
    assert error_of("1 / 0")["text"].endswith("ZeroDivisionError: division by zero")
    assert error_of("raise NameError('mine')")["text"].endswith("NameError: mine")
    # inside a function, with the whole way there
    text = error_of("def f():\n    return np.zeros(3)\nf()")["text"]
    assert "return np.zeros(3)" in text
    assert "→ `np` is made by the first code cell" in text
