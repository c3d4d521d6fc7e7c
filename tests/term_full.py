"""A term at full size through the commands of docs/instructors.md, timed: writes docs/benchmarks/term.md. `make term`.

`make term ARGS="--learners 40 --lessons 01,02,03"` takes a smaller class.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from backprop_helpers.grading.course import open_course
from backprop_helpers.report.write import class_report
from benchmarks.machine import machine
from tests.term import Term, load

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks" / "term.md"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=120)
    parser.add_argument("--lessons", default="01,02,03,04,05,06")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args(arguments)
    numbers = options.lessons.split(",")
    lessons = tuple(p.name for n in numbers for p in sorted((ROOT / "solutions").glob(f"{n}_*")))
    say = Console(stderr=True).print
    began, loads = time.perf_counter(), [load()]
    with tempfile.TemporaryDirectory(prefix="term-") as folder:
        term = Term(Path(folder), lessons, options.learners, seed=options.seed)
        term.begin()
        for lesson in lessons:
            started = time.perf_counter()
            term.lesson(lesson)
            loads.append(load())
            say(f"{lesson}: {time.perf_counter() - started:.0f} s")
        text, bad = page(term, time.perf_counter() - began, loads), badly_graded(term)
    if bad:
        say(f"{text}\nNothing was written: in {', '.join(bad)} most mistakes were not named.", markup=False)
        return 1
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    say(f"{options.out}")
    return 0


def page(term: Term, seconds: float, loads: list[float]) -> str:
    """The page with all figures."""
    lines = [
        "# A term of a made-up class",
        "",
        f"{term.count} made-up learners and {len(term.lessons)} lessons, taken through every command of "
        "[a term, from start to end](../instructors.md): each exercise is right in one of several styles, wrong in a known way, empty, "
        "or cut off, by each learner's own skill, drawn with a seed. Written by `make term`.",
        "",
        f"{machine()}; load of the machine during the run {min(loads):.0f} to {max(loads):.0f}. "
        f"All of it took {seconds / 60:.1f} minutes.",
        "",
        "| command | times | in all, s | longest, s |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {len(took)} | {sum(took):.0f} | {max(took):.1f} |"
        for name, took in term.seconds.items()
    ]
    lines += [
        "",
        "| lesson | handed in | late | median / points | mistakes drawn | named as drawn | shared by most |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(term, lesson) for lesson in term.lessons]
    lines += [
        "",
        "*Mistakes drawn* are registered misconceptions handed in as source that stands alone; *named as drawn* are those whose "
        "feedback names the very one. The others are named as another one that gives the same numbers, or without a name.",
    ]
    return "\n".join(lines) + "\n"


def _drawn(term: Term, lesson: str) -> list[tuple[str, bool]]:
    """The mistakes that were handed in, and whether the feedback names each."""
    found = term.results(lesson)
    return [
        (idea, idea in found.get(who, {}).get(what, ""))
        for who, work in term.done[lesson].items()
        for what, idea in work.wrong.items()
        if idea
    ]


def badly_graded(term: Term) -> list[str]:
    """The lessons in which fewer than four of five mistakes were named: something other than grading happened there."""
    named = {lesson: [right for _, right in _drawn(term, lesson)] for lesson in term.lessons}
    return [lesson for lesson, right in named.items() if sum(right) < 0.8 * len(right)]


def _row(term: Term, lesson: str) -> str:
    done, drawn = term.done[lesson], _drawn(term, lesson)
    report = class_report(open_course(term.course), lesson)
    late = sum(work.late for work in done.values())
    first = report.ideas[0] if report.ideas else None
    most = f"{first.name} ({len(first.learners)})" if first else "none"
    kinds = len({idea for idea, _ in drawn})
    named = sum(right for _, right in drawn)
    return (
        f"| {lesson} | {len(done)} | {late} | {report.median:g} / {report.points:g} | {len(drawn)} of {kinds} kinds "
        f"| {named} | {most} |"
    )


if __name__ == "__main__":
    sys.exit(main())
