"""A nudge h, the secant it draws, and how its slope nears the tangent's, until rounding takes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array
from backprop_helpers.experiments.svg import Figure, Panel

Curve = Callable[[Array], Array]
W = 1.0
EPS = float(np.finfo(float).eps)


def neuron_loss(w: Array) -> Array:
    """(σ(2w − 1) − 0.2)²: squared error of one sigmoid neuron with input 2, bias −1 and target 0.2."""
    return np.asarray((1 / (1 + np.exp(-(2 * w - 1))) - 0.2) ** 2)


def neuron_slope(w: Array) -> Array:
    """The derivative of `neuron_loss` by the chain rule: 2 (s − 0.2) · s (1 − s) · 2."""
    s = 1 / (1 + np.exp(-(2 * w - 1)))
    return np.asarray(2 * (s - 0.2) * s * (1 - s) * 2)


# each function and its derivative
CURVES: dict[str, tuple[Curve, Curve]] = {
    "one neuron's loss": (neuron_loss, neuron_slope),
    "w³": (lambda w: w**3, lambda w: 3 * w**2),
    "sin w": (np.sin, np.cos),
}
STEPS = 10.0 ** np.arange(-14, 0.01, 0.25)


@dataclass(frozen=True)
class Nudge:
    curve: str
    way: str
    h: float
    slope: float  # of the secant
    true: float  # of the tangent
    error: float  # |slope − true|
    errors: Array  # (57,) the same for every h of STEPS
    best_h: float  # the h of STEPS with the smallest error
    theory_h: float  # ε^(1/2) for one side, ε^(1/3) for both


def secant_slope(f: Curve, h: Array, way: str) -> Array:
    """Difference quotient at W for every h: one side (f(w+h) − f(w)) / h, both sides (f(w+h) − f(w−h)) / 2h."""
    if way == "one side":
        return np.asarray((f(W + h) - f(np.asarray(W))) / h)
    return np.asarray((f(W + h) - f(W - h)) / (2 * h))


def model(log_h: float, way: str, curve: str) -> Nudge:
    f, slope = CURVES[curve]
    h, true = np.asarray(log_h), float(slope(np.asarray(W)))
    got = float(secant_slope(f, h, way))
    errors = np.abs(secant_slope(f, STEPS, way) - true)
    theory = EPS ** (1 / 2 if way == "one side" else 1 / 3)
    return Nudge(curve, way, log_h, got, true, abs(got - true), errors, float(STEPS[errors.argmin()]), theory)


def view(r: Nudge) -> Figure:
    f, _ = CURVES[r.curve]
    w = np.linspace(-0.4, 2.4, 141)
    low, high = float(f(w).min()), float(f(w).max())
    edge = 0.15 * (high - low)
    plane = Panel(
        (-0.4, 2.4), (low - edge, high + edge), title="Secant and tangent at w = 1", xlabel="w", ylabel="loss"
    )
    plane.line(w, f(w), "muted")
    at = float(f(np.asarray(W)))
    plane.line(w, at + r.true * (w - W), "blue", dash="6 4")
    ends = np.array([W if r.way == "one side" else W - r.h, W + r.h])
    base = float(f(ends[:1])[0])
    plane.line(w, base + r.slope * (w - ends[0]), "orange")
    plane.points(ends, f(ends), "orange", size=10)
    plane.points(W, at, "blue", shape="square", size=8)
    plane.legend([(f"secant {r.slope:.6f}", "orange"), (f"tangent {r.true:.6f}", "blue")], corner="left")
    errors = Panel((3e-15, 3), (1e-14, 10), title="Error of the slope against h", xlabel="nudge h", ylabel="error",
                   logx=True, logy=True)  # fmt: skip
    # only what has been tried so far: the rest is what the learner predicts
    tried = np.log10(STEPS) > np.log10(r.h) - 1e-3
    errors.line(STEPS[tried], r.errors[tried], "muted", width=1.8)
    errors.points(r.h, max(r.error, 1e-14), "orange", size=10)
    errors.label(0.02, 2.5, "truncation", "muted")
    if r.h < r.theory_h:
        errors.line([r.theory_h, r.theory_h], [1e-14, 10], "green", dash="3 4", width=1.6)
        name, dx, anchor = ("√ε", 6, "start") if r.way == "one side" else ("∛ε", -6, "end")
        errors.label(r.theory_h, 3e-14, f"theory: h ≈ {name}", "green", dx=dx, dy=-4, anchor=anchor, size=12)
        errors.label(3e-12, 0.8, "rounding", "muted")
    return Figure(plane, errors)


def sentence(r: Nudge) -> str:
    said = (
        f"h = {r.h:.1e}, {r.way}: slope {r.slope:.10f}, the true one is {r.true:.10f}, error {r.error:.1e}."
    )
    if r.h > min(r.best_h, r.theory_h):
        return said + " What is left comes from the bend of the curve between the points."
    why = "The difference drowns in rounding" if r.h < r.best_h / 10 else "This is close to the best"
    return said + f" {why}: the smallest error is at h = {r.best_h:.1e}, theory says about {r.theory_h:.1e}."


nudge = Experiment(
    name="nudge",
    title="How small must a nudge be?",
    controls=(
        Slider("log_h", "nudge h", -14.0, 0.0, 0.25, 0.0, log=True),
        Choice("way", "nudge to", ("one side", "both sides"), "one side"),
        Choice("curve", "curve", tuple(CURVES), "one neuron's loss"),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"log_h": 1e-10},
    prediction=Prediction(
        "You make the nudge h ten times smaller, again and again, down to 10⁻¹⁴. What happens to the error of the slope?",
        (
            Option(
                "It keeps shrinking.", "So it would with exact numbers. A float64 carries about 16 digits."
            ),
            Option(
                "It shrinks, then grows again.",
                "The bend of the curve matters less and less, but f(w + h) − f(w) is a difference of almost equal numbers: "
                "its rounding error, about 10⁻¹⁶, is divided by h.",
                right=True,
            ),
            Option("It stays the same.", "Move the slider: the error changes over many powers of ten."),
        ),
    ),
)
