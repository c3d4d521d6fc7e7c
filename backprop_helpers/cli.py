"""The `backprop` command: each subcommand is a thin layer over functions that can be called from Python."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Learn backpropagation by writing it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from backprop_helpers import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Learn backpropagation by writing it."""


@app.command()
def learn(
    lesson: Annotated[
        str | None, typer.Argument(help="The lesson to open, as 03 or chain. [default: the next unfinished]")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option(help="The folder of your own copies. [default: workspace]")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Use exactly this port. [default: a free one from 8888 on]"),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser, or print the address alone.")
    ] = True,
    lessons: Annotated[
        Path | None, typer.Option(help="Take the lessons from this folder instead of the course's own.")
    ] = None,
) -> None:
    """Open your own copies of the lessons in JupyterLab. Work you have done is never overwritten."""
    from backprop_helpers.learn import LearnError, session

    session.restore_output()
    try:
        session.learn(
            lesson, workspace=workspace, lessons=lessons, port=port, browser=browser, say=typer.echo
        )
    except LearnError as problem:
        typer.secho(str(problem), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from problem
    except KeyboardInterrupt:
        typer.echo("Ended before JupyterLab was ready; nothing is lost.")
        raise typer.Exit(130) from None


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo's course folder is made.")] = Path("demo"),
) -> None:
    """Grade a made-up class of twelve, and say where to look."""
    from backprop_helpers.demo.run import DemoError
    from backprop_helpers.demo.show import run_demo

    try:
        as_expected = run_demo(Path.cwd(), folder.resolve())
    except DemoError as problem:
        typer.secho(str(problem), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from problem
    raise typer.Exit(0 if as_expected else 1)


@app.command()
def grade(
    lessons: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LESSON]...", help="As 04. [default: all that were handed in]"),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(min=0, help="Processes at work. [default: one for each processor]", show_default=False),
    ] = 0,
    student: Annotated[
        list[str] | None, typer.Option(help="Only these; may be given often, and hold * and ?.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade again what has a result.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(help="Only what was handed in since: 2026-11-24, 2026-11-24T18:00, 90m, 12h, 3d."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what happened as JSON.")] = False,
    unsafe: Annotated[
        bool,
        typer.Option("--unsafe", help="Grade without a sandbox, with your rights; results are marked so."),
    ] = False,
    cluster: Annotated[
        str, typer.Option(help="Grade on the workers of this Dask scheduler.", show_default=False)
    ] = "",
    course: Annotated[
        Path | None, typer.Option(help="The folder with nbgrader_config.py. [default: this one]")
    ] = None,
) -> None:
    """Grade what was handed in, in a sandbox, into nbgrader's gradebook. A stopped run goes on where it was.

    Exit codes: 0 everything is graded; 1 the run could not begin; 2 wrong options; 3 some submissions can't be graded, each
    with its reason; 4 the run did not finish, and the same command goes on; 130 stopped with Ctrl+C.
    """
    from backprop_helpers.grading.early import start_server

    if sys.platform == "linux" and not dry_run and not cluster:
        start_server()
    from backprop_helpers.grading import command
    from backprop_helpers.grading.class_run import Options

    try:
        moment = command.since_time(since) if since else None
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--since") from None
    options = Options(
        lessons=lessons or (),
        students=student or ("*",),
        workers=workers,
        force=force,
        dry_run=dry_run,
        since=moment,
        unsafe=unsafe,
        cluster=cluster,
    )
    raise typer.Exit(command.grade(options, course, as_json=as_json))


@app.command()
def regrade(
    lesson: Annotated[str, typer.Argument(help="As 04.")],
    exercise: Annotated[str, typer.Argument(help="As relu_backward.")],
    student: Annotated[
        list[str] | None, typer.Option(help="Only these; may be given often, and hold * and ?.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say whose mark would change, and change nothing.")
    ] = False,
    workers: Annotated[
        int,
        typer.Option(min=0, help="Processes at work. [default: one for each processor]", show_default=False),
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print whose mark changed as JSON.")] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Grade without a sandbox, with your rights.")
    ] = False,
    course: Annotated[
        Path | None, typer.Option(help="The folder with nbgrader_config.py. [default: this one]")
    ] = None,
) -> None:
    """After a check was corrected: grade one exercise again for everybody. No other mark changes, and none given by hand."""
    from backprop_helpers.grading import command
    from backprop_helpers.grading.class_run import Options

    options = Options(students=student or ("*",), workers=workers, dry_run=dry_run, unsafe=unsafe)
    raise typer.Exit(command.regrade(lesson, exercise, options, course, as_json=as_json))


@app.command()
def feedback(
    lessons: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LESSON]...", help="As 04. [default: all that were handed in]"),
    ] = None,
    student: Annotated[
        list[str] | None, typer.Option(help="Only these; may be given often, and hold * and ?.")
    ] = None,
    course: Annotated[
        Path | None, typer.Option(help="The folder with nbgrader_config.py. [default: this one]")
    ] = None,
) -> None:
    """Write each learner a page: marks, what each failed check found, hints, their own code. Then nbgrader releases it."""
    from backprop_helpers.feedback.write import write_feedback

    def work() -> list[str]:
        said: list[str] = []
        write_feedback(lessons or [], course, tuple(student or ("*",)), said.append)
        return said

    _say(work)


@app.command()
def comments(
    lesson: Annotated[str, typer.Argument(help="As 04.")],
    course: Annotated[
        Path | None, typer.Option(help="The folder with nbgrader_config.py. [default: this one]")
    ] = None,
) -> None:
    """List the answers that wait for a person, their mark schemes, and your bank of comments, own/comments.toml."""
    from backprop_helpers.course.comments import listed

    _say(lambda: listed(lesson, course))


@app.command()
def comment(
    lesson: Annotated[str, typer.Argument(help="As 04.")],
    learner: Annotated[str, typer.Argument(help="Their id.")],
    answer: Annotated[
        str, typer.Argument(help="The answer's name, or the id of any cell that is filled in.")
    ],
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMENT]...", help="Comments of the bank.")
    ] = None,
    points: Annotated[float | None, typer.Option(help="Points for the answer.", show_default=False)] = None,
    course: Annotated[
        Path | None, typer.Option(help="The folder with nbgrader_config.py. [default: this one]")
    ] = None,
) -> None:
    """Give comments of the bank, and points, for an answer in words: what formgrader's fields would hold."""
    from backprop_helpers.course.comments import give

    _say(lambda: give(lesson, learner, answer, ids or (), course, points=points))


@app.command()
def course(
    name: Annotated[Path, typer.Argument(help="The folder of your course; it is made where it is missing.")],
    lessons: Annotated[str, typer.Option(help="As 01,02,04; only for a new course. [default: all]")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before notebooks change.")] = False,
) -> None:
    """Make a course of your own, or bring it up to date after you changed its course.toml or got a newer version."""
    from backprop_helpers.course import folder

    def work() -> list[str]:
        def confirm(changes: list[folder.Change]) -> bool:
            for change in changes:
                if change.what == "changed":
                    typer.echo(f"{change.path}: {change.text}")
            return yes or typer.confirm("Change these?")

        chosen = tuple(part.strip() for part in lessons.split(",") if part.strip())
        try:
            done = folder.make(name, chosen, dry_run=dry_run, confirm=confirm)
        except folder.CourseError as problem:
            typer.secho(str(problem), fg=typer.colors.RED, err=True)
            raise typer.Exit(1) from problem
        return [f"{c.what:8} {c.path}{': ' + c.text if c.text else ''}" for c in done if c.what != "same"]

    _say(work)


@app.command()
def report(
    lesson: Annotated[str, typer.Argument(help="As 04.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write. [default: reports/LESSON.html]")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for a program.")] = False,
    course: Annotated[
        Path | None, typer.Option(help="The folder with nbgrader_config.py. [default: this one]")
    ] = None,
) -> None:
    """Show how a class did: marks, which ideas are shared misconceptions, and what to teach tomorrow."""
    from backprop_helpers.report.write import write_report

    _say(lambda: write_report(lesson, course, out=out, csv=csv, as_json=as_json))


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Say which layers of the grader's sandbox work on this machine, and how to get the missing ones."""
    import json

    from backprop_helpers.grading.doctor import examine, show

    report = examine()
    if as_json:
        typer.echo(json.dumps(report.as_dict(), indent=2))
    else:
        show(report)
    raise typer.Exit(0 if report.healthy else 1)


lms = typer.Typer(help="Rosters and submissions from Canvas or Moodle, and marks back.", no_args_is_help=True)
app.add_typer(lms, name="lms")
_COURSE = typer.Option(help="The folder with nbgrader_config.py. [default: this one]")


def _say(work: Callable[[], list[str]]) -> None:
    """Run it and print its sentences; what a person can mend is one red sentence and exit code 1."""
    from backprop_helpers.grading.course import GradeError
    from backprop_helpers.lms.sheet import SheetError

    try:
        said = work()
    except (GradeError, SheetError) as problem:
        typer.secho(_harmless(str(problem)), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from problem
    for sentence in said:
        typer.echo(_harmless(sentence))


def _harmless(sentence: str) -> str:
    """A sentence in which no name can move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in sentence)


@lms.command("roster")
def lms_roster(
    file: Annotated[
        Path, typer.Argument(help="A CSV: Canvas' gradebook export, Moodle's participants, or your own.")
    ],
    id_column: Annotated[str, typer.Option(help="The column with the learners' ids.")] = "",
    course: Annotated[Path | None, _COURSE] = None,
) -> None:
    """Enter the learners of a CSV file into the gradebook. Nobody is ever removed."""
    from backprop_helpers.lms import command

    _say(lambda: command.roster(file, course, id_column))


@lms.command("collect")
def lms_collect(
    lesson: Annotated[str, typer.Argument(help="As 04.")],
    file: Annotated[Path, typer.Argument(help="The zip file with everybody's submissions.")],
    worksheet: Annotated[
        Path | None, typer.Option(help="Moodle's grading worksheet, which says who a participant is.")
    ] = None,
    course: Annotated[Path | None, _COURSE] = None,
) -> None:
    """Put the submissions of a Canvas or Moodle archive into the course. Older ones are kept aside."""
    from backprop_helpers.lms import command

    _say(lambda: command.collect(lesson, file, course, worksheet))


@lms.command("export")
def lms_export(
    lesson: Annotated[str, typer.Argument(help="As 04.")],
    out: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    moodle: Annotated[bool, typer.Option("--moodle", help="For Moodle. [default: Canvas]")] = False,
    fill: Annotated[
        Path | None,
        typer.Option(help="Fill this: Canvas' gradebook export, or Moodle's grading worksheet."),
    ] = None,
    column: Annotated[str, typer.Option(help="The assignment's column. [default: the lesson's name]")] = "",
    zero: Annotated[
        bool, typer.Option("--zero", help="0 for who handed in nothing. [default: no mark]")
    ] = False,
    course: Annotated[Path | None, _COURSE] = None,
) -> None:
    """Write the marks of a lesson as a CSV file that Canvas or Moodle imports."""
    from backprop_helpers.lms import command

    system = "moodle" if moodle else "canvas"
    _say(lambda: command.export(lesson, out, course, system=system, template=fill, column=column, zero=zero))


if __name__ == "__main__":
    app()
