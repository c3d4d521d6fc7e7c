"""Runs one test cell of the course in the judge's own process, and says in the end what it is worth."""

from __future__ import annotations

import ast
import contextlib
import io
import numbers
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_helpers.checks.result import CheckFailed, CheckResult
from backprop_helpers.checks.runner import graded
from backprop_helpers.grading.judge.remote import Raised
from backprop_helpers.grading.judge.verdict import CheckRecord

_HIDDEN_BEGIN, _HIDDEN_END = re.compile("BEGIN HIDDEN TESTS"), re.compile("END HIDDEN TESTS")
_MOST = 4000


@dataclass
class Run:
    """What running a test cell gave.

    problem: the exception that ended it, None for none; value: of its last expression; printed: by it and by checks; results: what
    its checks said, each with whether it was a hidden one.
    """

    problem: BaseException | None = None
    value: Any = None
    printed: str = ""
    results: list[tuple[CheckResult, bool]] = field(default_factory=list)

    def earned(self, points: float) -> float:
        """As nbgrader gives points: none after an exception, what a number in the last line says, else all."""
        if self.problem is not None:
            return 0.0
        return points if self.value is None else _partial(self.value, points)

    @property
    def records(self) -> tuple[CheckRecord, ...]:
        return tuple(_record(result, hidden) for result, hidden in self.results)


def _partial(value: Any, points: float) -> float:
    """A number between 0 and all points as the last value of a test cell is what it is worth."""
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return points
    earned = float(value)
    return min(max(earned, 0.0), points) if earned == earned else 0.0


def _record(result: CheckResult, hidden: bool) -> CheckRecord:
    return CheckRecord(
        exercise=result.name,
        passed=result.passed,
        hidden=hidden,
        message=result.message[:_MOST],
        where=result.where[:_MOST],
        look=result.look[:_MOST],
        misconception=result.misconception,
        pattern=result.pattern,
        quantity=result.quantity,
        remarks=tuple(remark[:_MOST] for remark in result.remarks),
    )


def run_test(tree: ast.Module, names: dict[str, Any], secret: str) -> Run:
    """Run a test cell of the master with these names; its own are added to them. Never raises for what the tests find."""
    run = Run()

    def listen(result: CheckResult, hidden: bool) -> None:
        run.results.append((result, hidden))

    body: list[ast.stmt] = tree.body
    last: ast.Expression | None = None
    if body and isinstance(end := body[-1], ast.Expr):
        body, last = body[:-1], ast.Expression(end.value)
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        graded(secret, listen),
    ):
        warnings.simplefilter("ignore")
        try:
            exec(compile(ast.Module(body, []), "<test>", "exec"), names)
            if last is not None:
                run.value = eval(compile(last, "<test>", "eval"), names)
        except Exception as problem:
            run.problem = problem
    run.printed = printed.getvalue()[:_MOST]
    return run


def explained(run: Run, source: str, sentence_about_name: Callable[[str], str]) -> str:
    """What ended a test cell, for the learner; hidden tests are never quoted, and neither is what they used."""
    problem = run.problem
    if problem is None:
        return ""
    if isinstance(problem, CheckFailed):
        return str(problem)[:_MOST]
    if isinstance(problem, NameError) and problem.name:
        return sentence_about_name(problem.name)
    line = _line_of(problem)
    if isinstance(problem, Raised):
        return str(problem)[:_MOST]
    if line is None or _is_hidden(source, line):
        what = "" if isinstance(problem, AssertionError) else f" ({type(problem).__name__})"
        return f"A hidden test of this cell does not hold{what}. It uses other inputs than those you see."
    quoted = source.split("\n")[line - 1].strip()[:200] if line <= len(source.split("\n")) else ""
    said = str(problem).strip()
    if isinstance(problem, AssertionError):
        return f"This test does not hold: {quoted}" + (f"\n{said[:1000]}" if said else "")
    return f"The test {quoted} stopped with {type(problem).__name__}" + (f": {said[:1000]}" if said else "")


def _line_of(problem: BaseException) -> int | None:
    lines = [f.lineno for f in traceback.extract_tb(problem.__traceback__) if f.filename == "<test>"]
    return lines[0] if lines else None


def _is_hidden(source: str, line: int) -> bool:
    """Whether a line (counted from 1) stands between the marks of hidden tests."""
    inside = False
    for number, text in enumerate(source.split("\n"), start=1):
        if _HIDDEN_BEGIN.search(text):
            inside = True
        if number == line:
            return inside
        if _HIDDEN_END.search(text):
            inside = False
    return False
