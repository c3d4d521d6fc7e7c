"""One case of a check: what was asked, what the learner's function did, and how far that is from right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backprop_helpers.checks.compare import Difference
from backprop_helpers.checks.observe import Observation
from backprop_helpers.checks.spec import Case


@dataclass(frozen=True)
class Trial:
    """One case, what the learner's function did on it, and how that differs quantity by quantity."""

    case: Case
    seen: Observation
    expected: Mapping[str, Sequence[Any]]
    differences: tuple[Difference, ...]
