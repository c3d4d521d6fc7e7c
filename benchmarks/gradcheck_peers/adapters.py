"""One way to ask five checkers the same question: is this backward pass right?

Each adapter takes (forward, backward, args, seed) and returns "right", "wrong" or "unknown"; an exception counts as
"wrong", since nobody would overlook it. Every checker runs with its own default settings.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.test_util
import numpy as np
import scipy.optimize
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))
from backprop_helpers.gradcheck import gradcheck

jax.config.update("jax_enable_x64", True)
Functions = tuple[Callable[..., Any], Callable[..., Any]]


def floating(args: tuple[Any, ...]) -> list[int]:
    return [k for k, a in enumerate(args) if a.dtype.kind == "f"]


def as_tuple(grads: Any) -> tuple[Any, ...]:
    return tuple(grads) if isinstance(grads, (tuple, list)) else (grads,)


def judge(ask: Callable[..., str], functions: Functions, args: tuple[Any, ...], seed: int) -> str:
    """One verdict, quietly."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return ask(*functions, args, seed)
        except Exception:  # that is the verdict
            return "wrong"


def ours(mode: str) -> Callable[..., str]:
    def ask(forward: Any, backward: Any, args: tuple[Any, ...], seed: int) -> str:
        report = gradcheck(forward, backward, args, mode=mode, rng=1000 + seed)  # type: ignore[arg-type]
        return "wrong" if report.failed else "right" if report.passed else "unknown"

    return ask


def torch_function(forward: Any, backward: Any) -> Callable[..., Any]:
    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.arrays = [t.detach().numpy() for t in tensors]
            return torch.from_numpy(np.array(forward(*ctx.arrays)))

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            grads = iter(as_tuple(backward(dout.numpy(), *ctx.arrays)))
            found = [next(grads) if a.dtype.kind == "f" else None for a in ctx.arrays]
            return tuple(None if g is None else torch.from_numpy(np.asarray(g)) for g in found)

    return Wrapped.apply


def ask_torch(fast: bool) -> Callable[..., str]:
    def ask(forward: Any, backward: Any, args: tuple[Any, ...], seed: int) -> str:
        torch.manual_seed(seed)
        tensors = [torch.from_numpy(a) for a in args]
        for k in floating(args):
            tensors[k].requires_grad_()
        torch.autograd.gradcheck(torch_function(forward, backward), tensors, fast_mode=fast)
        return "right"

    return ask


def ask_jax(forward: Any, backward: Any, args: tuple[Any, ...], seed: int) -> str:
    places = floating(args)

    def whole(arrays: tuple[Any, ...]) -> list[Any]:
        full = list(args)
        for k, a in zip(places, arrays, strict=True):
            full[k] = np.asarray(a)
        return full

    @jax.custom_vjp
    def f(*arrays: Any) -> Any:
        return jax.numpy.asarray(forward(*whole(arrays)))

    def back(arrays: tuple[Any, ...], dout: Any) -> Any:
        return tuple(
            None if g is None else jax.numpy.asarray(g)
            for g in as_tuple(backward(np.asarray(dout), *whole(arrays)))
        )

    f.defvjp(lambda *arrays: (f(*arrays), arrays), back)
    jax.test_util.check_grads(f, tuple(jax.numpy.asarray(args[k]) for k in places), order=1, modes=("rev",))
    return "right"


def ask_scipy(forward: Any, backward: Any, args: tuple[Any, ...], seed: int) -> str:
    """check_grad wants a scalar function of one vector, and returns an error for the caller to judge."""
    places = floating(args)
    shape = np.shape(forward(*[a.copy() for a in args]))
    upstream = np.random.default_rng(1000 + seed).standard_normal(shape)

    def whole(theta: Any) -> list[Any]:
        full, start = list(args), 0
        for k in places:
            full[k] = theta[start : start + args[k].size].reshape(args[k].shape)
            start += args[k].size
        return full

    def value(theta: Any) -> float:
        return float(np.sum(forward(*whole(theta)) * upstream))

    def gradient(theta: Any) -> Any:
        grads = as_tuple(backward(upstream, *whole(theta)))
        return np.concatenate([np.ravel(g) for g in grads])

    theta = np.concatenate([np.ravel(args[k]) for k in places]).astype(float)
    error = scipy.optimize.check_grad(value, gradient, theta)
    size = np.linalg.norm(gradient(theta))
    return "right" if error <= 1e-5 * max(1.0, size) else "wrong"


CHECKERS: dict[str, Callable[..., str]] = {
    "ours, full": ours("full"),
    "ours, fast": ours("fast"),
    "torch": ask_torch(fast=False),
    "torch fast": ask_torch(fast=True),
    "jax": ask_jax,
    "scipy": ask_scipy,
}
