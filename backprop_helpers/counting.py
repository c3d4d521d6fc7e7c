"""Count the multiplications that code really does, whoever wrote it."""

from __future__ import annotations

from typing import Any

import numpy as np


class MultiplicationCounter:
    """Counts the multiplications inside every `@` in which a watched array takes part.

    count: how many so far. `watch` gives copies of arrays that report to this counter, as does all that is computed from
    them entry by entry or by `@`. The numbers themselves are those of ordinary arrays.
    """

    def __init__(self) -> None:
        self.count = 0

    def watch(self, value: Any) -> Any:
        """An array, or a list or tuple of such, as watched copies; anything else as it is."""
        if isinstance(value, np.ndarray):
            watched = value.copy().view(_Watched)
            watched.counter = self
            return watched
        if isinstance(value, list | tuple):
            return type(value)(self.watch(part) for part in value)
        return value


class _Watched(np.ndarray):
    """An array that reports each matrix product to its counter."""

    counter: MultiplicationCounter | None

    def __array_finalize__(self, parent: Any) -> None:
        self.counter = getattr(parent, "counter", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [a.view(np.ndarray) if isinstance(a, _Watched) else a for a in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(a.view(np.ndarray) if isinstance(a, _Watched) else a for a in kwargs["out"])
        result = getattr(ufunc, method)(*plain, **kwargs)
        counter = next(a.counter for a in inputs if isinstance(a, _Watched) and a.counter is not None)
        if ufunc is np.matmul:
            counter.count += int(np.size(result)) * int(plain[0].shape[-1])
        if not isinstance(result, np.ndarray):
            return result
        watched = result.view(_Watched)
        watched.counter = counter
        return watched
