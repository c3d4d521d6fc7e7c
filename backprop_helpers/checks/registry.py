"""All exercises by name, loaded from one file a lesson when first asked for."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil

from backprop_helpers.checks.spec import Exercise


@functools.cache
def exercises() -> dict[str, Exercise]:
    """Name → exercise, in the order of the lessons."""
    import backprop_helpers.checks as package

    found: dict[str, Exercise] = {}
    for lesson in sorted(
        m.name for m in pkgutil.iter_modules(package.__path__) if m.name.startswith("lesson_")
    ):
        for exercise in importlib.import_module(f"{package.__name__}.{lesson}").EXERCISES:
            if exercise.name in found:
                raise ValueError(
                    f"The exercise {exercise.name} is declared twice, the second time in {lesson}."
                )
            found[exercise.name] = exercise
    return found


def exercise_named(name: str) -> Exercise:
    """The exercise of that name; raises KeyError with the nearest names where there is none."""
    known = exercises()
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=3) or list(known)[:6]
        raise KeyError(f"There is no exercise called {name!r}. Did you mean {' or '.join(near)}?")
    return known[name]
