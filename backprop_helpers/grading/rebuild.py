"""A gradable notebook out of the master and a submission: every cell is the master's, only the learner's answers are not.

Nothing of a submission is taken but the source of the cells that were there to be filled in (and the pictures in an
answer in words). They are known by their id; where ids were lost, by what they define.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate

import msgspec

from backprop_helpers.grading.intake import MAX_SOURCE, Submitted, SubmittedCell
from backprop_helpers.grading.judge.names import bound
from backprop_helpers.grading.master import Master, MasterCell, defined


class RebuiltCell(msgspec.Struct, frozen=True):
    """A cell to be graded: the master's, with the learner's source where one was asked for.

    touched: whether the learner wrote anything there; note: what the learner should know about it.
    """

    master: MasterCell
    source: str
    touched: bool = False
    note: str = ""
    attachments: dict[str, dict[str, str]] = {}


class Rebuilt(msgspec.Struct, frozen=True):
    """All cells in the master's order, and what the learner should know about the whole."""

    cells: tuple[RebuiltCell, ...]
    notes: tuple[str, ...] = ()


def rebuild(master: Master, submitted: Submitted) -> Rebuilt:
    """Put the learner's answers into the master. Never raises for what a learner did."""
    search = _Search(master, submitted)
    cells = tuple(search.fill(cell) for cell in master.cells)
    own, long = _short_enough([cell.source for cell in search.own if cell.kind == "code"])
    notes = (*submitted.notes, *search.about_locked_cells(), *_left_behind(cells, own), *long)
    return Rebuilt(cells, notes)


def _short_enough(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    """(the learner's own code that is looked at, a sentence on what is not): millions of lines would take all time and memory."""
    looked_at = [
        source
        for source, end in zip(sources, accumulate(map(len, sources)), strict=True)
        if end <= MAX_SOURCE
    ]
    if len(looked_at) == len(sources):
        return looked_at, []
    return looked_at, [
        f"Your own cells have {sum(map(len, sources)):,} characters of code, and {MAX_SOURCE:,} is the most that is looked at. "
        "They are not graded, so this costs no points."
    ]


class _Search:
    """Which cells of a submission answer which cells of the master."""

    def __init__(self, master: Master, submitted: Submitted) -> None:
        self.master = master.cells
        self.cells = submitted.cells
        fillable = {
            cell.grade_id for cell in master.cells if cell.kind in ("solution", "answer") and cell.grade_id
        }
        self.locked = {c.grade_id: c for c in master.cells if c.grade_id and c.grade_id not in fillable}
        self.by_id: dict[str, list[SubmittedCell]] = defaultdict(list)
        for cell in submitted.cells:
            self.by_id[cell.grade_id].append(cell)
        self.filled = [cell for cell in submitted.cells if cell.grade_id in fillable]
        given = {_normal(cell.released) for cell in master.cells}
        # cells of the learner's own, and the course's where the learner changed them
        self.own = [
            cell
            for cell in submitted.cells
            if cell.grade_id not in fillable and _normal(cell.source) not in given
        ]

    def fill(self, cell: MasterCell) -> RebuiltCell:
        """The cell with the learner's source where one is asked for."""
        if cell.kind == "solution" or (cell.kind == "answer" and cell.metadata["nbgrader"].get("solution")):
            found = self._code(cell) if cell.kind == "solution" else self._words(cell)
            if len(found.source) > MAX_SOURCE:
                return RebuiltCell(
                    cell,
                    cell.source,
                    note=f"Your cell {cell.grade_id} has {len(found.source):,} characters, and {MAX_SOURCE:,} is the "
                    "most that is read. It was not graded: keep in it what the exercise asks for.",
                )
            return found
        return RebuiltCell(cell, cell.source)

    def _code(self, cell: MasterCell) -> RebuiltCell:
        copies = self.by_id.get(cell.grade_id, [])
        touched = [copy for copy in copies if not _same(copy.source, cell.released)]
        if touched:
            source, note = _one_of(cell, [copy.source for copy in touched], len(copies))
            rest = self._rest_of(touched[-1])
            if rest and _compiles(f"{source}\n{rest}"):
                return RebuiltCell(cell, f"{source}\n{rest}", True, _SPLIT.format(cell.grade_id, 2))
            found = None if _defines_any(source, cell.names) else self._elsewhere(cell)
            if found is None:
                return RebuiltCell(cell, source, True, note)
            return RebuiltCell(
                cell,
                f"{source}\n{found}",
                True,
                f"Your cell {cell.grade_id} does not hold {_listed(cell.names)}; it was found in another cell and put "
                "there. Keep the whole answer in its own cell.",
            )
        found = self._elsewhere(cell)
        what = "was left as it was given" if copies else "is missing"
        if found is not None:
            return RebuiltCell(
                cell,
                found,
                True,
                f"Your cell {cell.grade_id} {what}; {_listed(cell.names)} was found in another cell and graded. Write "
                "each answer into its own cell, and don't merge cells.",
            )
        if copies:
            return RebuiltCell(cell, cell.source)
        return RebuiltCell(
            cell, cell.source, note=f"Your cell {cell.grade_id} is missing{self._why_missing(cell)}."
        )

    def _elsewhere(self, cell: MasterCell) -> str | None:
        """The one text that defines what the exercise asks for: in a cell of the learner's own, else in another answer."""
        own = {c.source for c in self.own if c.kind != "markdown" and _defines_any(c.source, cell.names)}
        answers = (c for c in self.filled if c.grade_id != cell.grade_id)
        found = own or {c.source for c in answers if _defines_any(c.source, cell.names)}
        whole = [text for text in found if all(_defines_any(text, (name,)) for name in cell.names)]
        candidates = whole if len(found) > 1 else list(found)
        return candidates[0] if len(candidates) == 1 else None

    def _rest_of(self, cell: SubmittedCell) -> str:
        """The cell right below, where it goes on in the middle of a function; the id stays with the first half."""
        here = next(number for number, other in enumerate(self.cells) if other is cell)
        below = self.cells[here + 1 : here + 2]
        return (
            below[0].source
            if below and not below[0].grade_id and below[0].source.startswith((" ", "\t"))
            else ""
        )

    def _why_missing(self, cell: MasterCell) -> str:
        count = sum(_defines_any(own.source, cell.names) for own in self.own)
        if count > 1:
            return (
                f", and {count} other cells define {_listed(cell.names)}, so nobody can say which one counts. Put your "
                "answer into a fresh copy of the lesson's notebook"
            )
        return (
            ", so this exercise was graded as not written. Take it from a fresh copy of the lesson's notebook"
        )

    def _words(self, cell: MasterCell) -> RebuiltCell:
        copies = self.by_id.get(cell.grade_id, [])
        touched = [copy for copy in copies if not _same(copy.source, cell.released) or copy.attachments]
        if touched:
            several = len({copy.source for copy in touched}) > 1
            note = _LAST_COPY.format(cell.grade_id, len(touched)) if several else ""
            return RebuiltCell(cell, touched[-1].source, True, note, touched[-1].attachments)
        if copies:
            return RebuiltCell(cell, cell.source)
        found = self._in_its_place(cell)
        if found is not None:
            return RebuiltCell(
                cell,
                found.source,
                True,
                f"Your cell {cell.grade_id} had lost its id and was found by its place.",
                found.attachments,
            )
        return RebuiltCell(
            cell, cell.source, note=f"Your cell {cell.grade_id} is missing, and so is its answer."
        )

    def _in_its_place(self, cell: MasterCell) -> SubmittedCell | None:
        """The one text of the learner's between the two cells that stand around this one in the course's notebook."""
        here = next(number for number, other in enumerate(self.master) if other is cell)
        around = [
            [number for number, own in enumerate(self.cells) if _same(own.source, neighbour.released)]
            for neighbour in (*self.master[max(0, here - 1) : here], *self.master[here + 1 : here + 2])
        ]
        if len(around) != 2 or any(len(places) != 1 for places in around):
            return None
        between = self.cells[around[0][0] + 1 : around[1][0]]
        words = [own for own in between if own.kind != "code" and any(own is other for other in self.own)]
        return words[0] if len(words) == 1 else None

    def about_locked_cells(self) -> list[str]:
        """A sentence on checks that the learner changed or deleted; the course's own were used."""
        changed = [
            grade_id
            for grade_id, cell in self.locked.items()
            if grade_id in self.by_id
            and not any(_same(c.source, cell.released) for c in self.by_id[grade_id])
        ]
        if not changed:
            return []
        return [f"You changed {_listed(changed)}; graded was with the course's own text of it."]


_SPLIT = "Your cell {} was split; its {} parts were put together again."
_LAST_COPY = "Your cell {} stands in the notebook {} times with different text; the last one was graded."


def _one_of(cell: MasterCell, sources: Sequence[str], copies: int) -> tuple[str, str]:
    """One source out of copies of a cell: all the same, the pieces of a split cell, or the last."""
    different = list(dict.fromkeys(sources))
    if len(different) == 1:
        return different[0], ""
    split = _joined(cell, different)
    if split is not None:
        return split, _SPLIT.format(cell.grade_id, len(different))
    return different[-1], _LAST_COPY.format(cell.grade_id, copies)


def _joined(cell: MasterCell, parts: Sequence[str]) -> str | None:
    """The parts of a split cell as one; None when they are rather copies of each other, or too long to be read."""
    whole = "\n".join(parts)
    if len(whole) > MAX_SOURCE:
        return None
    names = [name for part in parts for name in defined(part)]
    pieces = sum(_defines_any(part, cell.names) for part in parts)
    if pieces == 1 and _compiles(whole) and (len(names) == len(set(names)) or not all(map(_compiles, parts))):
        return whole
    return None


def _compiles(source: str) -> bool:
    """Whether it is Python, and short enough to be read."""
    if len(source) > MAX_SOURCE:
        return False
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _left_behind(cells: Sequence[RebuiltCell], own: Iterable[str]) -> list[str]:
    """Sentences on names that an answer uses and that only code of the learner's own defines."""
    theirs: set[str] = set()
    for source in own:
        theirs |= _bound(source)
    if not theirs:
        return []
    there: set[str] = set()
    for cell in cells:
        if cell.master.cell_type == "code":
            there |= _bound(cell.source)
    missing = theirs - there
    notes = []
    for cell in cells:
        used = sorted(_used(cell.source) & missing) if cell.touched and cell.master.kind == "solution" else []
        if used:
            notes.append(
                f"Your cell {cell.master.grade_id} uses {_some(used)} from a cell of your own. Only the cells of the "
                "exercises are graded: move it into this one."
            )
    return notes


def _tree(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _bound(source: str) -> frozenset[str]:
    """The names that code binds at its top level."""
    return bound(_tree(source))[0]


def _used(source: str) -> set[str]:
    """The names that code reads and does not bind anywhere."""
    nodes = [node for node in ast.walk(_tree(source)) if isinstance(node, ast.Name)]
    arguments = {node.arg for node in ast.walk(_tree(source)) if isinstance(node, ast.arg)}
    stored = {node.id for node in nodes if not isinstance(node.ctx, ast.Load)}
    return {node.id for node in nodes if isinstance(node.ctx, ast.Load)} - stored - arguments - _bound(source)


def _defines_any(source: str, names: Sequence[str]) -> bool:
    """Whether code defines one of the functions or classes at its left edge; it need not be readable otherwise."""
    return any(re.search(rf"(?m)^(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", source) for name in names)


def _normal(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def _same(one: str, other: str) -> bool:
    return _normal(one) == _normal(other)


def _some(names: Sequence[str]) -> str:
    """A few names that a learner made up, each of a length that can be read."""
    shown = [name if len(name) <= 40 else f"{name[:40]}…" for name in names[:5]]
    return f"{_listed(shown)} and {len(names) - 5} more" if len(names) > 5 else _listed(shown)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
