"""The `backprop` command: each subcommand is a thin layer over functions that can be called from Python."""

from __future__ import annotations

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
    """Grade a made-up class of twelve with nbgrader, and say where to look."""
    from backprop_helpers.demo.run import DemoError
    from backprop_helpers.demo.show import run_demo

    try:
        as_expected = run_demo(Path.cwd(), folder.resolve())
    except DemoError as problem:
        typer.secho(str(problem), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from problem
    raise typer.Exit(0 if as_expected else 1)


if __name__ == "__main__":
    app()
