"""Long measurements of the checks, each with a small version among the tests.

`make sweep` runs `leave-one-out` (what is said of a misconception that is not registered) and `seeds 2000` (no right
solution may fail, no wrong one may pass); `make sweep ARGS="seeds 2000/100 adam"` runs fewer of the wrong ones.
`make sweep ARGS="pairs"` counts how often two known mistakes in one function are both named.
"""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose, exercises, runner
from backprop_helpers.checks.observe import observe
from backprop_helpers.checks.spec import Exercise
from backprop_helpers.checks.trial import failed
from backprop_helpers.misconceptions import Misconception
from tests.mutation.pairs import Pair, pairs_of
from tests.variants import right


@dataclass(frozen=True)
class Sweep:
    """One exercise on many seeds: how many runs, and the false alarms, escapes and wrong names among them."""

    exercise: str
    right_runs: int
    false_alarms: tuple[str, ...]
    wrong_runs: int
    escapes: tuple[str, ...]
    misnamed: tuple[str, ...]


def passes(exercise: Exercise, fn: Callable[..., Any], seed: int) -> bool:
    """Whether fn passes the visible check on this seed; stops at the first case that fails and explains nothing."""
    cases = exercise.cases(np.random.default_rng(seed))
    return not any(failed(exercise, runner._try(exercise, fn, case, None, False)) for case in cases)


def sweep(job: tuple[str, int, int]) -> Sweep:
    """All right styles of one exercise on seeds 0 … n−1, and all its misconceptions on 0 … m−1.

    Naming replays every misconception, so it is sampled: one seed in a hundred.
    """
    name, seeds, wrong_seeds = job
    exercise = exercises()[name]
    styles = [(style, fn) for e, style, fn in right() if e == name]
    wrong = [one for m in misconceptions.for_exercise(name) for one in m.variants()]
    # our own solutions need no clock beside them, and a million threads take time
    with mock.patch.object(runner, "observe", functools.partial(observe, trusted=True)):
        alarms = [f"{st} seed {i}" for st, fn in styles for i in range(seeds) if not passes(exercise, fn, i)]
        escapes = [
            f"{m.name} seed {i}" for m in wrong for i in range(wrong_seeds) if passes(exercise, m.wrong, i)
        ]
    named = [
        (m, s, diagnose(name, m.wrong, seed=s).misconception)
        for m in wrong
        for s in range(0, wrong_seeds, 100)
    ]
    misnamed = [f"{m.name} seed {s}: {said}" for m, s, said in named if said != m.name]
    return Sweep(
        name, len(styles) * seeds, tuple(alarms), len(wrong) * wrong_seeds, tuple(escapes), tuple(misnamed)
    )


# Names that are true all the same where the entry itself is missing.
TRUE_NAMES = {
    "sigmoid-forward-x-overwritten": "writing the result into an integer x is what truncates it",
    "tanh-forward-x-overwritten": "writing the result into an integer x is what truncates it",
    "mse-backward-raw-error": "the two that are named are what it consists of",
    "bug-hunt-3-still-there": "the mean of one term that is counted twice is that term",
    "softmax-loss-nothing-divided": "the two that are named are what it consists of",
    "mlp-backward-divided-again": "the two that are named are what it consists of",
    "train-step-configs-not-kept": "the two that are named are what it consists of",
    "early-stopping-keeps-a-reference": "the two that are named are what it consists of",
}


@dataclass(frozen=True)
class LeftOut:
    """What is said of a misconception whose own entry is removed: a name, a pattern, or where it differs."""

    misconception: str
    named: str | None
    pattern: str | None
    message: str


def leave_one_out(m: Misconception) -> LeftOut:
    others = tuple(o for o in misconceptions.for_exercise(m.exercise) if o is not m)
    result = diagnose(m.exercise, m.wrong, known=others)
    return LeftOut(m.name, result.misconception, result.pattern, result.message)


def said_of_pair(pair: Pair) -> str:
    """What the check says of a function with two known mistakes: a word, as the columns of the table.

    "both": their two names; "as one": a name, or other two, that gives the same numbers everywhere, where one mistake
    hides the other or both together are a mistake with a name of its own; "pattern" or "where": no name; "passes".
    """
    result = diagnose(pair.exercise, pair.fn)
    if result.passed:
        return "passes"
    if result.misconception:
        return "both" if sorted(result.misconception.split(" + ")) == list(pair.names) else "as one"
    return "pattern" if result.pattern else "where"


def _pairs(names: list[str]) -> int:
    columns = ("both", "as one", "pattern", "where", "passes")
    table = Table("exercise", "pairs", *columns, title="Two known mistakes in one function: what is said")
    totals: Counter[str] = Counter()
    for name in names or [n for n, e in exercises().items() if not e.behaviour]:
        said = Counter(map(said_of_pair, pairs_of(name)))
        totals += said
        if said:
            table.add_row(name, str(said.total()), *(str(said[c]) for c in columns))
    table.add_section()
    table.add_row("all", str(totals.total()), *(str(totals[c]) for c in columns))
    Console().print(table)
    return 1 if totals["passes"] else 0


def _seeds(count: int, wrong_count: int, names: list[str]) -> int:
    title = f"{count} seeds for every right style, {wrong_count} for every misconception"
    table = Table("exercise", "right runs", "false alarms", "wrong runs", "escapes", "misnamed", title=title)
    bad, totals = [], [0] * 5
    with ProcessPoolExecutor(2) as pool:
        chosen = names or [n for n, e in exercises().items() if not e.behaviour]
        jobs = [(name, count, wrong_count) for name in chosen]
        for s in track(pool.map(sweep, jobs), "sweeping", total=len(jobs), console=Console(stderr=True)):
            print(
                f"{s.exercise}: {len(s.false_alarms)} false alarms, {len(s.escapes)} escapes",
                file=sys.stderr,
                flush=True,
            )
            row = (s.right_runs, len(s.false_alarms), s.wrong_runs, len(s.escapes), len(s.misnamed))
            totals = [a + b for a, b in zip(totals, row, strict=True)]
            table.add_row(s.exercise, *map(str, row))
            bad += [*s.false_alarms[:5], *s.escapes[:5], *s.misnamed[:5]]
    table.add_section()
    table.add_row("all", *map(str, totals))
    Console().print(table)
    for line in bad:
        print(line)
    return 1 if bad else 0


def _left_out() -> int:
    results = [leave_one_out(m) for m in misconceptions.all()]
    confident = [r for r in results if r.named and r.misconception not in TRUE_NAMES]
    table = Table("misconception", "without its entry")
    for r in results:
        table.add_row(r.misconception, r.named or r.pattern or r.message)
    Console().print(table)
    facts = sum(
        1 for r in results if not r.named and not r.pattern and "None of the mistakes known" not in r.message
    )
    print(
        f"{len(results)} misconceptions, each without its own entry: a wrong name {len(confident)}, "
        f"true parts named {sum(1 for r in results if r.named) - len(confident)}, "
        f"a pattern {sum(1 for r in results if r.pattern)}, what happened as a sentence {facts}, "
        f"where it differs {sum(1 for r in results if 'None of the mistakes known' in r.message)}"
    )
    return 1 if confident else 0


def main(arguments: list[str]) -> int:
    """seeds RIGHT[/WRONG] [EXERCISE …], leave-one-out, pairs [EXERCISE …], or all with 2,000 seeds for everything."""
    if arguments[:1] == ["seeds"]:
        right_seeds, _, wrong_seeds = arguments[1].partition("/")
        return _seeds(int(right_seeds), int(wrong_seeds or right_seeds), arguments[2:])
    if arguments[:1] == ["leave-one-out"]:
        return _left_out()
    if arguments[:1] == ["pairs"]:
        return _pairs(arguments[1:])
    return _left_out() or _pairs(arguments) or _seeds(2000, 2000, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
