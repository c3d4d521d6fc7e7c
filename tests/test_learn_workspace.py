"""The learner's copies: given, improved, and never overwritten once they hold work."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from backprop_helpers._lessons import RECORD, available, content_digest
from backprop_helpers.learn import LearnError
from backprop_helpers.learn.workspace import Report, check_room, explain, update

NAME = "01_forward_pass"


def make(folder: Path, *sources: str, name: str = NAME) -> None:
    """A lesson with these code cells, as the course would release it."""
    cells = [code(source) for source in sources]
    text = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / f"{name}.ipynb").write_text(json.dumps(text, indent=1))


def code(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


@pytest.fixture
def course(tmp_path: Path) -> Path:
    make(tmp_path / "course", "first version")
    return tmp_path / "course"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / "workspace"


def start(home: Path, course: Path) -> Report:
    return update(home, available(course))


def copy_of(home: Path, prefix: str = "") -> Path:
    return home / NAME / f"{prefix}{NAME}.ipynb"


def edit(path: Path, source: str) -> None:
    text = json.loads(path.read_bytes())
    text["cells"][0]["source"] = source
    path.write_text(json.dumps(text))


def source_of(path: Path) -> str:
    return str(json.loads(path.read_bytes())["cells"][0]["source"])


def test_lessons_are_given_once_and_then_left_alone(home: Path, course: Path) -> None:
    assert start(home, course).sentences() == [f"{NAME} put into your workspace."]
    before = copy_of(home).stat().st_mtime_ns
    assert start(home, course).sentences() == []
    assert copy_of(home).stat().st_mtime_ns == before
    assert (home / "README.txt").exists()


def test_an_unchanged_copy_is_replaced_and_kept(home: Path, course: Path) -> None:
    start(home, course)
    make(course, "second version")
    assert "improved" in start(home, course).sentences()[0]
    assert source_of(copy_of(home)) == "second version"
    kept = list((home / ".backprop" / "replaced").iterdir())
    assert [source_of(path) for path in kept] == ["first version"]


def test_running_and_saving_is_no_change_but_its_outputs_are_kept(home: Path, course: Path) -> None:
    start(home, course)
    text = json.loads(copy_of(home).read_bytes())
    text["metadata"] = {"language_info": {"name": "python", "version": "3.13.1"}}
    cell = text["cells"][0]
    cell.update(
        source=["first ", "version"], execution_count=3, outputs=[{"output_type": "stream", "text": "hi"}]
    )
    cell["metadata"] = {"collapsed": True, "trusted": True}
    copy_of(home).write_text(json.dumps(text, separators=(",", ":")))
    make(course, "second version")
    start(home, course)
    assert source_of(copy_of(home)) == "second version"
    kept = next((home / ".backprop" / "replaced").iterdir())
    assert json.loads(kept.read_bytes()) == text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text["cells"][0].update(source="first version "),
        lambda text: text["cells"].append(code("a note")),
        lambda text: text["cells"][0].update(cell_type="markdown"),
        lambda text: text["cells"].clear(),
        lambda text: text["cells"][0].update(attachments={"a.png": {"image/png": "AA=="}}),
    ],
)
def test_what_a_learner_wrote_stays_and_the_new_lesson_is_put_beside(
    home: Path, course: Path, change: Any
) -> None:
    start(home, course)
    text = json.loads(copy_of(home).read_bytes())
    change(text)
    mine = json.dumps(text).encode()
    copy_of(home).write_bytes(mine)
    assert start(home, course).sentences() == []  # nothing was improved
    make(course, "second version")
    said = start(home, course).sentences()
    assert len(said) == 1
    assert f"NEW_{NAME}.ipynb" in said[0]
    assert copy_of(home).read_bytes() == mine
    assert source_of(copy_of(home, "NEW_")) == "second version"
    assert start(home, course).sentences() == []  # said once


def test_a_third_version_replaces_an_untouched_offer_and_spares_a_used_one(home: Path, course: Path) -> None:
    start(home, course)
    edit(copy_of(home), "mine")
    for version in ("second version", "third version"):
        make(course, version)
        start(home, course)
    assert source_of(copy_of(home, "NEW_")) == "third version"
    edit(copy_of(home, "NEW_"), "mine too")
    make(course, "fourth version")
    start(home, course)
    assert source_of(copy_of(home)) == "mine"
    assert source_of(copy_of(home, "NEW_")) == "mine too"
    assert source_of(copy_of(home, "NEW_2_")) == "fourth version"


def test_an_offer_the_learner_threw_away_does_not_come_back(home: Path, course: Path) -> None:
    start(home, course)
    edit(copy_of(home), "mine")
    make(course, "second version")
    start(home, course)
    copy_of(home, "NEW_").unlink()
    assert start(home, course).sentences() == []
    assert not copy_of(home, "NEW_").exists()


def test_an_offer_put_in_the_place_of_the_old_copy_counts_as_the_new_lesson(home: Path, course: Path) -> None:
    start(home, course)
    edit(copy_of(home), "mine")
    make(course, "second version")
    start(home, course)
    copy_of(home, "NEW_").replace(copy_of(home))
    assert start(home, course).sentences() == []
    make(course, "third version")
    start(home, course)
    assert source_of(copy_of(home)) == "third version"


def test_a_deleted_lesson_is_given_again_and_said(home: Path, course: Path) -> None:
    start(home, course)
    copy_of(home).unlink()
    assert start(home, course).sentences() == [
        f"{NAME} was missing from your workspace and has been given again."
    ]
    assert source_of(copy_of(home)) == "first version"


@pytest.mark.parametrize("content", [b"", b"{half of a notebo", b"[]", b"\xff\xfe\x00", b'{"cells": [1]}'])
def test_a_copy_nobody_can_read_stays(home: Path, course: Path, content: bytes) -> None:
    start(home, course)
    copy_of(home).write_bytes(content)
    make(course, "second version")
    start(home, course)
    assert copy_of(home).read_bytes() == content
    assert copy_of(home, "NEW_").exists()


def test_a_link_and_a_read_only_copy_stay(home: Path, course: Path, tmp_path: Path) -> None:
    start(home, course)
    elsewhere = tmp_path / "elsewhere.ipynb"
    copy_of(home).rename(elsewhere)
    copy_of(home).symlink_to(elsewhere)
    make(course, "second version")
    start(home, course)
    assert copy_of(home).is_symlink()
    assert source_of(elsewhere) == "first version"
    copy_of(home).unlink()
    make(course, "third version")
    start(home, course)
    copy_of(home).chmod(0o444)
    make(course, "fourth version")
    start(home, course)
    assert source_of(copy_of(home)) == "third version"


def test_a_link_that_leads_nowhere_and_a_linked_folder_are_left(
    home: Path, course: Path, tmp_path: Path
) -> None:
    start(home, course)
    copy_of(home).unlink()
    copy_of(home).symlink_to(tmp_path / "nowhere")
    start(home, course)
    assert not (tmp_path / "nowhere").exists()
    make(course, "a", name="02_loss")
    (tmp_path / "outside").mkdir()
    (home / "02_loss").symlink_to(tmp_path / "outside")
    assert any("link to another place" in line for line in start(home, course).sentences())
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_read_only_course_gives_writable_copies(home: Path, course: Path) -> None:
    (course / NAME / f"{NAME}.ipynb").chmod(0o444)
    start(home, course)
    assert copy_of(home).stat().st_mode & 0o200


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"lessons": []}', b'{"lessons": {"a": 1}}'])
def test_without_its_record_changed_work_is_still_safe(home: Path, course: Path, damage: bytes) -> None:
    start(home, course)
    edit(copy_of(home), "mine")
    (home / RECORD).write_bytes(damage)
    make(course, "second version")
    said = start(home, course).sentences()
    assert "damaged" in said[0]
    assert source_of(copy_of(home)) == "mine"
    assert source_of(copy_of(home, "NEW_")) == "second version"


def test_a_broken_lesson_does_not_stop_the_others(home: Path, course: Path) -> None:
    make(course, "a", name="02_loss")
    (course / NAME / f"{NAME}.ipynb").write_text("{")
    said = start(home, course).sentences()
    assert said[0] == "02_loss put into your workspace."
    assert "not a readable notebook" in said[1]


def test_a_save_at_the_last_moment_is_not_lost(
    home: Path, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(home, course)
    make(course, "second version")
    rename = Path.rename

    def save_first(self: Path, target: Path) -> Path:
        if self == copy_of(home):
            edit(self, "saved this very moment")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", save_first)
    start(home, course)
    assert source_of(copy_of(home)) == "saved this very moment"
    assert source_of(copy_of(home, "NEW_")) == "second version"


CHILD = """
import sys, time
from pathlib import Path
from backprop_helpers._lessons import available
from backprop_helpers.learn.workspace import update
lessons = available(Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
update(Path(sys.argv[1]), lessons)
"""


def child(home: Path, course: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home), str(course)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_kill_at_any_moment_loses_nothing_and_the_next_start_heals(tmp_path: Path) -> None:
    course, home, names = tmp_path / "course", tmp_path / "w", [f"{n:02d}_lesson" for n in range(8)]
    for name in names:
        make(course, "first", name=name)
    update(home, available(course))
    for name in names[::2]:
        edit(home / name / f"{name}.ipynb", "mine")
    chance = random.Random(0)
    for turn in range(6):
        for name in names:
            make(course, f"version {turn}", name=name)
        process = child(home, course)
        go(process)
        time.sleep(chance.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for name in names[::2]:
            assert source_of(home / name / f"{name}.ipynb") == "mine"
    update(home, available(course))
    for name in names[1::2]:
        assert source_of(home / name / f"{name}.ipynb") == "version 5"
    for name in names[::2]:
        folder = {path.name for path in (home / name).glob("*.ipynb")}
        assert folder == {f"{name}.ipynb", f"NEW_{name}.ipynb"}
    record = json.loads((home / RECORD).read_bytes())["lessons"]
    assert set(record) == set(names)


def test_two_starts_at_once_give_every_lesson_once(tmp_path: Path) -> None:
    course, home = tmp_path / "course", tmp_path / "w"
    for number in range(12):
        make(course, "first", name=f"{number:02d}_lesson")
    processes = [child(home, course) for _ in range(2)]
    for process in processes:
        go(process)
    assert [process.wait(30) for process in processes] == [0, 0]
    assert len(list(home.glob("*_lesson/*.ipynb"))) == 12
    assert not list(home.rglob("*.part"))


def test_failures_are_one_sentence_with_the_mend(
    home: Path, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.parent.mkdir(parents=True)
    home.write_text("a file")
    with pytest.raises(
        LearnError, match=r"is a file where a folder is needed: move it away, or .*--workspace"
    ):
        start(home, course)
    home.unlink()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("backprop_helpers.learn.workspace.write_atomically", full)
    with pytest.raises(LearnError, match=r"The disk that holds .* is full: free"):
        start(home, course)
    assert "make it writable" in explain(PermissionError(errno.EACCES, "no", "x"), home)
    monkeypatch.setattr("backprop_helpers.learn.workspace.LEAST_ROOM", 10**18)
    with pytest.raises(LearnError, match="is full"):
        check_room(home)


def test_the_fingerprint_sees_letters_and_no_spacing() -> None:
    def text(**cell: Any) -> bytes:
        return json.dumps({"cells": [{**code("a\nb"), **cell}]}).encode()

    same = content_digest(text())
    assert content_digest(text(source=["a\n", "b"])) == same
    assert content_digest(text(source="a\r\nb")) == same
    assert content_digest(text(metadata={"tags": ["x"]})) == same
    assert content_digest(text(metadata={"nbgrader": {"points": 3}})) != same
    assert content_digest(text(source="a\nB")) != same
    assert content_digest(b"no notebook") is None
    assert content_digest(b"[" * 100_000) is None
