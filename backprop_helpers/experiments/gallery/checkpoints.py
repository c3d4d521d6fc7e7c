"""What a backward pass keeps in memory when only every k-th layer's input is kept and the rest is computed again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.svg import Figure, Panel


@dataclass(frozen=True)
class Memory:
    layers: int
    every: int  # layers from one checkpoint to the next
    checkpoints: int
    stretch: int  # caches of one stretch, in memory together
    total: int  # arrays in memory at the worst moment
    best: int  # the smallest total there is for these layers
    forwards: int  # layers computed forward, in both sweeps together


def kept(layers: int, every: int) -> int:
    """Checkpoints and the caches of one stretch; each counted as one array."""
    return math.ceil(layers / every) + min(every, layers)


def model(layers: int, every: int) -> Memory:
    every = min(every, layers)
    return Memory(
        layers,
        every,
        math.ceil(layers / every),
        every,
        kept(layers, every),
        min(kept(layers, k) for k in range(1, layers + 1)),
        2 * layers,
    )


def view(r: Memory) -> Figure:
    panel = Panel(
        (0, r.layers + 1), (0, 1.25 * r.layers + 4), title=f"{r.layers} layers", xlabel="layers from one checkpoint to the next",
        ylabel="arrays in memory", width=440, height=300,
    )  # fmt: skip
    spacings = range(1, r.layers + 1)
    panel.line([0, r.layers + 1], [r.layers, r.layers], "orange", dash="9 3")
    panel.line(spacings, [kept(r.layers, k) for k in spacings], "blue")
    panel.segments(r.every, 0, r.every, r.total, "muted", dash="3 3")
    panel.points(r.every, r.total, "blue", size=10)
    panel.legend([("every cache kept (dashed)", "orange"), ("checkpoints + one stretch ●", "blue")])
    return Figure(panel)


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def sentence(r: Memory) -> str:
    verdict = "the least possible" if r.total == r.best else f"the least possible is {r.best}"
    return (
        f"{r.layers} layers with a checkpoint at every {r.every}: {_counted(r.checkpoints, 'checkpoint')} and "
        f"{_counted(r.stretch, 'cache')} of one stretch make {r.total} arrays ({verdict}) instead of {r.layers}; {r.forwards} layers are computed forward instead of {r.layers}."
    )


checkpoints = Experiment(
    name="checkpoints",
    title="Remember less, compute again",
    controls=(
        Slider("every", "layers between checkpoints", 1, 64, 1, 1),
        Slider("layers", "layers", 4, 100, 1, 64),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"every": 8},
    prediction=Prediction(
        "64 layers. Only every k-th layer's input is kept; on the way back each stretch of k layers is computed again and its "
        "caches kept for a moment. Which k needs the least memory?",
        (
            Option(
                "k = 2: checkpoints close together, short stretches.",
                "The stretches are short, but 32 checkpoints are kept: 34 arrays in all.",
            ),
            Option(
                "k = 8: as many checkpoints as layers in a stretch.",
                "8 checkpoints and 8 caches make 16 arrays. With fewer of the one there are more of the other: 64 / k + k is smallest at k = √64.",
                right=True,
            ),
            Option(
                "k = 32: two checkpoints only.",
                "Only two checkpoints, but then a stretch of 32 caches: 34 arrays in all.",
            ),
        ),
    ),
)
