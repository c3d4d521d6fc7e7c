"""`tools/bootstrap.py`: the first thing that runs on a machine that has nothing yet."""

from __future__ import annotations

import ast
import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tools import commands, own_venv, sentences
from tools.commands import COMMANDS
from tools.own_venv import OwnVenv

ROOT = Path(__file__).resolve().parent.parent
BOOTSTRAP = ROOT / "tools" / "bootstrap.py"


def load_bootstrap() -> ModuleType:
    """As a module: it is a script, which any Python must be able to start."""
    spec = importlib.util.spec_from_file_location("bootstrap", BOOTSTRAP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course folder with nothing but what the pins are read from."""
    for name in ("pyproject.toml", "requirements.txt"):
        (tmp_path / name).write_text("# pins\n")
    return tmp_path


class Pretend(OwnVenv):
    """Everything for real but pip, which would take a minute: what it was asked for is noted."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[list[str]] = []

    def _make(self, extras: list[str]) -> None:
        self.folder.mkdir()
        self._write_state("installing", extras)
        self.programs.mkdir()
        (self.folder / "pyvenv.cfg").write_text("home = somewhere\n")
        self.python.symlink_to(sys.executable)

    def _check_room(self, extras: list[str]) -> None:
        pass

    def _pip(self, extras: list[str]) -> None:
        self.asked.append(extras)

    def _works(self, extras: list[str]) -> bool:
        return bool(self._quiet([str(self.python), "-c", ""]))


def test_every_old_python_can_read_the_file_that_checks_the_version() -> None:
    text = BOOTSTRAP.read_text(encoding="ascii")
    tree = ast.parse(text, feature_version=(3, 4))
    modern = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Nonlocal, ast.Starred)
    assert not [node for node in ast.walk(tree) if isinstance(node, modern)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None
            assert not node.args.kwonlyargs
            assert all(argument.annotation is None for argument in node.args.args)


def test_too_old_a_python_says_so_in_one_sentence(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = load_bootstrap()
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 18))
    monkeypatch.setattr(bootstrap, "newer_python", lambda: None)
    assert bootstrap.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("This course needs Python 3.11 or newer and found only 3.8.18")
    assert said.count("\n") == 1


def test_too_old_a_python_hands_over_to_a_newer_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bootstrap = load_bootstrap()
    calls: list[list[str]] = []
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 18))
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py", "lab", "03"])
    monkeypatch.setattr(bootstrap, "newer_python", lambda: ["python3.12"])
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command: calls.append(command) or 7)
    assert bootstrap.main() == 7
    assert calls == [["python3.12", str(BOOTSTRAP), "lab", "03"]]


def test_a_newer_python_is_tried_before_it_is_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bootstrap = load_bootstrap()
    if os.name == "nt":
        pytest.skip("shell scripts")
    for name, code in (("python3.14", "exit 127"), ("python3.13", f'exec {sys.executable} "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.newer_python() == ["python3.13"]


def test_the_second_start_does_nothing(root: Path) -> None:
    first = Pretend(root)
    first.prepare(["lab"])
    assert first.asked == [["lab"]]
    second = Pretend(root)
    second.prepare(["lab"])
    assert second.asked == []


def test_more_extras_are_added_and_fewer_are_no_reason_to_install(root: Path) -> None:
    Pretend(root).prepare(["lab"])
    more = Pretend(root)
    more.prepare(["lab", "dev"])
    assert more.asked == [["dev", "lab"]]
    fewer = Pretend(root)
    fewer.prepare(["lab"])
    assert fewer.asked == []


def test_changed_pins_are_installed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Pretend(root).prepare(["lab"])
    (root / "requirements.txt").write_text("numpy==9\n")
    again = Pretend(root)
    monkeypatch.setattr(again, "_clear_if_broken", lambda state: None)  # has no pip in it to ask
    again.prepare(["lab"])
    assert again.asked == [["lab"]]


@pytest.mark.parametrize("harm", ["python gone", "stopped half-way", "moved"])
def test_a_broken_environment_is_made_again(root: Path, tmp_path: Path, harm: str, capsys: Any) -> None:
    first = Pretend(root)
    first.prepare(["lab"])
    (first.folder / "left-over").touch()
    if harm == "python gone":
        first.python.unlink()
        first.python.symlink_to(tmp_path / "uninstalled")
    elif harm == "stopped half-way":
        first._write_state("installing", ["lab"])
    else:
        state = json.loads(first.state_file.read_bytes())
        first.state_file.write_text(json.dumps({**state, "folder": "/elsewhere/.venv", "key": "other"}))
    again = Pretend(root)
    again.prepare(["lab"])
    assert again.asked == [["lab"]]
    assert not (again.folder / "left-over").exists()
    assert "made again" in capsys.readouterr().out


def test_a_folder_that_is_no_environment_is_never_deleted(root: Path) -> None:
    (root / ".venv").mkdir()
    (root / ".venv" / "my thesis.txt").touch()
    with pytest.raises(sentences.Problem, match="no Python environment: move it away"):
        Pretend(root).prepare(["lab"])
    assert (root / ".venv" / "my thesis.txt").exists()


def test_a_file_in_the_place_of_the_environment_is_said(root: Path) -> None:
    (root / ".venv").touch()
    with pytest.raises(sentences.Problem, match="is not a folder: move it away"):
        Pretend(root).prepare(["lab"])


def test_a_python_without_venv_names_the_package_to_install(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        own_venv.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name)
    )
    monkeypatch.setattr(OwnVenv, "_check_room", lambda self, extras: None)
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    with pytest.raises(sentences.Problem, match=f"sudo apt-get install {package}"):
        OwnVenv(root).prepare(["lab"])
    assert not (root / ".venv").exists()


def test_too_little_room_is_said_before_anything_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        own_venv.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 0, 5_000_000)
    )
    with pytest.raises(sentences.Problem, match="only 5 MB free and about 1000 MB are needed"):
        OwnVenv(root).prepare(["lab"])
    assert not (root / ".venv").exists()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "is full: free",
        ),
        ("ERROR: [Errno 13] Permission denied: '/x'", "make that folder writable"),
        (
            "WARNING: Retrying … NewConnectionError('Failed to establish a new connection')",
            "check the network",
        ),
        ("ERROR: No matching distribution found for x (from versions: none)", "check the network"),
        ("ERROR: Cannot install a and b", r"\(ERROR: Cannot install a and b\)"),
        ("Killed", "could not be installed: run the same command again"),
    ],
)
def test_what_pip_says_becomes_one_sentence_with_the_mend(tmp_path: Path, output: str, sentence: str) -> None:
    import re

    said = sentences.explain(output, tmp_path, tmp_path / "log")
    assert re.search(sentence, said)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EACCES, "writable for you"),
        (errno.EROFS, "writable"),
        (errno.EIO, "check it"),
    ],
)
def test_what_the_system_says_becomes_one_sentence(tmp_path: Path, number: int, sentence: str) -> None:
    said = sentences.sentence_for(OSError(number, os.strerror(number), "x"), tmp_path)
    assert sentence in said


def test_nobody_elses_packages_get_in(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PYTHONHOME", "/somewhere")
    variables = OwnVenv(root).variables()
    assert not {"PYTHONPATH", "PYTHONHOME"} & set(variables)
    assert variables["PATH"].startswith(str(root / ".venv"))


def test_an_unknown_command_lists_those_there_are() -> None:
    answer = subprocess.run(
        [sys.executable, str(BOOTSTRAP), "lba"], capture_output=True, text=True, timeout=30
    )
    assert answer.returncode == 2
    for command in COMMANDS:
        assert f"  {command} " in answer.stderr


def test_the_list_of_commands_says_what_each_is_for(capsys: Any) -> None:
    assert commands.main(["help"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in said] == [["make", name] for name in COMMANDS]
    assert all(COMMANDS[name].what in line for name, line in zip(COMMANDS, said, strict=True))


def test_a_longer_wait_is_said_before_it_begins_and_why(root: Path, capsys: Any) -> None:
    Pretend(root).prepare(["lab"])
    capsys.readouterr()
    Pretend(root).prepare(["lab", "dev"])
    assert "needs more packages than the ones so far; they are installed once" in capsys.readouterr().out
    (root / "requirements.txt").write_text("numpy==9\n")
    again = Pretend(root)
    again._clear_if_broken = lambda state: None  # type: ignore[method-assign]
    again.prepare(["lab"])
    assert "list of packages has changed" in capsys.readouterr().out


DEMO_WITHOUT_DEV = """
import re, sys, tomllib
from importlib import metadata
extras = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]
named = {re.split(r"[^\\w.-]", line)[0].lower() for kind in ("dev", "cluster", "postgres") for line in extras[kind]}
owners = metadata.packages_distributions()
HIDDEN = {module for module, who in owners.items() if {w.lower() for w in who} <= named} - {"scipy", "yaml", "nbclient", "playwright"}
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
import backprop_helpers.demo.show, backprop_helpers.grading.class_run, backprop_helpers.report, backprop_helpers.feedback
assert {"jupytext", "pytest", "mypy", "distributed"} <= HIDDEN
print("fine")
"""


@pytest.mark.slow
def test_the_demo_needs_nothing_that_learning_does_not() -> None:
    """Or `make demo` after `make lab` would install for a minute first. Four names come with learning's packages."""
    assert COMMANDS["demo"].needs == COMMANDS["lab"].needs
    done = subprocess.run(
        [sys.executable, "-c", DEMO_WITHOUT_DEV], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "fine\n", done.stderr


def test_make_and_bootstrap_know_the_same_commands() -> None:
    lines = (ROOT / "Makefile").read_text().splitlines()
    targets = next(line for line in lines if line.startswith("help ")).removesuffix(":").split()
    assert set(targets) == {"help", *COMMANDS}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("printed", "code", "last"),
    [
        (
            "== 3 passed, 1 skipped in 2.00s ==\nmake: *** [lab] Error 1",
            1,
            "== 3 passed, 1 skipped in 2.00s ==",
        ),
        ("== no tests ran in 0.01s ==", 5, "== no tests ran in 0.01s =="),
        ("no such thing", 2, "No test ran: the reason stands above."),
        ("4 passed in 65.20s (0:01:05)", 0, "4 passed in 65.20s (0:01:05)"),
    ],
)
def test_the_ci_script_ends_with_the_counts(tmp_path: Path, printed: str, code: int, last: str) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    (tmp_path / "said").write_text(printed + "\n")
    make.write_text(f"#!/bin/sh\ncat '{tmp_path / 'said'}'\nexit {code}\n")
    make.chmod(0o755)
    for name in ("chromium", "apt-get"):  # found, and never really called
        (tmp_path / "bin" / name).write_text("#!/bin/sh\nexit 0\n")
        (tmp_path / "bin" / name).chmod(0o755)
    path = os.pathsep.join([str(make.parent), os.environ["PATH"]])
    answer = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
    )
    assert answer.returncode == code
    assert answer.stdout.splitlines()[-1] == last
