"""How a check handles a learner's function: one function of a `Task` each, which returns raw data.

A drive runs beside the learner's code, in the notebook and in the sandbox where a class is graded, and there this whole
folder can be read and changed by that code. So it holds no answer and decides nothing: it calls, and it hands over what
came back. What that is worth, the measure of the exercise says (`spec.Driven`), where no learner's code runs.

What more than one lesson uses stands here, the rest in one file a lesson. NumPy, the standard library, the files of
checks/ that say the same, and functions of lessons that the learner is given.
"""

from __future__ import annotations

from typing import Any

from backprop_helpers.checks.attempt import Changing, Task
from backprop_helpers.checks.copies import copied, unchanged


def call(task: Task) -> Any:
    """Call the function on the case's arguments; raw: what it returns."""
    return task.fn(*task.args)


def backward(task: Task) -> Any:
    """Make a cache with the forward function and hand it to the backward pass; raw: what that returns.

    task.args is (dout, *inputs).
    """
    if task.forward is None:
        raise TypeError(f"The exercise {task.name} needs a forward function.")
    dout, *inputs = task.args
    _, cache = task.forward(*inputs)
    before = copied(cache)
    returned = task.fn(dout, cache)
    return returned if unchanged(before, cache) else Changing(returned, ("cache",))


def output_of_pair(task: Task) -> Any:
    """A forward function on the inputs of its backward pass, whose args are (dout, *inputs); raw: (output, cache)."""
    return task.fn(*task.args[1:])
