"""Every command a reader meets in README, CONTRIBUTING and docs/ exists, and the ones of the README run."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backprop_helpers import misconceptions

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)\b")

needs_make = pytest.mark.skipif(
    shutil.which("make") is None or not (ROOT / ".venv").is_dir(), reason="make test sets up both"
)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _commands(page: Path) -> list[str]:
    """What stands in code: fenced blocks line by line, and code spans."""
    text = _text(page)
    blocks = re.findall(r"```(?:bash)?\n(.*?)```", text, flags=re.S)
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.S))
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()] + spans


def _outside() -> dict[str, str]:
    """The environment of a person's shell: nothing of this test run's own settings."""
    mine = ("PYTEST_", "COV_", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    return {key: value for key, value in os.environ.items() if not key.startswith(mine)}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_make_target_on_a_page_exists(page):
    makefile = _text(ROOT / "Makefile")
    targets = set(re.search(r"^\.PHONY: (.+)$", makefile, flags=re.M).group(1).split())
    named = {m for command in _commands(page) for m in MAKE.findall(command)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_to_a_file_of_the_repository_leads_somewhere(page):
    for target in re.findall(r"(?:\]\(|(?:src|srcset)=\")([^)#\s\"]+)", _text(page)):
        if "://" not in target and not target.startswith("lessons/"):  # made with the site
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_nbgrader_and_python_command_on_a_page_exists(page):
    from nbgrader.apps.nbgraderapp import NbGraderApp

    for command in _commands(page):
        words = command.split()
        if words[:1] == ["nbgrader"] and len(words) > 1 and words[1].isidentifier():
            assert words[1] in NbGraderApp.subcommands, command
        for module in re.findall(r"python -m ([\w.]+)", command):
            found = ROOT.joinpath(*module.split("."))
            assert (
                module == "pytest" or found.with_suffix(".py").exists() or (found / "__main__.py").exists()
            ), command
        for script in re.findall(r"(?:py|python3) (\S+\.py)", command):
            assert (ROOT / script).exists(), command


def test_the_python_examples_of_the_docs_run():
    for page in PAGES:
        for code in re.findall(r"```python\n(.*?)```", _text(page), flags=re.S):
            if "grading.sandbox" in code and sys.platform != "linux":
                continue
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{page.name}: {done.stderr}"


def _answers(command: list[str], expected: str, within: float = 120) -> str:
    """Start a command, wait until it prints `expected`, end it as Ctrl+C does, and give back what it said."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=_outside(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    said: list[str] = []
    try:
        os.set_blocking(process.stdout.fileno(), False)
        end = time.monotonic() + within
        while expected not in "".join(said) and time.monotonic() < end and process.poll() is None:
            said.append((process.stdout.read() or b"").decode(errors="replace"))
            time.sleep(0.1)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        process.stdout.close()
    return "".join(said)


@needs_make
@pytest.mark.slow
@pytest.mark.parametrize(
    "start", [["make", "lab"], [sys.executable, "tools/bootstrap.py", "lab"]], ids=["make", "bootstrap"]
)
def test_the_first_command_starts_jupyterlab_and_says_where(start, tmp_path):
    options = ["--no-browser", "--workspace", str(tmp_path / "workspace")]
    command = [*start, f"ARGS={' '.join(options)}"] if start[0] == "make" else [*start, *options]
    said = _answers(command, "http://")
    assert "http://" in said, said
    assert (tmp_path / "workspace" / "00_start_here" / "00_start_here.ipynb").exists()


@needs_make
@pytest.mark.slow
@pytest.mark.parametrize("target", ["quick", "test"])
def test_the_other_commands_check_style_and_types_and_find_their_tests(target):
    """The whole run is one of them; here they only collect. The quick one leaves some out, and still has most."""
    done = subprocess.run(
        ["make", target, "ARGS=--collect-only -q -n 0"],
        cwd=ROOT,
        env=_outside(),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    last = done.stdout.strip().splitlines()[-1]
    assert re.search(
        r"\d{4,}/\d{4,} tests collected \(\d{3,} deselected\)" if target == "quick" else r"^\d{4,} tests",
        last,
    )


def test_what_the_readme_says_of_the_course_is_so():
    text = _text(ROOT / "README.md")
    rows = re.findall(r"^\| (\d\d) \| ([^|]+) \| (\d+) min \|", text, flags=re.M)
    heads = [(p.name[:2], _text(p)) for p in sorted((ROOT / "lessons").glob("*.py"))]
    found = [
        (number, *re.findall(r"^#     (?:title|minutes): (.+)$", head, flags=re.M)) for number, head in heads
    ]
    assert [(n, int(minutes)) for n, _, minutes in rows] == [(n, int(minutes)) for n, _, minutes in found]
    quoted = re.search(r'names the mistake \("([^"]+)"\)', text).group(1)
    assert any(quoted in m.says for m in misconceptions.all()), quoted


def test_requirements_and_the_conda_file_hold_the_same_pins():
    conda = _text(ROOT / "environment.yml")
    assert "-r requirements.txt" in conda
    names = {line.strip(" -") for line in conda.splitlines() if line.strip().startswith("- ")}
    assert names <= {
        "conda-forge",
        "python=3.11",
        "pip",
        "make",
        "pip:",
        "r requirements.txt",
        "-r requirements.txt",
        "e .",
        "-e .",
    }
    pins = [
        line
        for line in _text(ROOT / "requirements.txt").splitlines()
        if line and not line.startswith((" ", "#"))
    ]
    assert pins
    assert all("==" in line for line in pins)
