"""Right solutions in different styles, one file a lesson: each must pass its check on every seed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any


def right() -> list[tuple[str, str, Callable[..., Any]]]:
    """All (exercise, style, function)."""
    lessons = sorted(m.name for m in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{lesson}") for lesson in lessons]
    return [
        (exercise, style, fn)
        for m in modules
        for exercise, styles in m.RIGHT.items()
        for style, fn in styles.items()
    ]
