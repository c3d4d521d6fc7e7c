"""How the checks of `affine_forward` and `init_params` handle them."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_helpers.checks.attempt import Task
from backprop_helpers.checks.copies import copied


def affine(task: Task) -> Any:
    """Call fn(x, w, b); raw: what it returned, and the shapes of the arrays in its cache.

    The cache is the learner's own and stays where it is: of it no more than these shapes is looked at.
    """
    returned = task.fn(*task.args)
    if not isinstance(returned, list | tuple) or len(returned) != 2:
        return {"returned": returned, "cached": []}
    out, cache = returned
    parts = cache if isinstance(cache, list | tuple) else (cache,)
    return {"returned": (out, None), "cached": [_shape(part) for part in parts[:20]]}


def _shape(part: Any) -> list[int]:
    """The shape of an array, or the shape that is kept in its place; else nothing."""
    kept = part.shape if isinstance(part, np.ndarray) else part
    if isinstance(kept, tuple) and len(kept) < 20 and all(type(n) is int for n in kept):
        return list(kept)
    return []


def init(task: Task) -> list[Any]:
    """Parameters three times: twice from one state of the generator, once from another; raw: the three results.

    task.args: (sizes, rng) or (sizes, rng, scale); task.extra["other"]: the seed of the third.
    """
    sizes, rng, *scale = task.args
    again = copied(rng)
    other = np.random.default_rng(task.extra["other"])
    return [task.fn(sizes, generator, *scale) for generator in (rng, again, other)]
