"""Five examples: the loss slopes wherever the true class's score stands, the accuracy is a staircase."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array
from backprop_helpers.experiments.svg import Figure, Panel, number
from backprop_helpers.losses import accuracy, cross_entropy

RIVALS = np.array([-1.45, -0.55, 0.35, 1.25, 2.45])  # the wrong class's score in each of the five examples
NUDGE = 0.1


@dataclass(frozen=True)
class LossOrAccuracy:
    score: float  # of the true class, the same in all five examples
    loss: float
    accuracy: float
    loss_change: float  # when the score grows by NUDGE
    accuracy_change: float


def measures(score: float) -> tuple[float, float]:
    """Cross-entropy (nats) and accuracy of the five examples."""
    scores = np.stack([np.full(5, score), RIVALS], axis=1)
    y = np.zeros(5, dtype=int)
    return cross_entropy(scores, y), accuracy(scores, y)


@functools.cache
def curve() -> tuple[Array, Array]:
    """Scores (161,) from −4 to 4 and the loss at each."""
    along = np.linspace(-4, 4, 161)
    return along, np.array([measures(float(s))[0] for s in along])


def model(score: float) -> LossOrAccuracy:
    (loss, share), (next_loss, next_share) = measures(score), measures(score + NUDGE)
    return LossOrAccuracy(score, loss, share, next_loss - loss, next_share - share)


def view(r: LossOrAccuracy) -> Figure:
    left = Panel((-4, 4), (0, 5), title="Loss", xlabel="score of the true class", ylabel="cross-entropy")
    left.line(*curve(), "purple")
    left.points(r.score, r.loss, "purple", size=11)
    right = Panel(
        (-4, 4), (-0.08, 1.1), title="Accuracy", xlabel="score of the true class", ylabel="share right"
    )
    edges = np.concatenate([[-4.0], np.repeat(RIVALS, 2), [4.0]])
    right.line(edges, np.repeat(np.arange(6) / 5, 2), "orange")
    right.points(r.score, r.accuracy, "orange", size=11)
    return Figure(left, right)


def sentence(r: LossOrAccuracy) -> str:
    return (
        f"With score {number(round(r.score, 1))} the loss is {r.loss:.3f} and {round(5 * r.accuracy)} of 5 examples are right. "
        f"Raising it by {NUDGE} would change the loss by {number(round(r.loss_change, 3))} "
        f"and the accuracy by {number(round(r.accuracy_change, 1))}."
    )


loss_or_accuracy = Experiment(
    name="loss_or_accuracy",
    title="Loss and accuracy under a small nudge",
    controls=(Slider("score", "score of the true class", -4.0, 3.9, 0.1, -3.0),),
    model=model,
    view=view,
    sentence=sentence,
    prediction=Prediction(
        "The network is wrong on all five examples, and a nudge raises the true class's score by 0.1. Which number notices?",
        (
            Option(
                "Both get a little better.",
                "Accuracy changes only when the true class overtakes its rival. Far from that point a nudge does nothing to it.",
            ),
            Option(
                "The loss gets better, the accuracy stays.",
                "−log p falls with every bit of probability the true class gains. The accuracy waits until a row turns from wrong to right.",
                right=True,
            ),
            Option(
                "The accuracy gets better, the loss stays.",
                "The other way round: the loss looks at the probability of the true class, and that grows with its score.",
            ),
        ),
    ),
)
