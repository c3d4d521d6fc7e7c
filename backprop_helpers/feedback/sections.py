"""Which part of a lesson explains an exercise: the one to read again when it went wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

HEADING = re.compile(r"^#{1,6}\s+(.+)$", re.MULTILINE)

# under these there is something to do, and nothing is explained
_TO_DO = re.compile(r"Your turn|Worked|A worked|The same with gaps|By hand")

# where something else stands between the explanation and its exercise
EXPLAINED = {
    "affine_forward": "2 · From a neuron to a layer",
    "tanh_forward": "4 · Three activations",
    "mlp_forward": "5 · A whole network",
    "mse": "1 · Numbers: the mean squared error",
    "softmax": "2 · Classes: softmax",
    "cross_entropy": "3 · Cross-entropy: how surprised is the network by the truth?",
    "numerical_derivative": "How to measure a slope",
    "numerical_gradient": "How to measure a slope",
    "relu_backward": "ReLU",
    "sgd": "Which way?",
    "adam": "Adam",
}


def headings_in(markdown: str) -> list[str]:
    """The headings of a cell, without the marks of code and of formulas."""
    return [re.sub(r"[`$]", "", heading).strip() for heading in HEADING.findall(markdown)]


def explains(exercise: str, above: Sequence[str]) -> str:
    """The heading of what explains an exercise, of those above it; "" where there is none."""
    wanted = EXPLAINED.get(exercise)
    if wanted in above:
        return str(wanted)
    # the heading of the exercise itself says nothing new; what explains it stands before
    explaining = (h for h in reversed(above) if exercise not in h and not _TO_DO.match(h))
    return next(explaining, "")
