"""A made-up class: learners with a skill, who solve a lesson right in different styles, wrong in known ways, or not at all.

Everything is drawn from a seed. Wrong solutions are the registered misconceptions, the common ones more often; right ones are the
solution itself and the styles of tests/variants, all as source that stands alone.
"""

from __future__ import annotations

import csv
import random
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from backprop_helpers import misconceptions
from backprop_helpers.grading.submission import answered, solutions_of
from tests.standalone import NotStandalone, right_ones, source_of

ROOT = Path(__file__).resolve().parent.parent
WORDS = (
    "The gradient says how the loss changes when this weight changes a little, so we step against it.",
    "Because the two paths add up.",
    "I am not sure, but I think it has to do with the scale of the numbers.",
    "It becomes larger.",
)
HOSTILE = "=cmd|'/c calc'!A1"  # a last name that a spreadsheet would run


@dataclass(frozen=True)
class Person:
    """One learner. number: the LMS' own; skill: how likely an exercise is right; late and absent: how likely those are."""

    id: str
    first: str
    last: str
    number: int
    skill: float
    late: float
    absent: float


@dataclass(frozen=True)
class Work:
    """What one learner hands in. answers: by grade id; wrong: misconception by exercise, "" where something else is wrong."""

    answers: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)
    late: bool = False


def people(count: int, seed: int = 1) -> list[Person]:
    """A class of this size; the last one has a hostile name."""
    rng = random.Random(f"people {seed}")
    return [
        Person(
            id=f"learner{k:03d}",
            first=f"Learner{k:03d}",
            last=HOSTILE if k == count else f"Made-Up{k:03d}",
            number=7000 + k,
            skill=rng.betavariate(5, 2),
            late=rng.choice((0.0, 0.0, 0.05, 0.3)),
            absent=rng.choice((0.0, 0.0, 0.0, 0.1)),
        )
        for k in range(1, count + 1)
    ]


def works(lesson: str, group: Sequence[Person], seed: int = 1) -> dict[str, Work]:
    """What everybody hands in; who hands in nothing is left out. One in thirty takes another's work as it is."""
    found: dict[str, Work] = {}
    for person in group:
        rng = random.Random(f"{seed} {lesson} {person.id}")
        if rng.random() < person.absent:
            continue
        if found and rng.random() < 1 / 30:
            found[person.id] = found[rng.choice(sorted(found))]
            continue
        found[person.id] = _work(lesson, person, rng)
    return found


def _work(lesson: str, person: Person, rng: random.Random) -> Work:
    answers: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for grade_id, solution in _solutions(lesson).items():
        name = grade_id.removeprefix("exercise-")
        if not grade_id.startswith("exercise-"):
            if rng.random() < 0.5 + person.skill / 2:
                answers[grade_id] = rng.choice(WORDS)
        elif rng.random() < person.skill:
            answers[grade_id] = rng.choice([solution, *_right(lesson).get(name, ())])
        else:
            written, idea = _mistake(name, solution, rng)
            if written:
                answers[grade_id] = written
            wrong[name] = idea
    return Work(answers, wrong, rng.random() < person.late)


def _mistake(name: str, solution: str, rng: random.Random) -> tuple[str, str]:
    """(source, misconception): mostly one with a name, sometimes empty, cut off, or without its return."""
    known = _wrong(name)
    dice = rng.random()
    if known and dice < 0.75:
        # the first ones are the most common
        place = min(int(rng.expovariate(3.0 / len(known))), len(known) - 1)
        return known[place][1], known[place][0]
    if dice < 0.9:
        return "", ""
    if dice < 0.95:
        return solution[: len(solution) * 2 // 3], ""
    return "\n".join(line for line in solution.split("\n") if not line.lstrip().startswith("return")), ""


@cache
def _solutions(lesson: str) -> Mapping[str, str]:
    return solutions_of(nbformat.read(ROOT / "solutions" / lesson / f"{lesson}.ipynb", as_version=4))


def _sources(functions: Sequence[Callable[..., Any]], name: str) -> list[str]:
    found = []
    for function in functions:
        try:
            found.append(source_of(function, name))
        except NotStandalone:
            continue
    return found


@cache
def _right(lesson: str) -> Mapping[str, Sequence[str]]:
    return {name: _sources(functions, name) for name, functions in right_ones(lesson).items()}


@cache
def _wrong(name: str) -> Sequence[tuple[str, str]]:
    return [(m.name, text) for m in misconceptions.for_exercise(name) for text in _sources([m.wrong], name)]


def canvas_roster(path: Path, group: Sequence[Person], lessons: Mapping[str, float]) -> None:
    """Canvas' export of its gradebook, with an empty column for each lesson. lessons: name → points."""
    titles = [f"{lesson} ({900 + k})" for k, lesson in enumerate(lessons)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles])
        rows.writerow(["    Points Possible", "", "", "", "", *(f"{p:g}" for p in lessons.values())])
        for p in group:
            rows.writerow([f"{p.last}, {p.first}", p.number, f"S{p.number}", p.id, "A", *[""] * len(titles)])


def canvas_archive(
    path: Path, released: Any, lesson: str, group: Sequence[Person], done: Mapping[str, Work]
) -> None:
    """What Canvas' "Download Submissions" gives."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k, person in enumerate(group):
            if person.id not in done:
                continue
            work = done[person.id]
            short = "".join(c for c in f"{person.last}{person.first}".lower() if c.isalnum())
            late = "_LATE" if work.late else ""
            name = f"{short}{late}_{person.number}_{50_000 + k}_{lesson}.ipynb"
            archive.writestr(name, nbformat.writes(answered(released, work.answers)))
