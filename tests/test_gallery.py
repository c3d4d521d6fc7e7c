"""The gallery of misconceptions is generated and up to date."""

from __future__ import annotations

from collections import Counter

import pytest

from backprop_helpers import misconceptions
from backprop_helpers.authoring.gallery import PATH, gallery
from tests.mutation.pairs import pairs_of
from tests.sweeps import TRUE_NAMES, leave_one_out, said_of_pair, sweep


@pytest.mark.slow
def test_the_page_in_the_docs_is_what_the_code_says_now():
    assert PATH.read_text(encoding="utf-8") == gallery(), "run: python -m backprop_helpers.authoring.gallery"


@pytest.mark.slow
def test_without_its_own_entry_no_misconception_gets_a_wrong_name():
    named = {r.misconception: r.named for r in map(leave_one_out, misconceptions.all()) if r.named}
    assert set(named) <= set(TRUE_NAMES), named


def test_two_known_mistakes_in_one_function_are_both_named():
    said = {name: Counter(map(said_of_pair, pairs_of(name))) for name in ("affine_backward", "neuron_locals")}
    assert said["affine_backward"]["both"] >= 20
    assert not said["affine_backward"]["passes"]
    assert set(said["neuron_locals"]) == {"both"}


def test_a_sweep_counts_runs_and_finds_nothing():
    result = sweep(("affine_backward", 10, 10))
    assert result.right_runs >= 60
    assert not result.false_alarms
    assert not result.escapes
    assert not result.misnamed
