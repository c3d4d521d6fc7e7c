"""A lesson's text and its notebooks: the same content both ways, and every mistake of an author's named."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from authoring_sample import REPOSITORY, SAMPLE
from nbgrader.nbgraderformat import MetadataValidator

from backprop_helpers.authoring.leaks import shows, telling_lines
from backprop_helpers.authoring.outputs import clean, machine_paths, same_outputs
from backprop_helpers.authoring.rules import problems_of
from backprop_helpers.authoring.text import (
    built_from,
    canonical,
    fingerprint,
    from_notebook,
    read_lesson,
    to_notebook,
)

PATH = Path("lessons/90_sample.py")
LESSONS = sorted(REPOSITORY.glob("lessons/[0-9][0-9]_*.py"))


def notebook_of(text: str) -> nbformat.NotebookNode:
    return to_notebook(read_lesson(text, PATH))


def line_of(text: str, part: str) -> int:
    return next(i for i, line in enumerate(text.split("\n"), start=1) if part in line)


def problems(text: str) -> list[tuple[int, str]]:
    return [(p.line, p.sentence) for p in problems_of(read_lesson(text, PATH))]


class TestRoundTrip:
    def test_sample_is_unchanged(self):
        assert from_notebook(notebook_of(SAMPLE)) == canonical(SAMPLE, PATH)

    def test_canonical_form_is_a_fixed_point(self):
        once = canonical(SAMPLE, PATH)
        assert canonical(once, PATH) == once

    @pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
    def test_every_lesson_survives_the_notebook(self, path):
        text = path.read_text(encoding="utf-8")
        lesson = read_lesson(text, path)
        back = read_lesson(from_notebook(to_notebook(lesson)), path)
        assert back.about == lesson.about
        assert [(c.kind, c.source, c.metadata) for c in back.cells] == [
            (c.kind, c.source, c.metadata) for c in lesson.cells
        ]

    def test_a_notebook_read_from_its_file_gives_the_same_text(self):
        written = nbformat.writes(notebook_of(SAMPLE))
        assert from_notebook(nbformat.reads(written, as_version=4)) == canonical(SAMPLE, PATH)

    def test_the_notebook_says_what_it_was_built_from(self):
        assert built_from(notebook_of(SAMPLE)) == fingerprint(canonical(SAMPLE, PATH))
        assert built_from(notebook_of(SAMPLE.replace("The end.", "The End."))) != built_from(
            notebook_of(SAMPLE)
        )

    def test_what_one_sitting_leaves_in_a_notebook_does_not_reach_the_text(self):
        notebook = notebook_of(SAMPLE)
        for cell in notebook.cells:
            cell.metadata.update(
                {"collapsed": True, "execution": {"iopub.status.busy": "12:00"}, "editable": True}
            )
        notebook.metadata["widgets"] = {"x": 1}
        notebook.metadata["language_info"]["version"] = "3.12.1"
        assert from_notebook(notebook) == canonical(SAMPLE, PATH)


class TestNbgraderMetadata:
    def test_is_valid_and_what_each_marker_means(self):
        notebook = notebook_of(SAMPLE)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
        marks = {
            c.metadata.nbgrader.grade_id: c.metadata.nbgrader
            for c in notebook.cells
            if "nbgrader" in c.metadata
        }
        assert {name: (m.grade, m.solution, m.locked, m.get("points")) for name, m in marks.items()} == {
            "exercise-slope": (False, True, False, None),
            "check-slope": (True, False, True, 2),
            "answer-why_steep": (True, True, False, 4),
            "rubric-why_steep": (False, False, True, None),
        }

    def test_the_mark_scheme_is_a_cell_of_its_own(self):
        cells = {c.id: c.source for c in notebook_of(SAMPLE).cells}
        assert "MARK SCHEME" not in cells["answer-why_steep"]
        assert "2 points: names the slope" in cells["rubric-why_steep"]
        assert cells["rubric-why_steep"].startswith("*Marked by hand: up to 4 points.*")


class TestCellIds:
    def test_are_unique_readable_and_allowed(self):
        ids = [c.id for c in notebook_of(SAMPLE + "\n# %%\nx = 1\n\n# %%\nx = 1\n\n# %%\n\n# %%\n").cells]
        assert len(set(ids)) == len(ids)
        assert {"exercise-slope", "check-slope"} <= set(ids)
        assert all(1 <= len(i) <= 64 for i in ids)

    def test_stay_when_another_cell_changes(self):
        before = [c.id for c in notebook_of(SAMPLE).cells]
        edited = SAMPLE.replace(
            "# %% [markdown]\n# <details>", "# %%\nprint('new')\n\n# %% [markdown]\n# <details>"
        )
        after = [c.id for c in notebook_of(edited).cells]
        assert len(after) == len(before) + 1
        assert [i for i in after if i in before] == before


class TestEditsInJupyterLab:
    """What an author may do to the notebook, and the text it must give."""

    def test_an_edited_and_a_new_cell(self):
        notebook = notebook_of(SAMPLE)
        notebook.cells[0].source += "\n\nOne more line."
        notebook.cells.insert(2, nbformat.v4.new_code_cell("y = 3"))
        text = from_notebook(notebook)
        assert "# One more line." in text
        assert "# %%\ny = 3\n" in text
        assert '# %% exercise="slope"\n' in text

    def test_a_moved_marker_cell(self):
        notebook = notebook_of(SAMPLE)
        notebook.cells.insert(0, notebook.cells.pop(3))
        text = from_notebook(notebook)
        assert text.index('exercise="slope"') < text.index("A sample\n#\n")
        assert problems(text) == []

    def test_points_changed_in_nbgraders_panel(self):
        notebook = notebook_of(SAMPLE)
        next(c for c in notebook.cells if c.id == "check-slope").metadata.nbgrader["points"] = 5.0
        assert '# %% check="slope" points=5\n' in from_notebook(notebook)

    def test_a_cell_marked_in_nbgraders_panel(self):
        notebook = notebook_of(SAMPLE)
        cell = nbformat.v4.new_code_cell("def f(x):\n    return x")
        cell.metadata["nbgrader"] = {
            "grade": False,
            "solution": True,
            "locked": False,
            "grade_id": "cell-1a2b",
        }
        notebook.cells.append(cell)
        assert '# %% exercise="cell-1a2b"\n' in from_notebook(notebook)

    def test_an_edited_mark_scheme(self):
        notebook = notebook_of(SAMPLE)
        rubric = next(c for c in notebook.cells if c.id == "rubric-why_steep")
        rubric.source = rubric.source.replace("names the slope", "names the derivative")
        text = from_notebook(notebook)
        assert text == canonical(SAMPLE, PATH).replace("names the slope", "names the derivative")

    def test_a_mark_scheme_whose_answer_was_deleted_is_kept(self):
        notebook = notebook_of(SAMPLE)
        notebook.cells = [c for c in notebook.cells if c.id != "answer-why_steep"]
        text = from_notebook(notebook)
        assert "names the slope" in text
        assert any("MARK SCHEME stands in a cell" in sentence for _, sentence in problems(text))


DUPLICATE = '\n\n# %% exercise="slope"\ndef again(x):\n    """x: (N,), returns (N,)"""\n    ### BEGIN SOLUTION\n    ### END SOLUTION\n'
# what is done to the sample, the part of the text whose line is named, words of the sentence
MISTAKES = {
    "no title": (("#     title: A sample\n", ""), "# ---", "does not say the lesson's title"),
    "no check": (('check="slope" points=2', ""), 'exercise="slope"', "has no check"),
    "no exercise": (('exercise="slope"', ""), 'check="slope"', "has no exercise of that name"),
    "used twice": (("# The end.", "# The end." + DUPLICATE), 'exercise="slope"\ndef again', "is used twice"),
    "bad name": (('answer="why_steep"', 'answer="why steep"'), "answer=", "is no usable name"),
    "two roles": (
        ('exercise="slope"', 'exercise="slope" answer="slope"'),
        "exercise=",
        "exercise and answer at once",
    ),
    "no points": ((" points=2", ""), 'check="slope"', "does not say what it is worth"),
    "points below": ((" points=4", " points=0"), "answer=", "does not say what it is worth"),
    "points elsewhere": (('exercise="slope"', 'exercise="slope" points=1'), "exercise=", "belong on a check"),
    "no solution": (
        ("    ### BEGIN SOLUTION\n    out = 2 * x + 0 * x\n    ### END SOLUTION\n", "    out = 1\n"),
        'exercise="slope"',
        "has no BEGIN SOLUTION",
    ),
    "no end": (("    ### END SOLUTION\n", ""), "### BEGIN SOLUTION", "has no END SOLUTION"),
    "no begin": (("    ### BEGIN SOLUTION\n", ""), "### END SOLUTION", "has no BEGIN SOLUTION before it"),
    "nested": (
        ("### BEGIN HIDDEN TESTS", "### BEGIN HIDDEN TESTS\n### BEGIN HIDDEN TESTS"),
        "",
        "stands inside",
    ),
    "wrong cell": (
        ("# The end.", "# **BEGIN SOLUTION**\n# x\n# END SOLUTION"),
        "**BEGIN SOLUTION",
        "not marked exercise",
    ),
    "visible": (("### BEGIN HIDDEN TESTS\n", ""), "hidden=True", "would be visible"),
    "other check": (('check("slope", slope)', 'check("mse", slope)'), "# %% check=", 'calls check("mse", …)'),
    "scheme first": (
        ("# <!-- END MARK SCHEME -->", "# <!-- END MARK SCHEME -->\n# more"),
        "BEGIN MARK",
        "at the end",
    ),
    "no docstring": (('    """The slope', '    pass\n    """The slope'), "def slope", "has no docstring"),
    "no shape": (("    x: array of any shape\n", ""), "def slope", "the shape of x"),
    "no result": (("    returns out: array of the same shape as x\n", ""), "def slope", "what it returns"),
    "syntax": (("    return out\n", "    return out out\n"), "return out out", "is not valid Python"),
    "leak in a hint": (
        ("doubles when x does", "is `2*x + 0*x`"),
        "",
        "a hint here shows a line of the solution",
    ),
    "leak in a stub": (
        ("    return out\n", "    # out = 2*x+0*x\n    return out\n"),
        "exercise=",
        "the stub here shows",
    ),
}


class TestAuthorsMistakes:
    def test_the_sample_has_none(self):
        assert problems(SAMPLE) == []

    @pytest.mark.parametrize("name", MISTAKES)
    def test_each_is_named_with_its_line(self, name):
        (old, new), place, words = MISTAKES[name]
        text = SAMPLE.replace(old, new, 1)
        assert text != SAMPLE
        found = problems(text)
        hits = [line for line, sentence in found if words in sentence]
        assert hits, found
        if place and "\n" not in place:
            assert line_of(text, place) in hits

    def test_all_are_found_at_once(self):
        text = (
            SAMPLE.replace(" points=2", "")
            .replace("    x: array of any shape\n", "")
            .replace("    ### END SOLUTION\n", "")
        )
        assert len({sentence for _, sentence in problems(text)}) >= 3

    def test_a_check_above_its_exercise(self):
        lesson = canonical(SAMPLE, PATH)
        notebook = notebook_of(lesson)
        notebook.cells.insert(0, notebook.cells.pop(5))
        assert any(
            "stands above its exercise" in sentence for _, sentence in problems(from_notebook(notebook))
        )

    def test_the_whole_solution_in_another_cell(self):
        solution = "    a = np.exp(x - x.max())\n    b = a / a.sum(axis=1)\n"
        text = SAMPLE.replace("    out = 2 * x + 0 * x\n", solution) + f"\n# %%\nif True:\n{solution}"
        assert any("most of the solution" in sentence for _, sentence in problems(text))

    @pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
    def test_the_lessons_have_none(self, path):
        assert problems_of(read_lesson(path.read_text(encoding="utf-8"), path)) == []


class TestLeaks:
    @pytest.mark.parametrize(
        "line", ["return out", "N = x.shape[0]", "cache = (x, w, b)", "pass", "out = x", "z = x @ w"]
    )
    def test_lines_that_tell_nothing(self, line):
        assert telling_lines(line, {0}) == []

    @pytest.mark.parametrize(
        ("line", "text", "leaks"),
        [
            ("out = np.maximum(0, x)", "take `np.maximum(0,x)`", True),
            ("out = np.maximum(0, x)", "take the maximum of 0 and x, np.maximum helps", False),
            ("return a * b + c * d", "write a*b+c*d", True),
            ("return a * b + c * d", "write aa*b+c*d, or a*b+c*dd", False),
            ("p = a / a.sum(axis=1, keepdims=True)  # rows", "p=a/a.sum(axis=1,keepdims=True)", True),
        ],
    )
    def test_lines_that_do(self, line, text, leaks):
        (found,) = telling_lines(line, {0})
        assert shows(text, found) is leaks


def with_output(*outputs, tags=()):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell("x", metadata={"tags": list(tags)}, outputs=list(outputs))]
    return notebook


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", text=text, name=name)


class TestOutputs:
    def test_streams_cut_or_mixed_differently_are_the_same(self):
        cut = with_output(stream("a"), stream("!", "stderr"), stream("b"))
        whole = with_output(stream("ab"), stream("!", "stderr"))
        assert same_outputs(cut, whole, [])
        assert not same_outputs(cut, with_output(stream("ac"), stream("!", "stderr")), [])

    def test_ignored_and_sanitised_outputs(self):
        tagged = [with_output(stream(t), tags=["nbval-ignore-output"]) for t in "ab"]
        assert same_outputs(*tagged, [])
        timed = [with_output(stream(f"took {n} ms")) for n in (3, 4)]
        assert not same_outputs(*timed, [])
        assert same_outputs(*timed, [(r"\d+ ms", "TIME")])

    def test_cleaning_takes_out_widgets_timing_and_this_machine(self, tmp_path):
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "a slider"}
        error = nbformat.v4.new_output(
            "error", ename="E", evalue="e", traceback=[f"{tmp_path}/x.py in <cell>"]
        )
        notebook = with_output(nbformat.v4.new_output("display_data", data=view), error)
        notebook.metadata["widgets"] = {"state": {}}
        notebook.cells[0].metadata["execution"] = {"iopub.execute_input": "now"}
        clean(notebook, tmp_path)
        text = nbformat.writes(notebook)
        assert "model_id" not in text
        assert "a slider" in text
        assert "now" not in text
        assert str(tmp_path) not in text
        assert "widgets" not in notebook.metadata

    def test_a_path_of_this_machine_is_found(self, tmp_path):
        notebook = with_output(stream(f"saved to {tmp_path}/weights.npz"))
        assert machine_paths(notebook.cells[0], tmp_path) == [str(tmp_path)]
        assert machine_paths(with_output(stream("saved")).cells[0], tmp_path) == []


def test_a_text_saved_as_a_notebook_in_jupyterlab_keeps_header_and_markers(tmp_path):
    """With jupytext installed, JupyterLab can open a lesson's text as a notebook."""
    jupytext = pytest.importorskip("jupytext")
    shutil.copy(REPOSITORY / "jupytext.toml", tmp_path)
    path = tmp_path / "90_sample.py"
    path.write_text(canonical(SAMPLE, PATH), encoding="utf-8")
    manager = jupytext.TextFileContentsManager()
    manager.root_dir = str(tmp_path)
    model = manager.get("90_sample.py", type="notebook")
    model["content"].cells[0].source += "\n\nA new line."
    manager.save(model, "90_sample.py")
    saved = path.read_text(encoding="utf-8")
    assert "# A new line." in saved
    assert canonical(saved, PATH) == canonical(SAMPLE.replace("w$.\n", "w$.\n#\n# A new line.\n"), PATH)
    assert 'exercise="slope"' in saved
    assert "jupytext" not in saved
    assert [p.name for p in tmp_path.glob("*.ipynb")] == []
