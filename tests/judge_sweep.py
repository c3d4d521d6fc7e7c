"""Does the grader's judge say of every wrong solution what the notebook says? `make judge-sweep`.

Each registered misconception and each right style is checked twice: called in this process, as in a notebook, and through the wire, as a
submission is. Hidden checks must agree to the letter. In a visible check the notebook measures by finite differences and the judge
compares with the reference, so there the diagnosis must agree.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from rich.console import Console
from rich.progress import track

from backprop_helpers import misconceptions
from backprop_helpers.checks import CheckResult, diagnose
from backprop_helpers.grading.judge.remote import RemoteFunction, Side
from tests.judge_side import FakeBox
from tests.variants import right

Subject = tuple[str, str, Callable[..., Any]]


def both(exercise: str, fn: Callable[..., Any], hidden: bool) -> tuple[CheckResult, CheckResult]:
    """What is said of a function here, and through the wire."""
    there = RemoteFunction(Side(FakeBox({exercise: fn})), exercise)
    return diagnose(exercise, fn, hidden=hidden), diagnose(exercise, there, hidden=hidden)


def differences(i: int) -> list[str]:
    """Where the two say something else of subject i."""
    exercise, name, fn = subjects()[i]
    off = []
    for hidden in (False, True):
        here, there = both(exercise, fn, hidden)
        said = [(r.passed, r.misconception, r.message) for r in (here, there)]
        if said[0] != said[1] or (hidden and str(here) != str(there)):
            off.append(
                f"{exercise}, {name}, {'hidden' if hidden else 'visible'}\n  here: {here}\n  there: {there}"
            )
    return off


def subjects() -> list[Subject]:
    """Every variant of every misconception, and every right style: (exercise, name, function)."""
    wrong = [(m.exercise, m.name, one.wrong) for m in misconceptions.all() for one in m.variants()]
    return [*wrong, *right()]


def main() -> int:
    count = len(subjects())
    off: list[str] = []
    with ProcessPoolExecutor(2) as pool:
        found = pool.map(differences, range(count), chunksize=8)
        for some in track(found, "judging", count, console=Console(stderr=True)):
            off += some
    for line in off:
        print(line)
    print(f"{count} solutions in the notebook and before the judge: {len(off)} times something else is said")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
