"""Every command that docs/grading.md shows, run in the order of the page in one course folder."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from grading_class import REPOSITORY, give, make_course, marks, solved, sqlite, total

from backprop_helpers.authoring.release import nbgrader_environment
from backprop_helpers.grading.command import FINE, REFUSED, STOPPED, UNFINISHED, UNREADABLE

pytestmark = [pytest.mark.nbgrader, pytest.mark.slow, pytest.mark.timeout(900)]

PAGE = (REPOSITORY / "docs" / "grading.md").read_text(encoding="utf-8")
LESSON = "04_backward_pass"
PROGRAMS = Path(sys.executable).parent


def commands() -> list[list[str]]:
    """The lines of all blocks that hold commands, as words."""
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, flags=re.M | re.S)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line]


def test_every_command_of_the_page(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    course = make_course(tmp_path / "course", LESSON)
    give(course, "anna", LESSON, solved(LESSON))
    give(course, "bert", LESSON, solved(LESSON, leave=("exercise-mse_backward",)))
    servers: list[subprocess.Popen[bytes]] = []
    shown = commands()
    assert {words[0] for words in shown} == {"backprop", "nbgrader", "dask"}
    try:
        for words in shown:
            words = [word.replace("8786", port) for word in words]
            command = [str(PROGRAMS / words[0]), *words[1:]]
            if words[0] == "dask":
                quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                servers.append(
                    subprocess.Popen(
                        [*command, "--no-dashboard"], cwd=tmp_path, start_new_session=True, **quiet
                    )
                )
                continue
            if "--cluster" in words:
                _wait_for_worker(f"tcp://127.0.0.1:{port}")
                command.append("--force")
            done = subprocess.run(
                command, cwd=course, env=nbgrader_environment(), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    found = marks(sqlite(course), LESSON)
    assert (total(found["anna"]), total(found["bert"])) == (20, 18)
    assert (course / "grades.csv").exists()
    assert (course / "feedback" / "anna" / LESSON / f"{LESSON}.html").exists()


def _wait_for_worker(address: str) -> None:
    from distributed import Client

    with Client(address, timeout=100, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=100)


def test_the_page_and_the_command_name_the_same_exit_codes():
    table = [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, flags=re.M)]
    assert table == [FINE, REFUSED, 2, UNREADABLE, UNFINISHED, STOPPED]
    told = re.search(r"Exit codes: (.*)Ctrl", " ".join(_help().split()))
    assert told is not None
    assert [int(code) for code in re.findall(r"(?<![\w-])\d+", told[1])] == table


def test_every_option_of_the_page_is_one_of_the_command_and_the_other_way_round():
    offered = set(re.findall(r"--[a-z-]+", _help())) - {"--help", "--course"}
    named = {
        word for words in commands() if words[0] == "backprop" for word in words if word.startswith("--")
    }
    assert named | {"--unsafe"} == offered
    assert "--unsafe" in PAGE


def _help() -> str:
    command = [sys.executable, "-m", "backprop_helpers.cli", "grade", "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
