"""Numbers written so that a reader can tell them apart."""

from __future__ import annotations


def told_apart(a: float, b: float) -> tuple[str, str]:
    """Both numbers with six digits; where these are the same, with one more than it takes to see that they differ."""
    for digits in range(6, 17):
        if f"{a:.{digits}g}" != f"{b:.{digits}g}":
            shown = digits if digits == 6 else digits + 1
            return f"{a:.{shown}g}", f"{b:.{shown}g}"
    return f"{a:.6g}", f"{b:.6g}"
