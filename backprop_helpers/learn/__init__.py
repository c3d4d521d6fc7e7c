"""`backprop learn`: the learner's own copies of the lessons, and JupyterLab to work in them."""

from __future__ import annotations


class LearnError(Exception):
    """What went wrong and what to do about it, as one sentence a learner can act on."""
