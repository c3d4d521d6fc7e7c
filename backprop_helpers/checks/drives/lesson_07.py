"""How the checks of lesson 07 handle first weights, and a backward pass that forgets."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from backprop_helpers.checks.attempt import Task
from backprop_helpers.checks.copies import copied
from backprop_helpers.layers import affine_backward, affine_forward, tanh_backward, tanh_forward


def networks(task: Task) -> list[Any]:
    """Networks from several states of the generator; raw: what was returned, the first two from the same state.

    task.args: (sizes, rng); task.extra["seeds"]: those of the others.
    """
    sizes, rng = task.args
    again = copied(rng)
    others = [np.random.default_rng(seed) for seed in task.extra["seeds"]]
    return [task.fn(sizes, generator) for generator in (rng, again, *others)]


class _Cache:
    """What one call of the watched forward keeps; a learner can only hand it back."""

    def __init__(self, content: Any) -> None:
        self.content = content


class Watch:
    """forward and backward of one tanh layer that count their calls, and how much of theirs is alive at one time."""

    def __init__(self) -> None:
        self.caches: weakref.WeakSet[_Cache] = weakref.WeakSet()
        self.outputs: set[int] = set()
        self.forwards = self.most_caches = self.most_outputs = self.in_one_go = self.most_in_one_go = 0
        self.on_the_way_back = False

    def forward(self, h: Any, w: Any, b: Any) -> tuple[Any, _Cache]:
        """h (N, D), w (D, M), b (M,) → tanh(h @ w + b) (N, M), cache."""
        z, affine_cache = affine_forward(np.asarray(h), w, b)
        out, tanh_cache = tanh_forward(z)
        cache = _Cache((affine_cache, tanh_cache))
        self.caches.add(cache)
        self.outputs.add(id(out))
        weakref.finalize(out, self.outputs.discard, id(out))
        self.forwards += 1
        if self.on_the_way_back:
            self.in_one_go += 1
            self.most_in_one_go = max(self.most_in_one_go, self.in_one_go)
        self.most_caches = max(self.most_caches, len(self.caches))
        self.most_outputs = max(self.most_outputs, len(self.outputs))
        return out, cache

    def backward(self, dout: Any, cache: Any) -> tuple[Any, Any, Any]:
        """dout (N, M), cache → dx (N, D), dw (D, M), db (M,)."""
        if not isinstance(cache, _Cache):
            raise TypeError(
                f"backward was given a {type(cache).__name__} as its cache; expected what forward returned"
            )
        self.on_the_way_back, self.in_one_go = True, 0
        affine_cache, tanh_cache = cache.content
        return affine_backward(tanh_backward(np.asarray(dout), tanh_cache), affine_cache)


def watched_chain(task: Task) -> dict[str, Any]:
    """The backward pass with a watched layer; raw: what it returned, and the counts. task.args: (x, params, dout, every)."""
    watch = Watch()
    returned = task.fn(*task.args, watch.forward, watch.backward)
    return {
        "returned": returned,
        "forwards": watch.forwards,
        "caches": watch.most_caches,
        "outputs": watch.most_outputs,
        "in one go": watch.most_in_one_go,
    }
