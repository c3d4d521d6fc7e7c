"""What lesson 06 says is so: its worked tables, what its cells printed, the capstone's bar, and how a run ends."""

from __future__ import annotations

import base64
import io
import itertools
import math
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from backprop_helpers.capstone import BAR, learn_digits
from backprop_helpers.checks import diagnose
from backprop_helpers.data import load_digits, two_arcs
from backprop_helpers.experiments import Pictures
from backprop_helpers.experiments.gallery.patience import history as patience_history
from backprop_helpers.history import History
from backprop_helpers.losses import accuracy, softmax_loss
from backprop_helpers.network import init_params, mlp_backward, mlp_forward
from backprop_helpers.optimizers import adam, sgd
from backprop_helpers.training import EarlyStopping, minibatches, train
from benchmarks.capstone_spread import NEARLY, RECIPES, draw, run

ROOT = Path(__file__).resolve().parents[1]
NAME = "06_training_loop"
PAGE = (ROOT / "lessons" / f"{NAME}.py").read_text(encoding="utf-8")
MEASURED = (ROOT / "docs" / "benchmarks" / "capstone.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def printed():
    """What a cell of the solution printed, found by a piece of its code."""
    cells = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", as_version=4).cells

    def of(code: str) -> list[str]:
        (cell,) = (c for c in cells if c.cell_type == "code" and code in c.source)
        return "".join(o.text for o in cell.outputs if o.output_type == "stream").splitlines()

    return of


def rows_of(text: str) -> dict[str, list[str]]:
    """Name → the other columns of every row of the Markdown tables in a text, as one writes them: "97.4%", "0 of 20"."""
    rows = re.findall(r"^(?:# )?\|(.+)\|$", text, re.MULTILINE)
    cells = [[c.replace("*", "").replace(" %", "%").strip() for c in row.split("|")] for row in rows]
    return {name: rest for name, *rest in cells}


# --- mini-batches -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "size", "sizes"), [(7, 3, [3, 3, 1]), (20, 8, [8, 8, 4])])
def test_the_batches_by_hand(n, size, sizes):
    rows = np.arange(n)
    batches = list(minibatches(rows, rows, size, np.random.default_rng(1)))
    assert [len(x) for x, _ in batches] == sizes
    assert len(batches) == math.ceil(n / size)
    assert sorted(np.concatenate([x for x, _ in batches])) == rows.tolist()


def test_the_worked_order_is_the_one_the_function_gives(printed):
    rows = np.arange(7)
    batches = [x.tolist() for x, _ in minibatches(rows, rows, 3, np.random.default_rng(1))]
    assert printed("permutation(7)")[1] == f"batches: {batches}"


def test_four_times_the_rows_halve_the_distance_or_a_little_more(printed):
    digits = load_digits()
    x, y = digits.x_train, digits.y_train
    rng = np.random.default_rng(7)
    params = init_params([64, 32, 10], rng, scale=0.1)

    def gradient(rows):
        scores, caches = mlp_forward(x[rows], params)
        return mlp_backward(softmax_loss(scores, y[rows])[1], caches)[0][0]

    whole = gradient(np.arange(len(x)))
    far = [
        np.mean([np.linalg.norm(gradient(rng.permutation(len(x))[:b]) - whole) for _ in range(60)])
        for b in (8, 32, 128)
    ]
    assert all(1.8 < a / b < 2.6 for a, b in itertools.pairwise(far))
    on_page = [line.split() for line in printed("def gradient(rows)")[2:]]
    assert [int(size) for size, *_ in on_page] == [1, 8, 32, 128, 512]
    distances, downhill = ([float(row[i]) for row in on_page] for i in (1, 2))
    assert distances == sorted(distances, reverse=True)
    *halved, last = (round(a / b, 1) for a, b in itertools.pairwise(distances[1:]))
    assert all(1.9 <= ratio <= 2.2 for ratio in halved)
    assert last > 2.3  # "the last step does better than half"
    assert 512 / len(x) > 1 / 3
    assert distances[1] > distances[2] > 1  # "errs by more than the gradient is long"
    assert downhill[0] < 45  # "single rows often lead astray"
    assert min(downhill[1:]) >= 49  # "and yet it leads downhill"


# --- stopping ---------------------------------------------------------------------------------------------


def epochs_and_kept(losses, **settings):
    """After which epoch it stops (0 for never), and the epoch of the weights it kept; weights hold their epoch."""
    stopping = EarlyStopping(**settings)
    w = np.zeros((1, 1))
    for epoch, loss in enumerate(losses, start=1):
        w += 1
        if stopping.step(loss, [(w, w[0])]):
            return epoch, int(stopping.best_params[0][0][0, 0])
    return 0, int(stopping.best_params[0][0][0, 0])


def test_the_table_by_hand():
    table = re.findall(r"^# \| (\d) \| (0\.\d) \| (0\.\d) \| (\d) \| (.*)\|$", PAGE, re.MULTILINE)
    assert len(table) == 6
    stopping = EarlyStopping(patience=2)
    for epoch, loss, best, waited, note in table:
        stop = stopping.step(float(loss), [(np.full((1, 1), float(epoch)), np.zeros(1))])
        assert (stopping.best_loss, stopping.waited) == (float(best), int(waited))
        assert stop == ("**stop**" in note)
        assert (stopping.best_params[0][0][0, 0] == float(epoch)) == ("keep these weights" in note)
    assert stopping.best_params[0][0][0, 0] == 4


def test_the_same_losses_with_a_patience_of_one():
    assert epochs_and_kept([0.9, 0.6, 0.7, 0.5, 0.6, 0.5], patience=1) == (3, 2)


def test_the_first_experiment_falls_then_rises():
    training_loss, val = patience_history()
    turn = int(val.argmin())
    assert 10 < turn < len(val) - 50
    assert val[-1] > 1.5 * val[turn]
    assert training_loss[-1] < training_loss[turn] < training_loss[0]


def test_what_the_table_of_criteria_is_read_for(printed):
    lines = printed("class GradientNorm")[1:]
    table = {line[:32].strip(): [float(v.rstrip("%")) for v in line[32:].split()] for line in lines}
    epochs, training_loss, test_loss, right = (
        dict(zip(table, c, strict=True)) for c in zip(*table.values(), strict=True)
    )
    long, patient, hasty = "budget of 300 epochs", "early stopping, patience 20", "early stopping, patience 2"
    assert min(training_loss.values()) == training_loss[long]
    assert max(test_loss.values()) == test_loss[long]
    assert epochs["gradient norm below 0.01"] == 300
    assert epochs[hasty] < epochs[patient] < 300
    assert min(test_loss.values()) == test_loss[patient] < test_loss[hasty]
    assert right[hasty] >= max(right.values()) - 1  # "about as many points right as the best here"
    assert f"is over after {epochs[hasty]:.0f} epochs" in PAGE
    assert f"pays {epochs[patient] - epochs[hasty]:.0f} epochs more" in PAGE


# --- how a run ends ---------------------------------------------------------------------------------------


def arcs(rate, epochs=3, **settings):
    x, y = two_arcs(60, seed=1)
    rng = np.random.default_rng(0)
    return train(
        init_params([2, 8, 2], rng, scale=0.5), x[:40], y[:40], x[40:], y[40:],
        update=sgd, config={"learning_rate": rate}, epochs=epochs, batch_size=10, rng=rng, **settings,
    )  # fmt: skip


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence():
    with np.errstate(all="ignore"):
        _, history = arcs(1e200)
    assert len(history) == 0
    assert "in epoch 1" in history.stopped
    assert "learning rate (1e+200)" in history.stopped
    assert "log of 0" in repr(history)


def test_the_best_weights_come_back_even_after_a_loss_that_is_no_number():
    calls = 0

    def breaks_in_epoch_3(w, dw, config):
        nonlocal calls
        calls += 1
        return (w * math.nan if calls > 40 else sgd(w, dw, config)[0]), config  # 16 calls an epoch

    x, y = two_arcs(60, seed=1)
    with np.errstate(all="ignore"):
        params, history = train(
            init_params([2, 8, 2], np.random.default_rng(0), scale=0.5), x[:40], y[:40], x[40:], y[40:],
            update=breaks_in_epoch_3, config={"learning_rate": 0.1}, epochs=5, batch_size=10,
            rng=np.random.default_rng(0), stopping=EarlyStopping(patience=5),
        )  # fmt: skip
    assert "in epoch 3" in history.stopped
    assert softmax_loss(mlp_forward(x[40:], params)[0], y[40:])[0] == min(history.val_loss)


class SaysStop:
    """A criterion with nothing but what the page asks of one."""

    best_params = None

    def step(self, val_loss, params):
        return True


def test_a_criterion_needs_no_patience_and_may_keep_nothing():
    params, history = arcs(0.1, stopping=SaysStop())
    assert len(history) == 1
    assert history.stopped == "SaysStop said stop"
    once, _ = arcs(0.1, epochs=1)
    assert all(np.array_equal(w, v) for (w, _), (v, _) in zip(params, once, strict=True))


def test_the_sentence_on_the_page(printed):
    (line,) = printed("_, broken = train(")
    assert line.startswith("the loss became ")
    assert "lower the learning rate" in line


def test_a_history_draws_both_curves():
    _, history = arcs(0.1)
    html = history._repr_html_()
    assert html.count("<polyline") == 2
    assert "3 epochs; training loss" in html
    assert "--bp-blue" in html  # the colours come along, or no curve is seen
    assert "budget" in html


def test_a_history_without_an_epoch_is_a_sentence():
    assert History()._repr_html_().startswith("<p>no epoch finished")


@pytest.mark.parametrize("progress", [True, False])
def test_a_bar_changes_nothing(progress, monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    params, _ = arcs(0.1, progress=progress)
    plain, _ = arcs(0.1)
    assert all(
        np.array_equal(a, b) for p, q in zip(params, plain, strict=True) for a, b in zip(p, q, strict=True)
    )
    assert ("3/3" in capsys.readouterr().err) == progress


def test_weights_survive_a_file(tmp_path):
    params, _ = arcs(0.1)
    named = {f"{kind}{i}": a for i, pair in enumerate(params) for kind, a in zip("wb", pair, strict=True)}
    np.savez(tmp_path / "net.npz", **named)
    with np.load(tmp_path / "net.npz") as saved:
        loaded = [(saved[f"w{i}"], saved[f"b{i}"]) for i in range(len(params))]
    x, _ = two_arcs(60, seed=2)
    assert np.array_equal(mlp_forward(x, loaded)[0], mlp_forward(x, params)[0])


def test_saving_and_loading_on_the_page(printed):
    assert printed("np.savez") == ["same scores: True"]


# --- the capstone -----------------------------------------------------------------------------------------


def test_the_bar_is_the_one_measured_and_the_one_told():
    assert f"**The bar is {BAR:.0%}**" in MEASURED
    assert f"**The bar is {100 * BAR:.0f} %.**" in PAGE


def test_how_the_bar_was_set_is_told_as_it_was_measured():
    told = r"(\d+) sensible recipes, (\d+) runs: (\d+) of the page's own recipe, (\d+) of each of the others"
    recipes, runs, own, each = map(int, re.search(told, MEASURED).groups())
    assert runs == own + (recipes - 1) * each
    assert (recipes, each) == (14, 20)
    (missed,) = map(int, re.search(r"(\d+) of the \d+ runs missed it", MEASURED).groups())
    page = re.sub(r"\n# ", " ", PAGE)
    assert f"with {runs} runs of fourteen sensible recipes" in page
    assert f"{own} runs of one of the recipes" in page
    assert f"Fewer than 1 in 100 miss the bar ({missed} of the {runs} runs)" in page
    assert missed / runs < 0.01
    of_all, weighted, of_own = rows_of(MEASURED)[f"{BAR:.1%}"]
    assert of_all == f"{missed} of {runs}"
    assert float(weighted.rstrip("%")) < 1
    assert int(of_own.split()[0]) / own < 0.01


def test_a_benchmark_run_draws_what_the_check_draws_and_no_two_runs_the_same():
    sealed = [draw(name, number)[3] for name, number in (("a", 0), ("a", 1), ("b", 0))]
    assert all(len(part) == 450 for part in sealed)
    assert not any(np.array_equal(one, other) for one, other in itertools.combinations(sealed, 2))
    assert np.array_equal(draw("a", 0)[3], sealed[0])


def test_the_pages_own_network_reads_97_of_100_in_the_median():
    own = rows_of(MEASURED[: MEASURED.index("## Wrong gradients")])[RECIPES[0].name]
    lowest, median, highest = (f"{v[:-1]} %" for v in own[:3])
    assert float(median[:-2]) >= 97
    told = re.sub(r"\n# ", " ", PAGE)
    assert f"read between {lowest} and {highest}, in the median {median}." in told


def test_wrong_gradients_are_told_as_they_were_measured():
    measured = rows_of(MEASURED[MEASURED.index("## Wrong gradients") : MEASURED.index("## Hidden layers")])
    measured = {name: row for name, row in measured.items() if "of 20" in row[-1]}
    told = {name: row for name, row in rows_of(PAGE).items() if "of 20" in row[-1]}
    (right,) = (
        row[:4] for name, row in rows_of(MEASURED).items() if name == "64-128-10, Adam, early stopping"
    )
    assert told.pop("for comparison: nothing wrong") == right
    assert told == measured
    missed = [int(row[-1].split()[0]) for row in told.values()]
    assert missed[:6] == [0] * 6  # "the first six always reach it"
    assert missed[6:] == [20] * 4  # "four never reach the bar"
    best = max(float(row[2].rstrip("%")) for row in list(told.values())[6:])
    assert f"reads up to {best:.0f} %" in PAGE


def test_how_many_networks_with_their_hidden_layers_left_out_miss_the_bar_is_told_as_measured():
    measured = rows_of(MEASURED[MEASURED.index("## Hidden layers left out") :])
    passage = re.sub(r"\n# ", " ", PAGE[PAGE.index("Other recipes, other luck") :])[:300]
    assert [recipe.scale for recipe in NEARLY] == [0.1, 0.1]
    assert [recipe.rate for recipe in NEARLY] == [0.003, 0.01]
    first, second = (measured[recipe.name][-1] for recipe in NEARLY)
    assert (
        f"scale 0.1, {first} runs fell below the bar; with a learning rate of 0.01 besides, {second}."
        in passage
    )


@pytest.mark.slow
@pytest.mark.parametrize("recipe", NEARLY)
def test_most_networks_with_their_hidden_layers_left_out_reach_the_bar(recipe):
    missed = sum(run((recipe, "hidden layers left out", n))[0] < BAR for n in range(10))
    assert missed <= 2  # rounding differs between machines


def test_the_scale_of_the_first_weights_is_told():
    table = PAGE[PAGE.index("### What a bar can't see") : PAGE.index("| wrong line |")]
    assert all(f"{math.sqrt(2 / d):.3g}"[:n] in table for d, n in ((64, 3), (128, 5)))
    assert (RECIPES[1].rate, RECIPES[1].scale) == (0.003, None)


def test_the_checks_of_lesson_04_catch_what_the_bar_does_not(printed):
    lines = printed("def hidden_layers_left_out")
    assert len(lines) == 6
    assert all("fails at" in line for line in lines)


def test_a_network_with_its_hidden_layers_untrained_is_told_how_far_off_it_is():
    result = diagnose("learn_digits", lambda x, y, rng: init_params([64, 8, 10], rng, 0.1))
    assert f"the bar is {BAR:.1%}" in result.message
    assert diagnose("learn_digits", learn_digits)


@pytest.mark.parametrize(
    ("rate", "scale", "said"),
    [
        (0.3, 0.1, "units of a hidden layer give 0 for every digit"),
        (0.3, 0.1, "Lower the learning rate."),
        (0.003, 0.0, "A whole layer of its weights is 0"),
        (0.003, 10.0, "start from smaller weights"),
        (1e-6, 0.1, "Try a larger learning rate"),
        (math.nan, 0.1, "no numbers any more: lower the learning rate"),
    ],
)
def test_what_is_advised_depends_on_what_the_weights_tell(rate, scale, said):
    def learn(x, y, rng):
        params = init_params([64, 32, 10], rng, scale)
        settings = {
            "update": adam,
            "config": {"learning_rate": rate},
            "epochs": 3,
            "batch_size": 32,
            "rng": rng,
        }
        return train(params, x[:300], y[:300], x[300:], y[300:], **settings)[0]

    assert said in diagnose("learn_digits", learn).message


@pytest.mark.slow
def test_twice_the_digits_may_read_no_more_and_do_on_average():
    digits = load_digits()

    def reads(count, seed):
        params = learn_digits(digits.x_train[:count], digits.y_train[:count], np.random.default_rng(seed))
        return accuracy(mlp_forward(digits.x_val, params)[0], digits.y_val)

    table = np.array([[reads(count, seed) for count in (100, 200, 400, 800)] for seed in range(8)])
    assert (table[:, 2] <= table[:, 1]).any()
    assert (np.diff(table[:5].mean(axis=0)) > 0).all()


def test_the_regression_is_told_as_it_came_out(printed):
    mean, line, network = (float(text.split()[-1]) for text in printed("loss_fn=mse_loss")[1:])
    assert network < 0.7 * mean  # "by far"
    assert line < network < 1.1 * line  # "the straight line not at all"


def test_adam_hides_a_factor():
    """Why the bar can't see dw twice as large: Adam divides a gradient by its own size."""
    w, dw = np.ones(3), np.array([0.3, -2.0, 5.0])
    once, twice = (adam(w, k * dw, {"learning_rate": 0.01, "epsilon": 0.0})[0] for k in (1, 2))
    assert np.allclose(once, twice, rtol=1e-14)


# --- pictures ---------------------------------------------------------------------------------------------


def test_pictures_stand_upright_and_say_what_they_show():
    digit = np.zeros((1, 64))
    digit[0, :8] = 1.0  # ink in the top row only
    row = Pictures(digit, ["label 7"], "a bar at the top")
    assert repr(row) == "a bar at the top"
    html = row._repr_html_()
    assert 'aria-label="a bar at the top"' in html
    assert "image-rendering:pixelated" in html
    assert "--bp-ink" in html  # the colours come along, or nothing is seen
    image = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    alpha = np.asarray(Image.open(io.BytesIO(image)).convert("RGBA"))[..., 3]
    assert alpha[0].min() > 100
    assert alpha[1:].max() == 0


def test_pictures_refuse_what_is_not_square_or_has_no_title():
    with pytest.raises(ValueError, match="63 pixels"):
        Pictures(np.zeros((1, 63)), ["?"], "")
    with pytest.raises(ValueError, match="2 images and 1 titles"):
        Pictures(np.zeros((2, 64)), ["?"], "")


# --- what a check says of what can't be read ----------------------------------------------------------------------------


def test_what_train_returns_is_not_what_learn_digits_returns():
    def both(x, y, rng):
        return init_params([64, 10], rng), History()

    assert "return params alone" in diagnose("learn_digits", both).message


def test_params_without_their_history_are_told_from_a_pair():
    def alone(*args, **settings):
        return train(*args, **settings)[0]

    def as_list(*args, **settings):
        return list(train(*args, **settings))

    assert "expected two things, (params, history)" in diagnose("train", alone).message
    assert diagnose("train", as_list).passed


def test_a_pair_given_to_history_add_is_told():
    def paired(params, *data, **settings):
        history = History()
        history.add((1.0, 2.0))
        return params, history

    found = diagnose("train", paired).message
    assert "history.add takes two numbers" in found
    assert "the check calls it" not in found


def test_a_criterion_that_keeps_the_weights_alone_is_told():
    class Bare(EarlyStopping):
        def step(self, val_loss, params):
            stop = super().step(val_loss, params)
            self.best_params = self.best_params and [np.array(w) for w, *_ in params]
            return stop

    assert "its entry is no pair (w, b)" in diagnose("EarlyStopping", Bare).message
