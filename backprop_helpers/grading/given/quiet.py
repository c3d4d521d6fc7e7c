"""Things that a lesson's page shows, silenced while a submission is graded. Copied into the package that a sandbox sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Quiet:
    """Whatever a page would show here, in one line of text. Takes any arguments, has any attribute it is asked for."""

    def __init__(self, what: str = "a card") -> None:
        self._what = what

    def __call__(self, *args: Any, **kwargs: Any) -> Quiet:
        return self

    def __getattr__(self, name: str) -> None:
        if name.startswith("_"):
            raise AttributeError(name)

    def __repr__(self) -> str:
        return f"({self._what} is not shown while a submission is graded)"


class Withheld(RuntimeError):
    """A function of the course that answers an exercise which has not been judged yet."""


def withheld(module: dict[str, Any], name: str) -> Callable[..., Any]:
    """Stands where module's own `name` will be, once the learner's has been judged; refuses until then."""

    def locked(*args: Any, **kwargs: Any) -> Any:
        now = module[name]
        if now is locked:
            raise Withheld(
                f"{name} is the course's own answer to an exercise of this lesson. "
                "It is locked away until your own has been judged."
            )
        return now(*args, **kwargs)

    locked.__name__ = locked.__qualname__ = name
    return locked
