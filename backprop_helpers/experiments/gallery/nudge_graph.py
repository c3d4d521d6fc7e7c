"""A nudge running through one neuron's graph, and the gradient coming back: upstream × local on every edge."""

from __future__ import annotations

from dataclasses import dataclass

from backprop_helpers.chain_rule import neuron_locals
from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._graph import GraphPanel, digits_to_multiply, short, signed
from backprop_helpers.experiments.svg import Figure
from backprop_helpers.layers import sigmoid_forward

Y = 1.0
INPUTS = ("w", "x", "b")
# where each node stands in a panel, and what it is computed from
PLACES = {
    "w": (17.0, 15.0),
    "x": (50.0, 15.0),
    "b": (83.0, 15.0),
    "z": (50.0, 40.0),
    "a": (50.0, 66.0),
    "L": (50.0, 92.0),
}
EDGES = (("w", "z"), ("x", "z"), ("b", "z"), ("z", "a"), ("a", "L"))


@dataclass(frozen=True)
class NudgedNeuron:
    which: str
    nudge: float
    values: dict[str, float]  # node → value before the nudge
    moved: dict[str, float]  # node → how far the nudge has moved it
    local: dict[tuple[str, str], float]  # edge (from, to) → local gradient
    grads: dict[str, float]  # node v → dL/dv
    change: float  # of the loss
    predicted: float  # gradient · nudge


def forward(w: float, x: float, b: float) -> dict[str, float]:
    """Every value of z = w x + b, a = σ(z), L = (a − 1)²."""
    z = w * x + b
    a = float(sigmoid_forward(z)[0])  # type: ignore[arg-type]
    return {"w": w, "x": x, "b": b, "z": z, "a": a, "L": (a - Y) ** 2}


def model(which: str, nudge: float, w: float, x: float, b: float) -> NudgedNeuron:
    start = {"w": w, "x": x, "b": b}
    values, after = forward(**start), forward(**{**start, which: start[which] + nudge})
    moved = {v: after[v] - values[v] for v in values}
    dl_da, da_dz, dz_dw, dz_dx, dz_db = neuron_locals(x, w, values["a"], Y)
    local = dict(zip(EDGES, (dz_dw, dz_dx, dz_db, da_dz, dl_da), strict=True))
    grads = {"L": 1.0}
    for v, u in reversed(EDGES):
        grads[v] = grads[u] * local[v, u]
    return NudgedNeuron(which, nudge, values, moved, local, grads, moved["L"], grads[which] * nudge)


def view(r: NudgedNeuron) -> Figure:
    path = {r.which, "z", "a", "L"}
    there, back = (
        GraphPanel("Forward: the nudge runs upwards", PLACES),
        GraphPanel("Backward: upstream × local", PLACES),
    )
    local, grads = _written(r)
    for v, u in EDGES:
        factor, both = f"× {local[v, u]}", f"{grads[u]} × {local[v, u]}"
        there.edge(v, u, factor, "blue" if v in path else "muted")
        back.edge(u, v, "" if v in INPUTS else both, "orange")
        if v in INPUTS:
            back.below(v, both, "orange")
    for v in PLACES:
        there.node(v, f"{v} = {short(r.values[v])}", "blue" if v in path else "muted")
        back.node(v, f"d{v} = {grads[v]}", "orange")
    there.below(r.which, signed(r.nudge), "purple")
    for v in ("z", "a", "L"):
        there.beside(v, signed(r.moved[v]), "purple")
    return Figure(there, back)


def _written(r: NudgedNeuron) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Every local gradient and every gradient as the picture writes it: the same digits wherever a number stands.

    dz gets the digits with which dw and dx come out with three, and the two factors of dz those with which it comes out.
    """
    into_z = (r.grads["a"], r.local["z", "a"])
    fits = (d for d in range(3, 10) if all(_comes_out(r, v, d) for v in ("w", "x")))
    dz = next(fits, 3)
    if any(len(f"{short(r.grads['z'], dz)} × {short(r.local[v, 'z'])}") > 16 for v in INPUTS):
        dz = 3  # three products stand beside each other, and have no room for more
    factors = digits_to_multiply(into_z, short(r.grads["z"], dz), dz)
    digits = {"L": 3, "a": factors, "z": dz, "w": 3, "x": 3, "b": dz}  # da = 1 × ∂L/∂a, and db = dz × 1
    grads = {v: short(g, digits[v]) for v, g in r.grads.items()}
    local = {(v, u): short(g, factors if u != "z" else 3) for (v, u), g in r.local.items()}
    return local, grads


def _comes_out(r: NudgedNeuron, v: str, digits: int) -> bool:
    """Whether dv comes out with three digits for a reader who multiplies dz, written with so many, by its local gradient."""
    return short(float(f"{r.grads['z']:.{digits}g}") * r.local[v, "z"]) == short(r.grads[v])


def sentence(r: NudgedNeuron) -> str:
    said = (
        f"A nudge of {r.which} by {signed(r.nudge)} moves z by {signed(r.moved['z'])}, a by {signed(r.moved['a'])} and "
        f"L by {signed(r.change)}. "
    )
    local = [r.local[edge] for edge in ((r.which, "z"), ("z", "a"), ("a", "L"))]
    slope = r.grads[r.which]
    digits = digits_to_multiply((slope, r.nudge), short(r.predicted))
    gradient = short(slope, digits)
    digits = digits_to_multiply(local, gradient, digits)
    factors = " × ".join(short(factor, digits) for factor in local)
    return said + (
        f"The product of the local gradients, {factors} ≈ {gradient}, times the nudge predicts "
        f"{signed(r.predicted)}: {_verdict(r)}."
    )


def _verdict(r: NudgedNeuron) -> str:
    if r.change == r.predicted:
        return "exactly that"
    off = abs(r.change - r.predicted) / max(abs(r.change), abs(r.predicted))
    return f"{off:.0%} off" if off >= 0.005 else "less than 1% off"


nudge_graph = Experiment(
    name="nudge_graph",
    title="A nudge runs through one neuron: z = w x + b, a = σ(z), L = (a − 1)²",
    controls=(
        Choice("which", "nudge", INPUTS, "w"),
        Slider("nudge", "by", -2.0, 2.0, 0.05, 0.1),
        Slider("w", "w", -3.0, 3.0, 0.1, 0.5),
        Slider("x", "x", -3.0, 3.0, 0.1, 2.0),
        Slider("b", "b", -6.0, 6.0, 0.1, -1.5),
    ),
    model=model,
    view=view,
    sentence=sentence,
    prediction=Prediction(
        "Pull b down to −6. The neuron's answer is then quite wrong: a is close to 0, and 1 is wanted. How strongly does "
        "the loss react to a nudge of w?",
        (
            Option(
                "Strongly: the error is as large as it can be.",
                "The last factor, 2 (a − 1), is large indeed. But a product is small as soon as one factor is.",
            ),
            Option(
                "Hardly at all: the sigmoid is flat there.",
                "The factor between z and a, the slope of the sigmoid, is nearly 0, and everything that passes this edge is "
                "multiplied by it. Such a neuron is called saturated.",
                right=True,
            ),
            Option(
                "As before: b is not on the path from w to the loss.",
                "Right about the path. But b moves z, and the slope of the sigmoid depends on where z is.",
            ),
        ),
    ),
)
