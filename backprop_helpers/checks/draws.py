"""Sizes drawn at random, so that code which is written for one shape only is found."""

from __future__ import annotations

import numpy as np


def sizes(rng: np.random.Generator, letters: str, low: int = 3, high: int = 8) -> list[int]:
    """One size for each letter, from low to high: equal for equal letters, and different for different ones.

    A "1" stands for itself. Two sizes multiplied are never a third one, and with low ≥ 3 none is the 2 of a
    square's slope: each can be told from all others in a wrong result. Raises ValueError where low and high can't
    keep this.
    """
    names = [letter for letter in dict.fromkeys(letters) if letter != "1"]
    if low * (low + 1) <= high or len(names) > high - low + 1:
        raise ValueError(
            f"{len(names)} sizes from {low} to {high} would not all differ from each other and from products; "
            f"take at most {high - low + 1} letters, and high below {low * (low + 1)}."
        )
    drawn = dict(zip(names, map(int, rng.permutation(np.arange(low, high + 1))), strict=False))
    return [drawn.get(letter, 1) for letter in letters]
