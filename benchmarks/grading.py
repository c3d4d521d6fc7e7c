"""The grader beside stock `nbgrader autograde`, on the same submissions, in one run: writes docs/benchmarks/grading.md.

`make bench-grading ARGS="--more 600 1000"` also grades larger classes, with the grader alone. Stock is run once over the
largest of --sizes; what a smaller class would have taken it is read from the moments at which its notebooks appeared, for it
grades one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook

from backprop_helpers.grading.submission import answered, hand_in, solutions_of
from benchmarks.machine import machine

ROOT = Path(__file__).resolve().parent.parent
LESSON = "04_backward_pass"
PAGE = ROOT / "docs" / "benchmarks" / "grading.md"
SEED = "b" * 32
# Slips of the pen: each may make a function wrong, or leave it right, or make it raise.
SLIPS = (
    *((" @ ", " * "), (".T", ""), ("axis=0", "axis=1"), (" - ", " + "), ("> 0", "< 0"), (" * ", " + ")),
    *((" / len(", " * len("), ("sum(", "mean("), ("return ", "return -"), ("dout", "dout * 2"), (")", "")),
)


@dataclass
class Run:
    """One run over a class: seconds, the most memory at once in MB, when each was done, marks by learner, median steps."""

    seconds: float
    memory: float
    moments: list[float] = field(default_factory=list)
    marks: dict[str, dict[str, float]] = field(default_factory=dict)
    steps: dict[str, float] = field(default_factory=dict)
    done: frozenset[str] = frozenset()


def make_class(folder: Path, count: int, engine: bool) -> Path:
    """A course with `count` submissions, the same ones for the same count: right, empty, and with slips."""
    folder.mkdir(parents=True)
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    if not engine:
        config = config.replace("parent)\n", "parent, engine=False)\n", 1)
    (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
    (folder / ".backprop").mkdir(mode=0o700)
    (folder / ".backprop" / "secret_seed").write_text(SEED)
    solution = Path("solutions") / LESSON / f"{LESSON}.ipynb"
    (folder / solution).parent.mkdir(parents=True)
    shutil.copy(ROOT / solution, folder / solution)
    released = nbformat.read(ROOT / "notebooks" / LESSON / f"{LESSON}.ipynb", as_version=4)
    right = solutions_of(nbformat.read(ROOT / solution, as_version=4))
    for number in range(count):
        rng = random.Random(number)
        answers = {name: _written(source, rng) for name, source in right.items() if rng.random() < 0.9}
        hand_in(answered(released, answers), folder, f"learner-{number:04d}", LESSON)
    return folder


def _written(source: str, rng: random.Random) -> str:
    """One exercise as a learner might write it: right seven times in ten."""
    if rng.random() < 0.7:
        return source
    head, _, body = source.rpartition('"""')
    wrong, better = rng.choice([slip for slip in SLIPS if slip[0] in body] or [("", "")])
    return f'{head}"""{body.replace(wrong, better, 1)}' if wrong else source


def watched(command: list[str], course: Path, minutes: float = 600) -> Run:
    """Run a command in a course folder and watch it; after so many minutes it is ended, and what it did by then counts."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with tempfile.TemporaryFile() as said:
        started = time.time()
        process = subprocess.Popen(
            command, cwd=course, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, "PATH": path}
        )
        most = [0.0]
        watcher = threading.Thread(target=_watch, args=(process, most), daemon=True)
        watcher.start()
        try:
            code = process.wait(60 * minutes)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
            code = 0
            _forget_newest(course)  # it may be half done
        seconds = time.time() - started
        watcher.join()
        if code:
            said.seek(0)
            raise RuntimeError(said.read()[-3000:].decode("utf-8", "replace"))
    moments = sorted(path.stat().st_mtime - started for path in course.glob(f"autograded/*/{LESSON}/*.ipynb"))
    done = frozenset(path.name for path in course.glob("autograded/*") if list(path.glob("*/*.ipynb")))
    return Run(seconds, most[0], moments, marks_in(course), done=done)


def _forget_newest(course: Path) -> None:
    newest = max(course.glob(f"autograded/*/{LESSON}/*.ipynb"), key=lambda path: path.stat().st_mtime)
    newest.unlink()


def _watch(process: subprocess.Popen[bytes], most: list[float]) -> None:
    """The memory of a command and all that it started, in MB: what is shared counts once (PSS)."""
    while process.poll() is None:
        total = 0.0
        try:
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        except psutil.Error:
            return
        for member in family:
            try:
                total += member.memory_full_info().pss / 2**20
            except (psutil.Error, OSError):
                continue
        most[0] = max(most[0], total)
        time.sleep(0.5)


def marks_in(course: Path) -> dict[str, dict[str, float]]:
    """Every automatic mark in a course's gradebook."""
    found: dict[str, dict[str, float]] = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "backprop") as gradebook:
        for submission in gradebook.assignment_submissions(LESSON):
            for notebook in submission.notebooks:
                found[submission.student.id] = {g.name: float(g.auto_score or 0) for g in notebook.grades}
    return found


def grade_here(folder: Path, count: int, workers: int) -> Run:
    """The grader over a class, from nothing to the last mark."""
    course = make_class(folder, count, engine=True)
    command = [sys.executable, "-m", "backprop_helpers.cli", "grade", LESSON, "--workers", str(workers)]
    run = watched(command, course)
    steps: dict[str, list[float]] = {}
    for path in (course / ".backprop" / "results").glob("*/*/*.json"):
        content = json.loads(path.read_bytes())
        assert content["tier"] == "strong" or content["tier"] == "plain"
        for step, seconds in content["seconds"].items():
            steps.setdefault(step, []).append(seconds)
    run.steps = {step: statistics.median(times) for step, times in steps.items()}
    return run


def grade_stock(folder: Path, count: int, minutes: float) -> Run:
    """nbgrader's own autograde over the same class."""
    course = make_class(folder, count, engine=False)
    nbgrader = [sys.executable, "-m", "nbgrader"]
    subprocess.run(
        [*nbgrader, "generate_assignment", LESSON],
        cwd=course,
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])},
    )
    return watched([*nbgrader, "autograde", LESSON], course, minutes)


def differences(ours: Run, stock: dict[str, dict[str, float]]) -> list[str]:
    """Every mark in which the two differ."""
    found = []
    for learner in sorted(stock):
        for cell, mark in sorted(stock[learner].items()):
            mine = ours.marks.get(learner, {}).get(cell)
            if mine != mark:
                found.append(
                    f"| {learner} | `{cell}` | {mark:g} | {mine if mine is None else format(mine, 'g')} |"
                )
    return found


def page(ours: dict[int, Run], stock: Run, largest: int, loads: tuple[float, float]) -> str:
    """The whole page."""
    lines = [
        "# The grader, measured",
        "",
        f"Lesson {LESSON} (ten exercises, ten checks with hidden parts), made-up submissions: seven answers in ten right, the "
        "others with a slip or empty. `backprop grade` with 2 workers and the sandbox on, from the start of the command to the "
        "last mark in the gradebook, beside stock `nbgrader autograde`, which grades one after the other. Repeat with "
        "`make bench-grading`.",
        "",
        f"{machine()}. Load of the machine by others and by this run, as its one-minute average: {loads[0]:.1f} at the start, "
        f"{loads[1]:.1f} at the end.",
        "",
        "| submissions | stock, s | grader, s | times faster | grader, memory MB |",
        "|---|---|---|---|---|",
    ]
    for count, run in sorted(ours.items()):
        each, sign = stock.moments[-1] / len(stock.moments), "≈ "
        share = each * count
        if count <= len(stock.moments):
            share, sign = stock.moments[count - 1], ""
        lines.append(
            f"| {count} | {sign}{share:.0f} | {run.seconds:.1f} | {sign}{share / run.seconds:.1f} | {run.memory:.0f} |"
        )
    biggest = max(ours)
    first, last = min(ours), biggest
    slope = (ours[last].seconds - ours[first].seconds) / max(1, last - first)
    lines += [
        "",
        f"Stock graded {len(stock.moments)} of them in {stock.moments[-1]:.0f} s; ≈ is by that rate. Its memory is {stock.memory:.0f} MB at most. Each further submission costs the grader {1000 * slope:.0f} ms with two "
        "workers. Memory is the sum over all processes, what they share counted once.",
        "",
        "## Where the time of one submission goes",
        "",
        f"Medians over {biggest} submissions, in a worker.",
        "",
        "| step | ms |",
        "|---|---|",
        *(f"| {step} | {1000 * seconds:.1f} |" for step, seconds in ours[biggest].steps.items()),
        "",
        "## The same marks",
        "",
    ]
    graded = {learner: marks for learner, marks in stock.marks.items() if learner in stock.done}
    different = differences(ours[largest], graded)
    total = sum(len(marks) for marks in graded.values())
    lines.append(
        f"{len(graded)} submissions, {total} marks, given by both: {total - len(different)} equal, {len(different)} not."
    )
    if different:
        lines += ["", "| learner | check | stock | grader |", "|---|---|---|---|", *different]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description="The grader beside stock nbgrader autograde.")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10, 100, 200], help="classes for both [10 100 200]"
    )
    parser.add_argument("--more", type=int, nargs="*", default=[], help="larger classes for the grader alone")
    parser.add_argument(
        "--minutes", type=float, default=600, help="stock is ended after so many; the rest is told as ≈"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    begun = os.getloadavg()[0]
    ours: dict[int, Run] = {}
    with tempfile.TemporaryDirectory(prefix="backprop-bench-") as scratch:
        for count in sorted({*options.sizes, *options.more}):
            ours[count] = grade_here(Path(scratch) / f"grader-{count}", count, options.workers)
            print(
                f"grader, {count}: {ours[count].seconds:.1f} s, {ours[count].memory:.0f} MB",
                flush=True,
            )
        largest = max(options.sizes)
        stock = grade_stock(Path(scratch) / "stock", largest, options.minutes)
        print(
            f"stock, {largest}: {stock.seconds:.0f} s, {stock.memory:.0f} MB",
            flush=True,
        )
    options.page.write_text(page(ours, stock, largest, (begun, os.getloadavg()[0])), encoding="utf-8")
    print(f"written: {options.page}")


if __name__ == "__main__":
    main()
