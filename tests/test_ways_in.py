"""Every way to the course: the wheel in an empty environment, conda, Binder, a container, other systems."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

from tools.commands import COMMANDS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_holds_the_package_the_lessons_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "backprop_helpers"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(tracked) <= names, "run after committing: the wheel lacks what git holds"
    lessons = {
        f"backprop_helpers/_notebooks/{p.parent.name}/{p.name}"
        for p in (ROOT / "notebooks").glob("*/*.ipynb")
    }
    assert lessons
    assert lessons <= names
    other = [n for n in names if not n.startswith("backprop_helpers/") and ".dist-info/" not in n]
    assert other == []
    unwanted = [n for n in names if n.endswith((".pyc", ".ipynb_checkpoints")) or "solution" in n.lower()]
    assert unwanted == []


@pytest.mark.slow
def test_installed_in_an_environment_of_its_own_it_teaches(wheel: Path, tmp_path: Path) -> None:
    """The wheel alone is installed; the libraries it needs are lent by this environment."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    own = Path(
        subprocess.run(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    zipfile.ZipFile(wheel).extractall(own)
    # a folder named by a .pth file is searched, but its own .pth files, such as this checkout's, are not read
    (own / "lent.pth").write_text(sysconfig.get_path("purelib"))
    prefix = Path(sys.prefix) / "share" / "jupyter"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER", "BACKPROP"))},
        "HOME": str(tmp_path),
        "JUPYTERLAB_DIR": str(prefix / "lab"),
        "JUPYTER_PATH": str(prefix),
    }
    where = subprocess.run(
        [str(python), "-c", "import backprop_helpers; print(backprop_helpers.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert Path(where.strip()).is_relative_to(home)
    process = subprocess.Popen(
        [str(python), "-m", "backprop_helpers.cli", "learn", "--no-browser"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if "http://127.0.0.1:" in line:
                break
        assert any("lessons put into your workspace" in line for line in said), said
        assert "token=" in said[-1]
    finally:
        process.terminate()
        process.wait(timeout=60)
    names = sorted(p.name for p in (ROOT / "notebooks").iterdir())
    assert sorted(p.name for p in (tmp_path / "workspace").iterdir() if p.name[0].isdigit()) == names


def test_conda_and_binder_build_from_the_same_pins() -> None:
    found = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(d["pip"] for d in found["dependencies"] if isinstance(d, dict))
    assert pip == ["-r requirements.txt", "-e ."]
    assert "python=3.11" in found["dependencies"]
    pinned = [
        line
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith((" ", "#"))
    ]
    assert pinned
    assert all("==" in line for line in pinned)


def test_the_container_and_the_workflow_run_the_commands_of_the_readme() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert container["postCreateCommand"] == "python3 tools/bootstrap.py setup"
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    assert {"macos-latest", "windows-latest"} == set(jobs["learner"]["strategy"]["matrix"]["os"])
    steps = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    assert any(".ci/run" in step for step in steps)
    for step in steps:
        if "bootstrap.py" in step:
            target = step.split("bootstrap.py")[1].split()[0]
            assert target in COMMANDS


LEARNERS_SIDE = """
import builtins, importlib, os, shutil, sys, tempfile, types
import pathlib, multiprocessing, subprocess, contextlib
LINUX = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "pyseccomp", "backprop_helpers.grading"}
real = builtins.__import__
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in LINUX:
            raise ModuleNotFoundError(f"No module named {name!r}, as on another system", name=name)
for name in LINUX:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Hidden())
sys.modules["msvcrt"] = types.ModuleType("msvcrt")
name, os.name = os.name, "nt"
import backprop_helpers._files
os.name = name
import backprop_helpers
for public in backprop_helpers.__all__:
    getattr(backprop_helpers, public)
from backprop_helpers import experiments
for one in experiments.names():
    experiments.get(one).show()
for module in ("cli", "capstone", "chain_rule", "bug_hunt", "data", "history", "environment", "autodiff", "gradcheck"):
    importlib.import_module(f"backprop_helpers.{module}")
assert backprop_helpers.diagnose("relu_backward", backprop_helpers.relu_backward).passed
print("fine")
"""


@pytest.mark.slow
def test_the_learners_side_needs_nothing_that_only_linux_has() -> None:
    done = subprocess.run([sys.executable, "-c", LEARNERS_SIDE], capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("fine"), done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_every_test_file_can_be_read_on_every_system(system: str) -> None:
    """With what only Linux has hidden: what needs it has to skip itself, not to stop the run."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.elsewhere",
            "-p",
            "no:cacheprovider",
            "-n0",
            "-q",
            "--co",
        ],
        cwd=ROOT,
        env=os.environ | {"BACKPROP_SYSTEM": system},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "tests/test_lesson_04.py::" in done.stdout
