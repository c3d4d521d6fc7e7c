"""What a misconception is: a wrong solution with a name, a sentence, a hint and a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Misconception:
    """One way to get an exercise wrong.

    name: unique in the whole course, lower case with hyphens, as "affine-backward-db-not-summed";
    exercise: the function's name; wrong: an implementation with exactly this mistake and the signature
    of the exercise; says: one sentence that names the bug in the learner's terms; hint: where to look or
    what to think about, never the code; source: where it comes from, as "counted in public solutions: 12"
    or "course design"; also: the same mistake with other numbers, as another small constant; exactly: where it stops with
    an exception, whether only the very same words are this mistake, because others stop with that type too.
    """

    name: str
    exercise: str
    wrong: Callable[..., Any]
    says: str
    hint: str
    source: str
    also: tuple[Callable[..., Any], ...] = ()
    exactly: bool = False

    def variants(self) -> Iterator[Misconception]:
        """This misconception once for each of its implementations."""
        yield self
        for wrong in self.also:
            yield replace(self, wrong=wrong, also=())
