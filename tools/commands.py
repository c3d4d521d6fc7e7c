"""Every command of the Makefile: what it is for, what has to be installed for it, and what it runs.

`main` is called by bootstrap.py; every failure ends in one sentence with the mend.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.browser import find_browser
from tools.own_venv import OwnVenv
from tools.sentences import Problem, sentence_for

ROOT = Path(__file__).resolve().parent.parent
LEARNING, EVERYTHING = ("lab",), ("lab", "dev")


@dataclass(frozen=True)
class Command:
    """what: what it is for, as its user would say; runs: the arguments of `.venv`'s Python, none where `main` itself
    does the work; needs: the extras of pyproject.toml that have to be installed."""

    what: str
    runs: tuple[str, ...] = ()
    needs: tuple[str, ...] = EVERYTHING


def _module(name: str) -> tuple[str, ...]:
    return ("-m", name)


COMMANDS = {
    "lab": Command("work through the lessons in JupyterLab", (*_module("backprop_helpers.cli"), "learn"), LEARNING),
    "demo": Command("grade a made-up class", (*_module("backprop_helpers.cli"), "demo"), LEARNING),
    "test": Command("style, types and every test: about 15 minutes on two cores"),
    "quick": Command("style, types and the quick tests: about 4 minutes"),
    "lessons": Command("rebuild solutions/ and notebooks/ from lessons/", _module("backprop_helpers.authoring")),
    "docs": Command(
        "rebuild the generated pages of docs/, and all of it as a site", _module("backprop_helpers.authoring.site")
    ),
    "pictures": Command("photograph the course in a browser for the README", ("tests/pictures.py",)),
    "mutants": Command("run every mutant of every reference against its check", _module("tests.mutation.report")),
    "sweep": Command("thousands of random inputs for every right and wrong solution", _module("tests.sweeps")),
    "judge-sweep": Command(
        "does the grader say of every wrong solution what the notebook says", _module("tests.judge_sweep")
    ),
    "kill-sweep": Command("kill a grading run at random moments, and resume it", _module("tests.kill_sweep")),
    "term": Command("a made-up class through a whole term, timed", _module("tests.term_full")),
    "hub-test": Command("a JupyterHub, set up as docs/instructors.md says, and used", _module("tests.hub_environment")),
    "bench-grading": Command("the grader beside nbgrader's own autograde", _module("benchmarks.grading")),
    "bench-gradcheck": Command(
        "the gradient checker beside torch, jax and scipy", ("benchmarks/gradcheck_peers/run.py",)
    ),
    "bench-checks": Command("can the checks fail, and how quick are they", _module("benchmarks.checks")),
    "bench-sandbox": Command("what each layer of the grader's sandbox costs", _module("benchmarks.sandbox")),
    "bench-capstone": Command(
        "how far sensible solutions of the capstone spread", _module("benchmarks.capstone_spread")
    ),
    "bench-sliders": Command("from a key on a slider to the changed picture", _module("benchmarks.slider_latency")),
    "bench-step": Command("one training step beside PyTorch, jax and autograd", _module("benchmarks.training_step")),
    "pins": Command(
        "compile requirements.txt from pyproject.toml",
        (
            *_module("uv"), "pip", "compile", "--universal", "--python-version", "3.11", "--all-extras",
            "--custom-compile-command", "make pins", "-o", "requirements.txt", "pyproject.toml",
        ),
    ),
    "setup": Command("make .venv with everything and stop"),
}  # fmt: skip

# One pytest for everything, so that its last line counts everything: the tests, and nbval over every cell of
# every solution. A file stays on one worker, because the cells of a notebook have an order.
WHOLE = (
    "-n", "2", "--dist", "loadfile", "tests", "solutions", "--nbval",
    "--nbval-sanitize-with", "tests/nbval_sanitize.cfg",
)  # fmt: skip
QUICK = ("-n", "2", "--dist", "loadfile", "tests", "-m", "not slow and not browser and not nbgrader")


def main(arguments: list[str]) -> int:
    """Run one of COMMANDS in the course's environment; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(line_buffering=True, errors="replace")  # type: ignore[union-attr]
    if arguments == ["help"]:
        print(_list("make "))
        return 0
    if not arguments or arguments[0] not in COMMANDS:
        print(f"usage: python tools/bootstrap.py COMMAND [ARGUMENTS]\n{_list('  ')}", file=sys.stderr)
        return 2
    try:
        own = OwnVenv(ROOT)
        own.prepare(COMMANDS[arguments[0]].needs)
        return _run(own, *arguments)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(sentence_for(problem, ROOT), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next start goes on from here.", file=sys.stderr)
        return 130


def _list(before: str) -> str:
    width = max(map(len, COMMANDS))
    return "\n".join(f"{before}{name:{width}}  {command.what}" for name, command in COMMANDS.items())


def _run(own: OwnVenv, command: str, *rest: str) -> int:
    if command == "setup":
        print(f"{own.folder} is ready.")
        return 0
    if command == "test":
        return _test(own, *WHOLE, *rest, browser=True)
    if command == "quick":
        return _test(own, *QUICK, *rest)
    return _become(own, *COMMANDS[command].runs, *rest)


def _become(own: OwnVenv, *arguments: str) -> int:
    """Become that program, so that Ctrl+C and the exit code are its own (Windows: wait for it)."""
    command = [str(own.python), *arguments]
    if os.name != "nt":
        sys.stdout.flush()
        os.chdir(own.root)
        os.execve(command[0], command, own.variables())
    try:
        return subprocess.call(command, cwd=own.root, env=own.variables())
    except KeyboardInterrupt:
        return 130


def _test(own: OwnVenv, *tests: str, browser: bool = False) -> int:
    """Style, types, then the tests in one run, whose counts are the last lines."""
    variables = own.variables()
    found = find_browser(own.python, variables) if browser else None
    if found:
        variables["BACKPROP_BROWSER"] = found

    def passes(*arguments: str) -> bool:
        print(f"\n$ python {' '.join(arguments)}")
        return subprocess.call([str(own.python), *arguments], cwd=own.root, env=variables) == 0

    looks = (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",))
    failed = [" ".join(look) for look in looks if not passes("-m", *look)]
    if failed:
        print(f"\nNot right yet: {', '.join(failed)} (see above). The tests follow.")
    pytest = ("-m", "pytest", *tests)
    print(f"\n$ python {' '.join(pytest)}")
    code = subprocess.call([str(own.python), *pytest], cwd=own.root, env=variables)
    return code or bool(failed)
