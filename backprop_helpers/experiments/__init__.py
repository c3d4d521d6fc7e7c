"""Slider experiments: each is one file in `gallery`, with a pure model, a view and a sentence.

`from backprop_helpers.experiments import neuron_line`, then `neuron_line()` as the last expression of a cell.
Nothing is loaded until an experiment is asked for by name.
A new one is a file in `gallery` that defines an `Experiment` of the file's own name; `gallery/slope_of_square.py` is the pattern.
The model takes the controls' values and returns a dataclass, the view turns that into a `Figure`, the sentence into the text line.
The tests of the gallery find it by themselves; its numbers want a test of their own in tests/test_experiments_models.py.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
    from backprop_helpers.experiments.graph import show_graph
    from backprop_helpers.experiments.pictures import Pictures
    from backprop_helpers.experiments.svg import Figure, Panel

__all__ = [
    "Choice",
    "Experiment",
    "Figure",
    "Option",
    "Panel",
    "Pictures",
    "Prediction",
    "Slider",
    "get",
    "names",
    "show_graph",
]

_PARTS = {
    "experiment": ("Choice", "Experiment", "Option", "Prediction", "Slider"),
    "graph": ("show_graph",),
    "pictures": ("Pictures",),
    "svg": ("Figure", "Panel"),
}


def names() -> list[str]:
    """The names of all experiments, in alphabetical order: the modules of the gallery."""
    gallery = Path(__file__).with_name("gallery")
    return sorted(m.name for m in pkgutil.iter_modules([str(gallery)]) if not m.name.startswith("_"))


def get(name: str) -> Experiment:
    """The experiment called `name`; raises KeyError with the known names when there is none."""
    if name not in names():
        raise KeyError(f"there is no experiment {name!r}; there are {', '.join(names())}.")
    module = importlib.import_module(f"{__name__}.gallery.{name}")
    experiment: Experiment = getattr(module, name)
    return experiment


def __getattr__(name: str) -> Any:
    for module, exported in _PARTS.items():
        if name in exported:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    if name in names():
        return get(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; experiments: {', '.join(names())}.")


def __dir__() -> list[str]:
    return sorted({*globals(), *names(), *(n for part in _PARTS.values() for n in part)})
