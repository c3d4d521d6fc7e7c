"""How the check of `mlp_backward` handles it: one cache a layer, and the learner's other functions in between."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from backprop_helpers.checks.attempt import Changing, Task, Wrong
from backprop_helpers.checks.copies import copied, unchanged


def network_backward(task: Task) -> Any:
    """Make the caches with the forward function and hand them to the backward pass; raw: the gradients it returns.

    task.args is (dscores, x, params).
    """
    if task.forward is None:
        raise TypeError(f"{task.name} needs a forward function.")
    dscores, *inputs = task.args
    _, caches = task.forward(*inputs)
    before = copied(caches)
    try:
        grads = task.fn(dscores, caches)
    except (TypeError, AttributeError, LookupError, ValueError) as error:
        if _walked_a_missing_relu(error, caches):
            raise Wrong(
                "mlp_backward: the last layer's ReLU cache is None: it has no ReLU, so that step is to be skipped there."
            ) from error
        name = _unread_cache(error, caches)
        if name and str(getattr(task.forward, "__module__", "")).startswith("backprop_helpers"):
            raise Wrong(
                f"mlp_backward: your {name} could not read a cache from the course's mlp_forward "
                f"({type(error).__name__}: {error}). If your own forward functions cache something else, "
                "paste them and your mlp_forward into the cell of mlp_backward too."
            ) from error
        raise
    return grads if unchanged(before, caches) else Changing(grads, ("caches",))


def _walked_a_missing_relu(error: BaseException, caches: Any) -> bool:
    """Whether the way back stopped at the None that stands for the ReLU which the last layer doesn't have."""
    try:
        missing = caches[-1][1] is None
    except (TypeError, LookupError):
        return False
    if not missing or not isinstance(error, TypeError | AttributeError):
        return False
    # None was compared with a number, as the mask of a ReLU does it
    if "not supported between instances of" in str(error) and "NoneType" in str(error):
        return True
    for frame, _ in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if code.co_name == "relu_backward" and code.co_argcount >= 2:
            dout, cache = (frame.f_locals.get(name, 0) for name in code.co_varnames[:2])
            return cache is None and isinstance(dout, np.ndarray)
    return False


def _unread_cache(error: BaseException, caches: Any) -> str:
    """Which of the learner's backward functions stopped although it was given an array and the right cache; or ""."""
    if isinstance(error, ValueError) and "unpack" not in str(error):
        return ""
    kinds = {"affine_backward": 0, "relu_backward": 1}
    for frame, _ in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if code.co_name not in kinds or code.co_argcount < 2 or "backprop_helpers" in code.co_filename:
            continue
        dout, cache = (frame.f_locals.get(name) for name in code.co_varnames[:2])
        given = any(cache is pair[kinds[code.co_name]] for pair in caches)
        return code.co_name if given and isinstance(dout, np.ndarray) else ""
    return ""
