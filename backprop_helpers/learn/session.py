"""One `backprop learn`, from the copies to the end of JupyterLab."""

from __future__ import annotations

import contextlib
import difflib
import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from .._files import exclusive
from .._lessons import RECORD, Lesson, available, checkout, exercises, find_workspace, lessons_folder
from .._progress import finished, load
from . import LearnError, lab
from .workspace import check_room, explain, update

Say = Callable[[str], None]


def learn(
    lesson: str | None = None,
    *,
    workspace: Path | None = None,
    lessons: Path | None = None,
    port: int | None = None,
    browser: bool = True,
    say: Say = print,
) -> None:
    """Bring the learner's copies up to date and run JupyterLab on them until Ctrl+C.

    lesson: the one to open ("03", "chain", …; default: the first unfinished); workspace: the folder of the
    copies (default: the one around this folder, else `workspace/` of the checkout or of this folder);
    lessons: where the lessons come from; port: exactly this one; browser: open one where there is a screen;
    say: takes each sentence for the learner. Raises LearnError with the mend.
    """
    folder = choose_workspace(workspace)
    course = available(lessons)
    if not course:
        raise LearnError(
            f"There are no lessons in {lessons or lessons_folder()}: "
            + ("name the folder that holds them." if lessons else "install the course again (`make lab`).")
        )
    wanted = pick(lesson, course) if lesson else None
    with _sentences_for(folder), contextlib.ExitStack() as starting:
        (folder / RECORD).parent.mkdir(parents=True, exist_ok=True)
        # A second start waits here until the first one answers, and then opens that one.
        starting.enter_context(exclusive(folder / ".backprop" / "start.lock", wait=30.0))
        address = lab.running(folder) if port is None else None
        if address is not None:
            _join(folder, address, wanted, browser, say)
            return
        check_room(folder)
        wished, port = port is not None, lab.free_port(port, say)
        report = update(folder, course)
        for line in report.sentences():
            say(line)
        target = wanted or first_unfinished(folder, course)
        lab.prepare_environment(folder)
        lab.trust(report.written)
        os.chdir(folder)  # a configuration file of the folder one happens to be in is not ours
        with lab.log_of_its_own(folder):
            server, address = lab.make_server(folder, port, target, exactly=wished)

            def ready() -> None:
                starting.close()
                _welcome(folder, target, address, browser, say)

            server.io_loop.add_callback(ready)  # runs behind the one that opens the port
            server.start()
        say(f"JupyterLab has ended. Your work is in {folder}.")


class _sentences_for:
    """Turns the errors a machine can cause anywhere (full disk, no access) into one LearnError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        if isinstance(problem, ImportError):
            raise LearnError(
                f"JupyterLab is not complete here ({problem}): install it with "
                '`pip install "backprop-course[lab]"`, or run `make lab`.'
            ) from problem
        if isinstance(problem, OSError):
            raise LearnError(explain(problem, self.folder)) from problem


def choose_workspace(wanted: Path | None) -> Path:
    """The folder of the learner's copies, as an absolute path."""
    if wanted is not None:
        return wanted.expanduser().resolve()
    root = checkout()
    return find_workspace() or ((root or Path.cwd()) / "workspace").resolve()


def pick(wanted: str, course: list[Lesson]) -> str:
    """The lesson meant by "3", "03", "03_chain_rule" or "chain"; LearnError lists them when none or several fit."""
    names = [lesson.name for lesson in course]
    text = wanted.strip().lower()
    number = f"{int(text):02d}_" if text.isdecimal() and len(text) < 4 else None
    for fits in (
        [name for name in names if name == text],
        [name for name in names if number and name.startswith(number)],
        [name for name in names if text and text in name],
    ):
        if len(fits) == 1:
            return fits[0]
    close = difflib.get_close_matches(text, names, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise LearnError(f"There is no one lesson called {wanted!r}.{hint} The lessons are: {', '.join(names)}.")


def first_unfinished(workspace: Path, course: list[Lesson]) -> str:
    """The first lesson with an exercise whose check never held; the last lesson when there is none.

    A lesson that asks for nothing counts as finished once a later one has a result, so that nobody gets stuck.
    """
    results = load(workspace)
    for lesson in course:
        wanted = exercises(lesson.notebook)
        checked = [exercise for exercise in wanted if not exercise.by_hand]
        if checked and not finished(lesson.name, wanted, results):
            return lesson.name
        if not checked and not any(name > lesson.name for name in results):
            return lesson.name
    return course[-1].name


def _welcome(folder: Path, target: str, address: str, browser: bool, say: Say) -> None:
    say(f"Your lessons: {folder}")
    say(f"JupyterLab opens {target}: {address}")
    say("Ctrl+C here ends it; what you saved stays.")
    if browser and lab.has_screen():
        # a browser may block until it is closed
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _join(folder: Path, address: str, wanted: str | None, browser: bool, say: Say) -> None:
    if wanted:
        address = address.replace("/lab?", f"{lab.lesson_path(wanted)}?", 1)
    say(f"JupyterLab is running on this workspace already, from an earlier start: {folder}")
    say(f"Open {wanted + ' there' if wanted else 'it'}: {address}")
    say(
        "Ctrl+C in the terminal of that start ends it, and so does File → Shut Down in JupyterLab; what you saved stays."
    )
    if browser and lab.has_screen():
        webbrowser.open(address)


def restore_output() -> None:
    """Let each sentence appear when it is said, also where the output is a file or a pipe."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True, errors="replace")
