"""The checks are themselves tested: wrong solutions fail under their own name, right ones pass in any style."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose, exercises
from backprop_helpers.checks.draws import sizes
from tests.variants import right

SEEDS = (None, 1, 2)
RIGHT = right()


@pytest.mark.parametrize("name", list(exercises()))
def test_every_reference_passes_its_own_check(name):
    exercise = exercises()[name]
    for reference in exercise.references:
        assert diagnose(name, reference), diagnose(name, reference)
        assert diagnose(name, reference, hidden=True), diagnose(name, reference, hidden=True)


@pytest.mark.parametrize("wrong", misconceptions.all(), ids=lambda m: m.name)
def test_every_misconception_fails_under_its_own_name(wrong):
    for seed in SEEDS:
        result = diagnose(wrong.exercise, wrong.wrong, seed=seed)
        assert not result.passed
        assert result.misconception == wrong.name, f"{result}\nnamed: {result.misconception}"
    assert diagnose(wrong.exercise, wrong.wrong, hidden=True).misconception == wrong.name


@pytest.mark.parametrize(("exercise", "style", "fn"), RIGHT, ids=[f"{e}-{s}" for e, s, _ in RIGHT])
def test_every_right_style_passes(exercise, style, fn):
    for seed in SEEDS:
        result = diagnose(exercise, fn, seed=seed)
        assert result.passed, f"{result}"
    assert diagnose(exercise, fn, hidden=True).passed


def _shapes(value):
    """The shapes of all arrays in a case's arguments, however deep they lie."""
    if isinstance(value, np.ndarray):
        return (value.shape,)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return tuple(shape for part in inside for shape in _shapes(part))


ARRAYS = [
    n for n, e in exercises().items() if any(_shapes(c.args) for c in e.cases(np.random.default_rng(0)))
]
SAME_SHAPES = {
    "learn_digits": "it trains on one real data set, whose size is what it is",
    "diagnose_layers": "every layer is made to lie on one side of a limit that counts its units",
}


@pytest.mark.parametrize("name", [n for n in ARRAYS if n not in SAME_SHAPES])
def test_code_for_one_shape_only_does_not_pass_for_long(name):
    """Every case that has arrays draws its shapes anew, but for a few with special values: nothing can be hard-wired to them."""
    drawn = [[_shapes(c.args) for c in exercises()[name].cases(np.random.default_rng(s))] for s in range(12)]
    assert len({len(cases) for cases in drawn}) == 1
    moving = sum(len(set(shapes)) > 1 for shapes in zip(*drawn, strict=True))
    assert moving >= len(drawn[0]) / 2


def test_drawn_sizes_differ_from_each_other_and_from_products():
    for seed in range(50):
        n, d, same, one, h, k, m, c = sizes(np.random.default_rng(seed), "NDN1HKMC")
        others = {n, d, h, k, m, c}
        assert same == n
        assert one == 1
        assert len(others) == 6
        assert not others & {a * b for a in others for b in others}
    with pytest.raises(ValueError, match="at most 6 letters"):
        sizes(np.random.default_rng(0), "abcdefg")
    with pytest.raises(ValueError, match="high below 12"):
        sizes(np.random.default_rng(0), "ab", high=12)


@pytest.mark.parametrize("name", [n for n, e in exercises().items() if not e.behaviour])
def test_every_exercise_has_right_styles_and_misconceptions(name):
    right, wrong = sum(e == name for e, _, _ in RIGHT), len(misconceptions.for_exercise(name))
    assert right >= 6, f"{name} has {right} right solutions in tests/variants; at least 6 styles are needed"
    assert wrong >= 2, f"{name} has {wrong} wrong solutions in backprop_helpers/misconceptions; 2 are needed"


@pytest.mark.parametrize("wrong", misconceptions.all(), ids=lambda m: m.name)
def test_what_a_misconception_says_goes_on_after_a_colon(wrong):
    """It stands behind the exercise's name: a lower-case letter, or a name that is written with capitals."""
    first = wrong.says.split()[0]
    assert first[0].islower() or not first[0].isalpha() or first[1:] != first[1:].lower(), wrong.says


def test_misconceptions_are_named_once_and_belong_to_an_exercise():
    names = [m.name for m in misconceptions.all()]
    assert len(names) == len(set(names))
    assert {m.exercise for m in misconceptions.all()} <= set(exercises())
