"""Time one training step of the same network written for each library; prints JSON. Started by training_step.py."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import autograd
import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from backprop_helpers.optimizers import sgd
from backprop_helpers.training import train_step

BATCH, RATE = 128, 0.01
NETWORKS = {"small": ([64, 128, 64, 10], 400), "large": ([784, 1024, 1024, 10], 60)}  # sizes, rounds
PATIENCE = 120  # seconds for one network: on a busy machine fewer rounds have to do
AGREE = 5  # steps after which all must have reached the same loss

Step = Callable[[], float]


def start(sizes: Sequence[int]) -> tuple[list[tuple[Any, Any]], Any, Any]:
    """params, x and y that all of them start from, in float32."""
    rng = np.random.default_rng(0)
    params = [
        (rng.standard_normal((d, m), dtype=np.float32) * np.float32((2 / d) ** 0.5), np.zeros(m, np.float32))
        for d, m in pairwise(sizes)
    ]
    x = rng.standard_normal((BATCH, sizes[0]), dtype=np.float32)
    return params, x, rng.integers(0, sizes[-1], BATCH)


def ours(sizes: Sequence[int]) -> Step:
    """The layers, the network, the loss and the optimizer of the lessons."""
    params, x, y = start(sizes)
    configs: Any = [({"learning_rate": RATE}, {"learning_rate": RATE}) for _ in params]

    def step() -> float:
        nonlocal params, configs
        loss, params, configs = train_step(params, x, y, sgd, configs)
        assert params[0][0].dtype == np.float32
        return loss

    return step


def pytorch(sizes: Sequence[int]) -> Step:
    """Eager, as its tutorials write it."""
    params, x, y = start(sizes)
    layers: list[Any] = []
    for w, b in params:
        linear = torch.nn.Linear(*w.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T.copy()))
            linear.bias.copy_(torch.from_numpy(b))
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_fn, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=RATE)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def hips(sizes: Sequence[int]) -> Step:
    """autograd, which derives NumPy code as it runs."""
    params, x, y = start(sizes)
    value_and_grad = autograd.value_and_grad(lambda params: cross_entropy(anp, params, x, y))

    def step() -> float:
        nonlocal params
        loss, grads = value_and_grad(params)
        pairs = zip(params, grads, strict=True)
        params = [(w - RATE * dw, b - RATE * db) for (w, b), (dw, db) in pairs]
        return float(loss)

    return step


def jax_jit(sizes: Sequence[int]) -> Step:
    """The whole step compiled."""
    params, x, y = jax.tree.map(jnp.asarray, start(sizes))

    @jax.jit
    def update(params: Any) -> Any:
        loss, grads = jax.value_and_grad(lambda params: cross_entropy(jnp, params, x, y))(params)
        return loss, jax.tree.map(lambda p, dp: p - RATE * dp, params, grads)

    def step() -> float:
        nonlocal params
        loss, params = update(params)
        jax.block_until_ready(params)
        return float(loss)

    return step


def cross_entropy(xp: Any, params: Any, x: Any, y: Any) -> Any:
    """Mean cross-entropy of a ReLU network, written with the functions of xp."""
    h = x
    for w, b in params[:-1]:
        h = xp.maximum(h @ w + b, 0)
    w, b = params[-1]
    scores = h @ w + b
    shifted = scores - xp.max(scores, axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    return -xp.mean(log_p[np.arange(len(y)), y])


def numpy_products(sizes: Sequence[int]) -> Step:
    """Only the matrix products of a step: what no rearranging of layers can save."""
    params, inputs, upstreams = products_of(sizes)

    def step() -> float:
        for (w, _), x in zip(params, inputs, strict=True):
            x @ w
        for x, dout in zip(inputs, upstreams, strict=True):
            x.T @ dout
        for (w, _), dout in zip(params[1:], upstreams[1:], strict=True):
            dout @ w.T
        return 0.0

    return step


def torch_products(sizes: Sequence[int]) -> Step:
    """The same products by PyTorch's library, in the arrangement in which it stores weights, (M, D)."""
    params, inputs, upstreams = products_of(sizes)
    ws = [torch.from_numpy(w.T.copy()) for w, _ in params]
    xs, douts = ([torch.from_numpy(a) for a in arrays] for arrays in (inputs, upstreams))

    def step() -> float:
        for w, x in zip(ws, xs, strict=True):
            x @ w.T
        for x, dout in zip(xs, douts, strict=True):
            dout.T @ x
        for w, dout in zip(ws[1:], douts[1:], strict=True):
            dout @ w
        return 0.0

    return step


def products_of(sizes: Sequence[int]) -> tuple[Any, list[Any], list[Any]]:
    """params, and random numbers in the shapes of each layer's input and upstream gradient."""
    params, x, _ = start(sizes)
    rng = np.random.default_rng(1)
    inputs = [x] + [rng.standard_normal((BATCH, d), dtype=np.float32) for d in sizes[1:-1]]
    return params, inputs, [rng.standard_normal((BATCH, m), dtype=np.float32) for m in sizes[1:]]


PRODUCTS = {"NumPy": numpy_products, "PyTorch": torch_products}
CONTENDERS = {"ours": ours, "PyTorch eager": pytorch, "jax jit": jax_jit, "HIPS autograd": hips}


def times(sizes: Sequence[int], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of each step by the wall clock and of processor time; all take turns, and each round begins with another."""
    steps = {name: make(sizes) for name, make in CONTENDERS.items()}
    losses = {name: [step() for _ in range(AGREE)] for name, step in steps.items()}
    for name, reached in losses.items():
        assert np.allclose(reached, losses["ours"], rtol=1e-3), f"{name} does something else: {losses}"
    steps |= {f"matrix products alone, {lib}": make(sizes) for lib, make in PRODUCTS.items()}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    names, end = list(steps), time.monotonic() + PATIENCE
    for i in range(rounds):
        if time.monotonic() > end:
            break
        for name in names[i % len(names) :] + names[: i % len(names)]:
            steps[name]()  # threads and caches are its own again
            wall, cpu = time.perf_counter(), time.process_time()
            steps[name]()
            found[name].append((1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)))
    return found


def main() -> None:
    result: dict[str, Any] = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("numpy", "torch", "jax", "autograd")},
        "batch": BATCH,
        "networks": {},
    }
    for name, (sizes, rounds) in NETWORKS.items():
        found = times(sizes, rounds)
        result["networks"][name] = {
            "sizes": sizes,
            "rounds": len(found["ours"]),
            "wall": {n: median(w for w, _ in t) for n, t in found.items()},
            "cpu": {n: median(c for _, c in t) for n, t in found.items()},
            "least": {n: min(w for w, _ in t) for n, t in found.items()},
        }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
