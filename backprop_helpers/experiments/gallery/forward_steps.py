"""Values running through the 2-3-1 network of lesson 01: affine, ReLU, affine, one step of the slider each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array
from backprop_helpers.experiments.svg import Figure, Panel, number
from backprop_helpers.layers import affine_forward, relu_forward

W1, B1 = np.array([[1, 0, -1], [2, 1, 0]]), np.array([1, -1, 0])
W2, B2 = np.array([2, -2, 3]), -1
COLUMNS = (8.5, 39.5, 65.5, 91.5)
HALF = 8.2  # half the width of a box
ROWS = {2: (70.0, 32.0), 3: (88.0, 51.0, 14.0), 1: (51.0,)}
LETTERS = ("x", "z", "h", "score")
SUBSCRIPTS = "₁₂₃"


@dataclass(frozen=True)
class Flow:
    step: int
    weights: Array  # (3,) from the hidden units to the score
    values: tuple[Array, ...]  # x (2,), z (3,), h (3,), score (1,)
    score: float


def model(x1: int, x2: int, w3: int, step: int) -> Flow:
    x = np.array([[x1, x2]])
    weights = np.array([*W2[:2], w3])
    z, _ = affine_forward(x, W1, B1)
    h, _ = relu_forward(z)
    score = affine_forward(h, weights[:, None], np.array([B2]))[0]
    return Flow(step, weights, (x[0], z[0], h[0], score[0]), float(score[0, 0]))


class _Canvas(Panel):
    """A panel without axes: 0 to 100 both ways."""

    def __init__(self) -> None:
        super().__init__((0, 100), (0, 100), width=530, height=350, xticks=(), yticks=())
        self.left = self.right = self.top = self.bottom = 6
        self.least = 460  # its numbers are read, not guessed

    def body(self) -> str:
        return "".join(self._inside) + "".join(self._above)


def view(r: Flow) -> Figure:
    canvas = _Canvas()
    for layer in range(3):
        _edges(canvas, r, layer, "blue" if layer < r.step else "muted")
    for layer, values in enumerate(r.values):
        for unit in range(len(values)):
            _node(canvas, r, layer, unit)
    for layer, text in enumerate(("input", "affine", "ReLU", "affine")):
        canvas.label(COLUMNS[layer], 100, text, "muted", dy=11, size=13.5)
    return Figure(canvas)


def _edges(canvas: Panel, r: Flow, layer: int, colour: str) -> None:
    """All connections from one column to the next, each with its weight close to where it arrives."""
    starts, ends = ROWS[len(r.values[layer])], ROWS[len(r.values[layer + 1])]
    x0, x1 = COLUMNS[layer] + HALF, COLUMNS[layer + 1] - HALF - 0.5
    for i, y0 in enumerate(starts):
        for j, y1 in enumerate(ends):
            if layer == 1 and i != j:
                continue
            canvas.arrow(x0, y0, x1, y1, colour, width=1.6)
            at = 0.7 if layer == 0 else 0.4
            text = "" if layer == 1 else f"× {number(float(W1[i, j] if layer == 0 else r.weights[i]))}"
            canvas.label(
                x0 + at * (x1 - x0), y0 + at * (y1 - y0), text, colour, dy=4 if layer == 0 else -5, size=13.5
            )


def _node(canvas: Panel, r: Flow, layer: int, unit: int) -> None:
    x, y = COLUMNS[layer], ROWS[len(r.values[layer])][unit]
    value, known = float(r.values[layer][unit]), layer <= r.step
    name = LETTERS[layer] + (SUBSCRIPTS[unit] if layer < 3 else "")
    silent = layer == 2 and known and value == 0
    colour = "muted" if silent or not known else "orange" if layer == r.step else "blue"
    canvas.rectangle(x - HALF, y - 6, x + HALF, y + 6, "paper", opacity=1)
    canvas.rectangle(x - HALF, y - 6, x + HALF, y + 6, colour, opacity=0.15)
    text, size = f"{name} = {number(value) if known else '?'}", 12 if layer == 3 else 13
    canvas.label(x, y, text, "ink" if known else "muted", dy=4.5, size=size)
    if layer in (1, 3):
        bias = float(B1[unit]) if layer == 1 else float(B2)
        canvas.label(x, y, f"b = {number(bias)}", "muted", dy=36, size=13)


def sentence(r: Flow) -> str:
    x, z, h, _ = (tuple(number(float(v)) for v in values) for values in r.values)
    if r.step == 0:
        return f"The input is ({', '.join(x)}). Move step to 1 to see the first affine layer."
    if r.step == 1:
        j = 0
        return (
            f"z = ({', '.join(z)}). The first of them: {x[0]} × {number(float(W1[0, j]))} + {x[1]} × "
            f"{number(float(W1[1, j]))} + {number(float(B1[j]))} = {z[j]}."
        )
    silent = sum(v == "0" for v in h)
    units = ("No hidden unit is", "One hidden unit is", "Two hidden units are", "All hidden units are")[
        silent
    ]
    if r.step == 2:
        return f"h = ({', '.join(h)}). {units} silent: h is 0 there."
    terms = " + ".join(
        f"{v} × {number(float(w))}" if w >= 0 else f"{v} × ({number(float(w))})"
        for v, w in zip(h, r.weights, strict=True)
    )
    because = f" {units} silent, so what leads from there to the score does not matter." if silent else ""
    return f"score = {terms} − {-B2} = {number(r.score)}.{because}"


forward_steps = Experiment(
    name="forward_steps",
    title="Numbers run through a network",
    controls=(
        Slider("step", "step", 0, 3, 1, 0),
        Slider("x1", "x₁", -3, 3, 1, 1),
        Slider("x2", "x₂", -3, 3, 1, 2),
        Slider("w3", "weight of h₃", -5, 5, 1, 3),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"step": 3},
    prediction=Prediction(
        "For x = (1, 2) the third hidden unit has z₃ = −1. You raise the weight that leads from it to the score. "
        "What happens to the score?",
        (
            Option("It grows.", "It would if h₃ were positive. ReLU has made it 0."),
            Option("It falls.", "z₃ is negative, but h₃ is not: ReLU stands between them."),
            Option(
                "Nothing.",
                "h₃ is 0, and 0 times any weight is 0. Choose x₁ = −1 and z₃ becomes 1: now the weight matters.",
                right=True,
            ),
        ),
    ),
)
