"""What `make demo` prints: a progress bar, the table of marks, and where to look."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from backprop_helpers.demo.learners import CLASS, EXERCISES, LESSON
from backprop_helpers.demo.run import Row, feedback, grade, prepare


def run_demo(root: Path, folder: Path, console: Console | None = None) -> bool:
    """Build, grade and show the demo class. Returns whether every mark is the expected one. Raises DemoError."""
    console = console or Console()
    rows: list[Row] = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        task = progress.add_task("making the assignment", total=len(CLASS))
        prepare(root, folder)
        progress.update(task, description="grading")
        for row in grade(folder):
            rows.append(row)
            progress.update(task, advance=1, description=f"graded {row.learner.name}")
        progress.update(task, description="writing feedback")
        feedback(folder)
        progress.update(task, description="done")
    rows.sort(key=lambda row: row.learner.name)
    console.print(marks_table(rows))
    console.print(*where_to_look(folder, rows), sep="\n", highlight=False, soft_wrap=True)
    return all(row.right for row in rows)


def marks_table(rows: list[Row]) -> Table:
    """The marks of a class beside what they had to be, and why; fits 80 columns."""
    table = Table(
        title=f"Marks of {LESSON}",
        caption=f"marks for {', '.join(EXERCISES)}",
        title_justify="left",
        caption_justify="left",
        pad_edge=False,
    )
    table.add_column("learner", no_wrap=True)
    table.add_column("handed in, and why these marks")
    table.add_column("marks", no_wrap=True)
    table.add_column("sum", justify="right", no_wrap=True)
    table.add_column("expected", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.learner.name,
            f"[bold]{row.learner.kind}[/bold]\n{row.learner.why}",
            " ".join(f"{row.marks[name]:g}" for name in EXERCISES),
            f"{sum(row.marks.values()):g}",
            f"{sum(row.expected.values()):g} {'✓' if row.right else '✗'}",
            style=None if row.right else "red",
        )
    return table


def where_to_look(folder: Path, rows: list[Row]) -> list[str]:
    """A few lines: are the marks right, where is the feedback, who waits for a person."""
    wrong = [row.learner.name for row in rows if not row.right]
    waiting = sum(row.by_hand for row in rows)
    most = sum(max((row.expected for row in rows), key=lambda expected: sum(expected.values())).values())
    page = folder / "feedback" / "learner-03" / LESSON / f"{LESSON}.html"
    if page.is_relative_to(Path.cwd()):
        page = page.relative_to(Path.cwd())
    lab = Path(sys.executable).with_name("jupyter")
    report = f"cd {folder} && {lab.with_name('backprop')} report {LESSON}  writes what to teach tomorrow."
    return [
        "",
        f"Not as expected: {', '.join(wrong)}." if wrong else "Every mark is as expected.",
        f"Sums         what checks gave, at most {most:g}; the answer in words has points of its own, given by hand.",
        *(
            [f"Report       {report}"] if sys.platform == "linux" else []
        ),  # what nbgrader alone graded has none
        f"Feedback     open {page} in a browser (one page for each learner beside it).",
        f"By hand      {waiting} {'answer in words waits' if waiting == 1 else 'answers in words wait'} for a person, with the mark scheme below each:",
        f"             cd {folder} && {lab} lab, then in the menu Nbgrader → Formgrader.",
        f"Marks        cd {folder} && {lab.with_name('nbgrader')} export  writes grades.csv.",
    ]
