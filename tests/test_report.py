"""The class report: what is counted, what counts as alike, that every word stays text, and the page in a browser."""

from __future__ import annotations

import csv
import dataclasses
import inspect
import json
import re
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from chromium import launched, shuts_out
from test_feedback import EVIL, Reader, checked, master, result_of

from backprop_helpers import diagnose, misconceptions
from backprop_helpers.feedback.content import Feedback, Hand, feedback_of
from backprop_helpers.grading.master import Master
from backprop_helpers.grading.results import GradedSubmission
from backprop_helpers.report import write
from backprop_helpers.report.alike import bare_lines, fingerprint, without_guards
from backprop_helpers.report.numbers import ClassReport, report_of, typical_line
from backprop_helpers.report.page import page

__all__ = ["master"]

LEFT_OUT, AVERAGED = "relu-backward-slope-omitted", "affine-backward-dw-averaged"
OFF_TO_MINUS = "relu-backward-sign-for-step"
KNOWN = {m.name: m for m in misconceptions.all()}


def wrong(name: str) -> dict[str, tuple[str, Any]]:
    m = KNOWN[name]
    return {m.exercise: (textwrap.dedent(inspect.getsource(m.wrong)), m.wrong)}


def with_names(result: GradedSubmission) -> GradedSubmission:
    """The same with what the grader writes about each failed check."""
    cells = []
    for cell in result.cells:
        checks = []
        for check in cell.checks:
            m = next(
                (m for m in KNOWN.values() if m.exercise == check["exercise"] and m.says in check["message"]),
                None,
            )
            checks.append({**check, "misconception": m.name if m else None, "quantity": "dx"})
        cells.append(msgspec.structs.replace(cell, checks=checks))
    return msgspec.structs.replace(result, cells=tuple(cells))


@pytest.fixture(scope="module")
def pairs(master: Master) -> list[tuple[GradedSubmission, Feedback]]:
    class_ = [
        result_of(master, wrong(LEFT_OUT), "ada"),
        result_of(master, wrong(LEFT_OUT), "bo"),
        result_of(master, {**wrong(LEFT_OUT), **wrong(AVERAGED)}, "cy"),
        result_of(master, {}, "di", seconds={"all": 0.5}),
        result_of(master, {}, EVIL, notes=(EVIL,)),
    ]
    unread = GradedSubmission(master.lesson, "ed", "k", "cannot be graded", "strong", reason="No notebook.")
    return [(r, feedback_of(master, r)) for r in [*map(with_names, class_), unread]]


@pytest.fixture(scope="module")
def report(pairs: list[tuple[GradedSubmission, Feedback]]) -> ClassReport:
    return report_of("04_backward_pass", pairs)


def test_ideas_are_ranked_with_who_has_them_and_a_line_of_nobody(report: ClassReport) -> None:
    assert [(i.name, i.learners) for i in report.ideas] == [
        (LEFT_OUT, ("ada", "bo", "cy")),
        (AVERAGED, ("cy",)),
    ]
    assert report.ideas[0].line == "return dout * 1.0"
    assert report.ideas[0].section
    assert [i.name for i in report.teach] == [LEFT_OUT]


def test_exercises_marks_and_remarks_are_counted(report: ClassReport, master: Master) -> None:
    by_title = {e.title: e for e in report.exercises}
    assert (by_title["relu_backward"].right, by_title["relu_backward"].wrong) == (2, 3)
    assert by_title["relu_backward"].share == pytest.approx(0.4)
    assert [row.earned for row in report.rows] == [19, 19, 16, 20, 20, 0]
    assert report.median == 19
    assert ("ed", "No notebook.") in report.odd
    assert report.seconds == {"all": 0.5}


def test_marks_given_by_hand_count(master: Master) -> None:
    result = result_of(master, wrong(LEFT_OUT), "ada")
    found = report_of(
        master.lesson, [(result, feedback_of(master, result, {"check-relu_backward": Hand(0.5)}))]
    )
    assert found.rows[0].earned == 19.5


def test_a_mistake_that_follows_from_another_is_no_idea_of_its_own(master: Master) -> None:
    source = "def mlp_backward(dscores, caches):\n    return relu_backward(dscores, caches)\n"
    result = with_names(
        result_of(
            master,
            {**wrong(LEFT_OUT), "mlp_backward": (source, KNOWN["mlp-backward-grads-reversed"].wrong)},
            "a",
        )
    )
    found = report_of(master.lesson, [(result, feedback_of(master, result))])
    assert [i.exercise for i in found.ideas] == ["relu_backward"]


def test_checks_are_ranked_by_how_many_failed_and_why(master: Master) -> None:
    source = "def mlp_backward(dscores, caches):\n    return relu_backward(dscores, caches)\n"
    reversed_ = {"mlp_backward": (source, KNOWN["mlp-backward-grads-reversed"].wrong)}
    class_ = [
        result_of(master, wrong(LEFT_OUT), "ada"),
        result_of(master, {**wrong(LEFT_OUT), **reversed_}, "bo"),
        result_of(master, wrong(AVERAGED), "cy"),
    ]
    cells = [
        msgspec.structs.replace(cell, checks=[{**check, "hidden": True} for check in cell.checks])
        for cell in class_[2].cells
    ]
    class_[2] = msgspec.structs.replace(class_[2], cells=tuple(cells))
    found = report_of(master.lesson, [(r, feedback_of(master, r)) for r in class_])
    assert [(e.title, e.wrong, e.hidden, e.follows) for e in found.failed] == [
        ("relu_backward", 2, 0, 0),
        ("affine_backward", 1, 1, 0),
        ("mlp_backward", 1, 0, 1),
    ]


def test_a_sentence_of_the_report_begins_as_one_does(master: Master) -> None:
    named = with_names(result_of(master, {**wrong(OFF_TO_MINUS), **wrong(AVERAGED)}))
    found = report_of(master.lesson, [(named, feedback_of(master, named))])
    assert KNOWN[OFF_TO_MINUS].says.startswith("where")
    assert sorted(idea.says.split()[0] for idea in found.ideas) == ["Where", "dw"]


LONG = """
def f(x, w, b):
    \"\"\"Words.\"\"\"
    flat = x.reshape(x.shape[0], -1)
    out = flat @ w + b
    cache = (x, w, b)
    if out.ndim != 2:
        raise ValueError("shape")
    return out, cache
"""


def test_what_counts_as_alike() -> None:
    other = LONG.replace("flat", "rows").replace("cache", "kept").replace('"""Words."""', "# note")
    assert fingerprint(LONG) == fingerprint(other) != ""
    assert fingerprint(LONG) != fingerprint(LONG.replace("@ w + b", "@ w - b"))
    assert fingerprint("def f(x):\n    return x\n") == ""  # too short to say anything
    assert fingerprint("def f(:") == ""
    assert fingerprint("x = " + "-" * 100_000 + "1") == ""


def test_lines_carry_no_words_of_a_learner() -> None:
    assert bare_lines("def f():\n    x = 'Ada Lind'  # by Ada\n    return x\n") == [
        "def f():",
        'x = "…"',
        "return x",
    ]
    assert bare_lines("'''unclosed") == []


GUARDED = """
def mse(pred, y):
    if np.asarray(pred).shape != np.asarray(y).shape:
        raise ValueError(f"pred and y differ in their shapes: {pred.shape} and {y.shape}, which can't be")
    if pred.size:
        return np.sum((pred - y) ** 2)
    raise ValueError
"""


def test_the_typical_line_is_one_that_computes() -> None:
    """Everybody words a refusal in another way, so it is shared by few right solutions, and it is long."""
    assert (
        typical_line([GUARDED, GUARDED.replace("pred.size", "len(y)")], set())
        == "return np.sum((pred - y) ** 2)"
    )
    assert without_guards("def f(:\n raise") == "def f(:\n raise"


def test_the_typical_line_is_not_one_that_other_mistakes_have_too() -> None:
    code = "def f(x):\n    rows = x.reshape(x.shape[0], -1)\n    return rows - 1\n"
    shared = "rows = x.reshape(x.shape[0], -1)"
    assert typical_line([code], set()) == shared
    assert typical_line([code], set(), {shared}) == "return rows - 1"
    assert typical_line([code], {"return rows - 1"}, {shared}) == shared


def test_identical_solutions_are_grouped_without_a_verdict(master: Master) -> None:
    class_ = [result_of(master, {"affine_backward": (LONG, None)}, name) for name in ("ada", "bo")]
    found = report_of(master.lesson, [(r, feedback_of(master, r)) for r in class_])
    assert ("affine_backward", ("ada", "bo")) in found.alike
    words = Reader(page(found)).words.lower()
    assert not re.search("cheat|plagiar|copied from", words)


def test_everything_from_outside_is_text(report: ClassReport) -> None:
    read = Reader(page(report))
    assert read.tags.count("script") == 1  # the page's own
    assert "img" not in read.tags
    assert "alert(1)" in read.words


def _with_marks(report: ClassReport, marks: list[float]) -> ClassReport:
    rows = [dataclasses.replace(row, earned=mark) for row, mark in zip(report.rows, marks, strict=True)]
    return dataclasses.replace(report, rows=tuple(rows))


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1+1", "@SUM(A1)"])
def test_no_cell_of_the_table_becomes_a_formula(
    report: ClassReport, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = dataclasses.replace(report.rows[0], learner=name, notes=(name,))
    odd = dataclasses.replace(report, rows=(row, *report.rows[1:]))
    monkeypatch.setattr(write, "class_report", lambda course, lesson: odd)
    monkeypatch.setattr(write, "course_at", lambda folder: SimpleNamespace(root=tmp_path))
    monkeypatch.setattr(write, "chosen_lessons", lambda course, lessons: lessons)
    write.write_report("04", csv=True)
    with (tmp_path / "reports" / "04.csv").open(encoding="utf-8", newline="") as stream:
        cells = list(csv.reader(stream))[1]
    assert cells[0] == cells[-1] == f"'{name}"
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_sorts_searches_and_shuts_nobody_out(report: ClassReport, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    report = _with_marks(report, [15.3, 9.5, 15.15, 20.0, 9.25, 0.0])
    path.write_text(page(report), encoding="utf-8")
    with launched() as browser:
        for scheme in ("light", "dark"):
            shown = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})  # type: ignore[arg-type]
            asked: list[str] = []
            shown.on("request", lambda request, asked=asked: asked.append(request.url))
            shown.goto(path.as_uri())
            assert asked == [path.as_uri()]
            assert shown.evaluate("document.documentElement.scrollWidth <= 390")
            assert shuts_out(shown) == []
        head = shown.locator("#learners th", has_text="points")
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        marks = shown.locator("#learners tbody td:nth-child(2)").all_inner_texts()
        assert [float(m) for m in marks] == sorted(row.earned for row in report.rows)
        shown.locator("#search").fill("ada")
        assert shown.locator("#learners tbody tr:visible").count() == 1
        assert shown.locator("#shown").inner_text() == "1 shown"
        shown.emulate_media(media="print", color_scheme="dark")
        assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_it_is_written_as_json_too(report: ClassReport) -> None:
    found = json.loads(msgspec.json.encode(report))
    assert found["ideas"][0]["learners"] == ["ada", "bo", "cy"]
    assert not diagnose("relu_backward", KNOWN[LEFT_OUT].wrong).passed
    assert checked(diagnose("relu_backward", KNOWN[LEFT_OUT].wrong))["exercise"] == "relu_backward"


def test_the_axis_of_learners_counts_whole_ones():
    from backprop_helpers.report.page import _histogram

    drawn = _histogram(SimpleNamespace(rows=[SimpleNamespace(earned=3.0)], points=5, median=3.0))
    numbers = re.findall(r'text-anchor="end"[^>]*>([\d.]+)</text>', drawn)
    assert numbers == ["0", "1"]
