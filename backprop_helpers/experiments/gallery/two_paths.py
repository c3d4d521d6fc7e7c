"""A value used twice, u = 3x, v = x², L = u v: two paths to the loss, whose effects add."""

from __future__ import annotations

from dataclasses import dataclass

from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._graph import GraphPanel, short, signed
from backprop_helpers.experiments.svg import Figure

PLACES = {"x": (50.0, 16.0), "u": (22.0, 52.0), "v": (78.0, 52.0), "L": (50.0, 90.0)}


@dataclass(frozen=True)
class TwoPaths:
    x: float
    nudge: float
    values: dict[str, float]  # node → value before the nudge
    moved: dict[str, float]  # node → how far the nudge has moved it
    through_u: float  # gradient along the path x → u → L
    through_v: float  # gradient along the path x → v → L
    gradient: float  # dL/dx, their sum
    change: float  # of the loss
    predicted: float  # gradient · nudge


def forward(x: float) -> dict[str, float]:
    """Every value of u = 3x, v = x², L = u v."""
    u, v = 3 * x, x**2
    return {"x": x, "u": u, "v": v, "L": u * v}


def model(x: float, nudge: float) -> TwoPaths:
    values, after = forward(x), forward(x + nudge)
    moved = {name: after[name] - values[name] for name in values}
    through_u, through_v = values["v"] * 3, values["u"] * 2 * x
    gradient = through_u + through_v
    return TwoPaths(x, nudge, values, moved, through_u, through_v, gradient, moved["L"], gradient * nudge)


def view(r: TwoPaths) -> Figure:
    there = GraphPanel("Forward: one nudge, two paths", PLACES)
    back = GraphPanel("Backward: two gradients meet in x", PLACES)
    u, v, slope = r.values["u"], r.values["v"], 2 * r.x
    for start, end, factor in (("x", "u", 3.0), ("x", "v", slope), ("u", "L", v), ("v", "L", u)):
        there.edge(start, end, f"× {short(factor)}", "blue")
    for start, end, text in (
        ("L", "u", f"1 × {short(v)}"),
        ("L", "v", f"1 × {short(u)}"),
        ("u", "x", f"{short(v)} × 3"),
        ("v", "x", f"{short(u)} × {short(slope)}"),
    ):
        back.edge(start, end, text, "orange")
    for name in PLACES:
        there.node(name, f"{name} = {short(r.values[name], 4)}", "blue")
    there.beside("L", signed(r.moved["L"]), "purple")
    for name, dx in (("u", -32), ("v", 32), ("x", 0)):
        there.below(name, signed(r.moved[name]), "purple", dx)
    for name, grad in (("L", 1.0), ("u", v), ("v", u), ("x", r.gradient)):
        back.node(name, f"d{name} = {short(grad, 4)}", "orange")
    back.below("x", f"{short(r.through_u, 4)} + {short(r.through_v, 4)}", "orange")
    return Figure(there, back)


def sentence(r: TwoPaths) -> str:
    return (
        f"A nudge of x by {signed(r.nudge)} is multiplied by {short(r.through_u, 4)} on its way through u and by "
        f"{short(r.through_v, 4)} through v; added, that is {short(r.gradient, 4)}, which predicts a change of L by "
        f"{signed(r.predicted)}. L really moves by {signed(r.change)}."
    )


two_paths = Experiment(
    name="two_paths",
    title="A value used twice: u = 3x, v = x², L = u v",
    controls=(
        Slider("x", "x", -3.0, 3.0, 0.5, 2.0),
        Slider("nudge", "nudge of x", -0.2, 0.2, 0.01, 0.1),
    ),
    model=model,
    view=view,
    sentence=sentence,
    prediction=Prediction(
        "At x = 2 a small nudge of x reaches L multiplied by 12 along the path through u, and multiplied by 24 along the path "
        "through v. By how much is it multiplied altogether?",
        (
            Option(
                "By 12 × 24 = 288, as everything along a path multiplies.",
                "Along one path the nudge passes one edge after another, so factors multiply. But the two paths stand side by "
                "side; neither passes through the other.",
            ),
            Option(
                "By 12 + 24 = 36.",
                "u moves L by so much, and v moves it by so much more. For small nudges the two moves add up.",
                right=True,
            ),
            Option(
                "By 24, the larger one.",
                "Nothing switches the smaller path off: u moves as well, and L feels it.",
            ),
        ),
    ),
)
