"""The numbers of a class, as plain data: nothing here draws or writes."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from backprop_helpers import misconceptions
from backprop_helpers.feedback.content import Feedback, names_in, sentence
from backprop_helpers.grading.results import GradedSubmission
from backprop_helpers.report.alike import bare_lines, fingerprint, without_guards

TEACH = 3
_UNKNOWN = "Wrong in a way that has no name here: look at a few of them."


@dataclass(frozen=True)
class Row:
    """One learner: points by exercise in the lesson's order, "" where a person has still to give them."""

    learner: str
    earned: float
    points: float
    marks: tuple[float | None, ...]
    states: tuple[str, ...]
    waiting: int
    penalty: float
    ideas: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Exercise:
    """How an exercise went: learners by state.

    hidden: of the wrong, whose solution holds on the page and fails on other inputs; follows: of the wrong, whose solution calls
    another that is wrong.
    """

    title: str
    section: str
    points: float
    right: int
    wrong: int
    empty: int
    unread: int
    hidden: int = 0
    follows: int = 0

    @property
    def written(self) -> int:
        return self.right + self.wrong

    @property
    def share(self) -> float:
        """Of those who wrote something, how many are right."""
        return self.right / self.written if self.written else 0.0


@dataclass(frozen=True)
class Idea:
    """A misconception, or an exercise's unknown mistake, and who has it; line: a typical wrong line, of nobody in particular."""

    name: str
    exercise: str
    says: str
    hint: str
    section: str
    learners: tuple[str, ...]
    line: str = ""
    known: bool = True


@dataclass(frozen=True)
class ClassReport:
    """Everything a report shows of one lesson."""

    lesson: str
    title: str
    rows: tuple[Row, ...]
    exercises: tuple[Exercise, ...]
    ideas: tuple[Idea, ...]
    alike: tuple[tuple[str, tuple[str, ...]], ...]
    odd: tuple[tuple[str, str], ...]
    points: float = 0.0
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def teach(self) -> tuple[Idea, ...]:
        """What to go over again: the ideas that most learners have, at most one of each section."""
        chosen: list[Idea] = []
        for idea in self.ideas:
            if len(idea.learners) < 2 and chosen:
                break
            if idea.section not in {c.section for c in chosen}:
                chosen.append(idea)
        return tuple(chosen[:TEACH])

    @property
    def failed(self) -> tuple[Exercise, ...]:
        """The exercises whose check failed for somebody, most failed first."""
        return tuple(sorted((e for e in self.exercises if e.wrong), key=lambda e: -e.wrong))

    @property
    def median(self) -> float:
        return statistics.median(row.earned for row in self.rows) if self.rows else 0.0


def report_of(lesson: str, pairs: Sequence[tuple[GradedSubmission, Feedback]]) -> ClassReport:
    """Count a class: one (result, feedback) a learner."""
    graded = [(result, found) for result, found in pairs if not result.reason]
    rows = tuple(_row(result, found) for result, found in pairs)
    items = graded[0][1].items if graded else ()
    return ClassReport(
        lesson=lesson,
        title=pairs[0][1].title if pairs else lesson,
        rows=rows,
        exercises=tuple(_exercise(k, [found for _, found in graded]) for k in range(len(items))),
        ideas=_ideas(graded),
        alike=_alike(graded),
        odd=tuple(
            (r.learner, text) for r, _ in pairs for text in ([r.reason] if r.reason else list(r.notes))
        ),
        points=pairs[0][1].points if pairs else 0.0,
        seconds=_seconds(result for result, _ in pairs),
    )


def _row(result: GradedSubmission, found: Feedback) -> Row:
    return Row(
        result.learner,
        found.earned,
        found.points,
        tuple(item.earned for item in found.items),
        tuple(item.state for item in found.items),
        found.waiting,
        found.penalty,
        tuple(sorted({name for name, _ in _names(result)})),
        tuple(result.notes) if not result.reason else (result.reason,),
        float(result.seconds.get("all", 0.0)),
    )


def _exercise(k: int, pages: Sequence[Feedback]) -> Exercise:
    items = [page.items[k] for page in pages]
    first = items[0]
    states = Counter(item.state for item in items)
    return Exercise(
        first.title,
        first.section,
        first.points,
        states["right"] + states["read"],
        states["wrong"],
        states["empty"],
        states["unread"],
        sum(item.state == "wrong" and item.finding is not None and item.finding.hidden for item in items),
        sum(item.state == "wrong" and bool(item.also) for item in items),
    )


def _names(result: GradedSubmission) -> list[tuple[str, str]]:
    """(misconception, exercise) of every failed check that has a name; two at once count as two."""
    found = []
    for cell in result.cells:
        for check in cell.checks:
            name = check.get("misconception")
            if not check.get("passed") and name:
                first = str(name).split(" or ")[0]
                found += [(part, str(check.get("exercise"))) for part in first.split(" + ")]
    return found


def _unknown(result: GradedSubmission) -> list[str]:
    """Exercises whose check failed without a name, but for those that are empty."""
    return [
        str(check.get("exercise"))
        for cell in result.cells
        for check in cell.checks
        if not check.get("passed") and not check.get("misconception") and check.get("quantity")
    ]


def _ideas(graded: Sequence[tuple[GradedSubmission, Feedback]]) -> tuple[Idea, ...]:
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    unknown: dict[str, list[str]] = defaultdict(list)
    codes: dict[tuple[str, str], str] = {}
    lines: dict[tuple[str, str], list[str]] = {}
    right: dict[str, set[str]] = defaultdict(set)
    sections: dict[str, str] = {}
    for result, page in graded:
        for item in page.items:
            sections.setdefault(item.title, item.section)
            codes[result.learner, item.title] = item.code
            if item.state == "right":
                right[item.title].update(bare_lines(item.code))
            elif item.state == "wrong":
                lines[result.learner, item.title] = bare_lines(item.code)
        failed = {item.title for item in page.items if item.state == "wrong" and not item.also}
        for name, exercise in dict.fromkeys(_names(result)):
            if exercise in failed:
                who[name, exercise].append(result.learner)
        for exercise in dict.fromkeys(_unknown(result)):
            if exercise in failed:
                unknown[exercise].append(result.learner)
    known = {m.name: m for m in misconceptions.all()}
    wheres = _wheres(graded)
    found = []
    for named, learners in [*who.items(), *(((f"{e}: no name", e), them) for e, them in unknown.items())]:
        name, exercise = named
        about: Any = known.get(name) if named in who else None
        wrote = [codes.get((learner, exercise), "") for learner in learners]
        others = {
            line
            for (learner, title), wrong in lines.items()
            if title == exercise and learner not in learners
            for line in wrong
        }
        names = {exercise, *wheres[exercise]}.union(*map(names_in, wrote))
        says = about.says if about else name if named in who else _UNKNOWN
        found.append(
            Idea(
                name,
                exercise,
                sentence(says, names),
                about.hint if about else "",
                sections.get(exercise, ""),
                tuple(learners),
                typical_line(wrote, right[exercise], others),
                named in who,
            )
        )
    return tuple(sorted(found, key=lambda idea: (not idea.known, -len(idea.learners), idea.name)))


def _wheres(graded: Sequence[tuple[GradedSubmission, Feedback]]) -> dict[str, set[str]]:
    """Of each exercise the quantities that its failed checks name, as dpred."""
    found: dict[str, set[str]] = defaultdict(set)
    for result, _ in graded:
        for cell in result.cells:
            for check in cell.checks:
                found[str(check.get("exercise"))].update(
                    re.findall(r"\w+", str(check.get("where") or ""))[:1]
                )
    return found


def typical_line(codes: Sequence[str], right: Set[str], others: Set[str] = frozenset()) -> str:
    """The line that most of these share and no right solution has; "" where there is none.

    others: lines of those who are wrong in another way; where a line is left that they do not have, it tells more. Lines that
    only refuse input are passed over: everybody words them differently, and they compute nothing.
    """
    counts = Counter(line for code in codes for line in bare_lines(without_guards(code)) if line not in right)
    told = [
        (line not in others, n, len(line), line)
        for line, n in counts.items()
        if not line.startswith(("def ", "class ", "import ", "from "))
    ]
    return max(told)[-1][:140] if told else ""


def _alike(graded: Sequence[tuple[GradedSubmission, Feedback]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result, page in graded:
        for item in page.items:
            mark = "" if item.words or item.state == "empty" else fingerprint(item.code)
            if mark:
                groups[item.title, mark].append(result.learner)
    found = [(title, tuple(learners)) for (title, _), learners in groups.items() if len(learners) > 1]
    return tuple(sorted(found, key=lambda pair: (-len(pair[1]), pair[0])))


def _seconds(results: Iterable[GradedSubmission]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for result in results:
        for step, seconds in result.seconds.items():
            total[step] += seconds
    return dict(total)
