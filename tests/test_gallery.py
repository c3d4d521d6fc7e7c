"""The gallery of misconceptions is generated and up to date."""

from __future__ import annotations

from backprop_helpers import misconceptions
from backprop_helpers.authoring.gallery import PATH, gallery
from tests.sweeps import TRUE_NAMES, leave_one_out, sweep


def test_the_page_in_the_docs_is_what_the_code_says_now():
    assert PATH.read_text(encoding="utf-8") == gallery(), "run: python -m backprop_helpers.authoring.gallery"


def test_without_its_own_entry_no_misconception_gets_a_wrong_name():
    named = {r.misconception: r.named for r in map(leave_one_out, misconceptions.all()) if r.named}
    assert set(named) <= set(TRUE_NAMES), named


def test_a_sweep_counts_runs_and_finds_nothing():
    result = sweep(("affine_backward", 10, 10))
    assert result.right_runs >= 60
    assert not result.false_alarms
    assert not result.escapes
    assert not result.misnamed
