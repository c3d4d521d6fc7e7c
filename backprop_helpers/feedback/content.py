"""What a feedback page says, as plain data: every exercise with its marks, its diagnosis, its hints and the learner's own code."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from backprop_helpers._lessons import ANSWER_STUB
from backprop_helpers.feedback.sections import HEADING, explains, headings_in
from backprop_helpers.grading.master import Master, MasterCell
from backprop_helpers.grading.results import GradedCell, GradedSubmission

_HINT = re.compile(r"<details>\s*<summary>(Hint \d+[^<]*)</summary>(.*?)</details>", re.DOTALL)
_DETAILS = re.compile(r"<details>.*?</details>", re.DOTALL)
_LINE = re.compile(r"in its line `([^`]+)`")


@dataclass(frozen=True)
class Finding:
    """What a check of an exercise said: the three lines; hidden: whether it ran on inputs that are not shown."""

    message: str
    where: str = ""
    look: str = ""
    hidden: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The learner's line at which it stopped; "" where it did not, or that is not known."""
        found = _LINE.search(self.message) or _LINE.search(self.where)
        return found[1] if found else ""


@dataclass(frozen=True)
class Hand:
    """What a person said of a cell: points, or None where nobody has, extra ones, and a comment."""

    points: float | None = None
    extra: float = 0.0
    comment: str = ""

    def total(self, automatic: float | None) -> float | None:
        """All points together: a person's stand before the automatic ones."""
        points = automatic if self.points is None else self.points
        return None if points is None else points + self.extra


@dataclass(frozen=True)
class Item:
    """One graded exercise or answer.

    title: the exercise's name; section: the heading of what explains it; state: "right", "wrong", "empty", "unread" (waits for a
    person) or "read"; finding: what its check said first; passed: what was checked and is right; also: other exercises it calls
    that are wrong themselves; hints: (title, Markdown); code: what the learner wrote; words: whether that is prose; question:
    what was asked, as Markdown, where the answer is in words.
    """

    title: str
    section: str
    earned: float | None
    points: float
    state: str
    finding: Finding | None = None
    passed: str = ""
    also: tuple[str, ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
    code: str = ""
    words: bool = False
    question: str = ""
    comment: str = ""
    note: str = ""


@dataclass(frozen=True)
class Feedback:
    """A whole page. penalty: what being late cost, already taken off `earned`."""

    lesson: str
    title: str
    learner: str
    earned: float
    points: float
    penalty: float = 0.0
    waiting: int = 0
    items: tuple[Item, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    unsafe: bool = False

    @property
    def right(self) -> int:
        return sum(item.state == "right" for item in self.items)

    def to_read(self, item: Item) -> tuple[str, ...]:
        """The exercises for which the item's section is worth reading again; none where an earlier item says it already."""
        wrong = [i for i in self.items if i.section == item.section and i.state in ("wrong", "empty")]
        return tuple(i.title for i in wrong) if item.section and wrong and wrong[0] is item else ()


def feedback_of(
    master: Master, result: GradedSubmission, hands: Mapping[str, Hand] | None = None, penalty: float = 0.0
) -> Feedback:
    """The page of one result. hands: what a person gave, by grade id; penalty: of nbgrader's late policy."""
    hands = hands or {}
    items = _items(master, result, hands) if result.cells else ()
    earned = sum(item.earned or 0.0 for item in items)
    return Feedback(
        lesson=master.lesson,
        title=_title(master),
        learner=result.learner,
        earned=max(0.0, earned - penalty),
        points=master.points,
        penalty=penalty,
        waiting=sum(item.state == "unread" for item in items),
        items=items,
        notes=result.notes,
        reason=result.reason,
        unsafe=result.tier == "unsafe",
    )


def _title(master: Master) -> str:
    for cell in master.cells:
        found = HEADING.search(cell.released) if cell.cell_type == "markdown" else None
        if found:
            return found[1].strip()
    return master.lesson


def _items(master: Master, result: GradedSubmission, hands: Mapping[str, Hand]) -> tuple[Item, ...]:
    pairs = list(zip(master.cells, result.cells, strict=True))
    wrong = {
        name
        for cell, graded in pairs
        if cell.kind == "test" and (graded.earned or 0.0) < cell.points
        for name in _exercises(graded)
    }
    found = []
    headings: list[str] = []
    asked = ""
    for place, (cell, graded) in enumerate(pairs):
        if cell.kind == "test":
            found.append(_exercise(pairs, place, headings, wrong, hands.get(cell.grade_id, Hand())))
        elif cell.by_hand:
            found.append(_answer(cell, graded, asked, hands.get(cell.grade_id, Hand())))
        elif cell.cell_type == "markdown":
            headings += headings_in(cell.released)
            asked = cell.released
    return tuple(found)


def _exercises(graded: GradedCell) -> list[str]:
    return [str(check.get("exercise", "")) for check in graded.checks]


def _exercise(
    pairs: Sequence[tuple[MasterCell, GradedCell]],
    place: int,
    headings: Sequence[str],
    wrong: set[str],
    hand: Hand,
) -> Item:
    cell, graded = pairs[place]
    own = _solution(pairs, place)
    name = (
        next(iter(_exercises(graded)), "")
        or (own[0].names[0] if own and own[0].names else "")
        or cell.grade_id
    )
    failed = next((check for check in graded.checks if not check.get("passed")), None)
    right = graded.earned is not None and graded.earned >= cell.points
    code = own[1].source if own else ""
    untouched = own is not None and not own[1].touched
    finding = None if right else _finding(failed, graded.message, code)
    if finding is not None and own is not None and not untouched:
        finding = _with_what_stopped(finding, own[1])
    return Item(
        title=name,
        section=explains(name, headings),
        earned=hand.total(graded.earned),
        points=cell.points,
        state="right" if right else "empty" if untouched else "wrong",
        finding=finding,
        passed=_passed(graded) if right else "",
        also=() if right else _calls(code, wrong - {name}),
        hints=() if right else _hints(pairs, place),
        code=code,
        comment=hand.comment,
        note=own[1].note if own else "",
    )


def _solution(
    pairs: Sequence[tuple[MasterCell, GradedCell]], place: int
) -> tuple[MasterCell, GradedCell] | None:
    """The solution cell that a test stands under."""
    return next((pair for pair in reversed(pairs[:place]) if pair[0].kind == "solution"), None)


def _finding(check: Mapping[str, Any] | None, message: str, code: str) -> Finding:
    if check is None:
        return Finding(message.removeprefix("✗ ") or "This cell stopped before it came to an end.")
    where = str(check.get("where", ""))
    return Finding(
        sentence(
            str(check.get("message", "")).removeprefix(f"{check.get('exercise')}: "),
            {str(check.get("exercise")), *re.findall(r"\w+", where)[:1], *names_in(code)},
        ),
        where,
        str(check.get("look", "")),
        bool(check.get("hidden")),
        tuple(map(str, check.get("remarks", ()))),
    )


def _with_what_stopped(finding: Finding, cell: GradedCell) -> Finding:
    """The same, where the learner's own cell stopped with an error: that comes first where it left nothing to check."""
    if cell.status in ("", "ok") or not cell.message:
        return finding
    # the file's name is made up, and its number is of a run that the learner did not see
    stopped = re.sub(r"\s*\(<[^<>]*>, (line \d+)\)", r" (\1)", cell.message).rstrip(".") + "."
    if not finding.message.startswith("There is no function"):
        return replace(finding, remarks=(*finding.remarks, stopped))
    unfinished = "SyntaxError: incomplete input" in stopped
    look = (
        "The code ends in the middle of something: brackets or quotes that never close, or a def with nothing below it."
        if unfinished
        else "Mend that first: what stands below it in the cell was not run."
    )
    return Finding(stopped, look=look)


_ENGLISH = {"all", "any", "mean", "sign", "square", "sum", "where"}
_SHORT = {"a", "an", "at", "by", "if", "in", "it", "no", "on", "to"}


def sentence(text: str, names: Set[str]) -> str:
    """A sentence that begins with a capital, unless its first word is one of these names, or short as a variable is."""
    word = re.match(r"[a-z]+(?![\w(\[])", text)
    if word is None or word[0] in names or (len(word[0]) < 3 and word[0] not in _SHORT):
        return text
    return text[0].upper() + text[1:]


def _passed(graded: GradedCell) -> str:
    """What a passing check says it looked at: the line of its card after "holds"."""
    for output in graded.outputs:
        text = str(output.get("data", {}).get("text/plain", ""))
        if text.startswith("✓"):
            return " ".join(text.split("\n", 1)[1].split()) if "\n" in text else ""
    return ""


def _calls(code: str, names: set[str]) -> tuple[str, ...]:
    """Which of these functions the code calls by its bare name."""
    called = {
        node.func.id
        for node in _nodes(code)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return tuple(sorted(called & names))


def names_in(code: str) -> set[str]:
    """Every name in the code: functions, variables, arguments and attributes, but for NumPy's that are English words."""
    found: set[str] = set()
    for node in _nodes(code):
        match node:
            case ast.Attribute(value=ast.Name(id="np"), attr=name) if name in _ENGLISH:
                pass
            case (
                ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name)
            ):
                found.add(name)
    return found


def _nodes(code: str) -> list[ast.AST]:
    """The syntax tree's nodes; none where the code is no Python."""
    try:
        return list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _hints(pairs: Sequence[tuple[MasterCell, GradedCell]], place: int) -> tuple[tuple[str, str], ...]:
    """The hints around this test: from its exercise to the next one."""
    ends = ("solution", "test", "answer", "task")
    before = itertools.takewhile(lambda pair: pair[0].kind not in ends, reversed(pairs[:place]))
    after = itertools.takewhile(lambda pair: pair[0].kind not in ends, pairs[place + 1 :])
    return tuple(
        (title.strip(), body.strip())
        for cell, _ in (*reversed(list(before)), *after)
        if cell.cell_type == "markdown"
        for title, body in _HINT.findall(cell.released)
    )


def _answer(cell: MasterCell, graded: GradedCell, asked: str, hand: Hand) -> Item:
    points = hand.total(graded.earned)
    state = "empty" if not graded.touched else "unread" if points is None else "read"
    title = cell.grade_id.removeprefix("answer-").replace("_", " ").replace("-", " ")
    return Item(
        title=title,
        section="",
        earned=points,
        points=cell.points,
        state=state,
        code=graded.source if graded.touched else "",
        words=True,
        question=cell.released.replace(ANSWER_STUB, "").strip() or _DETAILS.sub("", asked).strip(),
        comment=hand.comment,
    )
