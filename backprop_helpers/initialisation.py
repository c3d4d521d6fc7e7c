"""Random first weights that neither shrink nor blow up what runs through a deep network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from backprop_helpers.network import Params


def xavier_init(sizes: Sequence[int], rng: np.random.Generator) -> Params:
    """Weights with standard deviation √(2 / (inputs + outputs)) of their layer, and zero biases; made for tanh.

    sizes: [D, H_1, …, C]; rng: the generator to draw from.
    Returns one (w, b) per layer, w (sizes[i], sizes[i+1]) normal with mean 0, b (sizes[i+1],) zero.
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, eq. 12
    (their eq. 16 draws the same spread uniformly).
    """
    return [
        (math.sqrt(2 / (n_in + n_out)) * rng.standard_normal((n_in, n_out)), np.zeros(n_out))
        for n_in, n_out in itertools.pairwise(sizes)
    ]


def he_init(sizes: Sequence[int], rng: np.random.Generator) -> Params:
    """Weights with standard deviation √(2 / inputs) of their layer, and zero biases; made for ReLU.

    sizes: [D, H_1, …, C]; rng: the generator to draw from.
    Returns one (w, b) per layer, w (sizes[i], sizes[i+1]) normal with mean 0, b (sizes[i+1],) zero.
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10.
    """
    return [
        (math.sqrt(2 / n_in) * rng.standard_normal((n_in, n_out)), np.zeros(n_out))
        for n_in, n_out in itertools.pairwise(sizes)
    ]
