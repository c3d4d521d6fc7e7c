"""`backprop learn` as a learner meets it: real processes, a real server, real signals."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backprop_helpers._lessons import available, find_workspace
from backprop_helpers.learn import LearnError, lab
from backprop_helpers.learn.session import choose_workspace, first_unfinished, pick

LEARN = (sys.executable, "-m", "backprop_helpers.cli", "learn")
NAMES = ("00_start_here", "01_forward_pass", "02_loss")


def notebook(name: str) -> str:
    mark = {
        "grade": True,
        "grade_id": f"check-{name[3:]}",
        "solution": False,
        "schema_version": 3,
        "points": 1,
    }
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "t", "metadata": {}, "source": f"# {name}"},
        {"cell_type": "code", "id": "c", "metadata": {"nbgrader": {**mark, "locked": True, "task": False}}},
    ]
    cells[1].update(source="1 + 1", outputs=[], execution_count=None)
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    for name in NAMES:
        (folder / name).mkdir()
        (folder / name / f"{name}.ipynb").write_text(notebook(name))
    return folder


class Session:
    """A running `backprop learn` and what it has said so far."""

    def __init__(self, workspace: Path, course: Path, home: Path, *arguments: str) -> None:
        environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "BROWSER")}
        self.process = subprocess.Popen(
            [*LEARN, "--workspace", str(workspace), "--lessons", str(course), *arguments],
            env={**environment, "HOME": str(home)},
            cwd=workspace.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []

    def until(self, text: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if text in line:
                return self.said[-1]
        raise AssertionError(f"{text!r} was never said, but: {self.said}")

    def address(self) -> str:
        return re.sub(r".*(http://)", r"\1", self.until("http://127.0.0.1:"))

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        # a kernel may outlive its server for a moment and hold the pipe open: read what is there
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self.said += (os.read(self.process.stdout.fileno(), 100_000).decode()).splitlines()
        return code


@contextlib.contextmanager
def learning(workspace: Path, course: Path, home: Path, *arguments: str) -> Iterator[Session]:
    session = Session(workspace, course, home, *arguments)
    try:
        yield session
    finally:
        if session.process.poll() is None:
            session.process.kill()
            session.process.wait()


def ask(address: str, path: str) -> Any:
    base, token = re.sub(r"/lab.*", "", address), address.split("token=")[1]
    with urllib.request.urlopen(f"{base}{path}?token={token}", timeout=20) as answer:
        return json.loads(answer.read())


def test_a_whole_session_in_an_empty_home(tmp_path: Path, course: Path) -> None:
    """Copies, address with token, the right panels, the kernel, a second start that joins, Ctrl+C."""
    home, workspace = tmp_path / "home", tmp_path / "w"
    home.mkdir()
    with learning(workspace, course, home) as session:
        address = session.address()
        session.until("Ctrl+C")
        # another test may have a JupyterLab on the first port
        said = [line for line in session.said if not line.startswith("Port 8888 is taken")]
        assert said[:2] == ["3 lessons put into your workspace.", f"Your lessons: {workspace}"]
        assert "/lab/tree/00_start_here/00_start_here.ipynb?token=" in address

        kernels = ask(address, "/api/kernelspecs")
        assert kernels["default"] in kernels["kernelspecs"]
        shown = {entry["name"] for entry in ask(address, "/api/contents")["content"]}
        assert shown == {*NAMES, "README.txt"}
        settings = ask(address, "/lab/api/settings/@jupyterlab/apputils-extension:notification")
        assert settings["schema"]["properties"]["fetchNews"]["default"] == "false"
        token = address.split("token=")[1]
        with urllib.request.urlopen(re.sub(r"/lab/.*", f"/lab?token={token}", address), timeout=20) as page:
            config = re.search(
                r'id="jupyter-config-data"[^>]*>(.*?)</script>', page.read().decode(), re.DOTALL
            )
        assert config is not None
        disabled = str(json.loads(config[1])["disabledExtensions"])
        for panel in ("create-assignment", "formgrader", "course-list", "assignment-list"):
            assert f"@jupyter/nbgrader:{panel}" in disabled
        assert "@jupyter/nbgrader:validate-assignment" not in disabled
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(re.sub(r"/lab/.*", "/api/contents", address), timeout=20)

        with learning(workspace, course, home, "02") as second:
            joined = second.address()
            second.until("Ctrl+C")
            assert second.process.wait(20) == 0
        assert second.said[0].endswith(
            f"running on this workspace already, from an earlier start: {workspace}"
        )
        assert second.said[1].startswith("Open 02_loss there: http://")
        assert "Ctrl+C in the terminal of that start ends it" in second.said[2]
        assert joined == address.replace("00_start_here", "02_loss")

        assert session.end() == 0
        assert session.said[-1] == f"JupyterLab has ended. Your work is in {workspace}."
    assert list(home.iterdir()) == []  # the user's own place stays as it was
    assert not list(workspace.rglob("jpserver-*"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_two_starts_at_the_same_moment_end_in_one_server(tmp_path: Path, course: Path) -> None:
    with (
        learning(tmp_path / "w", course, tmp_path, "--no-browser") as one,
        learning(tmp_path / "w", course, tmp_path, "--no-browser") as two,
    ):
        tokens = {session.address().split("token=")[1] for session in (one, two)}
        assert len(tokens) == 1
        server = one if one.process.poll() is None and any("opens" in line for line in one.said) else two
        assert server.end(signal.SIGTERM) == 0


def test_two_workspaces_started_at_the_same_moment_get_a_port_each(tmp_path: Path, course: Path) -> None:
    with (
        learning(tmp_path / "one", course, tmp_path, "--no-browser") as one,
        learning(tmp_path / "two", course, tmp_path, "--no-browser") as two,
    ):
        assert one.address().split("/lab")[0] != two.address().split("/lab")[0]
        assert [session.end() for session in (one, two)] == [0, 0]


def test_a_home_that_cannot_be_written_does_no_harm(tmp_path: Path, course: Path) -> None:
    # a path below a file cannot be made, not even by root
    with learning(tmp_path / "w", course, Path(os.devnull) / "home", "--no-browser") as session:
        assert "00_start_here" in session.address()
        assert session.end() == 0


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LEARN, "--no-browser", *arguments], capture_output=True, text=True, timeout=60, cwd=cwd
    )


def test_a_taken_port_asked_for_is_one_sentence(tmp_path: Path, course: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = run("--lessons", str(course), "--port", str(port), cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.strip().startswith(f"Port {port} is taken by another program: choose another number")
    assert "Traceback" not in answer.stderr


def test_a_taken_default_port_moves_on_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(lab, "FIRST_PORT", other.getsockname()[1])
        said: list[str] = []
        assert lab.free_port(None, said.append) > lab.FIRST_PORT
        assert said[0].startswith(
            f"Port {lab.FIRST_PORT} is taken by another program, so this JupyterLab uses port"
        )
        monkeypatch.setattr(lab, "TRIES", 1)
        with pytest.raises(LearnError, match="are all taken"):
            lab.free_port(None, said.append)


def test_an_unknown_lesson_and_an_empty_course_are_one_sentence(tmp_path: Path, course: Path) -> None:
    answer = run("--lessons", str(course), "forwrad", cwd=tmp_path)
    assert answer.returncode == 1
    assert "Did you mean 01_forward_pass?" in answer.stderr
    answer = run("--lessons", str(tmp_path / "nothing"), cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("There are no lessons in ")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("1", "01_forward_pass"), ("01", "01_forward_pass"), ("02_loss", "02_loss"), ("START", "00_start_here")],
)
def test_a_lesson_is_found_by_number_or_word(course: Path, wanted: str, name: str) -> None:
    assert pick(wanted, available(course)) == name


@pytest.mark.parametrize("wanted", ["a", "9", "", "../01_forward_pass", "01_forward_pass/.."])
def test_an_unclear_lesson_lists_them(course: Path, wanted: str) -> None:
    with pytest.raises(LearnError, match="00_start_here, 01_forward_pass, 02_loss"):
        pick(wanted, available(course))


def test_the_next_unfinished_lesson_is_opened(tmp_path: Path, course: Path) -> None:
    (tmp_path / ".backprop").mkdir()

    def results(**lessons: bool) -> None:
        entries = {name: {name[3:]: {"passed": held, "ever": held}} for name, held in lessons.items()}
        (tmp_path / ".backprop" / "progress.json").write_text(json.dumps({"lessons": entries}))

    lessons = available(course)
    assert first_unfinished(tmp_path, lessons) == "00_start_here"
    results(**{"00_start_here": True})
    assert first_unfinished(tmp_path, lessons) == "01_forward_pass"
    results(**{"00_start_here": True, "01_forward_pass": False, "02_loss": True})
    assert first_unfinished(tmp_path, lessons) == "01_forward_pass"
    results(**dict.fromkeys(NAMES, True))
    assert first_unfinished(tmp_path, lessons) == "02_loss"


def test_without_a_screen_no_browser_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not lab.has_screen()
    monkeypatch.setenv("BROWSER", "firefox")
    assert lab.has_screen()


def test_a_workspace_is_found_from_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "mine" / "01_forward_pass"
    inside.mkdir(parents=True)
    (tmp_path / "mine" / ".backprop").mkdir()
    (tmp_path / "mine" / ".backprop" / "workspace.json").write_text("{}")
    assert find_workspace(inside) == tmp_path / "mine"
    monkeypatch.setattr("backprop_helpers.learn.session.checkout", lambda: None)
    monkeypatch.chdir(inside)
    assert choose_workspace(None) == tmp_path / "mine"
    monkeypatch.chdir(tmp_path)
    assert choose_workspace(None) == tmp_path / "workspace"
