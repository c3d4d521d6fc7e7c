"""Numbers written so that a reader can tell them apart."""

from __future__ import annotations

import math


def told_apart(a: float, b: float) -> tuple[str, str]:
    """Both numbers with six digits, or with as many as it takes to see two digits of how far they are apart.

    With one alone, as in 0.809 and 0.808999, the difference would look like rounding.
    """
    apart, largest = abs(a - b), max(abs(a), abs(b))
    digits = 6
    if apart > 0 and math.isfinite(apart):
        digits = min(max(6, math.floor(math.log10(largest)) - math.floor(math.log10(apart)) + 2), 17)
    return f"{a:.{digits}g}", f"{b:.{digits}g}"
