"""How the checks of lesson 02 handle functions that must refuse shapes which don't fit."""

from __future__ import annotations

from typing import Any

from backprop_helpers.checks.attempt import Task


def refusable(task: Task) -> dict[str, Any]:
    """Call the function; raw: what it returned, or the exception by which it refused (an assert counts as well).

    task.extra["refuse"]: whether it should; elsewhere an exception is a mistake like any other.
    """
    if not task.extra.get("refuse"):
        return {"returned": task.fn(*task.args)}
    try:
        return {"returned": task.fn(*task.args)}
    except (ValueError, AssertionError) as refusal:
        return {"refused": type(refusal).__name__}
