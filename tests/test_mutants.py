"""A small version of `make mutants`: a few mutants of every reference must fail its check."""

from __future__ import annotations

import pytest

from backprop_helpers.checks import diagnose, exercises
from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import mutants_of

FEW = 8


@pytest.mark.parametrize("name", [n for n, e in exercises().items() if not e.behaviour])
def test_mutants_die(name):
    mutants = [m for m in mutants_of(name, exercises()[name].references[0]) if m.key not in EQUIVALENT]
    assert mutants
    few = mutants[:: max(1, len(mutants) // FEW)]
    alive = [
        m.key for m in few if diagnose(name, m.fn, known=()) and diagnose(name, m.fn, hidden=True, known=())
    ]
    assert not alive


def test_the_mutations_are_those_of_array_code():
    lines = {m.line for m in mutants_of("affine_backward", exercises()["affine_backward"].references[0])}
    assert "dx = (dout @ w).reshape(x.shape)" in lines
    assert "db = dout.sum(axis=1)" in lines
    assert "dx = dout @ w.T" in lines
    assert "dw = _rows(x).T * dout" in lines
