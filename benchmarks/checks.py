"""How good and how quick the checks are, exercise by exercise: writes docs/benchmarks/checks.md.

`python -m benchmarks.checks` names every misconception, passes every right style, runs every mutant, and times the visible check
of a right and of a wrong solution. Thousands of seeds are `make sweep`.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from pathlib import Path

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose, exercises
from benchmarks.machine import machine
from tests.mutation.pairs import pairs_of
from tests.mutation.report import score
from tests.sweeps import TRUE_NAMES, leave_one_out, said_of_pair
from tests.variants import right

PAGE = Path("docs") / "benchmarks" / "checks.md"


def _seconds(name: str, fn: object, runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        diagnose(name, fn)
        times.append(time.perf_counter() - began)
    return times


def two_mistakes() -> list[str]:
    """The section about functions that have two known mistakes."""
    pairs = [pair for name, e in exercises().items() if not e.behaviour for pair in pairs_of(name)]
    said = Counter(map(said_of_pair, pairs))
    return [
        "## Two mistakes at once",
        "",
        f"Two mutations of a reference at different places, each of which alone is a registered misconception, make a function with both: "
        f"{len(pairs)} pairs. Both names were given to {said['both']}; for {said['as one']} a name says all there is, since one "
        f"mistake hides the other or both together are a mistake of their own; a general pattern was said of {said['pattern']}; "
        f"for {said['where']} only where the values part. {said['passes']} passed.",
    ]


def main() -> None:
    rows, totals = [], [0] * 7
    slowest_right = slowest_wrong = 0.0
    for name, exercise in exercises().items():
        if exercise.behaviour:
            continue
        wrong = [m for m in misconceptions.all() if m.exercise == name]
        styles = [fn for e, _, fn in right() if e == name]
        named = sum(diagnose(name, m.wrong).misconception == m.name for m in wrong)
        passed = sum(bool(diagnose(name, fn)) for fn in styles)
        mutants = score(name)
        good = _seconds(name, exercise.references[0], 7)
        bad = [t for m in wrong for t in _seconds(name, m.wrong, 1)]
        counts = (
            named,
            len(wrong),
            passed,
            len(styles),
            mutants.killed,
            mutants.equivalent,
            len(mutants.alive),
        )
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        slowest_right, slowest_wrong = max(slowest_right, *good), max(slowest_wrong, *bad)
        rows.append(
            f"| `{name}` | {named} / {len(wrong)} | {passed} / {len(styles)} | {mutants.killed} / {mutants.equivalent} / "
            f"{len(mutants.alive)} | {1000 * statistics.median(good):.1f} | {1000 * statistics.median(bad):.0f} | {1000 * max(bad):.0f} |"
        )
        print(rows[-1])
    left = [leave_one_out(m) for m in misconceptions.all()]
    where = sum("None of the mistakes known" in r.message for r in left)
    wrong_names = sum(bool(r.named) and r.misconception not in TRUE_NAMES for r in left)
    true_names = sum(r.misconception in TRUE_NAMES for r in left)
    pattern = sum(bool(r.pattern) for r in left)
    lines = [
        "# The checks, measured",
        "",
        "Every misconception must fail under its own name, every right style must pass, every mutant of the reference must fail (killed) or "
        "be proven to compute the same (equivalent, with the proof in `tests/mutation/equivalent.py`). Times are milliseconds of one visible "
        "check: median of a right solution, median and slowest of the wrong ones, with the diagnosis. Repeat with `make bench-checks`.",
        "",
        "| exercise | misconceptions named | right styles passed | mutants killed / equivalent / alive | right, median | wrong, median | wrong, slowest |",
        "|---|---|---|---|---|---|---|",
        *rows,
        f"| **all** | {totals[0]} / {totals[1]} | {totals[2]} / {totals[3]} | {totals[4]} / {totals[5]} / {totals[6]} | "
        f"slowest {1000 * slowest_right:.0f} | | {1000 * slowest_wrong:.0f} |",
        "",
        f"Measured with {machine()}.",
        "",
        "## Without its own entry",
        "",
        f"Each of the {len(left)} misconceptions was diagnosed once more with its own entry taken out. A wrong name was given to "
        f"{wrong_names}, true parts were named for {true_names}. A general pattern was said of {pattern}; for {len(left) - pattern - where - true_names} a sentence says what happened (a shape, an error, an "
        f"argument changed); for {where} only where the values part.",
        "",
        *two_mistakes(),
    ]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
