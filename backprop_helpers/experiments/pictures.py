"""Small grey-scale images, such as handwritten digits, in a row with a title each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from backprop_helpers.experiments.svg import Figure, Panel


class Pictures:
    """A row of square images; shows itself in a notebook, and as its label where only text is shown."""

    def __init__(self, images: ArrayLike, titles: Sequence[str], label: str) -> None:
        """images: (N, S·S) or (N, S, S), ink between 0 and 1; titles: one per image; label: what is shown, in words.

        Raises ValueError where titles and images differ in number or an image is not square.
        """
        rows = np.asarray(images, dtype=float)
        rows = rows.reshape(len(rows), -1)
        side = round(rows.shape[1] ** 0.5)
        if side * side != rows.shape[1]:
            raise ValueError(f"an image has {rows.shape[1]} pixels; expected a square such as 8 × 8 = 64.")
        if len(titles) != len(rows):
            raise ValueError(f"there are {len(rows)} images and {len(titles)} titles; each image needs one.")
        self.label = label
        self.figure = Figure(*(_panel(r.reshape(side, side), t) for r, t in zip(rows, titles, strict=True)))

    def __repr__(self) -> str:
        return self.label

    def _repr_html_(self) -> str:
        return self.figure.page(self.label)


def _panel(image: ArrayLike, title: str) -> Panel:
    panel = Panel((0, 1), (0, 1), title=title, width=116, height=132, xticks=(), yticks=())
    panel.left = panel.right = panel.bottom = 8
    panel.heatmap(0.5 + np.asarray(image)[::-1] / 2, smooth=False)  # a heat map starts at the bottom
    return panel
