"""A whole notebook, cell by cell: the learner's half in the sandbox, the tests here, in the order of the page."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from backprop_helpers.checks.notebook import sentence_about
from backprop_helpers.grading.given import Given, Release
from backprop_helpers.grading.judge.names import Cell, defined, looked_at, needed
from backprop_helpers.grading.judge.remote import RemoteFunction, Side
from backprop_helpers.grading.judge.testcell import Run, explained, run_test
from backprop_helpers.grading.judge.verdict import CellVerdict, JobCell, Judged
from backprop_helpers.grading.sandbox import Box, CellOutcome

REOPENED = 3  # processes that a submission may end before the rest of it is given up
_WITHHELD = "(This cell shows something of the course that is locked away while a submission is graded.)"


def judge_notebook(
    cells: Sequence[JobCell],
    box: Box,
    *,
    seed: str,
    given: Given | None = None,
    again: Callable[[], Box] | None = None,
    everything: bool = False,
) -> Judged:
    """Run and judge a rebuilt notebook.

    cells: in the order of the page; box: a fresh sandbox with the package of `given`; seed: the course's secret, which hidden checks
    draw their inputs from; given: what the lesson's package locks and when it is unlocked; again: makes another fresh box, for
    when a call or a cell ends the process (an endless loop in C, a crash): what is left is then judged in it, and every cell
    but the one that did it runs again. Boxes that `again` made are closed here; everything: run also the cells of the course that
    nothing graded depends on (experiments, demonstrations), which otherwise are `not_run`.
    Never raises for what a learner wrote.
    """
    with contextlib.ExitStack() as stack:
        fresh = (lambda: stack.enter_context(again())) if again else None
        return _Notebook(cells, box, seed, given, fresh, everything).judged()


class _NoShell:
    """Stands for IPython where cells of the course run without it: a magic does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


class _Notebook:
    def __init__(
        self,
        cells: Sequence[JobCell],
        box: Box,
        seed: str,
        given: Given | None,
        again: Callable[[], Box] | None,
        everything: bool,
    ) -> None:
        self.cells = cells
        self.side = Side(box)
        self.seed = seed
        self.again = again
        self.left = REOPENED
        self.verdicts: dict[int, CellVerdict] = {}
        self.ran: list[int] = []  # cells that ran in the sandbox, in order
        self.deadly: set[int] = set()  # cells that ended it
        self.names: dict[str, Any] = {"__name__": "tests", "get_ipython": _NoShell}  # of the test cells
        self.master: set[int] = set()  # cells of the course that ran here
        self.seconds: dict[str, float] = defaultdict(float)
        self.releases = list(given.releases) if given else []
        self.released: list[Release] = []
        self.last_use = _last_uses(cells)
        self.idle = frozenset() if everything else _idle(cells)
        self.theirs = frozenset(n for c in cells if c.kind == "solution" for n in c.names)

    def judged(self) -> Judged:
        begun = time.perf_counter()
        waiting: list[int] = []
        for i, cell in enumerate(self.cells):
            if i in self.idle:
                self.verdicts[i] = CellVerdict(cell.grade_id, cell.kind, "not_run")
            elif cell.kind in ("code", "solution"):
                waiting.append(i)
            elif cell.kind == "test":
                self.run(waiting)
                waiting = []
                self.test(i)
                self.release(i)
            else:
                self.verdicts[i] = CellVerdict(cell.grade_id, cell.kind, "not_run")
        self.run(waiting)
        self.seconds["all"] = time.perf_counter() - begun
        return Judged(tuple(self.verdicts[i] for i in range(len(self.cells))), dict(self.seconds))

    # --- the learner's half

    def run(self, indices: Sequence[int]) -> None:
        """Run cells in the sandbox; where one ends it, go on after that one in another."""
        begun = time.perf_counter()
        todo = list(indices)
        while todo:
            if not self.revive():
                for i in todo:
                    self.verdicts[i] = self.not_reached(i)
                break
            outcomes = self.side.box.run([self.cells[i].source for i in todo])
            dead = next(
                (k for k, o in enumerate(outcomes) if o.status == "killed" or not self.finished(o)), None
            )
            count = len(todo) if dead is None else dead + 1
            for i, outcome in zip(todo[:count], outcomes, strict=False):
                self.verdicts[i] = _of_cell(self.cells[i], outcome)
                self.ran.append(i)
            if dead is not None:
                self.deadly.add(todo[dead])
            todo = todo[count:]
        self.seconds["cells"] += time.perf_counter() - begun

    def finished(self, outcome: CellOutcome) -> bool:
        """A cell that ran out of time may have been stopped, or its process killed."""
        return outcome.status != "timeout" or self.side.alive

    def revive(self) -> bool:
        """Whether there is a living process in the state of the cells so far; makes another where one may be made."""
        while not self.side.alive:
            before = self.side.box
            if self.again is None or not self.left or before.left <= 0:
                return False
            self.left -= 1
            try:
                self.side.box = self.again()
            except Exception:  # no more processes to be had: what is left can't be judged
                return False
            self.side.box.left = before.left  # a submission has its time once, not once for each process
            harmless = [i for i in self.ran if i not in self.deadly]
            outcomes = self.side.box.run([self.cells[i].source for i in harmless])
            self.deadly |= {i for i, o in zip(harmless, outcomes, strict=True) if o.status == "killed"}
            for release in self.released:
                self.side.release(release.module, release.source)
        return True

    def not_reached(self, i: int) -> CellVerdict:
        cell = self.cells[i]
        why = self.side.box.ended or "its process ended"
        return CellVerdict(
            cell.grade_id, cell.kind, "killed", points=cell.points, message=f"Not reached: {why}"
        )

    # --- the tests

    def test(self, i: int) -> None:
        begun = time.perf_counter()
        cell = self.cells[i]
        if not self.revive():
            self.verdicts[i] = self.not_reached(i)
            return
        about = looked_at(cell.source)
        if about.tree is None:
            self.verdicts[i] = CellVerdict(
                cell.grade_id,
                "test",
                "error",
                0.0,
                cell.points,
                "This test of the course itself can't be run.",
            )
            return
        self.find(about, i)
        run = run_test(about.tree, self.names, self.seed)
        message = explained(run, cell.source, self.about_name)
        earned = run.earned(cell.points)
        self.seconds["tests"] += time.perf_counter() - begun
        self.verdicts[i] = CellVerdict(
            cell.grade_id,
            "test",
            "error" if run.problem is not None else "ok",
            earned,
            cell.points,
            message,
            _outputs(run, message),
            run.records,
            time.perf_counter() - begun,
        )

    def find(self, about: Cell, i: int) -> None:
        """Give a test cell the names it reads: the course's own from here, all others from the learner's side."""
        unknown = []
        for name in sorted(about.reads):
            theirs = name in self.theirs
            if name == "get_ipython" or (not theirs and self.from_master(name, i)):
                continue
            if theirs or name not in self.names or isinstance(self.names[name], RemoteFunction):
                unknown.append(name)
        asked = [name for name in unknown if name not in about.handed]
        kinds = self.side.kinds(asked) if asked else {}
        for name in unknown:
            kind, *value = kinds.get(name, ["function"])
            if kind == "missing":
                self.names.pop(name, None)
            else:
                self.names[name] = value[0] if value else RemoteFunction(self.side, name)

    def from_master(self, name: str, i: int) -> bool:
        """Whether a cell of the course above cell i binds a name; then that cell runs here, with what it needs itself."""
        cells = [
            k
            for k in range(i)
            if self.cells[k].kind == "code" and name in looked_at(self.cells[k].source).binds
        ]
        if not cells:
            return self.from_star(name, i)
        stored = any(name in looked_at(self.cells[k].source).stores for k in cells)
        if not stored and name in looked_at(self.cells[cells[-1]].source).imports:
            self.execute(looked_at(self.cells[cells[-1]].source).imports[name])
            return True
        # what was assigned may have been changed by a later cell; a function or a module stays what it is
        wanted = [k for k in range(i) if stored and self.uses(k, name)] or cells[-1:]
        for k in wanted:
            self.run_here(k)
        return True

    def from_star(self, name: str, i: int) -> bool:
        """Whether a `from module import *` of the course above cell i binds a name."""
        for cell in self.cells[:i]:
            star = looked_at(cell.source).imports.get("*") if cell.kind == "code" else None
            if star is not None and name not in self.names:
                self.execute(star)
                if name in self.names:
                    return True
        return False

    def uses(self, k: int, name: str) -> bool:
        if self.cells[k].kind != "code":
            return False
        about = looked_at(self.cells[k].source)
        return name in about.binds or name in about.reads

    def run_here(self, k: int) -> None:
        """Run a cell of the course in the judge, once, with those of its imports that it uses itself."""
        if k in self.master:
            return
        self.master.add(k)
        about = looked_at(self.cells[k].source)
        if about.tree is None or about.rest is None:
            return
        self.find(about, k)
        for name in [*(about.reads & about.imports.keys()), *(about.imports.keys() & {"*"})]:
            self.execute(about.imports[name])
        self.execute(about.rest)

    def execute(self, tree: ast.Module) -> None:
        """Run a piece of the course's own; what it needs of the learner's may be missing or wrong."""
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
            contextlib.suppress(Exception),
        ):
            warnings.simplefilter("ignore")
            exec(compile(tree, "<page>", "exec"), self.names)

    def about_name(self, name: str) -> str:
        here = [n for c in self.cells if c.kind == "solution" for n in defined(c.source)]
        return sentence_about(name, here)

    # --- what is unlocked on the way

    def release(self, i: int) -> None:
        """Unlock what belongs to exercises that no test below cell i asks for any more."""
        for release in list(self.releases):
            if all(self.last_use.get(exercise, -1) <= i for exercise in release.exercises) and any(
                self.last_use.get(exercise) == i for exercise in release.exercises
            ):
                self.releases.remove(release)
                self.released.append(release)
                if self.side.alive:
                    self.side.release(release.module, release.source)


def _idle(cells: Sequence[JobCell]) -> frozenset[int]:
    """The cells of the course that nothing graded depends on."""
    code = [i for i, cell in enumerate(cells) if cell.kind in ("code", "solution", "test")]
    wanted = needed([(cells[i].kind == "code", cells[i].source) for i in code])
    return frozenset(i for k, i in enumerate(code) if cells[i].kind == "code" and k not in wanted)


def _last_uses(cells: Sequence[JobCell]) -> dict[str, int]:
    """Name → the last test cell in which it stands."""
    found: dict[str, int] = {}
    for i, cell in enumerate(cells):
        if cell.kind == "test":
            found |= dict.fromkeys(re.findall(r"\w+", cell.source), i)
    return found


def _of_cell(cell: JobCell, outcome: CellOutcome) -> CellVerdict:
    """The verdict on a cell that is not graded itself."""
    withheld = cell.kind == "code" and outcome.ename == "Withheld"
    outputs = list(outcome.outputs)
    message = ""
    if withheld:
        outputs.append({"output_type": "stream", "name": "stdout", "text": _WITHHELD})
    elif outcome.status != "ok":
        message = _why(outcome)
        outputs.append(
            {
                "output_type": "error",
                "ename": outcome.ename or outcome.status,
                "evalue": outcome.evalue,
                "traceback": [outcome.traceback or outcome.evalue],
            }
        )
    status = "ok" if withheld else outcome.status
    return CellVerdict(
        cell.grade_id, cell.kind, status, 0.0, 0.0, message, outputs, (), outcome.seconds, withheld
    )


def _why(outcome: CellOutcome) -> str:
    text = " ".join(outcome.evalue.split())[:500]
    if outcome.status == "timeout":
        return f"This cell was stopped: {text}"
    if outcome.status == "killed":
        return f"This cell ended the process it ran in. {text}"
    return f"This cell stopped with {outcome.ename}{f': {text}' if text else ''}"


def _outputs(run: Run, message: str) -> list[dict[str, Any]]:
    """A test cell's outputs for the graded notebook: what was printed, the cards of checks that hold, the failure."""
    outputs: list[dict[str, Any]] = []
    if run.printed:
        outputs.append({"output_type": "stream", "name": "stdout", "text": run.printed})
    for result, hidden in run.results:
        if result.passed and not hidden:
            data = {"text/plain": str(result), "text/html": result._repr_html_()}
            outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
    if run.problem is not None:
        outputs.append(
            {
                "output_type": "error",
                "ename": type(run.problem).__name__,
                "evalue": message.split("\n")[0],
                "traceback": message.split("\n"),
            }
        )
    elif run.value is not None:
        outputs.append(
            {
                "output_type": "execute_result",
                "execution_count": None,
                "data": {"text/plain": repr(run.value)[:2000]},
                "metadata": {},
            }
        )
    return outputs
