"""Nobody gets a point for what is no answer, and the rest of a submission gets what it is worth."""

from __future__ import annotations

import sys

import pytest
from judge_side import LESSONS, job, page

from backprop_helpers.grading.given import PRELOAD, given_for
from backprop_helpers.grading.judge import judge_notebook
from backprop_helpers.grading.sandbox import Limits, Sandbox, Tier
from tests.hostile.forgeries import FORGERIES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture(scope="module")
def sandbox():
    given = given_for(LESSONS[1], page(LESSONS[1]))
    with Sandbox(Tier.UNSAFE, package=given.folder, preload=PRELOAD, limits=Limits(seconds_cell=3.0)) as warm:
        yield warm


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda f: f.name)
def test_a_forgery_earns_nothing_and_costs_nothing_else(sandbox, forgery):
    given = given_for(forgery.lesson, page(forgery.lesson))
    with sandbox.open(given.folder) as box:
        result = judge_notebook(
            job(forgery.lesson, forgery.answers),
            box,
            seed="secret",
            given=given,
            again=lambda: sandbox.open(given.folder),
        )
    tests = [cell for cell in result.cells if cell.kind == "test"]
    earned = {cell.grade_id.removeprefix("check-"): cell.earned for cell in tests}
    worth = {cell.grade_id.removeprefix("check-"): cell.points for cell in tests}
    assert {name: earned[name] for name in forgery.answers} == dict.fromkeys(forgery.answers, 0.0)
    others = set(earned) - set(forgery.answers) - forgery.costs
    assert {name: earned[name] for name in others} == {name: worth[name] for name in others}
    said = next(cell.message for cell in tests if cell.grade_id.removeprefix("check-") in forgery.answers)
    assert said
    assert "secret" not in said


def test_forgeries_have_names_of_their_own():
    assert len({forgery.name for forgery in FORGERIES}) == len(FORGERIES) > 30
