"""A nudge running through one neuron's graph, and the gradient coming back: upstream × local on every edge."""

from __future__ import annotations

from dataclasses import dataclass

from backprop_helpers.chain_rule import neuron_locals
from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.svg import Figure, Panel
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
    there, back = _Canvas("Forward: the nudge runs upwards"), _Canvas("Backward: upstream × local")
    for v, u in EDGES:
        factor, both = f"× {_short(r.local[v, u])}", f"{_short(r.grads[u])} × {_short(r.local[v, u])}"
        _edge(there, v, u, factor, "blue" if v in path else "muted")
        _edge(back, u, v, "" if v in INPUTS else both, "orange")
        if v in INPUTS:
            _below(back, v, both, "orange")
    for v in PLACES:
        _node(there, v, f"{v} = {_short(r.values[v])}", "blue" if v in path else "muted")
        _node(back, v, f"d{v} = {_short(r.grads[v])}", "orange")
    _below(there, r.which, _signed(r.nudge), "purple")
    for v in ("z", "a", "L"):
        there.label(*PLACES[v], _signed(r.moved[v]), "purple", anchor="start", dx=56, dy=5)
    return Figure(there, back)


class _Canvas(Panel):
    """A panel without axes: 0 to 100 both ways."""

    def __init__(self, title: str) -> None:
        super().__init__((0, 100), (0, 100), title=title, height=340, xticks=(), yticks=())
        self.left = self.right = self.bottom = 4

    def body(self) -> str:
        return "".join(self._inside) + self._numbers() + "".join(self._above)


def _node(panel: Panel, v: str, text: str, colour: str) -> None:
    x, y = PLACES[v]
    panel.rectangle(x - 14, y - 5.5, x + 14, y + 5.5, "paper", opacity=1)
    panel.rectangle(x - 14, y - 5.5, x + 14, y + 5.5, colour, opacity=0.12)
    panel.label(x, y, text, "ink", dy=4.5, size=12.5)


def _edge(panel: Panel, start: str, end: str, text: str, colour: str) -> None:
    """An arrow between two nodes, with its text on the outer side of it."""
    (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
    gap = 6.0 if y1 > y0 else -6.0
    panel.arrow(x0, y0 + gap, x1 + 0.12 * (x0 - x1), y1 - gap, colour, width=1.8)
    leans = (x0 + x1) / 2 - 50
    middle = (50 + leans, (y0 + y1) / 2)
    if leans < 0:
        panel.label(*middle, text, colour, anchor="end", dx=-4, dy=-4, size=12.5)
    else:
        panel.label(*middle, text, colour, anchor="start", dx=7, dy=-4 if leans else 5, size=12.5)


def _below(panel: Panel, v: str, text: str, colour: str) -> None:
    panel.label(*PLACES[v], text, colour, dy=34, size=12.5)


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")


def sentence(r: NudgedNeuron) -> str:
    said = (
        f"A nudge of {r.which} by {_signed(r.nudge)} moves z by {_signed(r.moved['z'])}, a by {_signed(r.moved['a'])} and "
        f"L by {_signed(r.change)}. "
    )
    factors = " × ".join(_short(r.local[edge]) for edge in ((r.which, "z"), ("z", "a"), ("a", "L")))
    return said + (
        f"The product of the local gradients, {factors} = {_short(r.grads[r.which])}, times the nudge predicts "
        f"{_signed(r.predicted)}: {_verdict(r)}."
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
