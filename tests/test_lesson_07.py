"""What lesson 07 says is so: counts, factors from layer to layer, memory, and how good random directions are."""

from __future__ import annotations

import gc
import itertools
import math
import re
import tracemalloc
from pathlib import Path

import nbformat
import numpy as np
import pytest

from backprop_helpers.checkpointing import checkpointed_backward, layer_backward, layer_forward
from backprop_helpers.checks import diagnose
from backprop_helpers.checks.drives.lesson_07 import Watch
from backprop_helpers.cost import multiply_count
from backprop_helpers.counting import MultiplicationCounter
from backprop_helpers.experiments import checkpoints, signal_by_depth
from backprop_helpers.experiments.gallery.gradient_cost import cost
from backprop_helpers.initialisation import he_init, xavier_init
from backprop_helpers.layer_health import diagnose_layers
from backprop_helpers.losses import softmax_loss
from backprop_helpers.network import init_params, mlp_backward, mlp_forward
from backprop_helpers.own_words import own_sentence

ROOT = Path(__file__).resolve().parents[1]
NAME = "07_why_backprop"
PAGE = (ROOT / "lessons" / f"{NAME}.py").read_text(encoding="utf-8")
TEXT = re.sub(r"\n# ", " ", PAGE)


@pytest.fixture(scope="module")
def printed():
    """What a cell of the solution printed, found by a piece of its code."""
    cells = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", as_version=4).cells

    def of(code: str) -> list[str]:
        (cell,) = (c for c in cells if c.cell_type == "code" and code in c.source)
        return "".join(o.text for o in cell.outputs if o.output_type == "stream").splitlines()

    return of


def numbers(line: str) -> list[float]:
    return [float(text.replace(",", "")) for text in re.findall(r"-?\d[\d,]*\.?\d*(?:e[-+]\d+)?", line)]


# --- counts -------------------------------------------------------------------------------------------------


def counted(sizes, n, differences=False):
    """Multiplications that really happen: of a forward pass, a backward pass, and central differences."""
    counter, rng = MultiplicationCounter(), np.random.default_rng(0)
    params = init_params(sizes, rng, scale=1.0)
    x, y = rng.standard_normal((n, sizes[0])), rng.integers(0, sizes[-1], n)
    scores, caches = mlp_forward(counter.watch(x), counter.watch(params))
    forward = counter.count
    _, dscores = softmax_loss(scores, y)
    mlp_backward(dscores, caches)
    backward = counter.count - forward
    if not differences:
        return forward, backward
    counter.count = 0
    for part in (part for pair in params for part in pair):
        for i in np.ndindex(part.shape):
            for nudge in (1e-5, -1e-5):
                part[i] += nudge
                softmax_loss(mlp_forward(counter.watch(x), counter.watch(params))[0], y)
                part[i] -= nudge
    return forward, backward, counter.count


@pytest.mark.parametrize(("sizes", "n"), [([3, 4, 2], 5), ([2, 5, 3], 4), ([7, 3], 2), ([5, 8, 4, 6, 3], 7)])
def test_the_formula_is_what_really_happens(sizes, n):
    assert multiply_count(sizes, n)[:2] == counted(sizes, n)


def test_the_differences_cost_what_the_formula_says():
    assert counted([3, 4, 2], 5, differences=True) == multiply_count([3, 4, 2], 5) == (100, 140, 5200)


def test_the_worked_numbers_and_the_gaps():
    assert multiply_count([3, 4, 2], 5) == (100, 140, 5200)
    assert "together $140$" in PAGE
    assert multiply_count([2, 5, 3], 4) == (100, 160, 6600)
    assert (
        "backward $100 + 60 = 160$; $P = (10 + 5) + (15 + 3) = 33$; differences $66\\cdot 100 = 6600$" in PAGE
    )


def test_a_whole_gradient_costs_less_than_three_forward_passes_however_many_parameters():
    rng = np.random.default_rng(0)
    for layers in range(1, 9):
        sizes = [int(s) for s in rng.integers(1, 2000, layers + 1)]
        forward, backward, _ = multiply_count(sizes, 32)
        assert 2 <= (forward + backward) / forward < 3


def test_the_experiment_counts_as_the_exercise_does():
    for hidden in (1, 40, 900):
        known = cost(hidden)
        assert multiply_count([64, hidden, 10], 1) == (known.forward, known.backward, known.differences)


def test_a_backward_pass_that_makes_every_dx_costs_60_more():
    assert "does 60 products more" in PAGE
    counter, rng = MultiplicationCounter(), np.random.default_rng(0)
    x, (first, second) = rng.standard_normal((5, 3)), init_params([3, 4, 2], rng)
    h, cache_1 = layer_forward(counter.watch(x), *first)
    _, cache_2 = layer_forward(h, *second)
    start = counter.count
    layer_backward(layer_backward(np.ones((5, 2)), cache_2)[0], cache_1)
    assert counter.count - start == 140 + 60


def test_watched_arrays_hold_the_same_numbers():
    counter, rng = MultiplicationCounter(), np.random.default_rng(0)
    params, x = init_params([4, 6, 3], rng, 1.0), rng.standard_normal((5, 4))
    watched, _ = mlp_forward(counter.watch(x), counter.watch(params))
    plain, _ = mlp_forward(x, params)
    assert np.array_equal(np.asarray(watched), plain)
    watched += 1  # in place, on an array of its own
    assert np.array_equal(np.asarray(watched), plain + 1)
    assert counter.watch("a word") == "a word"
    assert isinstance(counter.watch(x).sum(), float)


def test_an_unwritten_size_is_refused():
    with pytest.raises(ValueError, match="needs an input and an output size"):
        multiply_count([3], 5)


def test_the_timed_table_is_read_as_the_page_reads_it(printed):
    """The saved table is one machine's; what the text says of it must hold for it."""
    rows = [numbers(line) for line in printed("def time_one(sizes)")[2:]]
    assert [row[0] for row in rows] == [103, 1008, 9985, 99126]
    assert all(row[1] < 3 for row in rows)
    assert rows[-1][0] > 900 * rows[0][0]  # "while P grows a thousandfold"
    slow = [row[4] for row in rows]
    assert all(4 < b / a < 20 for a, b in itertools.pairwise(slow))  # "grows with P itself"


# --- depth --------------------------------------------------------------------------------------------------


def test_a_factor_of_one_half_fifty_times():
    assert "0.5 to the power of 50 is $10^{-15}$" in TEXT
    assert round(math.log10(0.5**50)) == -15


def test_the_gradient_vanishes_or_explodes_back_in_time(printed):
    table = {line.split()[1]: numbers(line)[1:] for line in printed("def gradient_back_in_time")[1:]}
    assert table["0.5"][-1] < 1e-14
    assert table["4.0"][-1] > 1e9
    assert all(a > b for a, b in itertools.pairwise(table["0.5"]))
    assert all(a < b for a, b in itertools.pairwise(table["4.0"]))


def test_the_factors_of_the_derivation(printed):
    for line in printed("predicted D σ²"):
        predicted, measured = re.search(r"= ([\d.]+) +measured ([\d.]+)", line).groups()
        assert float(measured) == pytest.approx(float(predicted), rel=0.02)


def test_the_worked_spreads():
    assert np.std(xavier_init([8, 24], np.random.default_rng(0))[0][0]) == pytest.approx(1 / 4, rel=0.15)
    assert math.sqrt(2 / (8 + 24)) == 1 / 4
    assert math.sqrt(2 / 8) == 1 / 2
    assert math.sqrt(2 / (50 + 150)) == pytest.approx(0.1)
    assert math.sqrt(2 / 50) == pytest.approx(0.2)


def test_what_was_usual_shrinks_a_gradient_by_one_over_root_three(printed):
    usual, xavier = (numbers(line)[-6:] for line in printed("def usual_init")[1:])
    predicted = [3 ** (-(5 - i) / 2) for i in range(6)]
    assert usual == pytest.approx(predicted, abs=0.02)
    assert "1, 0.58, 0.33, 0.19" in PAGE
    assert all(a > b for a, b in zip(xavier[:-1], usual[:-1], strict=True))
    assert xavier[0] > 5 * usual[0]  # "far more slowly"


def test_xavier_for_relu_loses_a_factor_of_root_two_a_layer():
    assert round(0.5 ** (30 / 2), 5) == 0.00003
    rng = np.random.default_rng(0)
    h = rng.standard_normal((64, 64))
    for w, _ in xavier_init([64] * 31, rng):
        h = np.maximum(h @ w, 0)
    assert math.log(np.sqrt(np.mean(h**2))) / 30 == pytest.approx(-math.log(2) / 2, rel=0.1)


def test_thirty_layers_learn_with_he_and_not_with_xavier(printed):
    losses = {line[:25].strip(): numbers(line[25:]) for line in printed("def train_deep")[1:]}
    assert set(losses["Xavier, sgd_momentum"]) == {2.3}
    assert losses["He, sgd_momentum"][-1] < 1.9
    assert losses["Xavier, adam"][-1] < 2.0  # "works Xavier's network loose in the end"
    assert all(he < xavier for he, xavier in zip(losses["He, adam"], losses["Xavier, adam"], strict=True))
    assert losses["He, adam"][0] < losses["Xavier, adam"][1]  # "an epoch or two behind"


def test_the_experiments_question_has_the_answer_it_says():
    small, large, he = (
        signal_by_depth.model(50, init, "ReLU").first_gradient for init in ("0.01", "1", "He")
    )
    assert small < 1e-20
    assert large > 1e20
    assert 0.1 < he < 10


# --- what ails a network ------------------------------------------------------------------------------------


def test_the_worked_layer_is_not_dead_and_the_gap_is_saturated():
    h = np.array([[0.0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 3, 0]])
    assert (h == 0).sum() == 9
    assert diagnose_layers([h], [np.ones((3, 4))], "relu") == ["healthy"]
    gap = np.array([[0.99, -0.98, 0.5, -0.99]])
    assert np.round(1 - gap**2, 2).tolist() == [[0.02, 0.04, 0.75, 0.02]]
    assert diagnose_layers([gap], [np.ones((1, 4))], "tanh") == ["saturated"]


def test_the_five_patients(printed):
    told = [line[30:].strip() for line in printed("def look_inside")]
    assert "vanishing" in told[0]
    assert "exploding" in told[1]
    assert told[2] == "10 dead"
    assert "9 saturated" in told[3]
    assert told[4] == "10 healthy"


# --- memory -------------------------------------------------------------------------------------------------


def chain(layers, width, n):
    rng = np.random.default_rng(0)
    params = xavier_init([width] * (layers + 1), rng)
    return rng.standard_normal((n, width)), params, rng.standard_normal((n, width))


def test_checkpoints_change_no_gradient():
    x, params, dout = chain(7, 5, 3)
    h, caches, dh, grads = x, [], dout, []
    for w, b in params:
        h, cache = layer_forward(h, w, b)
        caches.append(cache)
    for cache in reversed(caches):
        dh, dw, db = layer_backward(dh, cache)
        grads.insert(0, (dw, db))
    for every in (1, 2, 3, 7, 20):
        dx, found = checkpointed_backward(x, params, dout, every)
        assert np.array_equal(dx, dh)
        pairs = zip(found, grads, strict=True)
        assert all(np.array_equal(a, b) for one, two in pairs for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("every", [1, 4, 8, 16, 64])
def test_calls_and_caches_are_as_the_page_counts_them(every):
    x, params, dout = chain(64, 3, 2)
    watch = Watch()
    checkpointed_backward(x, params, dout, every, watch.forward, watch.backward)
    assert watch.forwards == 2 * 64
    assert every <= watch.most_caches <= every + 1
    assert watch.most_outputs <= checkpoints.model(64, every).total + 3


def test_memory_is_least_at_the_root_of_the_number_of_layers():
    x, params, dout = chain(64, 16, 512)
    peaks = {}
    for every in (1, 2, 4, 8, 16, 32, 64):
        gc.collect()
        tracemalloc.start()
        checkpointed_backward(x, params, dout, every)
        peaks[every] = tracemalloc.get_traced_memory()[1] / x.nbytes
        tracemalloc.stop()
    assert min(peaks, key=peaks.get) == 8
    assert peaks[64] > 3 * peaks[8]


def test_the_measured_table_of_memory(printed):
    *lines, last = printed("def store_all")[2:]
    rows = {line[:22].strip(): numbers(line[22:]) for line in lines}
    assert rows.pop("all caches kept")[0] == 64
    assert all(row[0] == 128 for row in rows.values())
    memory = {name: row[1] for name, row in rows.items()}
    assert min(memory, key=memory.get) == "8"
    assert memory["8"] == 8 + 8 + 4 + 2  # checkpoints, caches, gradients, two in work
    assert numbers(last)[-1] > 2.5


def test_the_experiment_on_checkpoints():
    best = checkpoints.model(64, 8)
    assert (best.total, best.best, best.forwards) == (16, 16, 128)
    assert checkpoints.model(64, 2).total == checkpoints.model(64, 32).total == 34
    assert checkpoints.model(10, 60).total == 11
    assert "1 cache of" in checkpoints.sentence(checkpoints.model(64, 1))
    assert "the least possible is 16" in checkpoints.sentence(checkpoints.model(64, 20))
    assert "(the least possible)" in checkpoints.sentence(best)


def test_the_checkpoints_of_the_worked_chain():
    assert list(range(0, 7, 3)) == [0, 3, 6]
    assert list(range(0, 10, 4)) == [0, 4, 8]


# --- three tasks, and other ways ----------------------------------------------------------------------------


def test_the_three_tasks_are_learned_with_right_gradients(printed):
    rows = printed("def along_a_direction")[1:]
    assert len(rows) == 3
    assert all(row.split()[-1] == "yes" for row in rows)
    assert all(numbers(row)[-1] > 1.2 for row in rows)


def test_random_directions_are_as_good_as_predicted(printed):
    first, *rows = printed("small_params")
    size = int(numbers(first)[0])
    assert size == 64 * 12 + 12 + 12 * 10 + 10
    for k, measured, predicted in map(numbers, rows[1:]):
        assert predicted == pytest.approx(math.sqrt(k / (k + size + 1)), abs=0.006)
        assert measured == pytest.approx(predicted, abs=0.06)


# --- own sentences ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"number": None}, "Not filled in yet"),
        ({"number": "2"}, "'2' is not a number"),
        ({"number": True}, "True is not a number"),
        ({"number": math.nan}, "nan is not a number"),
        ({"number": 20, "measured": 2.4}, "You wrote 20, and what was measured here is 2.4."),
        ({"number": 9, "measured": [2.4, 5]}, "measured here is 2.4 or 5."),
        ({"number": 2.4, "measured": 2.41}, "costs 2.4 passes.\nNow say why"),
        ({"number": 5, "measured": [2.4, 5.2], "because": " both grow alike. "}, "costs 5 passes, because both grow alike."),
        ({"number": 12345, "because": "so"}, "costs 12,345 passes, because so."),
    ],
)  # fmt: skip
def test_own_sentences(given, said):
    assert said in own_sentence("It costs ___ passes.", **given)


def test_a_sentence_needs_one_gap():
    with pytest.raises(ValueError, match="2 gaps"):
        own_sentence("___ and ___", 1)


def test_each_claim_ends_in_a_sentence_of_the_learners_own():
    for number, word in enumerate(("Efficient", "Scalable", "Automatic"), 1):
        assert f"\n# ## {number} · {word}\n" in PAGE
        assert f'"{word}: ' in PAGE
    assert PAGE.count("my_number = None") == 3


# --- checks that look at how, not only at what ---------------------------------------------------------------


def test_right_gradients_with_everything_in_memory_do_not_pass():
    def everything(x, params, dout, every, forward, backward):
        return checkpointed_backward(x, params, dout, 1000, forward, backward)

    result = diagnose("checkpointed_backward", everything)
    assert not result
    assert result.quantity == "caches alive at one time"


def test_a_spread_that_fits_no_rule_is_told_as_a_number():
    def odd(sizes, rng):
        return [(1.3 * w, b) for w, b in he_init(sizes, rng)]

    result = diagnose("he_init", odd, known=())
    assert "another standard deviation than √(2 / inputs)" in result.message
    assert "got 1.3, 1.3" in result.where.replace("1.29", "1.3").replace("1.31", "1.3")


def test_a_word_that_is_not_in_the_table_is_answered_with_the_table():
    said = diagnose("diagnose_layers", lambda outputs, gradients, activation: ["fine"] * len(outputs)).message
    assert "'fine'" in said
    assert "healthy, dead, saturated, vanishing, exploding" in said
