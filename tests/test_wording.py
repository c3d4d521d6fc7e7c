"""What a learner reads of a check: each sentence true, complete, and about what is in front of them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backprop_helpers.checks import diagnose
from backprop_helpers.checks.registry import exercises


def left_above(x):
    """The slope of x², entry by entry."""
    # Your code goes here, in place of the next line.
    raise NotImplementedError()
    out = 2 * x
    return out


def returned_below(x):
    """The slope of x², entry by entry."""
    # Your code goes here, in place of the next line.
    raise NotImplementedError()
    return 2 * x


def left_below(x):
    """The slope of x², entry by entry."""
    # Your code goes here, in place of the next line.
    out = 2 * x
    raise NotImplementedError()
    return out


def as_released(x):
    """The slope of x², entry by entry."""
    h = 1e-5  # noqa: F841
    # Your code goes here, in place of the next line.
    raise NotImplementedError()
    cache = out  # noqa: F821
    return out, cache  # noqa: F821


class Kept:
    @staticmethod
    def apply(x):
        raise NotImplementedError()
        return Kept(out, parents, rules)  # noqa: F821


@pytest.mark.parametrize(
    ("fn", "place"),
    [(left_above, "above your code, which is never"), (returned_below, "above your"), (left_below, "below")],
)
def test_a_raise_left_beside_the_code_is_told(fn, place):
    found = diagnose("slope", fn)
    assert f"the line `raise NotImplementedError()`: it still stands {place}" in found.message
    assert "still empty" not in str(found)


@pytest.mark.parametrize("fn", [as_released, Kept.apply])
def test_what_a_released_exercise_holds_beside_the_raise_is_nobodys_code(fn):
    found = diagnose("slope", fn)
    assert found.message.startswith("slope is still empty")
    assert "If its cell stopped with an error, the old, empty function is still there." in found.look
    assert "Written already" not in diagnose("slope", fn, hidden=True).look


def test_an_exercise_that_calls_one_with_the_raise_left_in():
    def calls(x):
        return left_above(x)

    message = diagnose("slope", calls).message
    assert message.startswith("slope calls left_above, which stops at the line `raise")


def test_of_a_function_that_stopped_the_inputs_are_told_and_how_to_see_more():
    found = diagnose("affine_forward", lambda x, w, b: (x @ w + x, (x, w, b)))
    shapes = re.findall(r"([xwb]) of shape (\(.*?\))", found.look)
    assert [name for name, _ in shapes] == ["x", "w", "b"]
    assert ".got" not in found.look
    call = found.look.partition("and run ")[2].rstrip(".")
    called = eval(call, {"np": np, "affine_forward": lambda *arrays: [str(a.shape) for a in arrays]})
    assert called == [shape for _, shape in shapes]


@pytest.mark.parametrize("name", ["affine_backward", "cross_entropy", "mlp_forward", "slope", "mul"])
def test_whatever_the_arguments_are(name):
    def stops(*args, **kwargs):
        raise OSError("no")

    look = diagnose(name, stops, known=()).look
    assert "A check hides what you print" in look
    assert "of shape ()" not in look


def test_entries_of_a_small_array_are_counted_and_of_a_large_one_shared():
    where = diagnose("slope", lambda x: np.where(x > 0, 2 * x, -(x**3))).where
    assert re.search(r", \d of \d entries off, the worst", where)
    where = diagnose("slope", lambda x: np.where(x > 0, 2 * x, -(x**3)) if x.ndim == 2 else 2 * x).where
    assert re.search(r", \d\d% of the entries off, the worst", where)


def test_how_close_is_close_enough_is_said_only_where_one_may_ask():
    assert "close enough" not in diagnose("slope", lambda x: x**3, known=()).where
    near = diagnose("slope", lambda x: 2 * x * (1 + 1e-5), known=()).where
    assert "; close enough is within" in near


def test_numbers_have_the_minus_of_formulas():
    where = diagnose("slope", lambda x: x**3, known=()).where
    assert re.search(r"got −\d", where)
    assert not re.search(r"(got|expected) -", where)


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda e: e.name)
def test_shapes_stand_in_brackets_and_labels_read_as_english(exercise):
    assert all(q.shape.startswith("(") for q in exercise.quantities if q.shape)
    for case in exercise.cases(np.random.default_rng(0)):
        assert not re.search(r"\b(an?|the) (an?|the)\b", case.label)


def test_what_was_checked_is_no_idiom():
    found = diagnose("slope", lambda x: 2 * x)
    assert found.checked.startswith("Checked: out; the inputs stay as they were.")


def test_one_answer_waits_and_several_wait():
    from backprop_helpers.grading.command import _waiting

    assert _waiting(1) == "1 answer waits"
    assert _waiting(2) == "2 answers wait"
