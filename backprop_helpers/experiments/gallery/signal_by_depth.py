"""How large signals and gradients are, layer by layer, for a depth, an initialisation and an activation."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array
from backprop_helpers.experiments.svg import Figure, Panel

WIDTH, BATCH, DEEPEST = 64, 64, 50
# standard deviation of a weight; Xavier is √(2 / (in + out)), He √(2 / in), here with in = out = WIDTH
SCALES = {"0.01": 0.01, "Xavier": (1 / WIDTH) ** 0.5, "He": (2 / WIDTH) ** 0.5, "1": 1.0}
FLOOR = 1e-30  # what the pictures show of anything smaller


@dataclass(frozen=True)
class Depth:
    depth: int
    init: str
    activation: str
    signal: Array  # (depth + 1,) root mean square of the input and of each layer's output
    gradient: Array  # (depth + 1,) root mean square of ∂L/∂(input) and ∂L/∂(each layer's output)
    idle: float  # dead or saturated share of the last layer, see idle_share
    first_gradient: float  # size at the input divided by that at the output
    last_signal: float


def activate(name: str, z: Array) -> tuple[Array, Array]:
    """Output and local slope of an activation, each in the shape of z."""
    if name == "ReLU":
        return np.maximum(z, 0), (z > 0).astype(float)
    if name == "tanh":
        out = np.tanh(z)
        return out, 1 - out**2
    out = 0.5 * (1 + np.tanh(z / 2))  # the sigmoid, written so that it cannot overflow
    return out, out * (1 - out)


def rms(a: Array) -> float:
    """Root mean square of all entries."""
    return float(np.sqrt(np.mean(a**2)))


def idle_share(activation: str, slope: Array) -> float:
    """Share that no longer learns, from local slopes (N, units): dead ReLU units, or saturated tanh and sigmoid outputs.

    Dead: slope 0 for every example of the batch. Saturated: a slope below a twentieth of the steepest possible.
    """
    if activation == "ReLU":
        return float((slope == 0).all(axis=0).mean())
    steepest = 1.0 if activation == "tanh" else 0.25
    return float((slope < steepest / 20).mean())


@functools.lru_cache(maxsize=1)
def drawn(batch: int, width: int) -> tuple[Array, Array, Array]:
    """Random numbers for the deepest network, drawn once: its input (batch, width), its weights (DEEPEST, width, width) before
    they are scaled, and the gradients (DEEPEST + 1, batch, width) that come back to the end of a network of each depth.
    """
    size, area = batch * width, width * width
    numbers = np.random.default_rng(0).standard_normal(2 * size + DEEPEST * area)
    weights = numbers[size : size + DEEPEST * area].reshape(DEEPEST, width, width)
    # what follows the weights of a network of that depth
    upstreams = [numbers[size + d * area : 2 * size + d * area] for d in range(DEEPEST + 1)]
    return numbers[:size].reshape(batch, width), weights, np.stack(upstreams).reshape(-1, batch, width)


@functools.lru_cache(maxsize=4)
def forward(
    init: str, activation: str, batch: int, width: int
) -> tuple[list[Array], list[Array], list[float]]:
    """Weights and slopes of DEEPEST layers, and the size of the input and of each output; a shallower network is their beginning."""
    h, numbers, _ = drawn(batch, width)
    weights, slopes, signal = [], [], [rms(h)]
    for layer in numbers:
        w = SCALES[init] * layer
        h, slope = activate(activation, h @ w)
        weights.append(w)
        slopes.append(slope)
        signal.append(rms(h))
    return weights, slopes, signal


def model(depth: int, init: str, activation: str) -> Depth:
    weights, slopes, signal = forward(init, activation, BATCH, WIDTH)
    weights, slopes, signal = weights[:depth], slopes[:depth], signal[: depth + 1]
    upstream = drawn(BATCH, WIDTH)[2][depth]
    gradient = [rms(upstream)]
    for w, slope in zip(reversed(weights), reversed(slopes), strict=True):
        upstream = (upstream * slope) @ w.T
        gradient.append(rms(upstream))
    gradient.reverse()
    ratio = gradient[0] / gradient[-1]
    idle = idle_share(activation, slopes[-1])
    return Depth(depth, init, activation, np.array(signal), np.array(gradient), idle, ratio, signal[-1])


def _panel(values: Array, title: str, ylabel: str, colour: str) -> Panel:
    panel = Panel(
        (0, 50), (1e-12, 1e12), title=title, xlabel="layer (0 is the input)", ylabel=ylabel, logy=True
    )
    panel.line([0, 50], [1, 1], "green", dash="6 4", width=1.6)
    inside = np.clip(np.maximum(values, FLOOR), 1e-12, 1e12)
    panel.line(range(len(values)), inside, colour)
    panel.points(range(len(values)), inside, colour, size=5)
    return panel


def view(r: Depth) -> Figure:
    forward = _panel(r.signal, "Forward: size of the signal", "root mean square", "blue")
    backward = _panel(r.gradient, "Backward: size of the gradient", "root mean square", "orange")
    forward.arrow(4, 1e-10, 16, 1e-10, "blue")
    backward.arrow(16, 1e-10, 4, 1e-10, "orange")
    return Figure(forward, backward)


def sentence(r: Depth) -> str:
    if r.first_gradient < 1e-3:
        verdict = "it vanishes"
    elif r.first_gradient > 1e3:
        verdict = "it explodes"
    else:
        verdict = "it neither vanishes nor explodes"
    return (
        f"{r.depth} layers of {r.activation}, weights {r.init}: the last signal has size {r.last_signal:.1e}, the gradient at the "
        f"input {r.first_gradient:.1e} times that at the output: {verdict}. {r.idle:.0%} of the last layer is "
        f"{'dead' if r.activation == 'ReLU' else 'saturated'}."
    )


signal_by_depth = Experiment(
    name="signal_by_depth",
    title="Signals and gradients through many layers",
    controls=(
        Slider("depth", "layers", 2, DEEPEST, 1, 10),
        Choice("init", "weights", tuple(SCALES), "0.01"),
        Choice("activation", "activation", ("ReLU", "tanh", "sigmoid"), "ReLU"),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"depth": 50, "init": "He"},
    prediction=Prediction(
        "A ReLU network gets 50 layers instead of 2. For which weights does the gradient still reach the first layer?",
        (
            Option(
                "Small ones, 0.01: nothing can explode.",
                "Nothing explodes: each layer shrinks it about 18 times, so it vanishes.",
            ),
            Option(
                "Large ones, 1: they carry far.",
                "They carry too far: each layer makes it more than 5 times larger, so it explodes.",
            ),
            Option(
                "He: variance 2 / (number of inputs).",
                "ReLU lets half of the signal's power through; a variance of 2 / D makes up for it exactly, on average. "
                "Then layer after layer keeps its size.",
                right=True,
            ),
        ),
    ),
)
