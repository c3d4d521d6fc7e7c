"""Judge the table of cases with every checker and time them on one layer; prints JSON. Started by run.py."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from typing import Any

import jax
import jax.test_util
import numpy as np
import scipy.optimize
import torch
from adapters import CHECKERS, gradcheck, judge
from cases import CASES

SEEDS = 5
LONG_ROUNDS, SHORT_ROUNDS = 15, 150
N, D, M = 32, 48, 10


def table() -> list[dict[str, Any]]:
    """Of SEEDS draws of each case, how many each checker called right, wrong and unknown."""
    rows = []
    for case in CASES:
        verdicts = {}
        for name, ask in CHECKERS.items():
            said = [
                judge(ask, case.functions(), case.args(np.random.default_rng(seed)), seed)
                for seed in range(SEEDS)
            ]
            verdicts[name] = {word: said.count(word) for word in ("right", "wrong", "unknown")}
        rows.append({"name": case.name, "right": case.right, "verdicts": verdicts})
    return rows


def contenders() -> dict[str, Callable[[], Any]]:
    """The same affine layer, written natively for each checker, so that none pays for an adapter."""
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((N, D)), rng.standard_normal((D, M)), rng.standard_normal(M)
    upstream = rng.standard_normal((N, M))

    def affine(x: Any, w: Any, b: Any) -> Any:
        return x @ w + b

    def back(dout: Any, x: Any, w: Any, b: Any) -> Any:
        return dout @ w.T, x.T @ dout, dout.sum(axis=0)

    def wrong(dout: Any, x: Any, w: Any, b: Any) -> Any:
        return dout @ w.T, x.T @ dout / N, dout.sum(axis=0)

    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, w, b)]
    arrays = [jax.numpy.asarray(a) for a in (x, w, b)]
    theta = np.concatenate([x.ravel(), w.ravel(), b])

    def split(theta: Any) -> Any:
        return theta[: N * D].reshape(N, D), theta[N * D : -M].reshape(D, M), theta[-M:]

    def value(theta: Any) -> Any:
        return np.sum(affine(*split(theta)) * upstream)

    def gradient(theta: Any) -> Any:
        return np.concatenate([g.ravel() for g in back(upstream, *split(theta))])

    def plain_loop() -> bool:
        """What a course usually hands out: central differences, nothing else."""
        right = True
        for a, g in zip((x, w, b), back(upstream, x, w, b), strict=True):
            flat, numeric = a.reshape(-1), np.empty(a.size)
            for i in range(a.size):
                kept = flat[i]
                flat[i] = kept + 1e-5
                up = affine(x, w, b)
                flat[i] = kept - 1e-5
                numeric[i] = np.sum((up - affine(x, w, b)) * upstream) / 2e-5
                flat[i] = kept
            right &= np.allclose(numeric, g.ravel(), rtol=1e-6, atol=1e-8)
        return right

    return {
        "ours, full": lambda: gradcheck(affine, back, (x, w, b)).passed,
        "ours, full, dw wrong": lambda: not gradcheck(affine, wrong, (x, w, b)).passed,
        "plain NumPy loop": plain_loop,
        "scipy check_grad": lambda: scipy.optimize.check_grad(value, gradient, theta) < 1e-3,
        "torch gradcheck": lambda: torch.autograd.gradcheck(affine, tensors),
        "ours, fast": lambda: gradcheck(affine, back, (x, w, b), mode="fast").passed,
        "ours, fast, dw wrong": lambda: not gradcheck(affine, wrong, (x, w, b), mode="fast").passed,
        "torch gradcheck, fast": lambda: torch.autograd.gradcheck(affine, tensors, fast_mode=True),
        "jax check_grads": lambda: jax.test_util.check_grads(affine, arrays, order=1, modes=("rev",)) is None,
    }


def times() -> dict[str, list[float]]:
    """Milliseconds of each run, after one to warm up.

    The runs of a group take turns, and each round begins with another one. Long and short ones are not mixed: a run of
    1 ms behind one of 600 ms would mostly measure cold caches and lost time slices.
    """
    runs = contenders()
    found: dict[str, list[float]] = {name: [] for name in runs}
    short = [name for name in runs if "fast" in name or "jax" in name]
    for group, rounds in (([n for n in runs if n not in short], LONG_ROUNDS), (short, SHORT_ROUNDS)):
        for round_ in range(rounds + 1):
            first = round_ % len(group)
            for name in group[first:] + group[:first]:
                start = time.perf_counter()
                assert runs[name](), name
                if round_:
                    found[name].append(1e3 * (time.perf_counter() - start))
    return found


def main() -> None:
    measured = times()
    result = {
        "times": {name: {"median": median(t), "worst": max(t)} for name, t in measured.items()},
        "rounds": [LONG_ROUNDS, SHORT_ROUNDS],
        "seeds": SEEDS,
        "table": table(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "versions": {name: version(name) for name in ("numpy", "torch", "jax", "scipy")},
        "python": platform.python_version(),
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
