"""Wrong solutions, as data: what learners really get wrong, and what to tell them.

One file a lesson, each with a tuple `MISCONCEPTIONS`. `all()` lists them, `for_exercise(name)` those
of one exercise. They are loaded when first asked for, so importing the package stays quick.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from backprop_helpers.misconceptions.spec import Misconception

__all__ = ["Misconception", "all", "for_exercise"]


@functools.cache
def all() -> tuple[Misconception, ...]:
    """Every misconception of the course, in the order of the lessons."""
    lessons = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("lesson_"))
    modules = [importlib.import_module(f"{__name__}.{lesson}") for lesson in lessons]
    return tuple(m for module in modules for m in module.MISCONCEPTIONS)


@functools.cache
def for_exercise(exercise: str) -> tuple[Misconception, ...]:
    """The misconceptions of one exercise, most common first."""
    return tuple(m for m in all() if m.exercise == exercise)
