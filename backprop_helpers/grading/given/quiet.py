"""Things that a lesson's page shows, silenced while a submission is graded. Copied into the package that a sandbox sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Quiet(str):
    """Whatever a page would show here, as one line of text. Takes any arguments, has any attribute and any part it is asked for."""

    def __new__(cls, what: str = "a card") -> Quiet:
        return super().__new__(cls, f"({what} is not shown while a submission is graded)")

    def __call__(self, *args: Any, **kwargs: Any) -> Quiet:
        return self

    def __getattr__(self, name: str) -> Quiet:
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Quiet:
        return self

    def __format__(self, spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


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
