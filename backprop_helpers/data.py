"""Real data sets that come inside scikit-learn, so that nothing is ever loaded from a network.

Each loader returns a `Dataset`: standardised inputs and targets, split into a training and a validation part by a fixed seed.
Sources: the digits are the test part of Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits" (UCI Machine
Learning Repository, 1998); the diabetes data are from Efron, Hastie, Johnstone and Tibshirani, "Least Angle Regression",
Annals of Statistics 32 (2004), 407–499.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Dataset:
    """Inputs x and targets y, for training and kept aside (`val`), and what the numbers mean.

    x_train (N, D), x_val (M, D) are float64. For classes y_train (N,), y_val (M,) are integer labels 0 … C − 1; for
    regression they are float64 columns (N, 1), (M, 1), the shape in which a network returns its predictions.
    """

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array
    features: tuple[str, ...]
    target: str


def load_digits(validation: float = 0.25, seed: int = 0) -> Dataset:
    """1,797 handwritten digits of 8 × 8 pixels, ten classes.

    validation: the share kept aside, above 0 and below 1; seed: which images these are (each digit in equal share).
    Returns x (N, 64), each pixel's ink 0 … 16 divided by 16, row by row; y (N,) the digit. `x[i].reshape(8, 8)` is the
    image. Raises ValueError for a share out of range.
    """
    from sklearn import datasets

    raw = datasets.load_digits()
    x, y = raw.data / 16.0, raw.target.astype(np.int64)
    train, val = _split(len(x), validation, seed, y)
    return Dataset(x[train], y[train], x[val], y[val], tuple(raw.feature_names), "digit")


def load_diabetes(validation: float = 0.25, seed: int = 0) -> Dataset:
    """442 people: ten measurements, and how far diabetes had progressed one year later.

    validation: the share kept aside, above 0 and below 1; seed: which people these are.
    Returns x (N, 10) with mean 0 and standard deviation 1 *on the training part* (the validation part is scaled by the same
    numbers, because a model must not see them), and y (N, 1), the original score 25 … 346 divided by 100.
    Raises ValueError for a share out of range.
    """
    from sklearn import datasets

    raw = datasets.load_diabetes(scaled=False)
    x, y = raw.data.astype(np.float64), raw.target.reshape(-1, 1) / 100.0
    train, val = _split(len(x), validation, seed, None)
    mean, std = x[train].mean(axis=0), x[train].std(axis=0)
    x = (x - mean) / std
    return Dataset(x[train], y[train], x[val], y[val], tuple(raw.feature_names), "progression / 100")


def two_arcs(n: int = 200, noise: float = 0.15, seed: int = 0) -> tuple[Array, Array]:
    """Two interleaved half circles in the plane, one class each: not separable by a line.

    n: how many points in all, at least 2; noise: standard deviation of what is added to each coordinate, in units of the
    radius; seed: of both. Returns x (n, 2), shifted so that the arcs lie around the origin, and y (n,), 0 or 1.
    Raises ValueError for fewer than two points or a negative noise.
    """
    if n < 2:
        raise ValueError(f"n is {n}; two arcs need at least 2 points.")
    if noise < 0:
        raise ValueError(f"noise is {noise}; a standard deviation is 0 or more.")
    from sklearn import datasets

    x, y = datasets.make_moons(n_samples=n, noise=noise, random_state=seed)
    return x - np.array([0.5, 0.25]), y.astype(np.int64)


def _split(n: int, validation: float, seed: int, labels: Array | None) -> tuple[Array, Array]:
    if not 0 < validation < 1:
        raise ValueError(
            f"validation is {validation}; it is the share kept aside, above 0 and below 1, such as 0.25."
        )
    from sklearn.model_selection import train_test_split

    train, val = train_test_split(
        np.arange(n), test_size=validation, random_state=seed, shuffle=True, stratify=labels
    )
    return train, val
