"""`make kill-sweep`: a grading run is killed at random moments and resumed; the gradebook must be that of a run left alone.

Half of the moments are spread over the whole run, half over the time in which results are written, where a kill could
hurt. Only the run itself is sent SIGKILL, as the system would when memory is short: what it started has to end by itself.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))

from damaged_files import CASES
from grading_class import give, make_course, marks, run_grade, solved, sqlite, wait_for

LESSON = "02_loss"
WRONG = "def softmax(scores):\n    return scores / scores.sum(axis=1, keepdims=True)"
NAMES = ("cut-off", "split-with-ids", "pictures-in-an-answer", "pipe")


def make_class(folder: Path, copies: int) -> Path:
    """A course with right, wrong and damaged submissions, and a seed, not graded yet."""
    course = make_course(folder, LESSON)
    (course / ".backprop").mkdir(mode=0o700)
    (course / ".backprop" / "secret_seed").write_text("7" * 32)
    for i in range(copies):
        give(course, f"right-{i}", LESSON, solved(LESSON))
        give(course, f"wrong-{i}", LESSON, solved(LESSON, {"exercise-softmax": WRONG}))
    for case in CASES:
        if case.name in NAMES:
            case.make(give(course, case.name, LESSON, solved(LESSON)))
    for stamp in course.glob("submitted/*/*/timestamp.txt"):
        stamp.write_text("2026-11-24 12:00:00.000000 UTC")
    return course


def state(course: Path) -> dict[str, Any]:
    """All that has to be equal: the gradebook, the graded notebooks, one result for each learner."""
    notebooks = {}
    for path in sorted((course / "autograded").glob("*/*/*.ipynb")):
        content = json.loads(path.read_bytes())
        del content["metadata"]["backprop"]
        notebooks[path.parts[-3]] = content
    learners = sorted(path.parent.name for path in (course / ".backprop" / "results").glob("*/*/*.json"))
    left = [str(path) for path in course.rglob("*.part")]
    return {
        "marks": marks(sqlite(course), LESSON),
        "notebooks": notebooks,
        "results": learners,
        "left over": left,
    }


def copy(course: Path, target: Path) -> Path:
    """The same class in another folder; pipes are made anew, for they can't be copied."""
    make_class(target, sum(path.name.startswith("right-") for path in (course / "submitted").iterdir()))
    shutil.rmtree(target / "submitted")
    shutil.copytree(course / "submitted", target / "submitted", ignore=_pipes)
    for pipe in (p for p in course.glob("submitted/*/*/*") if p.is_fifo()):
        case = next(case for case in CASES if case.name == "pipe")
        path = target / pipe.relative_to(course)
        path.touch()
        case.make(path)
    return target


def _pipes(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_fifo()]


def killed_and_resumed(course: Path, moment: float, after_first_result: bool, workers: str = "2") -> str:
    """Kill a run `moment` seconds after its start (or its first result), then run it to its end. Returns what was there."""
    found = ""

    def kill(process: subprocess.Popen[str]) -> None:
        nonlocal found
        results = course / ".backprop" / "results"
        if after_first_result:
            wait_for(lambda: results.exists() or process.poll() is not None, 250)
        time.sleep(moment)
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = f"{len(list(results.glob('*/*/*.json')))} results, {len(list(course.glob('autograded/*/*/*.ipynb')))} notebooks"
        _, alive = psutil.wait_procs(family, timeout=60)
        assert not alive, f"processes that outlived the run: {alive}"

    run_grade(course, "--workers", workers, before=kill)
    done = run_grade(course, "--workers", workers)
    assert done.returncode == 3, done.stdout + done.stderr
    return found


def sweep(times: int, copies: int, folder: Path, seed: int) -> int:
    """Kill so many runs. Returns how many did not end as the undisturbed one."""
    rng = random.Random(seed)
    original = make_class(folder / "original", copies)
    whole = copy(original, folder / "whole")
    started = time.monotonic()
    assert run_grade(whole, "--workers", "2").returncode == 3
    seconds = time.monotonic() - started
    expected = state(whole)
    writing = _writing_seconds(whole)
    print(f"undisturbed: {seconds:.1f} s, of which results are written for {writing:.1f} s")
    bad = 0
    for number in range(times):
        late = number % 2 == 1
        moment = rng.uniform(0, writing if late else seconds)
        course = copy(original, folder / f"killed-{number}")
        there = killed_and_resumed(course, moment, late)
        equal = state(course) == expected
        bad += not equal
        where = "after the first result" if late else "after the start"
        print(
            f"{number + 1:3}  killed {moment:5.2f} s {where}, {there}: {'equal' if equal else 'DIFFERENT'}",
            flush=True,
        )
        if equal:
            shutil.rmtree(course)
    print(f"{times} runs killed and resumed, {bad} different")
    return bad


def _writing_seconds(course: Path) -> float:
    times = [path.stat().st_mtime for path in (course / ".backprop" / "results").glob("*/*/*.json")]
    return max(times) - min(times)


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--times", type=int, default=30, help="runs to kill [30]")
    parser.add_argument(
        "--copies", type=int, default=6, help="pairs of ordinary submissions in the class [6]"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the moments [0]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backprop-kill-sweep-") as folder:
        return 1 if sweep(options.times, options.copies, Path(folder), options.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
