"""Small computation graphs as pictures: boxes for values, arrows for edges, a word beside each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from backprop_helpers.experiments.svg import Panel

Place = tuple[float, float]


class GraphPanel(Panel):
    """A panel without axes on which nodes stand at `places`, from (0, 0) at the lower left to (100, 100)."""

    def __init__(self, title: str, places: Mapping[str, Place], height: int = 340) -> None:
        super().__init__((0, 100), (0, 100), title=title, height=height, xticks=(), yticks=())
        self.left = self.right = self.bottom = 4
        self.places = places

    def body(self) -> str:
        return "".join(self._inside) + self._numbers() + "".join(self._above)

    def node(self, v: str, text: str, colour: str) -> None:
        """A box with text where node v stands."""
        x, y = self.places[v]
        self.rectangle(x - 14, y - 5.5, x + 14, y + 5.5, "paper", opacity=1)
        self.rectangle(x - 14, y - 5.5, x + 14, y + 5.5, colour, opacity=0.12)
        self.label(x, y, text, "ink", dy=4.5, size=12.5)

    def edge(self, start: str, end: str, text: str, colour: str) -> None:
        """An arrow from one node to another, with its text on the outer side."""
        (x0, y0), (x1, y1) = self.places[start], self.places[end]
        gap = 6.0 if y1 > y0 else -6.0
        self.arrow(x0, y0 + gap, x1 + 0.12 * (x0 - x1), y1 - gap, colour, width=1.8)
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        if middle[0] == 50:
            self.label(*middle, text, colour, anchor="start", dx=7, dy=5, size=12.5)
            return
        low, high = sorted(((x0, y0), (x1, y1)), key=lambda place: place[1])
        opens = abs(high[0] - 50) > abs(low[0] - 50)  # the arrow's outer side is then its lower side
        dy = 15 if opens else -4
        if middle[0] < 50:
            self.label(*middle, text, colour, anchor="end", dx=-6, dy=dy, size=12.5)
        else:
            self.label(*middle, text, colour, anchor="start", dx=7, dy=dy, size=12.5)

    def below(self, v: str, text: str, colour: str, dx: float = 0) -> None:
        """Text under node v, moved dx picture units to the right."""
        self.label(*self.places[v], text, colour, dx=dx, dy=34, size=12.5)

    def beside(self, v: str, text: str, colour: str) -> None:
        """Text to the right of node v."""
        self.label(*self.places[v], text, colour, anchor="start", dx=56, dy=5)


def short(value: float, digits: int = 3) -> str:
    """Three digits, as a box has room for, or as many as asked."""
    return f"{value + 0.0:.{digits}g}".replace("-", "−")  # + 0.0 makes a −0 a plain 0


def digits_to_multiply(factors: Sequence[float], result: str, digits: int = 3) -> int:
    """How many digits the factors need so that a reader who multiplies what is shown gets `result`.

    factors: numbers whose product is shown as result; digits: the fewest to try, and how many result has.
    """
    for more in range(digits, 10):
        if short(math.prod(float(f"{f:.{more}g}") for f in factors), digits) == result:
            return more
    return digits


def signed(value: float) -> str:
    """Three digits with their sign: a change."""
    return f"{value + 0.0:+.3g}".replace("-", "−")
