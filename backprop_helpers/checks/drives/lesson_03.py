"""How the checks of lesson 03 handle functions that are given a function, and one whose memory is measured.

The functions handed over are named in a case's `extra` and built here, so that a case stays plain data.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_helpers.checks.attempt import Changing, Task

CURVES: dict[str, Callable[[Any, Any], Any]] = {
    "sine": lambda x, c: c[0] * np.sin(c[1] * x),
    "cubic": lambda x, c: c[0] * x**3 + c[1] * x,
    "bowl": lambda x, c: c[0] * x**2,
    "raised": lambda x, c: 30 + c[0] * np.tanh(c[1] * x),
}


def curve(task: Task) -> Any:
    """Call fn(f, x) with the curve that extra names and its numbers c; raw: what it returns."""
    f, c = CURVES[task.extra["f"]], task.extra["c"]
    return task.fn(lambda x: f(x, c), *task.args)


def field(task: Task) -> Any:
    """Call fn(f, x) with f(x) = Σ sin(c x) + ¼ (Σ x)²: each slope depends on every other entry, so one not put back is seen.

    task.extra["steep"]: what the second term is multiplied by, where it is there; task.extra["transposed"]: whether x lies
    column by column in memory; raw: what fn returns.
    """
    (x,), c, steep = task.args, task.extra["c"], task.extra.get("steep", 1.0)
    shape = x.shape
    if task.extra["transposed"]:
        x = np.ascontiguousarray(x.T).T

    def f(v: Any) -> float:
        if np.shape(v) != shape:
            raise ValueError(
                f"f was called with an array of shape {np.shape(v)}, but it needs all of x, shape {shape}"
            )
        return float(np.sum(np.sin(c * v)) + steep * np.sum(v) ** 2 / 4)

    before = x.copy()
    returned = task.fn(f, x)
    if task.extra["transposed"] and not np.array_equal(before, x):
        return Changing(
            returned, ("x",)
        )  # the view is not the argument itself, but it is what the function was given
    return returned


def measured(task: Task) -> dict[str, Any]:
    """Call the function; raw: what it returned, and the bytes it needed at the worst moment where extra["watch"] is set."""
    if not task.extra.get("watch"):
        return {"returned": task.fn(*task.args)}
    mine = not tracemalloc.is_tracing()
    if mine:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        start = tracemalloc.get_traced_memory()[0]
        returned = task.fn(*task.args)
        return {"returned": returned, "bytes": tracemalloc.get_traced_memory()[1] - start}
    finally:
        if mine:
            tracemalloc.stop()
