"""`make mutants`: run every mutant of every reference against its check and print the table."""

from __future__ import annotations

import dataclasses
import sys
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.table import Table

from backprop_helpers.checks import diagnose, exercises, registry
from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import mutants_of


@dataclasses.dataclass(frozen=True)
class Score:
    """How one exercise's mutants fared; alive holds the keys of those that passed without a proof."""

    exercise: str
    killed: int
    equivalent: int
    alive: tuple[str, ...]


def score(name: str) -> Score:
    """Run all mutants of one exercise's references, on the visible inputs and the hidden ones."""
    exercise = exercises()[name]
    registry.exercises()[name] = dataclasses.replace(exercise, seconds=min(exercise.seconds, 1.0))
    killed = equivalent = 0
    alive = []
    try:
        for mutant in (m for reference in exercise.references[:1] for m in mutants_of(name, reference)):
            if not diagnose(name, mutant.fn, known=()) or not diagnose(
                name, mutant.fn, hidden=True, known=()
            ):
                killed += 1
            elif mutant.key in EQUIVALENT:
                equivalent += 1
            else:
                alive.append(mutant.key)
    finally:
        registry.exercises()[name] = exercise
    return Score(name, killed, equivalent, tuple(alive))


def main(names: list[str]) -> int:
    table = Table("exercise", "killed", "equivalent", "alive", title="Mutants of the references")
    with ProcessPoolExecutor(2) as pool:
        scores = list(pool.map(score, names or [n for n, e in exercises().items() if not e.behaviour]))
    for s in scores:
        table.add_row(s.exercise, str(s.killed), str(s.equivalent), str(len(s.alive)))
    table.add_section()
    total = (
        sum(s.killed for s in scores),
        sum(s.equivalent for s in scores),
        sum(len(s.alive) for s in scores),
    )
    table.add_row("all", *map(str, total))
    console = Console()
    console.print(table)
    for s in scores:
        for key in s.alive:
            console.print(f"alive: {key}", highlight=False, markup=False)
    return 1 if total[2] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
