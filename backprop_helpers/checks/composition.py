"""Two mistakes in the same numbers, told from what each of them does alone.

A mistake that scales all entries, or moves them to other places, does the same to whatever another mistake has left. A
pair is said only when it explains every number of every case, no other pair does, each of the two is needed, and neither
undoes what the other did: there one single mistake is likelier than two.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.checks.compare import Difference, close
from backprop_helpers.checks.observe import Observation
from backprop_helpers.checks.spec import Exercise, Quantity, Tolerance
from backprop_helpers.checks.travel import as_numbers
from backprop_helpers.checks.trial import Trial
from backprop_helpers.misconceptions import Misconception

Array = NDArray[Any]
# Of two wrong results and the right one, what both mistakes together would give; None where this way says nothing.
Way = Callable[[Array, Array, Array], Array | None]
Place = tuple[Quantity, int]

NEAR = Tolerance(1e-9, 1e-12, "")


@dataclass(frozen=True)
class Effect:
    """What one misconception does to one quantity of one trial: is that right, and is it what was seen?"""

    value: Array
    right: bool
    seen: bool


class Together:
    """The search for two misconceptions that explain what was seen.

    replay(m, i): what m does on trial i; right: of each reference, what it does on each trial; agree: whether a value
    is what the learner's function gave.
    """

    def __init__(
        self,
        exercise: Exercise,
        trials: Sequence[Trial],
        replay: Callable[[Misconception, int], Observation],
        right: Sequence[Sequence[Observation]],
        agree: Callable[[Quantity, Trial, Any], bool],
    ) -> None:
        self.trials, self.replay, self.agree = trials, replay, agree
        places = [(q, i) for i, t in enumerate(trials) if not t.seen.problem for q in exercise.quantities]
        self.off = {(q.name, i) for q, i in places if any(d.quantity is q for d in trials[i].differences)}
        # what is wrong comes first, so that most pairs are soon out
        self.places = sorted(places, key=lambda p: (p[0].name, p[1]) not in self.off)
        self.right = [_different(known[i].values.get(q.name) for known in right) for q, i in self.places]
        self.effect = functools.cache(self._effect)

    def only_pair(self, suspects: Sequence[Misconception]) -> list[Misconception]:
        """The one pair that explains every quantity of every trial; empty where none or several do."""
        if all(q.fault for q, i in self.places if (q.name, i) in self.off):
            return []  # measured properties hang together: one mistake may show in several
        able = [m for m in suspects if all(self._possible(m, i) for i in range(len(self.trials)))]
        found: dict[frozenset[str], list[Misconception]] = {}
        for a, b in itertools.combinations(able, 2):
            if a.name != b.name and self._explain(a, b):
                found.setdefault(frozenset((a.name, b.name)), [a, b])
                if len(found) > 1:
                    return []
        return next(iter(found.values()), [])

    def _possible(self, m: Misconception, i: int) -> bool:
        """A mistake that stops a function would have stopped it here too."""
        does, seen = self.replay(m, i), self.trials[i].seen
        return not does.problem or (seen.problem, seen.error) == (does.problem, does.error)

    def _effect(self, m: Misconception, number: int) -> Effect | None:
        quantity, i = self.places[number]
        value = as_numbers(self.replay(m, i).values.get(quantity.name))
        if isinstance(value, str):
            return None
        right = any(_same(value, known) for known in self.right[number])
        return Effect(value, right, self.agree(quantity, self.trials[i], value))

    def _explain(self, a: Misconception, b: Misconception) -> bool:
        ways: dict[str, set[int]] = {}
        for number, (quantity, i) in enumerate(self.places):
            one, two = self.effect(a, number), self.effect(b, number)
            if one is None or two is None:
                return False
            if one.right or two.right:
                wrong = [e for e in (one, two) if not e.right]
                fits = wrong[0].seen if wrong else (quantity.name, i) not in self.off
            elif quantity.measured:
                fits = one.seen and two.seen
            else:
                left = self._ways(number, one, two, ways.get(quantity.name, set(range(len(WAYS)))))
                ways[quantity.name], fits = left, bool(left)
            if not fits:
                return False
        return self._needed(a) and self._needed(b) and self._changes(a, b) and not self._undo_each_other(a, b)

    def _needed(self, m: Misconception) -> bool:
        """Whether there is a number that tells of m, rather than a nan that the other one makes of anything."""
        for number, (quantity, i) in enumerate(self.places):
            effect, got = self.effect(m, number), as_numbers(self.trials[i].seen.values.get(quantity.name))
            tells = not isinstance(got, str) and bool(np.isfinite(got).all())
            if effect and not effect.right and (effect.seen or tells):
                return True
        return any(self.replay(m, i).problem for i in range(len(self.trials)))

    def _ways(self, number: int, one: Effect, two: Effect, ways: set[int]) -> set[int]:
        """Those of the ways in which both together give what was seen here."""
        quantity, i = self.places[number]
        if (quantity.name, i) not in self.off:
            return set()  # two mistakes that cancel out exactly
        worst = next(d for d in self.trials[i].differences if d.quantity is quantity)
        found: set[int] = set()
        for known in self.right[number]:
            # counts agree by chance: there, a mistake in each is no evidence of both
            if not np.all(known == np.round(known)):
                for k in ways - found:
                    with np.errstate(all="ignore"):
                        value = WAYS[k](one.value, two.value, known)
                    if value is None or not _near_at_worst(value, worst):
                        continue
                    if self.agree(quantity, self.trials[i], value):
                        found.add(k)
        return found

    def _changes(self, a: Misconception, b: Misconception) -> bool:
        """Whether what was changed in place, and what stopped, is what the two do."""
        for i, trial in enumerate(self.trials):
            one, two = self.replay(a, i), self.replay(b, i)
            if trial.seen.problem and not (one.problem or two.problem):
                return False
            if not trial.seen.problem and not set(one.changed) | set(two.changed) <= set(trial.seen.changed):
                return False
        return True

    def _undo_each_other(self, a: Misconception, b: Misconception) -> bool:
        """Whether one scales up and the other down, both by amounts that vary with the inputs, such as N and 1/N."""
        for name in {q.name for q, _ in self.places}:
            numbers = [n for n, (q, _) in enumerate(self.places) if q.name == name]
            ratios = [self._ratios(a, b, n) for n in numbers]
            both = np.array([r for r in ratios if r is not None]).reshape(-1, 2)
            if len(both) and np.any((np.abs(both[:, 0]) - 1) * (np.abs(both[:, 1]) - 1) < 0):
                return bool(np.all(np.ptp(both, axis=0) > 1e-6))
        return False

    def _ratios(self, a: Misconception, b: Misconception, number: int) -> tuple[float, float] | None:
        """Both constant factors, where both misconceptions have one that is not 1."""
        one, two, known = self.effect(a, number), self.effect(b, number), self.right[number]
        if one is None or two is None or one.right or two.right:
            return None
        found = ratio(one.value, known[0]), ratio(two.value, known[0])
        return (found[0], found[1]) if found[0] and found[1] else None


def _different(values: Iterable[Any]) -> list[Array]:
    """Those that are numbers, each once."""
    found: list[Array] = []
    for value in values:
        a = as_numbers(value)
        if not isinstance(a, str) and not any(_same(a, b) for b in found):
            found.append(a)
    return found


def _near_at_worst(value: Array, seen: Difference) -> bool:
    """A quick look at one entry, which is enough to rule most values out."""
    if seen.got is None or seen.got.shape != value.shape:
        return seen.got is None
    if seen.index is None:
        return True
    a, b = float(value[seen.index]), float(seen.got[seen.index])
    return not np.isfinite(a + b) or abs(a - b) <= 1e-3 * (abs(a) + abs(b))


def ratio(a: Array, expected: Array) -> float:
    """The r of a = r · expected; 0 where there is none."""
    if a.shape != expected.shape or not np.isfinite(a).all() or not expected.any():
        return 0.0
    r = float(np.vdot(expected, a) / np.vdot(expected, expected))
    return r if _same(a, np.asarray(r * expected)) else 0.0


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(close(a, b, NEAR).all())


def _scaled(a: Array, b: Array, expected: Array) -> Array | None:
    """a is a constant times what is right, and so is what b has left."""
    r = ratio(a, expected)
    return np.asarray(r * b) if r else None


def _moved(a: Array, b: Array, expected: Array) -> Array | None:
    """a holds the right numbers in other places, as a transpose does; so does what b has left."""
    if a.size != expected.size or b.shape != expected.shape or a.size < 2:
        return None
    came, should = np.argsort(a, axis=None), np.argsort(expected, axis=None)
    values = expected.flat[should]
    if not _same(a.flat[came], values) or np.any(np.diff(values) <= 1e-9 * np.abs(values[1:])):
        return None
    place = np.empty(a.size, dtype=int)
    place[came] = should
    return np.asarray(b.flat[place]).reshape(a.shape)


def _turned(way: Way) -> Way:
    return lambda a, b, expected: way(b, a, expected)


WAYS: tuple[Way, ...] = (_scaled, _turned(_scaled), _moved, _turned(_moved))
