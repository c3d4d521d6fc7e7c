"""What `backprop grade` shows: a bar with the time that is left, what happened to each submission, and an exit code."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from backprop_helpers.grading.class_run import Options, Outcome, Summary, Watcher, course_at, grade_class
from backprop_helpers.grading.course import GradeError
from backprop_helpers.grading.intake import now, parse_time
from backprop_helpers.grading.regrade import Regrading
from backprop_helpers.grading.regrade import regrade as again

FINE, REFUSED, UNREADABLE, UNFINISHED, STOPPED = 0, 1, 3, 4, 130  # 2 is typer's, for wrong options
_STYLE = {
    "graded": "green",
    "graded with a message": "yellow",
    "cannot be graded": "red",
    "not finished": "bold red",
    "unchanged": "dim",
    "to be graded": "cyan",
}
SHOWN = 40  # rows of a table on a terminal; more are told in numbers


def since_time(text: str) -> datetime:
    """A point in time from 2026-11-24, 2026-11-24T18:00, 90m, 12h or 3d (back from now). Raises ValueError."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if text[:-1].isdigit() and text[-1:] in units:
        return now() - timedelta(**{units[text[-1]]: int(text[:-1])})
    found = parse_time(text) if text[:1].isdigit() else None
    if found is None:
        raise ValueError(f"{text!r} is no time; write 2026-11-24, 2026-11-24T18:00, 90m, 12h or 3d.")
    return found


def grade(options: Options, course: Path | None = None, *, as_json: bool = False) -> int:
    """Run it and show it. Returns the exit code; never raises for what a person can mend."""
    console = Console(stderr=as_json)
    said: list[str] = []
    summary = Summary()
    code = FINE
    try:
        where = course_at(course)
        if options.unsafe:
            console.print(
                "[bold red]Without a sandbox: submissions run with your rights.[/] Every result is marked so."
            )
        with _Bar(console, summary, said) as bar:
            summary.seconds = grade_class(where, options, bar).seconds
    except GradeError as problem:
        code = _tell(console, str(problem), UNFINISHED if summary.outcomes else REFUSED, said)
    except OSError as problem:
        code = _tell(console, _disk(problem), UNFINISHED, said)
    except KeyboardInterrupt:
        code = _tell(
            console, "Stopped. What was graded is kept; the same command goes on from there.", STOPPED, said
        )
    summary.outcomes.sort(key=lambda outcome: (outcome.lesson, outcome.learner))
    code = code or exit_code(summary.outcomes)
    if as_json:
        print(_json(summary, said, code))
    elif code != REFUSED:
        _show(console, summary, options)
    return code


def regrade(
    lesson: str, exercise: str, options: Options, course: Path | None = None, *, as_json: bool = False
) -> int:
    """Grade one exercise again for everybody, and show whose mark changed. Returns the exit code."""
    console = Console(stderr=as_json)
    said: list[str] = []
    try:
        with _Bar(console, Summary(), said) as bar:
            found = again(course_at(course), lesson, exercise, options, bar)
    except GradeError as problem:
        return _tell(console, str(problem), REFUSED, said)
    except OSError as problem:
        return _tell(console, _disk(problem), UNFINISHED, said)
    except KeyboardInterrupt:
        return _tell(
            console, "Stopped. The same command goes on; nothing is lost or entered twice.", STOPPED, said
        )
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        _show_regraded(console, found, options)
    return UNREADABLE if any(learner.problem for learner in found.learners) else FINE


def _show_regraded(console: Console, found: Regrading, options: Options) -> None:
    if found.changed:
        table = Table(pad_edge=False)
        for name in ("learner", "before", "after", ""):
            table.add_column(name, justify="right" if name in ("before", "after") else "left")
        for learner in found.changed:
            note = "" if learner.by_hand is None else f"the mark given by hand, {learner.by_hand:g}, counts"
            table.add_row(escape(learner.learner), f"{learner.before:g}", f"{learner.after:g}", note)
        console.print(table)
    for learner in found.learners:
        if learner.problem:
            console.print(f"[yellow]{escape(learner.learner)}[/] {escape(learner.problem)}.", soft_wrap=True)
    would = "would change" if options.dry_run else "changed"
    console.print(
        f"{found.lesson}, {found.exercise}: {len(found.changed)} of {len(found.learners)} marks {would}."
    )
    others = [learner for learner in found.learners if learner.others]
    if others:
        named = ", ".join(sorted({name for learner in others for name in learner.others}))
        console.print(
            f"{len(others)} learners would get another mark for {named}, too; those marks stay. "
            "`backprop regrade` one of them, or `backprop grade --force` for all.",
            soft_wrap=True,
        )


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The worst that happened."""
    what = {outcome.what for outcome in outcomes}
    return UNFINISHED if "not finished" in what else UNREADABLE if "cannot be graded" in what else FINE


def _tell(console: Console, sentence: str, code: int, said: list[str]) -> int:
    said.append(sentence)
    console.print(escape(sentence), style="bold red", soft_wrap=True)
    return code


def _disk(problem: OSError) -> str:
    place = problem.filename or "a file"
    if problem.errno == 28:
        return f"The disk is full: {place} could not be written. Make room and run the same command to go on."
    return f"{place} could not be used ({problem.strerror or problem}). Mend that and run the same command to go on."


class _Bar(Watcher):
    """A progress bar with the time that is left."""

    def __init__(self, console: Console, summary: Summary, said: list[str]) -> None:
        self.console, self.summary, self.said = console, summary, said
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )

    def __enter__(self) -> _Bar:
        self.stopped = False
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self._stop)
        self.progress.start()
        self.task = self.progress.add_task("getting ready", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self.before)

    def _stop(self, *_: object) -> None:
        """On Ctrl+C. Python drops what is raised while a weak reference is cleared; then the next submission ends the run."""
        self.stopped = True
        raise KeyboardInterrupt

    def say(self, sentence: str) -> None:
        self.said.append(sentence)
        self.console.print(escape(sentence), soft_wrap=True)

    def total(self, submissions: int) -> None:
        self.progress.update(self.task, total=submissions, description="grading")

    def done(self, outcome: Outcome) -> None:
        self.summary.outcomes.append(outcome)
        self.progress.update(self.task, advance=1)
        if self.stopped:
            raise KeyboardInterrupt


def _show(console: Console, summary: Summary, options: Options) -> None:
    outcomes = summary.outcomes
    if not outcomes:
        console.print("Nothing was handed in that would have to be graded.")
        return
    told = [
        outcome
        for outcome in outcomes
        if outcome.text or outcome.what in ("cannot be graded", "not finished")
    ]
    shown = outcomes if len(outcomes) <= SHOWN else told[:SHOWN]
    if shown:
        console.print(_table(shown))
    if len(outcomes) > SHOWN:
        left = len(outcomes) - len(shown)
        console.print(
            f"… and {left} more, of whom there is {'nothing to say' if len(told) <= SHOWN else 'no room to tell'}."
        )
    counts = summary.counts
    console.print(", ".join(f"{counts[what]} {what}" for what in _STYLE if counts[what]) + ".")
    by_hand = sum(outcome.by_hand for outcome in outcomes)
    if by_hand and not options.dry_run:
        console.print(f"{_waiting(by_hand)} for a person: `jupyter lab`, then Nbgrader → Formgrader.")


def _waiting(count: int) -> str:
    return "1 answer waits" if count == 1 else f"{count} answers wait"


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(pad_edge=False)
    for name, justify in (
        ("learner", "left"),
        ("lesson", "left"),
        ("marks", "right"),
        ("what happened", "left"),
    ):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for outcome in outcomes:
        marks = (
            f"{outcome.earned:g} / {outcome.points:g}" if outcome.what.startswith(("graded", "unch")) else "–"
        )
        what = f"[{_STYLE[outcome.what]}]{outcome.what}[/]"
        unsafe = " [red](no sandbox)[/]" if outcome.tier == "unsafe" else ""
        text = f"\n{escape(outcome.text)}" if outcome.text else ""
        table.add_row(escape(outcome.learner), outcome.lesson, marks, f"{what}{unsafe}{text}")
    return table


def _json(summary: Summary, said: list[str], code: int) -> str:
    content = {
        "exit_code": code,
        "counts": dict(summary.counts),
        "said": said,
        "seconds": summary.seconds,
        "submissions": summary.outcomes,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode()


if __name__ == "__main__":
    sys.exit(grade(Options()))
