"""What a gradient check found, as a small object that reads as text and as a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from .digits import told_apart
from .lines import Floats

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient beside what finite differences say.

    noise: the largest difference that rounding and curvature can explain: how close is close enough
    """

    index: tuple[int, ...]
    got: float
    expected: float
    noise: float

    @property
    def absolute_error(self) -> float:
        return abs(self.got - self.expected)

    @property
    def relative_error(self) -> float:
        """The difference as a share of the larger of the two; 0 where both are 0."""
        larger = max(abs(self.got), abs(self.expected))
        return self.absolute_error / larger if larger > 0 else 0.0

    def __str__(self) -> str:
        where = f"at {list(self.index)}: " if self.index else ""
        got, expected = told_apart(self.got, self.expected)
        return (
            f"{where}got {got}, expected {expected}; they differ by {self.absolute_error:.2g} "
            f"({_share(self.relative_error)}), and rounding explains at most {self.noise:.1g}"
        )


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a function rather than with one number.

    kind: "f" or "backward" and, behind a space, "in-place", "non-deterministic", "non-finite" or "wrong gradients"
    sentence: what it is and what to do
    """

    kind: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(eq=False)
class Quantity:
    """The verdict on one gradient.

    kind: what decided it: "right", "wrong values", "wrong shape", "missing", "not numbers", "non-finite", "kinks",
    "too noisy", "not checked"    sentence: the verdict in words    worst: the entry that differs most, where one is
    known    wrong, skipped, total: numbers of entries    got, expected, tolerance: arrays in the argument's shape in
    full mode, else None; expected and tolerance are NaN where an entry was skipped
    """

    name: str
    argument: str
    shape: tuple[int, ...]
    status: Status
    kind: str
    sentence: str
    worst: Entry | None = None
    wrong: int = 0
    skipped: int = 0
    total: int = 0
    got: NDArray[Any] | None = None
    expected: Floats | None = None
    tolerance: Floats | None = None

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"


@dataclass(eq=False)
class GradReport:
    """All that a gradient check found.

    quantities: in the order of the arguments    order: their names in backward order    problems: what is wrong with
    the functions themselves    notes: remarks that fail nothing    evaluations: how often f was called
    """

    quantities: list[Quantity]
    order: list[str]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mode: str = "full"
    evaluations: int = 0

    @property
    def passed(self) -> bool:
        """Every quantity was checked and is right, and nothing is wrong with the functions."""
        return not self.problems and bool(self.quantities) and all(q.passed for q in self.quantities)

    @property
    def failed(self) -> bool:
        """Something is wrong; False also where nothing is known, as when every entry sits on a kink."""
        return bool(self.problems) or any(q.status == "failed" for q in self.quantities)

    @property
    def first_wrong(self) -> Quantity | None:
        """The first failed quantity on the way back: later ones may be wrong because of it."""
        failed = {q.name: q for q in self.quantities if q.status == "failed"}
        return next((failed[name] for name in self.order if name in failed), None)

    def __bool__(self) -> bool:
        return self.passed

    def __getitem__(self, name: str) -> Quantity:
        for q in self.quantities:
            if name in (q.name, q.argument):
                return q
        raise KeyError(
            f"There is no quantity {name!r}; there are {', '.join(q.name for q in self.quantities)}."
        )

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        wrong = [name for name in self.order if self[name].status == "failed"]
        if len(wrong) == 1:
            return f"Gradient check: {wrong[0]} is wrong."
        if wrong:
            return (
                f"Gradient check: {_list(wrong)} are wrong. Begin with {wrong[0]}, the first on the way back."
            )
        if self.problems:
            numbers = (
                "no number is wrong" if any(q.passed for q in self.quantities) else "no number was compared"
            )
            return f"Gradient check: {numbers}, but something else is wrong."
        open_ = [q.name for q in self.quantities if not q.passed]
        if open_:
            return f"Gradient check: {_list(open_)} could not be checked."
        return f"Gradient check: {_list(self.order)} {'is' if len(self.order) == 1 else 'are'} right."

    def __str__(self) -> str:
        mark = {"passed": "✓", "failed": "✗", "skipped": "–"}
        lines = [self.headline]
        lines += [f"  ! {p.sentence}" for p in self.problems]
        width = max((len(q.name) for q in self.quantities), default=0)
        by_name = {q.name: q for q in self.quantities}
        for name in self.order:
            q = by_name[name]
            lines.append(f"  {mark[q.status]} {q.name:<{width}} {shape_text(q.shape)}: {q.sentence}")
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from .picture import report_html

        return report_html(self)

    def heat_map(self, name: str | None = None) -> str:
        """The error of one quantity as an SVG picture; None means the first wrong one, or else the first of all.

        Raises ValueError where the entries were not compared one by one.
        """
        from .picture import heat_map_svg

        q = self[name] if name is not None else (self.first_wrong or self.quantities[0])
        return heat_map_svg(q)


def right_sentence(worst: Entry, total: int, skipped: int) -> str:
    """Why a quantity is taken to be right."""
    checked = total - skipped
    text = (
        f"right. {_count(checked, 'entry', 'entries')} compared; the largest difference is "
        f"{worst.absolute_error:.1g}, and up to {worst.noise:.1g} is rounding"
    )
    return text + skipped_clause(skipped, total) + "."


def wrong_sentence(worst: Entry | None, wrong: int, total: int, skipped: int) -> str:
    """Where a quantity is wrong, and by how much."""
    if worst is None:
        return "WRONG. It disagrees with finite differences; the full mode names the entry."
    if total == 1:
        return f"WRONG. {str(worst)[0].upper()}{str(worst)[1:]}."
    how_many = f"{wrong} of {total} entries" if wrong else "At least one entry"
    return f"WRONG. {how_many}; worst {worst}{skipped_clause(skipped, total)}."


def noisy_sentence(noise: float) -> str:
    """Why nothing can be said about a quantity."""
    return (
        f"could not be checked: f has too few correct digits here, and they leave the gradient open by {noise:.1g}. "
        "Compute f in double precision (float64), and choose inputs at which it changes less wildly."
    )


def skipped_clause(skipped: int, total: int) -> str:
    """Words about entries that were left out, or none."""
    if not skipped:
        return ""
    return f"; {skipped} of {total} skipped, as f has a kink there (no single slope)"


def shape_text(shape: tuple[int, ...]) -> str:
    return f"{shape}" if shape else "(one number)"


def _share(relative: float) -> str:
    if relative >= 0.001:
        return f"{100 * relative:.3g} %"
    return f"{relative:.1g} of their size"


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _list(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names) or "nothing"
    return ", ".join(names[:-1]) + " and " + names[-1]
