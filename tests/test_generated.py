"""The generated notebooks follow from the texts, and nbval really compares what they show."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from backprop_helpers.authoring.build import Course, serialize, stale
from backprop_helpers.authoring.execute import execute

ROOT = Path(__file__).resolve().parent.parent
SANITIZE = ROOT / "tests" / "nbval_sanitize.cfg"
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
# Cells that nbval must not compare (versions of packages, digits that differ from machine to machine) stay exceptions.
MOST_LEFT_OUT = 4


@pytest.mark.slow
def test_solutions_and_released_notebooks_are_up_to_date():
    course = Course(ROOT)
    assert stale(course, course.names) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
class TestEverySolution:
    def test_was_run_from_top_to_bottom(self, path):
        code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))

    def test_has_nbval_compare_nearly_all_of_its_outputs(self, path):
        cells = nbformat.read(path, as_version=4).cells
        left_out = [cell for cell in cells if "nbval-ignore-output" in cell.metadata.get("tags", [])]
        assert len(left_out) <= MOST_LEFT_OUT
        assert not any("nbval-skip" in cell.metadata.get("tags", []) for cell in cells)
        assert not re.search(r"# *(NBVAL_|PYTEST_VALIDATE)", "\n".join(cell.source for cell in cells))

    def test_keeps_nothing_of_one_run_or_one_machine(self, path):
        text = path.read_text(encoding="utf-8")
        assert '"application/vnd.jupyter.widget-view+json":' not in text
        assert "iopub" not in text
        assert str(ROOT) not in text
        assert str(Path.home()) + "/" not in text

    def test_is_written_in_the_one_form(self, path):
        assert serialize(nbformat.read(path, as_version=4)) == path.read_bytes()


@pytest.fixture(scope="module")
def nbval(tmp_path_factory):
    """What nbval says of four notebooks, three of them changed after they were run."""
    folder = tmp_path_factory.mktemp("nbval")
    source = [
        "x = 3\nprint('x is', x)",
        "from IPython.display import HTML\nHTML(f'<b>{x}</b>')",
        "print('took', 1.25, 's')",
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(s, id=f"c{i}") for i, s in enumerate(source)]
    )
    assert asyncio.run(execute(notebook)) == []
    text = nbformat.writes(notebook)
    changes = {
        "same": ("", ""),
        "text": ("x is 3", "x is 4"),
        "html": ("<b>3</b>", "<b>4</b>"),
        "time": ("took 1.25 s", "took 9.75 s"),
    }
    for name, (old, new) in changes.items():
        assert old in text
        (folder / f"{name}.ipynb").write_text(text.replace(old, new), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-q",
            "-rA",
            "--nbval",
            "--color=no",
            "--nbval-sanitize-with",
            str(SANITIZE),
            "--rootdir",
            str(folder),
            "-c",
            "/dev/null",
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return {
        name: word for word, name in re.findall(r"^(PASSED|FAILED) (\S+::Cell \d)", done.stdout, re.MULTILINE)
    }


@pytest.mark.slow
class TestNbvalCompares:
    def test_an_unchanged_notebook_passes(self, nbval):
        assert {nbval[f"same.ipynb::Cell {i}"] for i in range(3)} == {"PASSED"}

    @pytest.mark.parametrize(("name", "cell"), [("text", 0), ("html", 1)])
    def test_a_changed_output_turns_it_red(self, nbval, name, cell):
        words = [nbval[f"{name}.ipynb::Cell {i}"] for i in range(3)]
        assert words == ["FAILED" if i == cell else "PASSED" for i in range(3)]

    def test_a_measured_time_may_differ(self, nbval):
        assert nbval["time.ipynb::Cell 2"] == "PASSED"
