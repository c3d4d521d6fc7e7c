"""What a sandbox may import holds no answer: nothing there, tried as a solution, passes its check."""

from __future__ import annotations

import sys

import pytest
from judge_side import LESSONS, job, page

from backprop_helpers.checks import exercises
from backprop_helpers.checks.observe import NotThere
from backprop_helpers.checks.runner import _compared_all, _number, known_answers
from backprop_helpers.checks.trial import failed
from backprop_helpers.grading.given import PRELOAD, given_for, prepare
from backprop_helpers.grading.judge.notebook import _last_uses
from backprop_helpers.grading.judge.remote import RemoteFunction, Side
from backprop_helpers.grading.sandbox import Limits, Sandbox, Tier

# Everything that can be called in everything that can be imported, also in its dictionaries, lists and classes.
WALK = """
import importlib, pkgutil
import backprop_helpers
found, modules = [], []

def keep(label, value, depth=0):
    if callable(value) and all(value is not other for _, other in found):
        found.append((label, value))
        learner[f"walked_{len(found) - 1}"] = value
    if depth < 3:
        if isinstance(value, dict):
            for key, part in value.items():
                keep(f"{label}[{key!r}]", part, depth + 1)
        elif isinstance(value, (list, tuple)):
            for i, part in enumerate(value):
                keep(f"{label}[{i}]", part, depth + 1)
        elif isinstance(value, type):
            for key in [key for key in vars(value) if key[:2] != "__"]:
                keep(f"{label}.{key}", getattr(value, key, None), depth + 1)

for info in pkgutil.walk_packages(backprop_helpers.__path__, "backprop_helpers."):
    module = importlib.import_module(info.name)
    modules.append(info.name)
    for name, value in list(vars(module).items()):
        if name[:2] != "__" and str(getattr(value, "__module__", "backprop_helpers")).startswith("backprop_helpers"):
            keep(f"{info.name}.{name}", value)
for name in backprop_helpers._HOME:
    keep(f"backprop_helpers.{name}", getattr(backprop_helpers, name, None))
result = [modules, [label for label, _ in found]]
"""


@pytest.fixture(scope="module")
def sandbox():
    if sys.platform != "linux":
        pytest.skip("the sandbox needs Linux")
    given = given_for(LESSONS[0], page(LESSONS[0]))
    with Sandbox(
        Tier.UNSAFE, package=given.folder, preload=PRELOAD, limits=Limits(seconds_total=900)
    ) as warm:
        yield warm


def passes(exercise, fn):
    answers = known_answers(exercise, _number(exercise.name))
    for cases in (answers.cases[:1], answers.cases):  # nearly everything fails on the first
        try:
            trials = _compared_all(exercise, answers, fn.observe(exercise, cases, None), True)
        except NotThere:
            return False
        if any(failed(exercise, trial) for trial in trials):
            return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_no_exercise_is_solved_by_importing(sandbox, lesson):
    given = given_for(lesson, page(lesson))
    last = _last_uses(job(lesson))
    mine = [e for e in exercises().values() if e.lesson == lesson]
    solved = []
    for exercise in mine:
        with sandbox.open(given.folder) as box:
            side = Side(box)
            for release in given.releases:
                if all(last[name] < last[exercise.name] for name in release.exercises):
                    side.release(release.module, release.source)
            outcome = side.script(WALK, {}, 30)
            assert outcome.status == "ok", outcome.evalue
            _, labels = outcome.value
            assert labels
            quick = type(exercise)(**{**vars(exercise), "seconds": 0.5})
            for i, label in enumerate(labels):
                if passes(quick, RemoteFunction(side, f"walked_{i}")):
                    solved.append(f"{exercise.name} by {label}")
            assert box.alive
    assert solved == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_only_what_is_meant_to_be_there_can_be_imported(sandbox, lesson):
    given = given_for(lesson, page(lesson))
    with sandbox.open(given.folder) as box:
        modules, _ = Side(box).script(WALK, {}, 30).value
    names = {module.removeprefix("backprop_helpers.").split(".")[0] for module in modules}
    forbidden = {"misconceptions", "authoring", "grading", "demo", "learn", "cli", "tracing"}
    assert not names & forbidden
    assert "capstone" not in names or lesson > "06"
    assert "gradcheck" not in names or lesson > "03"
    drives = [m for m in modules if m.startswith("backprop_helpers.checks.drives.")]
    assert drives in ([], [f"backprop_helpers.checks.drives.lesson_{lesson[:2]}"])
    assert not [m for m in modules if m.startswith("backprop_helpers.checks.lesson")]


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_file_is_free_of_words_that_name_an_answer(lesson):
    for path in given_for(lesson, page(lesson)).folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "mended" not in text.lower() or lesson > "05"
        assert "MISCONCEPTIONS" not in text
        assert "reference=" not in text


def test_the_package_is_the_same_each_time(tmp_path):
    first, second = (prepare("04_backward_pass", page("04_backward_pass"), tmp_path / name) for name in "ab")
    assert first.releases == second.releases
    files = sorted(p.relative_to(first.folder) for p in first.folder.rglob("*") if p.is_file())
    assert files
    assert all((first.folder / f).read_bytes() == (second.folder / f).read_bytes() for f in files)


def test_earlier_lessons_functions_are_given_and_this_lessons_are_locked_until_judged(sandbox):
    given = given_for("01_forward_pass", page("01_forward_pass"))
    release = next(r for r in given.releases if r.names == ("affine_forward",))
    with sandbox.open(given.folder) as box:
        side = Side(box)
        ask = "from backprop_helpers import layers\nimport numpy as np\n"
        call = f"{ask}result = layers.affine_forward(np.ones((2, 3)), np.ones((3, 4)), np.ones(4))[0]"
        before = side.script(call, {})
        assert (before.status, before.ename) == ("error", "Withheld")
        side.release(release.module, release.source)
        assert (side.script(call, {}).value == 4).all()
    with sandbox.open(given_for("04_backward_pass", page("04_backward_pass")).folder) as box:
        assert (Side(box).script(call, {}).value == 4).all()
