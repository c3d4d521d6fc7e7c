"""The checks are themselves tested: wrong solutions fail under their own name, right ones pass in any style."""

from __future__ import annotations

import pytest

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose, exercises
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


@pytest.mark.parametrize("name", [n for n, e in exercises().items() if not e.behaviour])
def test_every_exercise_has_right_styles_and_misconceptions(name):
    assert sum(e == name for e, _, _ in RIGHT) >= 6
    assert len(misconceptions.for_exercise(name)) >= 2


@pytest.mark.parametrize("wrong", misconceptions.all(), ids=lambda m: m.name)
def test_what_a_misconception_says_goes_on_after_a_colon(wrong):
    """It stands behind the exercise's name: a lower-case letter, or a name that is written with capitals."""
    first = wrong.says.split()[0]
    assert first[0].islower() or not first[0].isalpha() or first[1:] != first[1:].lower(), wrong.says


def test_misconceptions_are_named_once_and_belong_to_an_exercise():
    names = [m.name for m in misconceptions.all()]
    assert len(names) == len(set(names))
    assert {m.exercise for m in misconceptions.all()} <= set(exercises())
