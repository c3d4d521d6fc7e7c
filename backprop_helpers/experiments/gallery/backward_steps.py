"""One sweep forward and one back through a 2-3-1 network, a step at a time: values on the left, gradients on the right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array
from backprop_helpers.experiments.svg import Figure, Panel
from backprop_helpers.losses import mse, mse_backward
from backprop_helpers.network import mlp_backward, mlp_forward

W1, B1 = np.array([[1.0, -1, 2], [1, 1, -1]]), np.array([-1.0, -1, -2])
W2, B2 = np.array([[1.0], [3], [-2]]), np.array([1.0])
TARGET = 3.0

# The steps, in order. Forward steps show values, backward steps also the gradients found so far.
STEPS = ("x", "z", "h", "out", "L", "dout", "dw2", "dh", "dz", "dw1")

# Where the nodes stand in a panel of 100 by 100.
X_AT = ((7.0, 72.0), (7.0, 28.0))
Z_AT = ((44.0, 86.0), (44.0, 50.0), (44.0, 14.0))
H_AT = tuple((x + 18.0, y) for x, y in Z_AT)
OUT_AT, LOSS_AT = (82.0, 50.0), (95.0, 50.0)
_SUB = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Sweep:
    last: str  # the last thing computed, one of STEPS
    number: int
    x: Array  # (2,)
    z: Array  # (3,)
    h: Array  # (3,)
    out: float
    loss: float
    dout: float
    dw2: Array  # (3,)
    dh: Array  # (3,)
    dz: Array  # (3,)
    dw1: Array  # (2, 3)

    def known(self, name: str) -> bool:
        """Whether `name` has been computed by now."""
        return STEPS.index(name) <= self.number


def model(step: int, x1: float, x2: float) -> Sweep:
    x, y = np.array([[x1, x2]], dtype=float), np.array([[TARGET]])
    out, caches = mlp_forward(x, [(W1, B1), (W2, B2)])
    dout = mse_backward(out, y)
    (dw1, dz), (dw2, _) = mlp_backward(dout, caches)  # with one row, db1 is dz
    z = caches[0][1]
    assert z is not None  # a hidden layer has a ReLU
    dh = dout @ W2.T
    return Sweep(
        STEPS[step],
        step,
        x[0],
        z[0],
        np.maximum(z[0], 0),
        float(out[0, 0]),
        mse(out, y),
        float(dout[0, 0]),
        dw2[:, 0],
        dh[0],
        dz,
        dw1,
    )


def view(r: Sweep) -> Figure:
    there, back = _Canvas("Forward: values"), _Canvas("Backward: gradients")
    for i, j in np.ndindex(2, 3):
        _edge(there, X_AT[i], Z_AT[j], "blue" if r.known("z") else "muted", _short(float(W1[i, j])), at=0.72)
        _edge(
            back,
            X_AT[i],
            Z_AT[j],
            *(("orange", _short(float(r.dw1[i, j]))) if r.known("dw1") else ("muted", "")),
            at=0.72,
        )
    for j in range(3):
        dash = "" if r.z[j] > 0 else "2 6"  # off: nothing passes in either direction
        _edge(there, Z_AT[j], H_AT[j], "blue" if r.known("h") else "muted", dash=dash)
        _edge(back, Z_AT[j], H_AT[j], "orange" if r.known("dz") else "muted", dash=dash)
        _edge(there, H_AT[j], OUT_AT, "blue" if r.known("out") else "muted", _short(float(W2[j, 0])))
        _edge(
            back, H_AT[j], OUT_AT, *(("orange", _short(float(r.dw2[j]))) if r.known("dw2") else ("muted", ""))
        )
    _edge(there, OUT_AT, LOSS_AT, "blue" if r.known("L") else "muted")
    _edge(back, OUT_AT, LOSS_AT, "orange" if r.known("dout") else "muted")
    for name, at, value, grad in _nodes(r):
        kind = name.rstrip("123")
        shown = r.known(kind)
        _node(there, at, name, _short(value) if shown else "", "blue" if shown else "muted", r.last == kind)
        found = grad is not None and r.known("dout" if kind == "L" else f"d{kind}")
        text = _short(grad) if found and grad is not None else ""
        _node(
            back,
            at,
            name if grad is None else f"d{name}",
            text,
            "orange" if found else "muted",
            r.last == f"d{kind}",
        )
    return Figure(there, back)


def _nodes(r: Sweep) -> list[tuple[str, tuple[float, float], float, float | None]]:
    """Name, place, value and gradient of every node; the inputs' own gradient is not needed by anybody."""
    nodes: list[tuple[str, tuple[float, float], float, float | None]] = [
        (f"x{i + 1}", X_AT[i], float(r.x[i]), None) for i in range(2)
    ]
    nodes += [(f"z{j + 1}", Z_AT[j], float(r.z[j]), float(r.dz[j])) for j in range(3)]
    nodes += [(f"h{j + 1}", H_AT[j], float(r.h[j]), float(r.dh[j])) for j in range(3)]
    return [*nodes, ("out", OUT_AT, r.out, r.dout), ("L", LOSS_AT, r.loss, 1.0)]


class _Canvas(Panel):
    """A panel without axes: 0 to 100 both ways."""

    def __init__(self, title: str) -> None:
        super().__init__((0, 100), (0, 100), title=title, width=400, height=330, xticks=(), yticks=())
        self.left = self.right = self.bottom = 4

    def body(self) -> str:
        return "".join(self._inside) + self._numbers() + "".join(self._above)


def _edge(
    p: Panel,
    a: tuple[float, float],
    b: tuple[float, float],
    colour: str,
    text: str = "",
    *,
    at: float = 0.45,
    dash: str = "",
) -> None:
    """A line between two nodes; its weight, or the weight's gradient, stands in a gap of it. Labels at 0.72 never meet."""
    level = a[1] == b[1]
    x, y = a[0] + at * (b[0] - a[0]), a[1] + at * (b[1] - a[1])
    if text and not level:
        gap = _gap(p, a, b, text)
        starts, ends = ((a[0], x + gap[0]), (a[1], y + gap[1])), ((x - gap[0], b[0]), (y - gap[1], b[1]))
        p.segments(*starts, *ends, colour, dash=dash)
    else:
        p.segments(a[0], a[1], b[0], b[1], colour, dash=dash)
    if text:
        # above a level line, where a minus sign would look like a piece of it
        p.label(x, y, text, colour, dy=-6 if level else 4.5)


def _gap(p: Panel, a: tuple[float, float], b: tuple[float, float], text: str) -> tuple[float, float]:
    """From a label's middle to where the line from a to b may go on, in data units: clear of its digits."""
    width, height = 4.2 * len(text) + 1.8 * text.count("−") + 3, 9.0  # half of them, in picture units
    dx, dy = (float(px[1] - px[0]) for px in (p.px([a[0], b[0]]), p.py([a[1], b[1]])))
    part = min(width / abs(dx), height / abs(dy))
    return part * (b[0] - a[0]), part * (b[1] - a[1])


def _node(p: Panel, at: tuple[float, float], name: str, text: str, colour: str, now: bool) -> None:
    p.points(at[0], at[1], colour, size=20 if now else 13, shape="square" if now else "circle")
    p.label(*at, name.translate(_SUB), "ink", dy=-14, size=12.5)
    if text:
        p.label(*at, text, colour, dy=25, size=14)


def _short(value: float) -> str:
    return f"{round(value, 2) + 0.0:g}".replace("-", "−")


def sentence(r: Sweep) -> str:
    off = [f"h{j + 1}".translate(_SUB) for j in range(3) if r.z[j] <= 0]
    stopped = f"; {' and '.join(off)} was off, so its gradient stops" if off else "; all units were on"
    if len(off) > 1:
        stopped = f"; {' and '.join(off)} were off, so their gradients stop"
    said = {
        "x": f"The inputs are {_short(r.x[0])} and {_short(r.x[1])}.",
        "z": f"Forward: z = x w₁ + b₁ gives {_row(r.z)} (b₁ = {_row(B1)}).",
        "h": f"Forward: ReLU keeps what is positive, h = {_row(r.h)}.",
        "out": f"Forward: out = h w₂ + b₂ = {_short(r.out)} (b₂ = {_short(B2[0])}).",
        "L": f"Forward: L = (out − {_short(TARGET)})² = {_short(r.loss)}. Everything is known; now back.",
        "dout": f"Backward: the slope of the square, dout = 2 (out − {_short(TARGET)}) = {_short(r.dout)}.",
        "dw2": f"Backward: dw₂ = h × dout = {_row(r.dw2)}; db₂ = {_short(r.dout)}.",
        "dh": f"Backward: dh = dout × w₂ = {_row(r.dh)}, each weight carries the blame back.",
        "dz": f"Backward: dz = dh where z > 0, {_row(r.dz)}{stopped}.",
        "dw1": f"Backward: dw₁ = x × dz on every edge; db₁ = dz = {_row(r.dz)}. One sweep, all gradients.",
    }
    return f"Step {r.number} of {len(STEPS) - 1}. {said[r.last]}"


def _row(values: Array) -> str:
    return f"({', '.join(_short(v) for v in values)})"


backward_steps = Experiment(
    name="backward_steps",
    title="One sweep forward, one sweep back",
    controls=(
        Slider("step", "step", 0, len(STEPS) - 1, 1, 0),
        Slider("x1", "x₁", -5.0, 6.0, 0.5, 2.0),
        Slider("x2", "x₂", -5.0, 6.0, 0.5, 1.0),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"step": len(STEPS) - 1},
    prediction=Prediction(
        "With x = (2, 1) the middle hidden unit is off: its z is −2, so its h is 0. Its weight to the output, 3, is the largest. "
        "Which gradient do the weights into that unit get?",
        (
            Option(
                "The largest of all, because its weight to the output is the largest.",
                "The largest gradient does arrive at h₂: dh₂ = −12 at step 7. But z₂ is negative, and the flat side of ReLU lets none of it through.",
            ),
            Option(
                "None: 0.",
                "At step 8 the gradient stops. A small nudge of those weights leaves h₂ at 0, so the loss can't change, and a gradient of 0 says so.",
                right=True,
            ),
            Option(
                "The same as the other units, the error is shared equally.",
                "Nothing is shared equally: each path multiplies by its own weights and slopes, and here one factor is 0.",
            ),
        ),
    ),
)
