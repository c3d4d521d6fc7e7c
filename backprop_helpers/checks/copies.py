"""Copies of a case's arguments, and whether a function left them as they were."""

from __future__ import annotations

from typing import Any

import numpy as np


def copied(value: Any) -> Any:
    """A deep copy of arrays, lists, tuples, dicts and random generators; other things as they are."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list):
        return [copied(v) for v in value]
    if type(value) is tuple:
        return tuple(copied(v) for v in value)
    if isinstance(value, dict):
        return {k: copied(v) for k, v in value.items()}
    if isinstance(value, np.random.Generator):
        twin = np.random.Generator(type(value.bit_generator)())
        twin.bit_generator.state = value.bit_generator.state
        return twin
    return value


def unchanged(was: Any, now: Any) -> bool:
    """Whether a value holds the same numbers as before (generators may advance: that is their use)."""
    if isinstance(was, np.ndarray):
        if not isinstance(now, np.ndarray) or was.shape != now.shape or was.dtype != now.dtype:
            return False
        # the same bytes are the same numbers, nan among them; −0 and 0 are other bytes and the same number
        return was.tobytes() == now.tobytes() or bool(
            np.array_equal(was, now, equal_nan=was.dtype.kind in "fc")
        )
    if isinstance(was, list | tuple):
        same_length = isinstance(now, list | tuple) and len(was) == len(now)
        return same_length and all(unchanged(a, b) for a, b in zip(was, now, strict=True))
    if isinstance(was, dict):
        same_keys = isinstance(now, dict) and was.keys() == now.keys()
        return same_keys and all(unchanged(was[k], now[k]) for k in was)
    if isinstance(was, np.random.Generator) or callable(was):
        return True
    return bool(was == now) or (was != was and now != now)  # nan is unequal to itself
