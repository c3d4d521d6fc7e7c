"""Whatever a learner's function does, a check answers with one sentence and never with a traceback."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from backprop_helpers import misconceptions
from backprop_helpers.checks import CheckFailed, check, diagnose, exercise_named, registry
from backprop_helpers.checks.result import WIDTH
from backprop_helpers.layers import affine_backward, affine_forward

ROOT = Path(__file__).resolve().parent.parent
# the shape of the first right output, which the check draws
OUT = diagnose("affine_forward", lambda x, w, b: (np.zeros(2), 0)).expected.shape


def never_returns(x, w, b):
    while True:
        pass


def swallows_interrupts(x, w, b):
    end = time.monotonic() + 0.8
    while time.monotonic() < end:
        try:
            while True:
                pass
        except:  # noqa: E722
            pass


def raises(x, w, b):
    return x @ w.T + b


def uses_an_unknown_name(x, w, b):
    return np.dot(x, weights) + b, (x, w, b)  # noqa: F821


def leaves_python(x, w, b):
    raise SystemExit(1)


def still_empty(x, w, b):
    raise NotImplementedError


def changes_x(x, w, b):
    x *= 1.5
    return x.reshape(len(x), -1) / 1.5 @ w + b, (x, w, b)


def broadcasts(x, w, b):
    out, cache = affine_forward(x, w, b)
    return out[None], cache


@pytest.fixture
def short(monkeypatch):
    """The same exercise with a short time limit."""
    quick = dataclasses.replace(exercise_named("affine_forward"), seconds=0.3)
    monkeypatch.setitem(registry.exercises(), "affine_forward", quick)


@pytest.mark.parametrize(
    ("fn", "sentence"),
    [
        (raises, "stopped with ValueError"),
        (raises, "two shapes don't fit together"),
        (raises, "in its line `return x @ w.T + b`"),
        (uses_an_unknown_name, "NameError: name 'weights' is not defined"),
        (leaves_python, "take out exit() or quit()"),
        (still_empty, "affine_forward is still empty: write its body"),
        (lambda x, w, b: None, "affine_forward returned None. Does it end with `return out, cache`?"),
        (
            lambda x, w, b: x.reshape(len(x), -1) @ w + b,
            f"returned one array of shape {OUT}; expected 2 things, (out, cache)",
        ),
        (lambda x, w, b: (1, 2, 3), "returned 3 things; expected 2"),
        (lambda x, w, b: ("text", 0), f"out is a str; expected an array of shape {OUT}"),
        (lambda x, w, b: ([[1.0], [1.0, 2.0]], 0), "rows have different lengths"),
        (lambda x, w, b: (1j * np.ones(OUT), 0), "complex numbers"),
        (
            lambda x, w, b: (np.full(OUT, np.nan), 0),
            f"out is not finite: {math.prod(OUT)} of {math.prod(OUT)} entries nan",
        ),
        (lambda x, w, b: (1.0, 0), f"out is a single number; expected an array (N, M) = {OUT}"),
        (lambda x, w: 0, "the check calls it as affine_forward(x, w, b)"),
        (broadcasts, "out holds the right numbers in the wrong shape"),
        (changes_x, "changes x in place"),
        (3, "is int, not a function"),
    ],
)
def test_bad_results_are_sentences_that_name_the_function(fn, sentence):
    result = diagnose("affine_forward", fn, known=())
    assert not result.passed
    assert sentence in result.message
    assert "affine_forward" in result.message


@pytest.mark.parametrize("fn", [never_returns, swallows_interrupts])
def test_a_function_that_never_returns_is_stopped_and_said(short, fn):
    result = diagnose("affine_forward", fn)
    assert not result.passed
    if fn is never_returns:
        assert "did not come back within 0.3 seconds and was stopped" in result.message


@pytest.mark.timeout(30)
def test_it_is_stopped_in_a_program_that_ignores_ctrl_c_too(short):
    """As one that a shell started in the background does."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert "did not come back" in diagnose("affine_forward", never_returns).message
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_ten_megabytes_of_prints_are_counted_not_shown(capsys):
    def prints(x, w, b):
        print("x" * 10_000_000)
        return affine_forward(x, w, b)

    result = diagnose("affine_forward", prints)
    assert result.passed
    assert "printed 10,000,001 characters" in str(result)
    assert capsys.readouterr().out == ""


def test_check_raises_one_sentence_and_prints_nothing(capsys):
    with pytest.raises(CheckFailed) as caught:
        check("affine_forward", still_empty)
    shown = caught.value._render_traceback_()
    assert "affine_forward is still empty" in shown[0]
    assert not any("Traceback" in line for line in shown)
    assert "The hints below its cell" in " ".join(" ".join(shown).split())
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def cards(monkeypatch):
    """A notebook that somebody reads: what is displayed in it."""
    displayed = []
    monkeypatch.setattr("backprop_helpers.checks.notebook._shell", lambda: SimpleNamespace(kernel=None))
    monkeypatch.setattr("IPython.display.display", lambda data, raw=False: displayed.append(data))
    return displayed


def attack(x, w, b):
    raise ValueError("<script>alert(1)</script>")


@pytest.mark.parametrize("fn", [still_empty, attack, lambda x, w, b: (x, None)])
def test_a_notebook_shows_a_card_and_one_line(fn, cards):
    with pytest.raises(CheckFailed) as caught:
        check("affine_forward", fn)
    found = diagnose("affine_forward", fn)
    (card,) = cards
    assert card["text/plain"] == str(caught.value) == str(found)
    assert found._repr_html_() in card["text/html"]
    assert "<script" not in card["text/html"]
    (line,) = caught.value._render_traceback_()
    assert "affine_forward" in line
    assert "the card above" in line


def test_a_mistake_is_red_and_an_exercise_still_empty_is_not(cards):
    for fn in (attack, still_empty):
        with pytest.raises(CheckFailed):
            check("affine_forward", fn)
    mistake, empty = (card["text/html"] for card in cards)
    assert "--jp-error-color1" in mistake
    assert ">✗ affine_forward" in mistake
    assert "error-background" not in mistake
    assert "--jp-error-color1" not in empty
    assert ">○ affine_forward is still empty" in empty
    assert "--jp-rendermime-error-background:transparent" in empty


@pytest.mark.parametrize("run", ["autograde", "validate"])
def test_nbgrader_which_passes_on_the_exception_alone_gets_the_whole_message(run, cards, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", run)
    with pytest.raises(CheckFailed) as caught:
        check("affine_forward", attack)
    assert cards == []
    assert "affine_forward stopped with ValueError" in caught.value._render_traceback_()[0]


def test_a_real_kernel_sends_the_card_and_then_the_exception(tmp_path):
    def run(**environment):
        code = 'from backprop_helpers import check\ncheck("relu_forward", lambda x: (x, x))'
        notebook = new_notebook(cells=[new_code_cell(code), new_code_cell('check("mse", mse)')])
        client = NotebookClient(notebook, kernel_name="python3", timeout=120, allow_errors=True)
        client.resources = {"metadata": {"path": str(tmp_path)}}
        asyncio.run(client.async_execute(env={**os.environ, **environment, "PYTHONPATH": str(ROOT)}))
        return [cell.outputs for cell in notebook.cells]

    (card, error), (missing, unknown) = run()
    assert card.data["text/plain"] == error.evalue
    assert error.ename == "CheckFailed"
    assert error.traceback == ["✗ relu_forward does not hold yet: the card above says why."]
    assert "There is no function mse here" in missing.data["text/html"]
    assert unknown.ename == "NameError"
    assert len(unknown.traceback) == 1

    ((graded,), (also,)) = run(NBGRADER_EXECUTION="autograde")
    assert (graded.ename, graded.evalue) == (error.ename, error.evalue)
    assert "relu_forward" in graded.traceback[0]
    assert len(graded.traceback) > 1
    assert "There is no function mse here" in also.traceback[0]


def test_nothing_is_cut_from_a_failed_check_where_nbgrader_validates():
    """It cuts the lines of an exception that are longer."""
    for m in misconceptions.all():
        if m.exercise in ("affine_backward", "mse"):
            with pytest.raises(CheckFailed) as caught:
                check(m.exercise, m.wrong)
            shown = caught.value._render_traceback_()
            bare = [line.removeprefix("\x1b[1m").removesuffix("\x1b[0m") for line in shown]
            assert all(len(line) <= WIDTH for line in bare), bare
            assert " ".join(" ".join(bare).split()) == " ".join(str(caught.value).split())


def test_an_unknown_exercise_is_answered_with_the_nearest_name():
    with pytest.raises(KeyError, match="Did you mean affine_forward"):
        check("afine_forward", affine_forward)


def test_a_hidden_check_shows_no_numbers():
    def off(x, w, b):
        out, cache = affine_forward(x, w, b)
        return out * 1.25, cache

    result = diagnose("affine_forward", off, hidden=True, known=())
    assert not result.passed
    assert result.got is None
    assert result.expected is None
    assert "expected" not in result.where


def test_hidden_inputs_differ_with_the_secret(monkeypatch):
    seen = []

    def spy(x, w, b):
        seen.append(x.copy())
        return affine_forward(x, w, b)

    for secret in ("one", "two"):
        monkeypatch.setenv("BACKPROP_SECRET_SEED", secret)
        assert diagnose("affine_forward", spy, hidden=True).passed
    half = len(seen) // 2
    assert not any(np.array_equal(a, b) for a in seen[:half] for b in seen[half:])


def test_a_card_escapes_what_a_learner_wrote():
    card = diagnose("affine_forward", attack)._repr_html_()
    assert "<script>" not in card
    assert "&lt;script&gt;" in card


def test_a_result_that_breaks_the_check_itself_is_answered_with_a_sentence():
    class Hostile:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("<b>no</b>")

    result = diagnose("affine_forward", lambda x, w, b: (Hostile(), 0))
    assert not result.passed
    assert "affine_forward" in result.message


def test_a_missing_or_misspelt_function_is_named(capsys):
    shell = InteractiveShell.instance()
    try:
        from backprop_helpers.checks.notebook import explain_missing_names

        explain_missing_names()
        shell.run_cell("from backprop_helpers import check")
        result = shell.run_cell('check("relu_forward", relu_forward)')
        assert result.error_in_exec is not None
        assert (
            "There is no function relu_forward here: run the cell that defines it" in capsys.readouterr().out
        )
        shell.run_cell("def relu_foward(x): return x")
        shell.run_cell('check("relu_forward", relu_forward)')
        said = capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "")
        assert "there is relu_foward: give it the name relu_forward" in " ".join(said.split())
        shell.run_cell("undefined_thing + 1")
        assert "name 'undefined_thing' is not defined" in capsys.readouterr().out
    finally:
        InteractiveShell.clear_instance()


def test_two_mistakes_in_two_quantities_are_both_said():
    def both(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return dx, dw, db * len(dout) * 2

    result = diagnose("affine_backward", both, known=())
    assert result.pattern == "ratio 2 · N"
    assert result.quantity == "db"


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        (lambda dout, x, dx, dw, db: (dx, dw * dout.shape[1], db), "ratio M"),
        (lambda dout, x, dx, dw, db: (dx, dw, -db), "sign"),
        (lambda dout, x, dx, dw, db: (dx, dw.T, db), "transposed"),
        (lambda dout, x, dx, dw, db: (dx, dw, dout.sum(axis=1)), "sum over axis 1"),
        (lambda dout, x, dx, dw, db: (dx, dw, dout), "equals dout"),
        (lambda dout, x, dx, dw, db: (dx, dw * 0, db), "zero"),
        (lambda dout, x, dx, dw, db: (dx, dw + 1, db), "shift"),
        (lambda dout, x, dx, dw, db: (dx[::-1], dw, db), "reordered"),
        (lambda dout, x, dx, dw, db: (dx + 0.5 * x, dw, db), "off by x"),
        (lambda dout, x, dx, dw, db: (dx, np.vstack([dw[:1] + 1, dw[1:]]), db), "first row"),
        (lambda dout, x, dx, dw, db: (dx, dw, db + np.random.default_rng().random()), "not the same twice"),
        (
            lambda dout, x, dx, dw, db: (dx, x.reshape(len(x), -1).T @ np.ones_like(dout), db),
            "upstream dropped",
        ),
    ],
)
def test_general_patterns_are_said_where_no_misconception_fits(change, pattern):
    def wrong(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return change(dout, cache[0], dx, dw, db)

    result = diagnose("affine_backward", wrong, known=())
    assert result.misconception is None
    assert result.pattern == pattern
