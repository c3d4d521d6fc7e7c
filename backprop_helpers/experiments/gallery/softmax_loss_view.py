"""Three logits, their softmax and the cross-entropy; and what the naive formula makes of large logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array
from backprop_helpers.experiments.svg import Figure, Panel, number
from backprop_helpers.losses import cross_entropy, softmax

FIFTHS = [(i / 5, number(i / 5)) for i in range(6)]


@dataclass(frozen=True)
class SoftmaxLoss:
    scores: Array  # (3,) the logits after scaling
    true: int
    p: Array  # (3,) softmax with the largest logit subtracted
    naive: Array  # (3,) exp(s) / Σ exp(s) as written; nan where exp overflows
    loss: float
    p_true: float
    naive_loss: float


def model(s0: float, s1: float, s2: float, scale: str, true: str) -> SoftmaxLoss:
    scores, y = np.array([s0, s1, s2]) * float(scale), int(true)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        powers = np.exp(scores)
        naive = powers / powers.sum()
        naive_loss = float(-np.log(naive[y]))
    p, loss = softmax(scores[None])[0], cross_entropy(scores[None], np.array([y]))
    return SoftmaxLoss(scores, y, p, naive, loss, float(p[y]), naive_loss)


def view(r: SoftmaxLoss) -> Figure:
    names = [(i, f"class {i}" + (" (true)" if i == r.true else "")) for i in range(3)]
    bars = Panel(
        (-0.6, 2.6),
        (0, 1.4),
        title="Softmax: stable and naive",
        ylabel="probability",
        xticks=names,
        yticks=FIFTHS,
    )
    for i in range(3):
        bars.bars([i - 0.2], [r.p[i]], "blue", width=0.36)
        bars.label(i - 0.2, r.p[i], f"{r.p[i]:.2f}", "blue", dy=-5, size=12)
        bars.bars([i + 0.2], [r.naive[i]], "orange", width=0.36)
        broken = not np.isfinite(r.naive[i])
        height, text = (0.0, "nan") if broken else (r.naive[i], f"{r.naive[i]:.2f}")
        bars.label(i + 0.2, height, text, "red" if broken else "orange", dy=-5, size=12)
    bars.legend([("stable: max subtracted first", "blue"), ("naive: exp(s) / Σ exp(s)", "orange")])
    p = np.logspace(-4, 0, 200)
    needle = Panel((0, 1), (0, 8), title="Loss = −log(probability of the true class)",
                   xlabel="probability of the true class", ylabel="loss")  # fmt: skip
    needle.line(p, -np.log(p), "muted")
    shown = min(r.loss, 8.0)
    needle.segments([0, r.p_true], [shown, 0], [r.p_true, r.p_true], [shown, shown], "purple", dash="4 3")
    needle.points(r.p_true, shown, "purple", size=11)
    high = " (above the picture)" if r.loss > 8 else ""
    needle.legend(
        [
            (f"loss {_said(r.loss)}{high}", "purple"),
            (f"naive loss {_said(r.naive_loss)}", "orange"),
        ]
    )
    return Figure(bars, needle)


def _said(value: float) -> str:
    """Four places; a whole number that comes only from rounding is marked with ≈."""
    if not np.isfinite(value):
        return "nan" if np.isnan(value) else "inf"
    rounded = round(value, 4)
    return ("≈ " if rounded != value and rounded.is_integer() else "") + number(rounded)


def sentence(r: SoftmaxLoss) -> str:
    logits = ", ".join(number(s) for s in r.scores)
    said = f"Logits ({logits}): the true class {r.true} gets probability {_said(r.p_true)}, loss {_said(r.loss)}. "
    if np.isnan(r.naive).any():
        return said + "The naive formula overflows: exp of a logit above 709 is inf, and inf / inf is nan."
    if np.isinf(r.naive_loss):
        return said + "The naive formula has rounded that probability to 0, so its loss is inf."
    return said + "The naive formula agrees."


softmax_loss_view = Experiment(
    name="softmax_loss_view",
    title="Softmax and cross-entropy",
    controls=(
        Slider("s0", "logit 0", -10.0, 10.0, 0.5, 2.0),
        Slider("s1", "logit 1", -10.0, 10.0, 0.5, 1.0),
        Slider("s2", "logit 2", -10.0, 10.0, 0.5, 0.0),
        Choice("scale", "all logits times", ("1", "10", "100", "1000"), "1"),
        Choice("true", "true class", ("0", "1", "2"), "0"),
    ),
    model=model,
    view=view,
    sentence=sentence,
    prediction=Prediction(
        "You add 3 to all three logits. What happens to the probabilities?",
        (
            Option(
                "They all grow.",
                "They must add up to 1, so they cannot all grow.",
            ),
            Option(
                "They stay as they are.",
                "exp(s + 3) = e³ · exp(s), and e³ stands above and below the fraction. "
                "That is why the largest logit may be subtracted first.",
                right=True,
            ),
            Option(
                "The largest grows, the others shrink.",
                "Multiplying makes the largest grow at the others' cost. Adding the same number to each leaves the gaps as they are.",
            ),
        ),
    ),
)
