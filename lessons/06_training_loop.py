# ---
# jupyter:
#   backprop:
#     title: Training loop
#     minutes: 105
#     question: When do we stop?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 · Training loop
#
# > **When do we stop?**
#
# One step makes the loss a little smaller. Training is many steps, and two decisions: which rows each step looks at, and when
# enough is enough. After this page you will be able to
#
# - cut the data into shuffled mini-batches, so that every row is used once an epoch,
# - stop by a rule instead of by luck, and keep the best weights of the run,
# - write the whole loop: initialise, repeat over epochs, until convergence or a stopping criterion,
# - train a network of your own on real handwritten digits, and say how well it reads digits it has never seen.
#
# **Time:** 105 minutes; section 6 has no exercise and can wait for another day. **Builds on:** a training step (lesson 05). Whatever
# is needed from earlier lessons comes ready-made, so you can begin here.

# %%
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
from IPython.display import display
from tqdm import tqdm

from backprop_helpers import (
    accuracy,
    adam,
    affine_backward,
    check,
    diagnose,
    init_params,
    mlp_backward,
    mlp_forward,
    mse,
    mse_backward,
    progress,
    sgd_momentum,
    softmax_loss,
    training,
)
from backprop_helpers.data import load_diabetes, load_digits, two_arcs
from backprop_helpers.experiments import Pictures, live_training, patience
from backprop_helpers.history import History

# %% [markdown]
# <details><summary>The letters on this page</summary>
#
# | symbol | shape | meaning | in code |
# |---|---|---|---|
# | $N$, $V$ | numbers | rows of the training part, of the validation part | `len(x)`, `len(x_val)` |
# | $D$, $M$ | numbers | what enters a layer, per row; what leaves it | `w.shape` |
# | $C$ | number | classes | `scores.shape[1]` |
# | $B$ | number | rows in a mini-batch | `batch_size` |
# | $x$, $y$ | (N, D), (N,) | inputs and labels; in section 6 y holds numbers, (N, 1) | `x`, `y` |
# | $w$, $b$ | (D, M), (M,) | weights and biases of one layer | `params = [(w, b), …]` |
# | $\eta$ | number | learning rate | `config["learning_rate"]` |
# | $L$ | one number | the loss: the cross-entropy of lesson 02, in section 6 the MSE | `loss` |
#
# The whole course keeps to these; the full list is in `docs/notation.md`.
#
# </details>
#
# ## 1 · What happens when nobody stops
#
# A network with 32 hidden units learns from only 40 noisy points. After every epoch we measure the loss twice: on the 40 points it
# learns from, and on 200 **points kept aside**, which it never learns from. **Answer the question first**, then move *patience*.

# %%
patience()

# %% [markdown]
# The training loss falls and falls. The other one falls, turns, and rises: from there on the network learns the noise of its 40
# points by heart. This is **overfitting**, and it is the reason why some data are kept aside: only they can show it.
#
# The part kept aside to watch the training is called the **validation** part. Because we choose the stopping moment by it, it
# is no longer untouched. A last, honest number needs a third part that nobody has looked at: the **test** part. You will meet it
# in the capstone, where the grader keeps it sealed.
#
# ## 2 · Mini-batches
#
# Why not use all N rows for every step? Because the gradient of the loss is a *mean* over rows, and the mean over 32 rows is a
# guess of the mean over 1,000 at a thirtieth of the price. Cheaper steps mean more steps in the same time.
#
# - A **mini-batch** is B rows, used for one step.
# - An **epoch** is one pass over the data: every row is used exactly once, in an order shuffled anew.
# - With N rows an epoch has $\lceil N/B\rceil$ steps. The last mini-batch is smaller when B does not divide N.
#
# **By hand.** N = 7 rows, B = 3. Shuffle the row numbers, then cut:

# %%
rows = np.random.default_rng(1).permutation(7)
print("order:  ", rows)
print("batches:", [rows[start : start + 3].tolist() for start in range(0, 7, 3)])
print("steps in an epoch:", math.ceil(7 / 3))

# %% [markdown]
# The same `rows` pick from x and from y, so each label stays with its input. That a slice may reach past the end (6 : 9 of 7 rows)
# is no accident to be repaired: NumPy gives what there is.
#
# **Your turn, with gaps.** N = 20 rows, B = 8.
#
# - The batches have 8, … and … rows.
# - Ten epochs are … steps.
#
# <details><summary>Answers</summary>
#
# - 8, **8** and **4** rows.
# - ⌈20/8⌉ = 3 steps an epoch, so **30** steps.
#
# </details>
#
# **Is the mean of a mini-batch a fair guess?** For one network and one moment, we compare the gradient g of B rows with the gradient of
# all of them, ∂L/∂w of the first layer. How long is the difference, and does a step along −g still go downhill on the whole loss?
# (It does when the two gradients, as long vectors, have a positive inner product.)

# %%
digits = load_digits()
x, y = digits.x_train, digits.y_train
rng = np.random.default_rng(0)
params = init_params([64, 32, 10], rng, scale=0.1)


def gradient(rows):
    """Gradient of the loss of these rows with respect to the first layer's weights, as a vector."""
    scores, caches = mlp_forward(x[rows], params)
    return mlp_backward(softmax_loss(scores, y[rows])[1], caches)[0][0].ravel()


whole = gradient(np.arange(len(x)))
print("   B   mean length of the difference   batches that lead downhill")
print("       (1 = length of the gradient)    (of 50)")
for size in (1, 8, 32, 128, 512):
    guesses = [gradient(rng.permutation(len(x))[:size]) for _ in range(50)]
    far = np.mean([np.linalg.norm(g - whole) for g in guesses]) / np.linalg.norm(whole)
    print(f"{size:4}   {far:29.2f}   {sum(g @ whole > 0 for g in guesses):26}")

# %% [markdown]
# A small batch errs by more than the gradient is long, and yet it leads downhill. Its error points somewhere else each time, so over
# many steps the errors largely cancel while the common part adds up. Only single rows often lead astray.
#
# Four times the rows halve the error, but cost four times as much. That is the $1/\sqrt{B}$ of every mean of random samples, and
# the reason why batches of a few dozen rows are a common choice. The last step does better than half, because no row is drawn
# twice: 512 of 1,347 rows already are more than a third of the whole.
#
# **Exercise · `minibatches`** (2 points). Give the batches of one epoch, as pairs (x rows, y rows). The order comes from `rng`, a
# NumPy generator, and from nothing else. Leave x and y as they are.

# %% exercise="minibatches"
def minibatches(x, y, batch_size, rng):
    """The mini-batches of one epoch: every row once, in an order drawn from rng.

    x: (N, …) inputs
    y: (N,) targets, row by row those of x
    batch_size: one number B, the rows in a batch; the last batch may have fewer
    rng: numpy.random.Generator, whose permutation(N) shuffles the numbers 0 … N − 1
    Returns pairs (x rows (B, …), y rows (B,)): a list of them, or one after the other with yield
    """
    ### BEGIN SOLUTION
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The worked example does it for row numbers. What remains is to pick these rows from x and from y.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Shuffle the numbers 0 … N − 1 once, then walk through them B at a time. A function with `yield` in it hands out one pair after
# the other; a list of pairs is as good.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line that draws the order, one loop over the starts 0, B, 2B, …, and inside it two lines: the row numbers of this batch, and
# the pair.
#
# </details>

# %% check="minibatches" points=2
check("minibatches", minibatches)
### BEGIN HIDDEN TESTS
check("minibatches", minibatches, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 3 · Stopping criteria
#
# A criterion is a rule that looks at the run and says *stop*. Four are common:
#
# | criterion | stops when | its weak point |
# |---|---|---|
# | **budget** | a fixed number of epochs is done | says nothing about whether it was enough or too much |
# | **plateau** | the training loss hardly changes any more | never sees overfitting: the training loss likes it |
# | **gradient norm** | the gradient is nearly zero | with mini-batches it seldom is |
# | **early stopping** | the validation loss has not improved for some epochs | needs data kept aside |
#
# Early stopping bears a few bad epochs, because the validation loss jitters. How many it bears is the **patience**. And because
# it stops *after* the best moment, it keeps a copy of the best weights and hands those back.
#
# **By hand**, with a patience of 2:
#
# | epoch | validation loss | best so far | epochs without improvement | |
# |---|---|---|---|---|
# | 1 | 0.9 | 0.9 | 0 | keep these weights |
# | 2 | 0.6 | 0.6 | 0 | keep these weights |
# | 3 | 0.7 | 0.6 | 1 | |
# | 4 | 0.5 | 0.5 | 0 | keep these weights: waiting has paid |
# | 5 | 0.6 | 0.5 | 1 | |
# | 6 | 0.5 | 0.5 | 2 | **stop**, hand back the weights of epoch 4 |
#
# In epoch 6 the loss *equals* the best one. That is no improvement. A rule may also ask for more than a hair's breadth: with a
# **minimum improvement** m, a loss counts only when it is below best − m.
#
# **Your turn, with gaps.** The same losses with a patience of 1 stop after epoch …, with the weights of epoch …
#
# <details><summary>Answer</summary>
#
# After epoch **3**, the first without improvement, with the weights of epoch **2**. The better epoch 4 is never reached: that is
# the price of being impatient.
#
# </details>
#
# **Exercise · `EarlyStopping`** (3 points). A small class that is told the validation loss and the weights after every epoch.
# Mind two things. The arrays in `params` may go on changing after `step` has returned, so keep copies of them. And a loss of `nan`
# (*not a number*) is no improvement.

# %% exercise="EarlyStopping"
class EarlyStopping:
    """Stop when the validation loss has not improved for `patience` epochs.

    patience: one number, at least 1: after so many epochs without improvement in a row it is time to stop
    min_improvement: one number: a loss counts only below best_loss − min_improvement
    best_loss: the lowest loss that counted so far, math.inf before the first
    best_params: copies of the weights that reached it, None before the first
    """

    def __init__(self, patience, min_improvement=0.0):
        self.patience = patience
        self.min_improvement = min_improvement
        self.best_loss = math.inf
        self.best_params = None
        self.waited = 0  # epochs since the last improvement

    def step(self, val_loss, params):
        """Take in one epoch.

        val_loss: one number
        params: [(w, b), …] with w (D, M) and b (M,)
        Returns True when it is time to stop, else False (one bool)
        """
        ### BEGIN SOLUTION
        if val_loss < self.best_loss - self.min_improvement:
            self.best_loss = val_loss
            self.best_params = [(w.copy(), b.copy()) for w, b in params]
            self.waited = 0
        else:
            self.waited += 1
        return self.waited >= self.patience
        ### END SOLUTION

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Walk through the table by hand once more. Each row is one call of `step`. Which of the three attributes change in a row with
# “keep these weights”, and which in the others?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# There are two kinds of epochs, so there is an `if` with an `else`. For nan: every comparison with nan is False, so ask whether it
# *is* an improvement, not whether it is none.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# In the one branch three attributes are set, in the other one number grows by 1. The last line compares two numbers and returns
# True or False. `list(params)` copies the list but not the arrays in it.
#
# </details>

# %% check="EarlyStopping" points=3
check("EarlyStopping", EarlyStopping)
### BEGIN HIDDEN TESTS
check("EarlyStopping", EarlyStopping, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · The loop
#
# Here is the loop at work, in mini-batches of 16 rows. Answer the question, press ▶ and watch the boundary and both losses move
# epoch by epoch. Then choose other data, other units, another rate.

# %%
live_training()

# %% [markdown]
# Now write that loop. Everything is there. The loop in words, with the line of lesson 05, w ← w − η ∂L/∂w, inside it:
#
# 1. **Start** from the given params, with one config per array for the optimizer's memory, and an empty history.
# 2. **Repeat** for at most `epochs` epochs:
#    1. For every mini-batch, do **one training step**. When its loss is no longer a finite number (nan, or inf), note that in the
#       history and go to 3 at once: weights that have become nan stay nan.
#    2. **Measure** the loss on the whole training part and on the validation part, with the weights as they are now.
#    3. **Write** both into the history.
#    4. **Ask** the stopping criterion, if there is one. When it says stop, note why in `history.stopped` (a sentence) and leave
#       the loop.
# 3. **Hand back** the params and the history. If a criterion kept the best weights, hand those back instead of the last, in
#    whichever way the run ended: stopped, out of epochs, or with a loss that is no number.
#
# These are ready-made: use them, or your own functions from above once their checks hold.
#
# | what | gives |
# |---|---|
# | `init_params(sizes, rng, scale)` | params to start from, for the calls of `train` further down |
# | `training.minibatches(x, y, batch_size, rng)` | pairs (x rows, y rows) |
# | `training.train_step(params, x, y, update, configs)` | loss before the step, new params, new configs |
# | `mlp_forward(x, params)` | scores (N, C), caches |
# | `softmax_loss(scores, y)` | loss, dscores |
# | `history.add(train_loss, val_loss)` | one epoch written down, in a record that draws itself |
# | `history.stopped` | why training ended, a sentence: from the beginning that the budget of epochs was spent, so it is never empty |
# | `history.diverged(loss, config)` | sets `history.stopped` to a sentence: the loss is no number any more, and what to look at |
# | `stopping.step(val_loss, params)` | True when it is time to stop |
# | `stopping.best_params` | the best weights so far, or None if the criterion has kept none |
#
# A criterion has `step` and `best_params`, and nothing else is certain: further down `train` meets criteria without a patience.
#
# `configs` is a list of pairs, one pair per layer: `[(config of w, config of b), …]`. Each config is a dictionary of its own,
# because each array has a memory of its own. They all start as copies of `config`.
#
# A run may take a while, so the loop can show a **progress bar**. The stub prepares it with the library *tqdm*: `tqdm(range(epochs))`
# gives the same numbers as `range(epochs)` and draws a bar while you loop over them. So let your outer loop run over
# `epoch_numbers`.
#
# **Exercise · `train`** (4 points).

# %% exercise="train"
def train(
    params, x, y, x_val, y_val, *, update, config, epochs, batch_size, rng, stopping=None, show_bar=False
):
    """Train until the budget of epochs is spent or the stopping criterion says stop.

    params: [(w, b), …] with w (D, M) and b (M,)
    x: (N, D) and y: (N,), the training part
    x_val: (V, D) and y_val: (V,), the validation part
    update: a function such as adam
    config: a dict, its settings, such as {"learning_rate": 0.003}
    epochs, batch_size: two numbers
    rng: the generator for shuffling
    stopping: an object such as EarlyStopping(patience=10), with step(number, list) and best_params, or None
    show_bar: a bool, whether a progress bar shows how far the epochs are
    Returns params (a list of pairs as above), and a History with both losses after every epoch
    """
    history = History()
    epoch_numbers = tqdm(range(epochs), file=sys.stdout) if show_bar else range(epochs)
    ### BEGIN SOLUTION
    configs = [(dict(config), dict(config)) for _ in params]
    for _ in epoch_numbers:
        for x_batch, y_batch in training.minibatches(x, y, batch_size, rng):
            loss, params, configs = training.train_step(params, x_batch, y_batch, update, configs)
            if not math.isfinite(loss):
                break
        if not math.isfinite(loss):  # the break above has left the inner loop only
            history.diverged(loss, config)
            break
        train_loss, _ = softmax_loss(mlp_forward(x, params)[0], y)
        val_loss, _ = softmax_loss(mlp_forward(x_val, params)[0], y_val)
        history.add(train_loss, val_loss)
        if stopping is not None and stopping.step(val_loss, params):
            history.stopped = f"{type(stopping).__name__} said stop after epoch {len(history)}"
            break
    if stopping is not None and stopping.best_params is not None:
        params = stopping.best_params
    ### END SOLUTION
    return params, history

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Translate the numbered list line by line; the table under it has every function you need. Two loops, one inside the other.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The inner loop is the epoch: it only steps. Measuring, writing down and asking happen once, after it. What `train_step` returns
# goes back into the same names, so that the next step starts from there.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Before the loops: configs, one pair of fresh copies for each layer. In the inner loop: one call and one `if` with
# `math.isfinite`. `break` leaves one loop only, so after the inner loop the same question comes again. Then: two losses, one
# `history.add`, one `if` with `break`. At the end: one `if` that exchanges params.
#
# </details>

# %% check="train" points=4
check("train", train)
### BEGIN HIDDEN TESTS
check("train", train, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# Your loop at work, on two interleaved arcs. A history that is displayed draws itself.

# %%
x_arcs, y_arcs = two_arcs(300, noise=0.2, seed=1)
rng = np.random.default_rng(0)
arcs_params, arcs_history = train(
    init_params([2, 16, 2], rng, scale=0.5),
    x_arcs[:200], y_arcs[:200], x_arcs[200:], y_arcs[200:],
    update=adam, config={"learning_rate": 0.02}, epochs=40, batch_size=20, rng=rng, show_bar=True,
)  # fmt: skip
display(arcs_history)

# %% [markdown]
# And with a learning rate that is far too large, the run ends at once and says what to look at:

# %%
with np.errstate(all="ignore"):  # NumPy would warn of the overflow that we provoke
    _, broken = train(
        init_params([2, 16, 2], np.random.default_rng(0), scale=0.5),
        x_arcs[:200], y_arcs[:200], x_arcs[200:], y_arcs[200:],
        update=sgd_momentum, config={"learning_rate": 1e200}, epochs=40, batch_size=20,
        rng=np.random.default_rng(0),
    )  # fmt: skip
print(broken.stopped)

# %% [markdown]
# ### What each criterion costs and gains
#
# A setting like that of the first experiment, 40 noisy points to learn from, with other points and in mini-batches, trained with
# the four criteria. *Cost* is epochs; *gain* is what counts in the end: the loss on 200 **test** points that took no part in
# anything, neither in training nor in stopping.

# %%
x_few, y_few = two_arcs(440, noise=0.35, seed=5)
parts = np.split(np.random.default_rng(0).permutation(440), [40, 240])
(x_40, y_40), (x_watch, y_watch), (x_test, y_test) = [(x_few[p], y_few[p]) for p in parts]


class Plateau:
    """Stop when the training loss has fallen by less than 1 % over an epoch, ten epochs in a row."""

    best_params = None  # keeps none: train hands back the last

    def __init__(self):
        self.last, self.flat = math.inf, 0

    def step(self, val_loss, params):
        loss = softmax_loss(mlp_forward(x_40, params)[0], y_40)[0]
        self.flat = self.flat + 1 if loss > 0.99 * self.last else 0
        self.last = loss
        return self.flat >= 10


class GradientNorm:
    """Stop when the gradient of the whole training part is shorter than 0.01."""

    best_params = None

    def step(self, val_loss, params):
        scores, caches = mlp_forward(x_40, params)
        grads = mlp_backward(softmax_loss(scores, y_40)[1], caches)
        return math.sqrt(sum(np.sum(dw**2) + np.sum(db**2) for dw, db in grads)) < 0.01


print("criterion                       epochs   training loss   test loss   test accuracy")
for name, epochs, criterion in (
    ("budget of 20 epochs", 20, None),
    ("budget of 300 epochs", 300, None),
    ("plateau", 300, Plateau()),
    ("gradient norm below 0.01", 300, GradientNorm()),
    ("early stopping, patience 2", 300, training.EarlyStopping(2)),
    ("early stopping, patience 20", 300, training.EarlyStopping(20)),
):
    rng = np.random.default_rng(3)
    run_params, run = train(
        init_params([2, 32, 2], rng, scale=0.5), x_40, y_40, x_watch, y_watch,
        update=adam, config={"learning_rate": 0.02}, epochs=epochs, batch_size=20, rng=rng, stopping=criterion,
    )  # fmt: skip
    train_loss, _ = softmax_loss(mlp_forward(x_40, run_params)[0], y_40)
    test_loss, _ = softmax_loss(mlp_forward(x_test, run_params)[0], y_test)
    right = accuracy(mlp_forward(x_test, run_params)[0], y_test)
    print(f"{name:32}{len(run):6}   {train_loss:13.2f}   {test_loss:9.2f}   {right:13.0%}")

# %% [markdown]
# Read it column by column.
#
# - The long budget buys the lowest training loss and the *highest* test loss.
# - In 300 epochs the gradient never gets short enough, so that criterion is no help here.
# - The plateau did well this time, but it looks only at the training part: it can't know.
# - Early stopping with a patience of 2 is over after 9 epochs. It reads about as many points right as the best here, with a
#   higher test loss: it is less sure of them. A patience of 20 pays 79 epochs more and buys the lowest test loss of the table.
#
# ## 5 · Capstone: read handwriting
#
# 1,797 real handwritten digits, 8 × 8 pixels each, collected from 13 people (Alpaydin and Kaynak, *Optical Recognition of
# Handwritten Digits*, UCI Machine Learning Repository, 1998; they come inside scikit-learn). A quarter is kept aside
# here. It is called `x_val`, but it plays the **test** part: `learn_digits` never sees it, and watches a piece of its own part.

# %%
digits = load_digits()
print("to learn from:", digits.x_train.shape, "  kept aside:", digits.x_val.shape)
print("ink from", digits.x_train.min(), "to", digits.x_train.max())

titles = [f"label {label}" for label in digits.y_train[:6]]
Pictures(digits.x_train[:6], titles, "Six handwritten digits: " + ", ".join(titles))

# %% [markdown]
# **Exercise · `learn_digits`** (4 points). Everything is yours to choose: layers, optimizer, learning rate, epochs, when to stop.
# Use your own functions from lessons 01 to 06, or the course's where you have none.
#
# It is graded by what it reaches. The check gives `learn_digits` 1,347 digits and a generator, and tries the network on 450 digits
# that it has never seen; the grader draws another split than you. **The bar is 94 %.** The time limit is 60 seconds; ten are plenty.
#
# The bar was set by experiment, with 360 runs of fourteen sensible recipes (layers, optimizer, learning rate). Every run drew
# anew what the grader draws: the split, and the generator. Fewer than 1 in 100 miss the bar (1 of the 360 runs).
#
# The 100 runs of one of the recipes, 64-128-10 with Adam, early stopping and first weights of scale 0.1, read between 95.8 % and
# 98.9 %, in the median 97.3 %. All of it stands in [docs/benchmarks/capstone.md](../../docs/benchmarks/capstone.md).

# %% exercise="learn_digits"
def learn_digits(x, y, rng):
    """Train a network that reads handwritten digits.

    x: (N, 64) ink between 0 and 1
    y: (N,) the digits, 0 … 9
    rng: the generator for the weights and for shuffling
    Returns params [(w, b), …] for mlp_forward: w of the first layer (64, …), of the last (…, 10)
    """
    ### BEGIN SOLUTION
    order = rng.permutation(len(x))
    watch, rest = order[: len(x) // 6], order[len(x) // 6 :]
    params, _ = train(
        init_params([64, 128, 10], rng, scale=0.1),
        x[rest], y[rest], x[watch], y[watch],
        update=adam, config={"learning_rate": 0.003}, epochs=60, batch_size=32, rng=rng,
        stopping=EarlyStopping(patience=10),
    )  # fmt: skip
    ### END SOLUTION
    return params

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The cell with the two arcs has the whole pattern. What changes is the data, and the sizes of the first and of the last layer.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# `learn_digits` is given one part only. Split it yourself: a small piece to watch, the rest to learn from. One hidden layer of some
# dozen units and a few dozen epochs go a long way.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A shuffled order, cut in two; `init_params` with sizes 64, …, 10 and a scale near 0.1; one call of `train`. If the loss jumps about,
# the learning rate is too large. If it crawls, it is too small.
#
# </details>

# %% check="learn_digits" points=4
check("learn_digits", learn_digits)
### BEGIN HIDDEN TESTS
check("learn_digits", learn_digits, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ### How well does it read, and what does it confuse?

# %%
mine = learn_digits(digits.x_train, digits.y_train, np.random.default_rng(0))
scores, _ = mlp_forward(digits.x_val, mine)
guess = scores.argmax(axis=1)
print(f"read correctly: {accuracy(scores, digits.y_val):.0%} of {len(guess)}")

confusion = np.zeros((10, 10), dtype=int)
np.add.at(confusion, (digits.y_val, guess), 1)
print("\nrow: the label    column: what the network reads")
print("    " + "".join(f"{column:4}" for column in range(10)))
for label, row in enumerate(confusion):
    print(f"{label:4}" + "".join(f"{count or '·':>4}" for count in row))

# %% [markdown]
# On the diagonal stands what was read correctly. Look for the largest number beside it, and then at the pictures themselves: would
# you have read them?

# %%
wrong = np.flatnonzero(guess != digits.y_val)[:6]
pairs = zip(digits.y_val[wrong], guess[wrong], strict=True)
titles = [f"{label}, read as {read}" for label, read in pairs]
Pictures(digits.x_val[wrong], titles, "Digits that the network gets wrong: " + "; ".join(titles))

# %% [markdown]
# ### What a bar can't see
#
# Is a network that passes the bar right? Here are 64-128-10 networks with **one wrong line** in their backward pass, twenty runs
# each (from [docs/benchmarks/capstone.md](../../docs/benchmarks/capstone.md)). Adam with a learning rate of 0.003 and early stopping
# as before, but the first weights have the scale $\sqrt{2/D}$, which is 0.18 for the 64 pixels and 0.125 for the 128 hidden units.
# That is why the last row differs a little from the numbers above.
#
# | wrong line | lowest | median | highest | runs below the bar |
# |---|---|---|---|---|
# | ReLU ignored | 96.2 % | 97.2 % | 98.2 % | 0 of 20 |
# | db left out | 96.2 % | 97.7 % | 98.7 % | 0 of 20 |
# | db averaged | 96.2 % | 97.4 % | 98.9 % | 0 of 20 |
# | dw twice as large | 96.2 % | 97.6 % | 98.7 % | 0 of 20 |
# | not divided by N | 96.7 % | 97.8 % | 98.7 % | 0 of 20 |
# | hidden layers left out | 95.3 % | 96.3 % | 97.8 % | 0 of 20 |
# | ReLU mask inverted | 83.3 % | 88.6 % | 91.3 % | **20 of 20** |
# | first layer's dw has the wrong sign | 15.6 % | 32.1 % | 47.6 % | **20 of 20** |
# | label not subtracted | 3.6 % | 12.9 % | 23.8 % | **20 of 20** |
# | sign reversed | 9.6 % | 10.0 % | 10.2 % | **20 of 20** |
# | *for comparison: nothing wrong* | 96.0 % | 97.4 % | 99.1 % | 0 of 20 |
#
# In these runs four never reach the bar, though one of them reads up to 91 %. The first six always reach it: Adam rescales every
# gradient, so a factor hardly matters, and what one array fails to learn, the others make up for.
#
# Other recipes, other luck. With the hidden layers left out and first weights of scale 0.1, 1 of 20 runs fell below the bar;
# with a learning rate of 0.01 besides, 0 of 20.
#
# The checks of lesson 04 look at the line itself, and catch all six. (`diagnose` is `check` for a program: it hands back what it
# found instead of stopping there. The check of `softmax_loss` calls the scores x, so its dx is our dscores; `grads[-2][1]` is the db
# of the last layer but one.)

# %%
def relu_ignored(dout, cache):
    return dout.copy()


def db_left_out(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    return dx, dw, 0 * db


def db_averaged(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    return dx, dw, db / len(dout)


def dw_doubled(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    return dx, 2 * dw, db


def not_divided_by_n(scores, y):
    loss, dscores = softmax_loss(scores, y)
    return loss, dscores * len(y)


def hidden_layers_left_out(dscores, caches):
    grads = mlp_backward(dscores, caches)
    return [(0 * dw, 0 * db) for dw, db in grads[:-1]] + grads[-1:]


for exercise, wrong_line in (
    ("relu_backward", relu_ignored),
    ("affine_backward", db_left_out),
    ("affine_backward", db_averaged),
    ("affine_backward", dw_doubled),
    ("softmax_loss", not_divided_by_n),
    ("mlp_backward", hidden_layers_left_out),
):
    found = diagnose(exercise, wrong_line)
    verdict = "passes" if found.passed else f"fails at {found.quantity}"
    print(f"{wrong_line.__name__:24}check of {exercise:17}{verdict}")

# %% [markdown]
# ### Keep it
#
# Weights are arrays, so a file of arrays keeps them. What is loaded reads exactly as before. (This file goes into a temporary folder
# that is gone afterwards; with a path of your own it stays.)

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "digits.npz"
    weights = {f"w{i}": w for i, (w, b) in enumerate(mine)}
    biases = {f"b{i}": b for i, (w, b) in enumerate(mine)}
    np.savez(path, **weights, **biases)
    with np.load(path) as saved:
        loaded = [(saved[f"w{i}"], saved[f"b{i}"]) for i in range(len(mine))]
print("same scores:", np.array_equal(mlp_forward(digits.x_val, loaded)[0], scores))

# %% [markdown]
# ## 6 · The same loop for a number instead of a class
#
# 442 people with diabetes, ten measurements each, and how far the disease had progressed a year later (Efron, Hastie, Johnstone and
# Tibshirani, *Least Angle Regression*, Annals of Statistics 32, 2004). That is a score from 25 to 346 points, counted here in
# hundreds: y (N, 1) goes from 0.25 to 3.46.
#
# The prediction is a number, so the loss is MSE, and its unit is hundreds of points, squared. Nothing else in the loop changes:
# `training.train` takes it as `loss_fn`.
#
# A number means little alone, so two **baselines** stand beside it: always predicting the mean of the training part, and the best
# straight-line fit (least squares).

# %%
people = load_diabetes()


def mse_loss(pred, y):
    """Loss and its gradient with respect to pred (N, 1)."""
    return mse(pred, y), mse_backward(pred, y)


rng = np.random.default_rng(0)
net, net_history = training.train(
    init_params([10, 16, 1], rng, scale=0.3),
    people.x_train, people.y_train, people.x_val, people.y_val,
    update=adam, config={"learning_rate": 0.003}, epochs=300, batch_size=32, rng=rng,
    stopping=training.EarlyStopping(patience=20), loss_fn=mse_loss,
)  # fmt: skip

with_ones = np.column_stack([people.x_train, np.ones(len(people.x_train))])
line = np.linalg.lstsq(with_ones, people.y_train, rcond=None)[0]
print("mean squared error on the people kept aside, in (100 points)²")
print(f"  always the mean   {mse(np.full_like(people.y_val, people.y_train.mean()), people.y_val):.2f}")
print(f"  least squares     {mse(people.x_val @ line[:-1] + line[-1], people.y_val):.2f}")
print(f"  network           {mse(mlp_forward(people.x_val, net)[0], people.y_val):.2f}")

# %% [markdown]
# The network beats the mean by far, and the straight line not at all. (An MSE of 0.34 is an error of about √0.34 = 0.58, so 58
# points of the score.) In 331 people it finds nothing that a straight line does not,
# and that is worth knowing: without the second baseline it would look like a success. (Its number is even a little flattered: these
# people were watched to choose the moment to stop.)

# %% [markdown]
# ## Quick questions
#
# **1 · The training loss falls and the validation loss rises. What is happening?**
#
# <details><summary>The learning rate is too large</summary>
#
# Not this. Then the training loss itself would jump or grow.
#
# </details>
# <details><summary>The network learns what is peculiar to the training rows</summary>
#
# Yes: overfitting. Stop at the turn, use more data, or a smaller network.
#
# </details>
# <details><summary>The gradient is wrong</summary>
#
# Hardly. A wrong gradient would not keep lowering the training loss for long.
#
# </details>

# %% [markdown]
# **2 · Why does early stopping hand back weights from some epochs ago?**
#
# <details><summary>Because the last weights are always worse on the training part</summary>
#
# Not this. On the training part the last weights are usually the best.
#
# </details>
# <details><summary>Because it needs bad epochs to notice that the best one is over</summary>
#
# Yes. Patience is spent after the best epoch, so at the moment of stopping the best weights lie that far back.
#
# </details>
# <details><summary>Because copying takes time</summary>
#
# Not this. Copying the weights costs next to nothing beside an epoch.
#
# </details>

# %% [markdown]
# **3 · Back to lesson 04. A network whose bias gradients are zero passes this page's bar. What would have found that mistake?**
#
# <details><summary>A higher bar</summary>
#
# No. Without db the median over twenty runs is as high as with it, so no bar separates the two.
#
# </details>
# <details><summary>Comparing db with finite differences</summary>
#
# Yes. Behaviour is a blunt instrument: many networks with a wrong line learn well enough. A gradient check looks at the line itself.
#
# </details>
# <details><summary>More epochs</summary>
#
# Not this. Longer training doesn't make a missing db show: the weights make up for the biases that stay at zero.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - An epoch uses every row once, in a new order. The gradient of a few dozen rows leads downhill at a fraction of the price.
# - Only data kept aside can say when to stop, and only data nobody looked at can say how good the result is.
# - The loop is short: step, measure, write down, ask. All that you have written since lesson 01 runs inside it.

# %%
progress("06_training_loop")

# %% [markdown]
# **This was the core of the course.** Forward pass, loss, backward pass, update, loop: every part of it now stands in your own code.
# One thing to try with it: give `learn_digits` only the first 100 digits of `digits.x_train` and `digits.y_train`, then 200, 400
# and 800, and see each time how many of `digits.x_val` it reads. (Where your function keeps some rows aside to stop by, let it
# keep a share of them, as a quarter: a fixed 150 would leave nothing of 100 to learn from.) Predict first: how many of its
# mistakes go when the data double? One run is partly luck, and with 400 digits it may read no more than with 200, so take the
# mean over five generators.
#
# **Next: [07 · Why backpropagation](../07_why_backprop/07_why_backprop.ipynb).** Why this algorithm and no other?
