"""What a learner has passed: `workspace/.backprop/progress.json`, written by checks, shown by progress_card.py.

Nothing here ever raises into a learner's cell. Outside a workspace, and while an instructor grades, results
are kept in memory only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ._files import exclusive, write_atomically
from ._lessons import Exercise, find_workspace

#: A lesson's results: exercise name -> what its check said last, and whether it ever held.
Results = dict[str, dict[str, Any]]

_memory: dict[str, Results] = {}
_workspace: Path | None = None


def record(exercise: str, lesson: str, passed: bool) -> None:
    """Keep what a visible check said: `record("affine_forward", "01_forward_pass", True)`. Never raises."""
    try:
        exercise, lesson, passed = str(exercise), str(lesson), bool(passed)
        _enter(_memory, exercise, lesson, passed)
        workspace = None if _grading() else workspace_here()
        if workspace is not None:
            _write(workspace, exercise, lesson, passed)
    except Exception:
        return  # a full disk or a damaged file must not turn a right answer into an error


def load(workspace: Path | None = None) -> dict[str, Results]:
    """All results by lesson and exercise: of `workspace`, else of the workspace around this folder, else memory.

    Each result is {"passed": bool, "ever": bool, "tries": int, "when": ISO time}. Damaged files read as empty.
    """
    where = workspace or workspace_here()
    if where is None:
        return _memory
    return _read(_path(where))


def in_memory(lesson: str) -> Results:
    """What checks of this very kernel said, at least as new as the file."""
    return _memory.get(lesson, {})


def finished(lesson: str, wanted: Iterable[Exercise], results: dict[str, Results]) -> bool:
    """Whether every checked exercise of a lesson has held at some time (answers read by hand don't count)."""
    done = results.get(lesson, {})
    return all(done.get(exercise.name, {}).get("ever", False) for exercise in wanted if not exercise.by_hand)


def _grading() -> bool:
    """An instructor's run must not leave marks in a folder: nbgrader says so itself, others set ours."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde" or "BACKPROP_NO_PROGRESS" in os.environ


def workspace_here() -> Path | None:
    """The workspace around this folder; remembered, since a learner's code may change folder later."""
    global _workspace
    if _workspace is None or not _workspace.is_dir():
        _workspace = find_workspace()
    return _workspace


def _path(workspace: Path) -> Path:
    return workspace / ".backprop" / "progress.json"


def _write(workspace: Path, exercise: str, lesson: str, passed: bool) -> None:
    # two notebooks may check at once; a second's wait is the most a learner should ever notice
    with exclusive(workspace / ".backprop" / "progress.lock", wait=1.0):
        path = _path(workspace)
        results = _read(path)
        if not results and path.exists() and path.stat().st_size > 0:
            path.replace(path.with_name("progress.damaged.json"))
        _enter(results, exercise, lesson, passed)
        data = json.dumps({"format": 1, "lessons": results}, indent=1, ensure_ascii=False) + "\n"
        write_atomically(path, data.encode("utf-8", "replace"))


def _read(path: Path) -> dict[str, Results]:
    try:
        lessons = json.loads(path.read_bytes())["lessons"]
        return {
            str(lesson): {str(name): dict(result) for name, result in results.items()}
            for lesson, results in lessons.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _enter(results: dict[str, Results], exercise: str, lesson: str, passed: bool) -> None:
    entry = results.setdefault(lesson, {}).setdefault(exercise, {})
    entry["passed"] = passed
    entry["ever"] = passed or entry.get("ever") is True
    tries = entry.get("tries", 0)
    entry["tries"] = (tries if isinstance(tries, int) else 0) + 1
    entry["when"] = datetime.now(UTC).isoformat(timespec="seconds")
