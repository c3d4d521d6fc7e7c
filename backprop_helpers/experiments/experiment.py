"""What an experiment is: controls, a pure model, a view of its result, a sentence, and a prediction to make first.

Everything here is plain data and pure functions; nothing imports widgets. Calling an experiment gives an object that
shows itself in a notebook (`live.LiveExperiment`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop_helpers.experiments.svg import Figure

if TYPE_CHECKING:
    from backprop_helpers.experiments.live import LiveExperiment


@dataclass(frozen=True)
class Slider:
    """A number between `low` and `high` in steps of `step`; whole numbers only when all four are ints.

    With `log` the four are powers of ten: Slider("h", "h", -12, 0, 0.5, -3, log=True) hands the model 10**-3.
    With `play` a whole-number slider gets buttons that let it run by itself, to the end in about six seconds.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float
    log: bool = False
    play: bool = False

    @property
    def initial(self) -> float:
        """What the model receives before anything is moved."""
        return 10.0**self.start if self.log else self.start

    def check(self, value: Any) -> None:
        """Raise ValueError or TypeError when the model must not receive `value`."""
        low, high = (10.0**self.low, 10.0**self.high) if self.log else (self.low, self.high)
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise TypeError(f"{self.name} must be a number from {low:g} to {high:g}, got {value!r}.")
        if not low <= value <= high:
            raise ValueError(f"{self.name} must lie between {low:g} and {high:g}, got {value!r}.")


@dataclass(frozen=True)
class Choice:
    """One of several named options, shown as a drop-down list."""

    name: str
    label: str
    options: tuple[str, ...]
    start: str

    @property
    def initial(self) -> str:
        """What the model receives before anything is chosen."""
        return self.start

    def check(self, value: Any) -> None:
        """Raise ValueError when `value` is not among the options."""
        if value not in self.options:
            raise ValueError(f"{self.name} must be one of {', '.join(self.options)}, got {value!r}.")


@dataclass(frozen=True)
class Option:
    """One answer to a prediction, and what the learner should see about it afterwards. Never marked."""

    text: str
    explanation: str
    right: bool = False


@dataclass(frozen=True)
class Prediction:
    """The question asked before the controls open; `options` are shown in this order."""

    question: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Experiment:
    """A slider experiment.

    model(**values) -> result (a dataclass), view(result) -> Figure, sentence(result) -> str are pure: the same values always
    give the same picture. Numbers and words of the result become data-* attributes of the picture, so that a test
    can read back what a page shows. `snapshot` changes values for the static picture, where the start says too little.
    `slow` delays the model until a slider is let go. With `explain(result, key) -> html` the parts of the picture that carry
    a data-pick attribute can be clicked, and what it returns for the key of the chosen one (escaped, "" where it is unknown)
    stands below the picture.
    """

    name: str
    title: str
    controls: tuple[Slider | Choice, ...]
    model: Callable[..., Any]
    view: Callable[[Any], Figure]
    sentence: Callable[[Any], str]
    prediction: Prediction | None = None
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    slow: bool = False
    explain: Callable[[Any, str], str] | None = None

    def __post_init__(self) -> None:
        names = [c.name for c in self.controls]
        if len(set(names)) != len(names):
            raise ValueError(
                f"every control of {self.name} needs a name of its own, got {names}. Rename one."
            )
        for control in self.controls:
            control.check(control.initial)
        self.values(**self.snapshot)

    def values(self, **changed: Any) -> dict[str, Any]:
        """All control values: the start values with some changed. Raises for unknown names and values out of range."""
        values = {c.name: c.initial for c in self.controls}
        known = {c.name: c for c in self.controls}
        for name, value in changed.items():
            if name not in known:
                raise TypeError(f"{self.name} has no control {name!r}; it has {', '.join(known) or 'none'}.")
            known[name].check(value)
            values[name] = value
        return values

    def show(self, **changed: Any) -> Shown:
        """Run the model once and draw it: the picture as HTML and as SVG, and the sentence below it."""
        return self.render(self.values(**changed))

    def render(self, values: Mapping[str, Any]) -> Shown:
        """As `show`, for a complete set of values."""
        result = self.model(**values)
        said = self.sentence(result)
        return Shown(self.view(result), f"{self.title}. {said}", said, {**values, **scalars(result)})

    def __call__(self, **start: Any) -> LiveExperiment:
        """The experiment for a notebook, as the last expression of a cell; `start` changes where the controls begin."""
        from backprop_helpers.experiments.live import LiveExperiment

        return LiveExperiment(self, self.values(**start), self.values(**{**self.snapshot, **start}))


@dataclass(frozen=True)
class Shown:
    """One state of an experiment, ready to be put on a page."""

    figure: Figure
    label: str
    sentence: str
    data: Mapping[str, Any]

    @property
    def html(self) -> str:
        """The picture for a live page."""
        return self.figure.html(self.label, self.data)

    @property
    def svg(self) -> str:
        """The picture as one self-contained SVG document."""
        return self.figure.svg(self.label, self.data)


def scalars(result: Any) -> dict[str, Any]:
    """The fields of a dataclass that are one number, word or truth value: what a page can carry as data-*."""
    found = {}
    for part in dataclasses.fields(result):
        value = getattr(result, part.name)
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, bool | int | float | str):
            found[part.name] = value
    return found
