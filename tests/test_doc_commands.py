"""Every command that a page shows is run by a test, or stands below among the few that none can run, with the reason."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_readme import PAGES, ROOT, _commands, _outside, needs_make

from tools.commands import COMMANDS

PROGRAMS = (
    "make", "python", "python3", "py", "pip", "pytest", "backprop", "nbgrader", "jupyter", "jupyterhub", "dask", "conda",
    "git", "cd", "source", "tar", "npm", "install", "chmod", "pre-commit", "apt-get", "xcode-select",
)  # fmt: skip

# What a command looks like, and the test that runs it: all of it, or where it takes minutes a small part.
RUN_BY = {
    r"make lab\b|(py|python3) tools/bootstrap.py lab": "test_readme.py::test_the_first_command_starts_jupyterlab_and_says_where",
    r"make (quick|test)\b|python3 tools/bootstrap.py test": "test_readme.py::test_the_other_commands_check_style_and_types_and_find_their_tests",
    r"make demo\b": "test_doc_commands.py::test_the_demo_grades_its_class_as_expected",
    r"make setup\b": "test_bootstrap.py::test_changed_pins_are_installed",
    r"make lessons\b": "test_doc_commands.py::test_make_lessons_says_what_is_stale",
    r"make docs\b": "test_site.py::test_it_builds_and_no_page_loads_anything_from_elsewhere",
    r"make mutants\b": "test_doc_commands.py::test_one_exercise_is_enough_for_make_mutants_and_make_sweep",
    r"make sweep\b": "test_doc_commands.py::test_one_exercise_is_enough_for_make_mutants_and_make_sweep",
    r"make (judge-sweep|bench-\w+)\b|python -m benchmarks\.": "test_doc_commands.py::test_the_program_behind_every_long_command_can_be_loaded",
    r"make term\b": "test_term.py::term",
    r"make hub-test\b": "test_jupyterhub.py::test_every_command_of_the_page_was_run",
    r"\.venv/bin/python -m pytest|\.venv.Scripts.python$": "test_doc_commands.py::test_the_tests_of_one_exercise_are_found_by_its_name",
    r"\.venv/bin/pre-commit install": "test_doc_commands.py::test_the_hook_before_a_commit_is_installed",
    r"\.ci/run": "test_bootstrap.py::test_the_ci_script_ends_with_the_counts",
    r"source \.venv/bin/activate": "test_doc_commands.py::test_the_environment_can_be_activated",
    r"backprop$|backprop learn\b|\.venv/bin/backprop learn": "test_learn.py::test_a_whole_session_in_an_empty_home",
    r"backprop grade --unsafe": "test_grade.py::test_unsafe_marks_every_result",
    r"backprop grade\b|dask (scheduler|worker)\b": "test_grading_docs.py::test_every_command_of_the_page",
    r"backprop doctor": "test_sandbox_doctor.py::test_the_answer_is_in_the_exit_code_and_in_json",
    r"backprop (course|report|comments?|feedback|regrade|lms)\b|cd (\.\.|spring)|tar -czf": "test_term.py::term",
    r"nbgrader (generate_feedback|export)\b": "test_grading_docs.py::test_every_command_of_the_page",
    r"nbgrader generate_assignment": "test_term.py::term",
    r"nbgrader (autograde|validate)": "test_nbgrader_flow.py::graded",
    r"nbgrader (release|fetch|submit|collect)\w*|chmod 700 spring": "test_exchange_users.py::test_these_are_the_commands_of_the_page",
    r"jupyter lab$": "test_comments.py::test_formgrader_shows_the_scheme_below_the_answer_and_takes_points",
    r"git clone REPOSITORY|python3 -m venv /srv|/srv/jupyter/bin/pip|npm install|install -d|chmod 700 /home|jupyterhub -f": "test_jupyterhub.py::test_every_command_of_the_page_was_run",
    r"git status": "test_generated.py::test_solutions_and_released_notebooks_are_up_to_date",
}

# What no test can run, and why.
NOT_RUN = {
    r"python3 -m venv \.venv|\.venv/bin/pip install": "installs from the network; test_ways_in does it with a wheel and borrowed libraries",
    r"conda (env create|activate)": "conda is not everywhere; test_ways_in holds environment.yml to the pins",
    r"apt-get install|xcode-select --install": "changes the system",
}


def shown() -> list[tuple[str, str]]:
    """(page, command) for everything in code on the pages that begins with a program."""
    found = []
    for page in PAGES:
        for command in _commands(page):
            words = re.split(r"\s+#", command)[0].strip().split()
            program = words[0].replace("\\", "/").rsplit("/", 1)[-1] if words else ""
            a_folder = words[:1] == [f"/srv/{program}"]
            if (program in PROGRAMS and not a_folder) or words[:1] == [".ci/run"]:
                found.append((page.name, " ".join(words)))
    return sorted(set(found))


def test_every_command_on_a_page_is_run_by_a_test_or_says_why_not() -> None:
    commands = shown()
    assert len(commands) > 80
    rows = [*RUN_BY, *NOT_RUN]
    assert [c for c in commands if not any(re.match(row, c[1]) for row in rows)] == []
    assert [row for row in rows if not any(re.match(row, command) for _, command in commands)] == []


@pytest.mark.parametrize("test", sorted(set(RUN_BY.values())))
def test_the_test_that_runs_it_is_there(test: str) -> None:
    file, name = test.split("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def run(*command: str, cwd: Path = ROOT) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(
        command, cwd=cwd, env=_outside(), capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@needs_make
@pytest.mark.slow
def test_make_lessons_says_what_is_stale() -> None:
    run("make", "lessons", "ARGS=--check")


@pytest.mark.slow
def test_one_exercise_is_enough_for_make_mutants_and_make_sweep() -> None:
    table = run(sys.executable, *COMMANDS["mutants"].runs, "slope")
    assert re.search(r"slope\W+\d+\W+\d+\W+0\b", table)
    assert "slope" in run(sys.executable, *COMMANDS["sweep"].runs, "seeds", "2", "slope")


@pytest.mark.slow
def test_the_program_behind_every_long_command_can_be_loaded() -> None:
    programs = {c.runs[1] for name, c in COMMANDS.items() if c.runs and c.runs[0] == "-m" and name != "pins"}
    pages = {m for page in PAGES for m in re.findall(r"python -m (benchmarks\.\w+)", page.read_text())}
    assert pages
    for file in (c.runs[0] for c in COMMANDS.values() if c.runs and c.runs[0] != "-m"):
        assert compile((ROOT / file).read_text(encoding="utf-8"), file, "exec")
    code = f"import importlib\nfor name in {sorted(programs | pages)}: importlib.import_module(name)"
    run(sys.executable, "-c", code)


@pytest.mark.slow
@pytest.mark.nbgrader
def test_the_demo_grades_its_class_as_expected(tmp_path: Path) -> None:
    said = run(sys.executable, *COMMANDS["demo"].runs, "--folder", str(tmp_path / "demo"))
    assert "Every mark is as expected." in said


@pytest.mark.slow
def test_the_tests_of_one_exercise_are_found_by_its_name() -> None:
    said = run(
        sys.executable, "-m", "pytest", "-q", "-n0", "--collect-only", "tests/test_checks.py", "-k", "relu_forward"
    )  # fmt: skip
    assert re.search(r"^\d+/\d+ tests collected", said, flags=re.M)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="the hook is git's")
def test_the_hook_before_a_commit_is_installed(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    run("git", "init", "-q", cwd=tmp_path)
    run(sys.executable, "-m", "pre_commit", "install", cwd=tmp_path)
    assert (tmp_path / ".git" / "hooks" / "pre-commit").exists()
    run(sys.executable, "-m", "pre_commit", "validate-config", cwd=tmp_path)


@needs_make
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="activate is for a shell")
def test_the_environment_can_be_activated() -> None:
    said = run("bash", "-c", "source .venv/bin/activate && command -v backprop alembic nbgrader")
    assert said.count(str(Path(".venv", "bin"))) == 3
