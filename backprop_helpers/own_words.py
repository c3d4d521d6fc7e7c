"""A measurement in the learner's own words: they fill in a number and a reason, the page says it back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

GAP = "___"


def own_sentence(
    text: str, number: Any, because: str = "", measured: float | Sequence[float] | None = None
) -> str:
    """The text with the number in its gap `___` and the reason behind it, or what is still missing.

    number: read off by the learner, None as long as nothing is filled in; because: their reason, a string;
    measured: what the page measured, one number or several to choose from, to say kindly when the number was read from
    another column. Raises ValueError where the text does not have exactly one gap.
    """
    if text.count(GAP) != 1:
        raise ValueError(f"the text has {text.count(GAP)} gaps {GAP}; it needs exactly one.")
    if number is None:
        return f"Not filled in yet. Put a number where None stands, and run this cell again.\n{text}"
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return f"{number!r} is not a number: write digits only, such as 2.5, and run this cell again.\n{text}"
    known = [measured] if isinstance(measured, int | float) else list(measured or ())
    if known and not any(math.isclose(number, m, rel_tol=0.1) for m in known):
        return (
            f"You wrote {_written(number)}, and what was measured here is {' or '.join(map(_written, known))}. "
            f"Did you read another row or column? (If you ran that cell again, read it again.)\n{text}"
        )
    said = text.replace(GAP, _written(number))
    if not because.strip():
        return f"{said}\nNow say why: put your reason between the quotes behind because, and run this cell again."
    return f"{said.rstrip('.')}, because {because.strip().rstrip('.')}."


def _written(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"
