# ---
# jupyter:
#   backprop:
#     title: Why backpropagation
#     minutes: 110
#     question: Why this algorithm and no other?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 · Why backpropagation
#
# > **Why this algorithm and no other?**
#
# Three words are said of backpropagation wherever it is praised: it is *efficient*, it is *scalable*, it is *automatic*. On this
# page none of them is believed. Each is measured on your machine, and ends as a sentence of yours with your number in it.
#
# After this page you will be able to
#
# - count what a gradient costs, and say why the cost doesn't grow with the number of weights,
# - choose first weights with which signals and gradients get through many layers, and say why they do,
# - read from a network's insides what ails it,
# - trade time for memory in a backward pass,
# - say when something else would be the better choice.
#
# **Time:** 110 minutes. **Builds on:** the backward pass (lesson 04) and the training loop (lesson 06). Whatever is needed from them
# comes ready-made, so you can begin here.

# %%
import math
import time
import tracemalloc
from itertools import pairwise
from statistics import median

import numpy as np
from IPython.display import HTML
from threadpoolctl import threadpool_limits

from backprop_helpers import adam, check, mlp_backward, mlp_forward, mse, mse_backward, progress
from backprop_helpers import sgd_momentum, softmax_loss, training
from backprop_helpers.checkpointing import layer_backward, layer_forward
from backprop_helpers.counting import MultiplicationCounter
from backprop_helpers.data import load_diabetes, load_digits
from backprop_helpers.experiments import Figure, Panel, checkpoints, gradient_cost, signal_by_depth
from backprop_helpers.own_words import own_sentence

one_core = threadpool_limits(1)  # for this notebook: small products gain nothing from more, and times become steadier

# %% [markdown]
# <details><summary>The letters on this page</summary>
#
# | symbol | shape | meaning | in code |
# |---|---|---|---|
# | $N$, $D$, $M$ | numbers | rows of the batch; what enters a layer, per row; what leaves it | `n`, `w.shape` |
# | $P$ | number | parameters: all weights and all biases of a network | |
# | $w$, $b$ | (D, M), (M,) | weights and biases of one layer | `params = [(w, b), …]` |
# | $h$, $z$ | (N, D), (N, M) | what enters a layer; what its affine part gives, $z = hw + b$ | `h`, `z` |
# | dout | shape of out | upstream gradient $\partial L/\partial\,\text{out}$ | `dout` |
# | $\sigma^2$ | number | variance of a weight; $\sigma$ is its standard deviation (not the sigmoid, on this page) | |
# | $\mathrm{E}\,[\dots]$ | number | mean over many random draws | `np.mean` |
# | $k$ | number | layers from one checkpoint to the next | `every` |
# | $L$ | number | the loss, in a slope such as $\partial L/\partial h$; where memory is counted, the number of layers | `loss`, `len(params)` |
# | $F$ | number | multiplications of one forward pass | `forward` |
# | $K$ | number | random directions (section 4) | `k` |
#
# The whole course keeps to these; the full list is in `docs/notation.md`.
#
# </details>
#
# ## 1 · Efficient
#
# A network learns from a gradient, one slope for each of its P parameters. Lesson 03 found such slopes with nothing but forward passes: nudge
# one weight up, nudge it down, look at the loss. That needs no calculus, no caches, no backward pass. So why not always?
#
# **Answer the question**, then make the network larger.

# %%
gradient_cost()

# %% [markdown]
# ### What a gradient costs
#
# Clocks are noisy, counting is not. So we count **multiplications**, those inside the matrix products; additions come in about the same number,
# and biases, activations and losses add little.
#
# | step | product | multiplications | reason |
# |---|---|---|---|
# | forward | $x\,(N, D) \;@\; w\,(D, M)$ | $N D M$ | N · M numbers, each a sum of D products |
# | backward, dw | $x^\top (D, N) \;@\; \text{dout}\,(N, M)$ | $N D M$ | D · M numbers, each a sum of N products |
# | backward, dx | $\text{dout}\,(N, M) \;@\; w^\top (M, D)$ | $N D M$ | N · D numbers, each a sum of M products |
#
# Each layer costs $NDM$ forward and $2NDM$ backward. With one exception: the **first** layer needs no dx, because dx would be the gradient
# of the data, and nobody wants to move those.

# %% [markdown]
# **Central differences** nudge every parameter up and down: $2P$ whole forward passes, with $P = \sum (DM + M)$ over the layers.
#
# **Worked.** Sizes 3, 4, 2 and N = 5 rows:
#
# - forward: $5\cdot 3\cdot 4 + 5\cdot 4\cdot 2 = 60 + 40 = 100$
# - backward: dw $60 + 40$, dx of the second layer $40$, together $140$
# - differences: $P = (12 + 4) + (8 + 2) = 26$, so $2\cdot 26 = 52$ forward passes, $52\cdot 100 = 5200$
#
# Is that what really happens? The next cell lets the course's network run with arrays that report each of their products.

# %%
counter = MultiplicationCounter()
rng = np.random.default_rng(0)
x = rng.standard_normal((5, 3))
params = [(rng.standard_normal((d, m)), np.zeros(m)) for d, m in pairwise([3, 4, 2])]
y = np.array([0, 1, 1, 0, 1])

scores, caches = mlp_forward(counter.watch(x), counter.watch(params))
forward_count = counter.count
mlp_backward(softmax_loss(scores, y)[1], caches)
print("forward:", forward_count, "  backward:", counter.count - forward_count)

# %% [markdown]
# 100 and 140: the course's `mlp_backward` leaves out the first layer's dx. One that calls `affine_backward` for every layer, as yours of lesson
# 04 may do, is as right and does 60 products more.
#
# **The same with gaps.** Sizes 2, 5, 3 and N = 4: forward $4\cdot 2\cdot 5 + ? = ?$; backward $100 + ? = ?$; $P = ?$; differences $?\cdot 100$.
#
# <details><summary>Open when you have filled it in</summary>
#
# Forward $40 + 60 = 100$; backward $100 + 60 = 160$; $P = (10 + 5) + (15 + 3) = 33$; differences $66\cdot 100 = 6600$.
#
# </details>
#
# **Exercise · `multiply_count`** (3 points). All three counts, for a network with any number of layers.

# %% exercise="multiply_count"
def multiply_count(sizes, n):
    """Multiplications inside the matrix products of a fully connected network.

    sizes: list of numbers, the layer sizes such as [64, 128, 10]; at least two
    n: one number, the rows N of the batch
    Returns three numbers: forward, backward (no dx for the first layer), differences (central, for every weight and bias)
    """
    ### BEGIN SOLUTION
    layers = list(pairwise(sizes))
    forward = sum(n * d * m for d, m in layers)
    backward = 2 * forward - n * sizes[0] * sizes[1]
    parameters = sum(d * m + m for d, m in layers)
    differences = 2 * parameters * forward
    ### END SOLUTION
    return forward, backward, differences


# %% check="multiply_count" points=3
check("multiply_count", multiply_count)
### BEGIN HIDDEN TESTS
check("multiply_count", multiply_count, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The worked example has each of the three numbers. Which of its terms belong to which layer?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# `pairwise(sizes)` gives (D, M) for each layer; it was imported at the top. What does one layer add to each of the three counts?
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One sum for forward. Backward is twice that, less one product. One sum for P. The last number is a product of three.
#
# </details>

# %% [markdown]
# ### The cheap gradient
#
# Forward is $F$, backward less than $2F$. So **loss and gradient together cost less than three forward passes, however many parameters there are.**
#
# That is no luck of this network. Baur and Strassen (*The complexity of partial derivatives*, Theoretical Computer Science 22, 1983) proved it for every function
# made of +, −, · and ÷: the function and *all* its slopes together need at most three times the multiplications and divisions of the function alone.
#
# Griewank and Walther call it the **cheap gradient principle**. For whole programs, every operation and the traffic of memory included, they put the constant between 3 and 4
# (*Evaluating Derivatives*, second edition, 2008).
#
# The count says what must be, the clock says what is. The next cell takes a few seconds, on a slow machine up to twenty. It prints counts and times side by side, both
# as ratios: a slow machine is slow above and below the line. One central difference, up and down, is timed as often as the
# gradient, and its time multiplied by P.

# %% tags=["nbval-ignore-output"]
digits = load_digits()


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def time_one(sizes):
    """P, and the seconds of a forward pass, of forward and backward, and of all central differences for one network."""
    rng = np.random.default_rng(0)
    params = [(rng.standard_normal((d, m)) / math.sqrt(d), np.zeros(m)) for d, m in pairwise(sizes)]
    x, y = digits.x_train[:32, : sizes[0]], digits.y_train[:32] % sizes[-1]
    w = params[0][0]

    def loss():
        return softmax_loss(mlp_forward(x, params)[0], y)[0]

    def gradient():
        scores, caches = mlp_forward(x, params)
        return mlp_backward(softmax_loss(scores, y)[1], caches)

    def one_difference():
        w[0, 0] += 1e-5
        up = loss()
        w[0, 0] -= 2e-5
        down = loss()
        w[0, 0] += 1e-5
        return (up - down) / 2e-5

    loss(), gradient()  # the first call of anything is slow
    # in turn, so that noise hits all alike; the median leaves out what was hit hard
    rounds = [(seconds(loss), seconds(gradient), seconds(one_difference)) for _ in range(101)]
    forward_time, gradient_time, difference_time = (median(times) for times in zip(*rounds, strict=True))
    count = sum(d * m + m for d, m in pairwise(sizes))
    return count, forward_time, gradient_time, difference_time * count


print("              whole gradient / forward     differences / whole gradient")
print("parameters       counted       timed           counted           timed")
timed = []
for sizes in ([8, 7, 5], [16, 40, 8], [64, 133, 10], [64, 300, 256, 10]):
    count, forward_time, gradient_time, differences_time = time_one(sizes)
    forward, backward, differences = multiply_count(sizes, 32)
    time_ratio = gradient_time / forward_time
    timed.append((count, gradient_time / forward_time, differences_time / forward_time))
    print(
        f"{count:10,}{(forward + backward) / forward:14.2f}{time_ratio:12.2f}"
        f"{differences / (forward + backward):18,.0f}{differences_time / gradient_time:16,.0f}"
    )

panel = Panel(
    (60, 2e5), (0.7, 1e6), title="Cost of one gradient", xlabel="parameters P",
    ylabel="times a forward pass", logx=True, logy=True, width=460, height=320,
)  # fmt: skip
p = [row[0] for row in timed]
panel.line([60, 2e5], [3, 3], "blue")
panel.line([60, 2e5], [120, 4e5], "orange", dash="9 3")
panel.points(p, [row[1] for row in timed], "blue", size=9)
panel.points(p, [row[2] for row in timed], "orange", shape="square", size=9)
panel.legend([("central differences ■ (line: 2P)", "orange"), ("backpropagation ● (line: 3)", "blue")], corner="left")
HTML(Figure(panel).page("Central differences cost 2P forward passes and rise with P; a backpropagated gradient stays below 3."))

# %% [markdown]
# Read the table column by column. The first pair stays below 3 while P grows a thousandfold. The second pair grows with P itself. On the machine
# this page was made on, the timed ratios rose from about 1.4 to less than 3, and from about 150 to about 80,000.
#
# Where counted and timed differ, that is worth a thought: small networks spend their time on calling Python, not on multiplying, and the
# softmax and the loss take time without taking products. The last row comes closest to the count.
#
# The picture shows the same in units of one forward pass. Lines are counted, marks are timed.

# %% [markdown]
# ### Your first sentence
#
# Take the number from the last row of the table, column *whole gradient / forward, timed*, and put it where `None` stands. Then say in your
# own words why it doesn't grow with P. Nobody marks this. It is yours to keep.

# %%
my_number = None
because = ""

print(own_sentence(
    "Efficient: on my machine a whole gradient costs ___ forward passes, however many parameters it has",
    my_number, because, measured=time_ratio,
))  # fmt: skip

# %% [markdown]
# ## 2 · Scalable
#
# Efficiency is worth little if the gradient arrives broken. Through 50 layers it is multiplied 50 times, and a factor of 0.5 to the power of 50 is
# $10^{-15}$. **Answer the question**, then try each of the four weights with 50 layers of ReLU, and then tanh.

# %%
signal_by_depth()

# %% [markdown]
# This is why deep networks were thought untrainable. Hochreiter (diploma thesis, Munich, 1991) and Bengio, Simard and Frasconi (*Learning long-term
# dependencies with gradient descent is difficult*, IEEE Transactions on Neural Networks 5, 1994) found it in recurrent networks, which use **one and the
# same w at every step in time**. The gradient is then multiplied by the same matrix again and again:

# %%
def gradient_back_in_time(scale, steps=50, units=64):
    """Size of the gradient after each step back through h ← tanh(h @ w), as a share of what came in."""
    rng = np.random.default_rng(0)
    w = scale / math.sqrt(units) * rng.standard_normal((units, units))
    h = 0.1 * rng.standard_normal((8, units))
    outputs = []
    for _ in range(steps):
        h = np.tanh(h @ w + 0.01 * rng.standard_normal((8, units)))
        outputs.append(h)
    dh = rng.standard_normal((8, units))
    start, sizes = np.linalg.norm(dh), []
    for h in reversed(outputs):
        dh = (dh * (1 - h**2)) @ w.T
        sizes.append(np.linalg.norm(dh) / start)
    return sizes


print("steps back      1        10        20        30        40        50")
for scale in (0.5, 0.9, 1.5, 4.0):
    sizes = gradient_back_in_time(scale)
    print(f"scale {scale}" + "".join(f"{sizes[k - 1]:10.0e}" for k in (1, 10, 20, 30, 40, 50)))

# %% [markdown]
# With scale 0.5 nothing is left after 50 steps: the network can't learn what happened 50 steps ago. With 4.0 the gradient explodes. In between
# there is a narrow path, and the whole question is how to stay on it.
#
# ### First weights
#
# How large must random weights be, so that neither the signal nor the gradient changes its size in a layer? Take
# $z_m = \sum_d h_d w_{dm}$, with weights drawn independently of everything, mean 0 and variance $\sigma^2$.
#
# $$
# \begin{aligned}
# \mathrm{E}[z_m^2] &= \sum_d \sum_e \mathrm{E}[h_d h_e]\,\mathrm{E}[w_{dm} w_{em}] && \text{multiply out; } w \text{ is independent of } h \\
# &= \sum_d \mathrm{E}[h_d^2]\;\sigma^2 && \text{for } d \ne e \text{ the product of two independent weights has mean 0} \\
# &= D\,\sigma^2\;\mathrm{E}[h^2] && D \text{ equal terms}
# \end{aligned}
# $$
#
# On the way back, $dh_d = \sum_m dz_m w_{dm}$ is a sum of **M** terms, so by the same steps $\mathrm{E}[dh^2] = M\,\sigma^2\;\mathrm{E}[dz^2]$, as
# long as $dz$ knows little of this layer's $w$. In a fresh network that is nearly so, and the cells below measure it.

# %% [markdown]
# **Xavier, for tanh.** Near 0, tanh changes nothing: $h \approx z$. The way forward wants $D\sigma^2 = 1$, the way back wants $M\sigma^2 = 1$.
# Both at once is possible for D = M only. Glorot and Bengio took the mean of D and M:
#
# $$\sigma^2 = \frac{1}{(D + M)/2} = \frac{2}{D + M}$$
#
# **He, for ReLU.** ReLU sets the negative half of $z$ to 0. As $z$ and $-z$ are equally likely, half of the power goes: $\mathrm{E}[h^2] = \frac12 \mathrm{E}[z^2]$.
# From one layer's $z$ to the next the factor is $\frac12 D\sigma^2$. It is 1 for
#
# $$\sigma^2 = \frac{2}{D}$$
#
# (Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS 2010; He, Zhang, Ren and Sun, *Delving deep into
# rectifiers*, ICCV 2015.)

# %% [markdown]
# **Worked.** A layer from D = 8 to M = 24. Xavier: $\sigma^2 = 2/32 = 1/16$, so $\sigma = 1/4$. He: $\sigma^2 = 2/8 = 1/4$, so $\sigma = 1/2$. Numbers from
# `rng.standard_normal` have standard deviation 1, so multiply them by $\sigma$, **not** by $\sigma^2$.
#
# **With gaps.** D = 50, M = 150. Xavier: $\sigma^2 = 2/? = ?$, $\sigma = ?$ He: $\sigma^2 = ?$, $\sigma = ?$
#
# <details><summary>Open when you have filled it in</summary>
#
# Xavier: $2/200 = 0.01$, so $\sigma = 0.1$. He: $2/50 = 0.04$, so $\sigma = 0.2$.
#
# </details>
#
# Do the three factors of the derivation hold? Here they are measured with random numbers:

# %%
rng = np.random.default_rng(0)
h, w, dz = rng.standard_normal((2000, 50)), 0.2 * rng.standard_normal((50, 150)), rng.standard_normal((2000, 150))
z = h @ w
print(f"forward   E[z²] / E[h²]      predicted D σ² = 50 · 0.04 = 2     measured {np.mean(z**2) / np.mean(h**2):.2f}")
print(f"backward  E[dh²] / E[dz²]    predicted M σ² = 150 · 0.04 = 6    measured {np.mean((dz @ w.T) ** 2) / np.mean(dz**2):.2f}")
print(f"ReLU      E[relu(z)²]/E[z²]  predicted 1/2 = 0.5                measured {np.mean(np.maximum(z, 0) ** 2) / np.mean(z**2):.2f}")

# %% [markdown]
# **Exercises · `xavier_init`** (2 points) **and `he_init`** (2 points). As `init_params` of lesson 01, but with a spread of its own for each layer.
# Draw normally or uniformly, both are in use. Uniform from $-a$ to $a$ has the variance $a^2/3$, so then $a = \sqrt3\,\sigma$.

# %% exercise="xavier_init"
def xavier_init(sizes, rng):
    """First weights for tanh: variance 2 / (inputs + outputs) in each layer, mean 0; biases 0.

    sizes: list of numbers [D, H_1, …, C]
    rng: numpy.random.Generator, the only source of random numbers
    Returns params, the list [(w, b), …], w (sizes[i], sizes[i+1]), b (sizes[i+1],)
    """
    ### BEGIN SOLUTION
    params = []
    for n_in, n_out in pairwise(sizes):
        sigma = math.sqrt(2 / (n_in + n_out))
        params.append((sigma * rng.standard_normal((n_in, n_out)), np.zeros(n_out)))
    ### END SOLUTION
    return params


# %% check="xavier_init" points=2
check("xavier_init", xavier_init)
### BEGIN HIDDEN TESTS
check("xavier_init", xavier_init, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The worked example, and the sentence behind it: by which of the two numbers are standard normal numbers multiplied?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# `pairwise(sizes)` gives inputs and outputs of each layer. Each layer has its own spread, so it is computed inside the loop.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A loop over pairs. In it: a root of a fraction (mind the brackets below the line), then one pair of w and b for the list.
#
# </details>

# %% exercise="he_init"
def he_init(sizes, rng):
    """First weights for ReLU: variance 2 / inputs in each layer, mean 0; biases 0.

    sizes: list of numbers [D, H_1, …, C]
    rng: numpy.random.Generator, the only source of random numbers
    Returns params, the list [(w, b), …], w (sizes[i], sizes[i+1]), b (sizes[i+1],)
    """
    ### BEGIN SOLUTION
    params = []
    for n_in, n_out in pairwise(sizes):
        params.append((math.sqrt(2 / n_in) * rng.standard_normal((n_in, n_out)), np.zeros(n_out)))
    ### END SOLUTION
    return params


# %% check="he_init" points=2
check("he_init", he_init)
### BEGIN HIDDEN TESTS
check("he_init", he_init, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Your `xavier_init`. What changes in it is one line of the derivation.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Only one of a layer's two sizes decides: the number of terms in the sum that makes one entry of z.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# The same loop with another fraction under the root.
#
# </details>

# %% [markdown]
# ### What it does
#
# First the picture of Glorot and Bengio's paper: five tanh layers, the size of the gradient at each of them. What was usual before drew
# evenly from $-1/\sqrt D$ to $1/\sqrt D$. That has the variance $1/(3D)$, so each layer should shrink the gradient by $1/\sqrt3 = 0.58$.

# %%
def gradient_by_layer(params, rng):
    """Root mean square of the gradient at the input of each tanh layer, and last what came in."""
    h, outputs = rng.standard_normal((300, len(params[0][0]))), []
    for w, b in params:
        h = np.tanh(h @ w + b)
        outputs.append(h)
    dh = rng.standard_normal(h.shape)
    sizes = [np.sqrt(np.mean(dh**2))]
    for (w, _), h in zip(reversed(params), reversed(outputs), strict=True):
        dh = (dh * (1 - h**2)) @ w.T
        sizes.append(np.sqrt(np.mean(dh**2)))
    return sizes[::-1]


def usual_init(sizes, rng):
    return [
        (rng.uniform(-1, 1, (n_in, n_out)) / math.sqrt(n_in), np.zeros(n_out)) for n_in, n_out in pairwise(sizes)
    ]


print("gradient at the input of layer      1      2      3      4      5   (came in)")
for name, init in (("usual then", usual_init), ("Xavier", xavier_init)):
    rng = np.random.default_rng(0)
    sizes = gradient_by_layer(init([200] * 6, rng), rng)
    print(f"{name:31}" + "".join(f"{size:7.2f}" for size in sizes))

# %% [markdown]
# As predicted: 1, 0.58, 0.33, 0.19, … And with Xavier it shrinks far more slowly. Not quite to nothing, because tanh is only near 0 as steep as 1.
#
# Then the picture of He's paper: thirty layers with ReLU. Xavier forgets the half that ReLU takes, so each layer multiplies by
# $1/\sqrt2$, thirty of them by $0.00003$. The same loop as in lesson 06 trains both on the digits, from the same seed.

# %% tags=["nbval-ignore-output"]
def train_deep(init, update, learning_rate):
    rng = np.random.default_rng(0)
    _, history = training.train(
        init([64] * 30 + [10], rng),
        digits.x_train - 0.3, digits.y_train, digits.x_val - 0.3, digits.y_val,
        update=update, config={"learning_rate": learning_rate}, epochs=5, batch_size=32, rng=rng,
    )  # fmt: skip
    return history.train_loss


print("training loss after epoch     1      2      3      4      5    (guessing: log 10 = 2.30)")
for update, learning_rate in ((sgd_momentum, 0.003), (adam, 0.001)):
    for name, init in (("Xavier", xavier_init), ("He", he_init)):
        losses = train_deep(init, update, learning_rate)
        print(f"{name + ', ' + update.__name__:25}" + "".join(f"{loss:7.2f}" for loss in losses))

# %% [markdown]
# A factor of $\sqrt2$ in the first weights decides whether thirty layers learn at all. That is what He and others reported in figure 3 of their
# paper for a network of thirty layers and a million pictures. Here it takes seconds.
#
# Adam, which divides each gradient by its own size (lesson 05), works Xavier's network loose in the end. It starts behind and stays behind in these five epochs.
#
# Today's networks add two more means to the same end, sums that skip layers and normalisation between layers. The question they answer is
# the one above: does a gradient keep its size?
#
# ### What ails a network?
#
# A network that doesn't learn seldom says why. But its insides do: take one batch, keep the output $h$ of every hidden layer and the gradient
# $\partial L/\partial h$ that arrives there, and look. Sizes are **root mean squares**, $\text{rms}(a) = \sqrt{\text{mean of } a^2}$.

# %% [markdown]
# | word | when | what it means |
# |---|---|---|
# | `"dead"` | ReLU: more than half of the layer's **units** give exactly 0 for **every** row | slope 0 for all rows of this batch; if that holds for all data, their own weights get no gradient, and only a change in earlier layers can wake them |
# | `"saturated"` | tanh: more than half of all **entries** have a slope $1 - h^2$ below 0.05 | hardly any gradient gets through |
# | `"vanishing"` | rms of the layer's gradient is below 1/1000 of the rms of the **last** hidden layer's | early layers stand still |
# | `"exploding"` | it is above 1000 times that | one step throws the weights far away |
# | `"healthy"` | none of these | |
#
# The first rule that fits decides, from the top. Half zeros in a ReLU layer are no disease: that is what ReLU does. The limits 0.05 and 1/1000 are this
# course's; a size of exactly a limit may go either way.

# %% [markdown]
# **Worked.** Three rows, four ReLU units, and one layer:
#
# $$h = \begin{pmatrix}0&0&2&0\\0&1&0&0\\0&0&3&0\end{pmatrix}$$
#
# 9 of 12 entries are 0. Units (columns) that are 0 in every row: the first and the last, so 2 of 4. That is not *more* than half, and the layer is not dead.
#
# **With gaps.** A tanh layer with $h = (0.99, -0.98, 0.5, -0.99)$: the slopes are about 0.02, 0.04, ?, ?. How many are below 0.05, and what is the word?
#
# <details><summary>Open when you have filled it in</summary>
#
# 0.75 and 0.02. Three of four are below 0.05, more than half: `"saturated"`. The sign of h doesn't matter.
#
# </details>
#
# **Exercise · `diagnose_layers`** (3 points). One word for each hidden layer.

# %% exercise="diagnose_layers"
def diagnose_layers(outputs, gradients, activation):
    """What ails each hidden layer.

    outputs: list of arrays (N, H), one per hidden layer, first layer first: what its activation gave
    gradients: list of arrays (N, H), one per hidden layer: the gradient of the loss with respect to that output
    activation: a string, "relu" or "tanh"
    Returns words, a list of one string per hidden layer: "dead", "saturated", "vanishing", "exploding" or "healthy"
    """
    ### BEGIN SOLUTION
    def rms(a):
        return np.sqrt(np.mean(a**2))

    last = rms(gradients[-1])
    words = []
    for h, dh in zip(outputs, gradients, strict=True):
        if activation == "relu" and np.mean((h == 0).all(axis=0)) > 0.5:
            words.append("dead")
        elif activation == "tanh" and np.mean(1 - h**2 < 0.05) > 0.5:
            words.append("saturated")
        elif rms(dh) < last / 1000:
            words.append("vanishing")
        elif rms(dh) > last * 1000:
            words.append("exploding")
        else:
            words.append("healthy")
    ### END SOLUTION
    return words


# %% check="diagnose_layers" points=3
check("diagnose_layers", diagnose_layers)
### BEGIN HIDDEN TESTS
check("diagnose_layers", diagnose_layers, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The table, row by row. Each row but the last is one condition; their order matters.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# A comparison gives an array of True and False, and its `mean()` is the share of True. `.all(axis=0)` asks for each column whether all of its rows
# are True. The two rules for idle units apply to one activation each.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A little function for the root mean square; the size of the last gradient; a loop over both lists at once; in it a chain of `if`, three `elif` and an
# `else`, each appending one word.
#
# </details>

# %% [markdown]
# ### Five patients
#
# Five networks with ten hidden layers of 64 units, and what your function says of them. `look_inside` collects outputs and gradients; you need not read it.

# %%
def look_inside(params, activation, x, y):
    """Outputs of all hidden layers and the gradients that arrive there, two lists of arrays (N, H)."""
    outputs = []
    h = x
    for w, b in params[:-1]:
        z = h @ w + b
        h = np.maximum(z, 0) if activation == "relu" else np.tanh(z)
        outputs.append(h)
    w, b = params[-1]
    dh = softmax_loss(h @ w + b, y)[1] @ w.T
    gradients = [dh]
    for (w, _), h in zip(reversed(params[1:-1]), reversed(outputs[1:]), strict=True):
        dh = (dh * ((h > 0) if activation == "relu" else 1 - h**2)) @ w.T
        gradients.append(dh)
    return outputs, gradients[::-1]


def patient(factor=1.0, bias=0.0, init=he_init):
    """A network whose weights are `factor` times those of init, and whose biases are all `bias`."""
    return [(factor * w, b + bias) for w, b in init([64] * 11 + [10], np.random.default_rng(0))]


patients = {
    "ReLU, weights of scale 0.01": (patient(0.01 / math.sqrt(2 / 64)), "relu"),
    "ReLU, He times 4": (patient(4), "relu"),
    "ReLU, He, biases of -2": (patient(bias=-2), "relu"),
    "tanh, Xavier times 8": (patient(8, init=xavier_init), "tanh"),
    "ReLU, He": (patient(), "relu"),
}
for name, (params, activation) in patients.items():
    inside = look_inside(params, activation, digits.x_train[:128] - 0.3, digits.y_train[:128])
    words = diagnose_layers(*inside, activation)
    print(f"{name:30}", ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words)))

# %% [markdown]
# One look at the first batch, before any training, and each has its diagnosis. Patient 3 is dead from the first layer on: where nothing comes
# through, nothing can wake up again. Patient 2 explodes in its *early* layers, because the gradient grows on the way back.
#
# Patient 4 is saturated in nine layers. In the other one, its first, a little under half of the entries are so flat, so the next rules decide: its
# large weights make the gradient grow on the way back, and that far back it has passed the limit.
#
# ### Memory
#
# The backward pass is quick because it remembers: every layer's cache stays in memory until the way back has used it. For L layers that is L caches, and in large
# networks they, not the weights, fill the memory.
#
# Is there a way to remember less? **Answer the question**, then move the slider.

# %%
checkpoints()

# %% [markdown]
# The plan is called **checkpointing**. On the way forward only the *input* of every k-th layer is kept, a checkpoint, and all caches are thrown away. On the way back, one stretch of k
# layers after the other, last stretch first:
#
# 1. start from the stretch's checkpoint and compute its k layers again, this time keeping their caches,
# 2. go backward through them,
# 3. throw the caches away, and hand the upstream gradient to the stretch before.
#
# (Python throws a thing away as soon as no variable and no list holds it any more.)
#
# **In memory** are at most $L/k$ checkpoints and $k$ caches. The slope of $L/k + k$ with respect to $k$ is $-L/k^2 + 1$, and it is 0 at $k = \sqrt L$: $2\sqrt L$ arrays instead of L.
# **In time** it costs one more forward pass.
#
# (Chen, Xu, Zhang and Guestrin, *Training deep nets with sublinear memory cost*, 2016. Checkpoints inside checkpoints do with about log L of both: Griewank, *Achieving
# logarithmic growth of temporal and spatial complexity in reverse automatic differentiation*, 1992.)

# %% [markdown]
# **Worked.** Seven layers, k = 3. They are numbered from 0, as in Python. Checkpoints: the inputs of layers 0, 3 and 6. On the way back:
#
# | stretch | starts from | computed again | backward through |
# |---|---|---|---|
# | last | input of layer 6 | 6 | 6 |
# | middle | input of layer 3 | 3, 4, 5 | 5, 4, 3 |
# | first | input of layer 0, which is x | 0, 1, 2 | 2, 1, 0 |
#
# **With gaps.** Ten layers, k = 4: checkpoints at the inputs of layers 0, ? and ?; the last stretch has ? layers; on the way back the layers are met in the
# order 9, 8, ?, …
#
# <details><summary>Open when you have filled it in</summary>
#
# 0, 4 and 8; the last stretch has 2 layers, 8 and 9; then 9, 8, 7, 6, 5, 4, 3, 2, 1, 0. The gradients are met in the same order as without checkpoints.
#
# </details>
#
# **Exercise · `checkpointed_backward`** (4 points). A chain of layers, all alike: `forward` and `backward` of one layer are handed in. The check counts how
# often forward is called, and how many of its caches are in memory at one time. To try it by yourself, there are `layer_forward(h, w, b)`, which gives
# tanh(h @ w + b) and a cache, and `layer_backward(dout, cache)`.

# %% exercise="checkpointed_backward"
def checkpointed_backward(x, params, dout, every, forward=layer_forward, backward=layer_backward):
    """All gradients of a chain of layers, with the caches of one stretch in memory at a time.

    x: (N, D), the input of the first layer
    params: list of pairs (w, b), one per layer
    dout: (N, M), the upstream gradient of the last layer's output
    every: one number k, the layers from one checkpoint to the next; the last stretch may have fewer
    forward: function of one layer; takes h (N, D) and the layer's w and b, gives (out, cache)
    backward: function of one layer; takes dout and the layer's cache, gives (dx, dw, db)
    Returns dx (N, D), grads: the list [(dw, db), …] in the order of params
    """
    ### BEGIN SOLUTION
    kept, h = {}, x
    for i, (w, b) in enumerate(params):
        if i % every == 0:
            kept[i] = h
        h = forward(h, w, b)[0]
    grads = []
    for start in reversed(kept):
        h, caches = kept[start], []
        for w, b in params[start : start + every]:
            h, cache = forward(h, w, b)
            caches.append(cache)
        for cache in reversed(caches):
            dout, dw, db = backward(dout, cache)
            grads.append((dw, db))
    dx, grads = dout, grads[::-1]
    ### END SOLUTION
    return dx, grads


# %% check="checkpointed_backward" points=4
check("checkpointed_backward", checkpointed_backward)
### BEGIN HIDDEN TESTS
check("checkpointed_backward", checkpointed_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The table of the worked example. The way forward fills its second column, the way back goes through its rows from the top.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Keep h *before* layer i is computed, when i is a multiple of k (`i % every == 0`). On the way forward take only the output of `forward` and let its cache go. What
# `backward` gives first is the upstream gradient of the layer before.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two parts. First a loop over all layers that fills a list or a dictionary of checkpoints. Then a loop over the checkpoints from the last to the first, with two small
# loops inside: forward over `params[start : start + every]`, and backward over the caches. A slice may reach past the end. At the end, turn grads round.
#
# </details>

# %% [markdown]
# ### The trade, measured
#
# 64 layers, and Python's own `tracemalloc` to watch the memory. The unit is one layer's output, 131 kB.

# %% tags=["nbval-ignore-output"]
rng = np.random.default_rng(0)
chain = xavier_init([32] * 65, rng)
x_chain, dout_chain = rng.standard_normal((512, 32)), rng.standard_normal((512, 32))


def peak(work):
    """The most memory that work() has in use at one time, in units of one layer's output."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / x_chain.nbytes
    finally:
        tracemalloc.stop()


def calls_of_forward(every):
    calls = []

    def counted(h, w, b):
        calls.append(1)
        return layer_forward(h, w, b)

    checkpointed_backward(x_chain, chain, dout_chain, every, counted, layer_backward)
    return len(calls)


def store_all():
    h, caches, grads, dh = x_chain, [], [], dout_chain
    for w, b in chain:
        h, cache = layer_forward(h, w, b)
        caches.append(cache)
    while caches:
        dh, dw, db = layer_backward(dh, caches.pop())
        grads.append((dw, db))
    return dh, grads[::-1]


def with_checkpoints(every):
    return lambda: checkpointed_backward(x_chain, chain, dout_chain, every)


ways = {"all caches kept": store_all} | {k: with_checkpoints(k) for k in (1, 2, 4, 8, 16, 32, 64)}
rounds = [[seconds(work) for work in ways.values()] for _ in range(11)]  # in turn, so that noise hits all alike
times = dict(zip(ways, (median(column) for column in zip(*rounds, strict=True)), strict=True))
peaks = {name: peak(work) for name, work in ways.items()}

print("layers from one          forward calls     memory, in        time")
print("checkpoint to the next   of one layer      layer outputs     (all caches kept = 1)")
for name in ways:
    calls = 64 if name == "all caches kept" else calls_of_forward(name)
    print(f"{name!s:22}{calls:12}{peaks[name]:18.0f}{times[name] / times['all caches kept']:14.2f}")

memory_ratio = peaks["all caches kept"] / peaks[8]
print(f"with a checkpoint at every 8th layer, memory is {memory_ratio:.1f} times smaller")

# %% [markdown]
# The least is at 8 = √64, as derived: 8 checkpoints and 8 caches. The rest, from two to eight depending on how soon your code lets things go, are the
# gradients (64 small arrays, together as large as four layer outputs), arrays in work, and perhaps a cache that a variable such as `_` still holds.
# The price is twice as many forward calls.
#
# A whole gradient costs about three forward passes, so a fourth should make it last four thirds as long. Your last column shows what it is here. It may even be
# below 1: fetching fresh memory takes time too, and little of it stays in the processor's own. Differences of a tenth from row to row are noise.
#
# ### Your second sentence

# %%
my_number = None
because = ""

print(own_sentence(
    "Scalable: through 64 layers my gradient was the same with ___ times less memory for one more forward pass",
    my_number, because, measured=memory_ratio,
))  # fmt: skip

# %% [markdown]
# ## 3 · Automatic
#
# Every derivation of lesson 03 was one of a *layer*, never of a network. So a new task needs no new derivation, as long as it is made of known
# layers and ends in a loss. Three tasks, which have nothing in common:
#
# - **name a digit**: 64 pixels in, ten classes out, cross-entropy,
# - **predict the course of a disease**: ten measurements in, one number out, squared error (the data of lesson 06),
# - **copy a picture through a bottleneck**: 64 pixels in, 16 units in the middle, the same 64 pixels out, squared error. Nobody labelled
#   anything for this one.
#
# One function, `learn`, learns all three. What changes are the data, the sizes and the loss: the table `tasks` in the next cell. (`along_a_direction` is a gradient check, and need not be read.)

# %% tags=["nbval-ignore-output"]
def mse_loss(pred, y):
    return mse(pred, y), mse_backward(pred, y)


def learn(sizes, x, y, x_val, y_val, loss_fn):
    rng = np.random.default_rng(0)
    return training.train(
        he_init(sizes, rng), x, y, x_val, y_val, update=adam, config={"learning_rate": 0.003}, epochs=60,
        batch_size=32, rng=rng, stopping=training.EarlyStopping(patience=10), loss_fn=loss_fn,
    )[0]  # fmt: skip


def wrong_share(scores, y):
    return np.mean(scores.argmax(axis=1) != y)


def along_a_direction(params, x, y, loss_fn):
    """How far the gradient of all parameters and a central difference in one random direction differ, as a share."""
    rng, h = np.random.default_rng(1), 1e-5
    ways = [(rng.standard_normal(w.shape), rng.standard_normal(b.shape)) for w, b in params]

    def loss_at(t):
        moved = [(w + t * u, b + t * v) for (w, b), (u, v) in zip(params, ways, strict=True)]
        return loss_fn(mlp_forward(x, moved)[0], y)[0]

    scores, caches = mlp_forward(x, params)
    grads = mlp_backward(loss_fn(scores, y)[1], caches)
    slope = sum(np.sum(dw * u) + np.sum(db * v) for (dw, db), (u, v) in zip(grads, ways, strict=True))
    return abs((loss_at(h) - loss_at(-h)) / (2 * h) - slope) / abs(slope)


people = load_diabetes()
ink, ink_val = digits.x_train - 0.3, digits.x_val - 0.3
tasks = (
    ("name a digit", [64, 64, 10], ink, digits.y_train, ink_val, digits.y_val, softmax_loss, wrong_share),
    ("course of a disease", [10, 16, 1], people.x_train, people.y_train, people.x_val, people.y_val, mse_loss, mse),
    ("copy a picture", [64, 48, 16, 48, 64], ink, ink, ink_val, ink_val, mse_loss, mse),
)
print("error on data kept aside   without a look at x   network   times better   gradient is right")
factors = []
for name, sizes, x, y, x_val, y_val, loss_fn, error in tasks:
    params = learn(sizes, x, y, x_val, y_val, loss_fn)
    if error is wrong_share:  # the commonest class for everybody, or the mean for everybody
        blind = 1 - np.bincount(y_val).max() / len(y_val)
    else:
        blind = error(np.broadcast_to(y.mean(axis=0), y_val.shape), y_val)
    reached = error(mlp_forward(x_val, params)[0], y_val)
    agrees = along_a_direction(params, x[:100], y[:100], loss_fn)
    factors.append(blind / reached)
    right = "yes" if agrees < 1e-5 else "no"
    print(f"{name:26}{blind:18.3f}{reached:12.3f}{factors[-1]:13.1f}{right:>15}")

# %% [markdown]
# The last column compares each whole gradient with a finite difference along one random direction, to five digits: right every time, without a line of calculus for the
# new task. (Early stopping watched the data kept aside, so all three errors are a little flattered.)
#
# What is still by hand is the backward pass of each *layer*. Lesson 04 asked it of you seven times. That a machine can do this too is the idea of **automatic
# differentiation**: a few rules for +, ·, exp and their like, and the chain rule by bookkeeping.
#
# ### Your third sentence
#
# Your number: choose one of the tasks, and take its *times better*.

# %%
my_number = None
because = ""

print(own_sentence(
    "Automatic: with no new derivation the same code became ___ times better than blind at a task of my choice",
    my_number, because, measured=factors,
))  # fmt: skip

# %% [markdown]
# ## 4 · And what else could one do?
#
# Three other ways to a gradient, and what they cost for P parameters and one loss:
#
# | way | forward passes | exact? | memory | needs of the machine |
# |---|---|---|---|---|
# | **central differences** | $2P$ | nearly | nothing kept | only the loss |
# | **forward mode**: carry the slope along *one* direction through the forward pass | about $2P$ | yes | nothing kept | each step's slope |
# | **random directions**: the slope along random directions, averaged | 2 for each direction | only on average | nothing kept | only the loss |
# | **backpropagation** | about 3 | yes | every cache, or $2\sqrt L$ of them | each step's slope, caches, the weights $w^\top$ on the way back |
#
# Forward mode turns the table where there are few inputs and many outputs: its price is per *input*, that of backpropagation per *output*.
#
# Random directions look like a bargain (Spall, *Multivariate stochastic approximation using a simultaneous perturbation gradient approximation*, IEEE Transactions on Automatic
# Control 37, 1992). For a random direction $v$, the slope along $v$ times $v$ is the gradient *on average*. How many does it take? With K directions, the cosine of the angle
# to the true gradient is about $\sqrt{K/(K + P + 1)}$.

# %%
rng = np.random.default_rng(0)
small_params = he_init([64, 12, 10], rng)
scores, caches = mlp_forward(digits.x_train[:64], small_params)
grads = mlp_backward(softmax_loss(scores, digits.y_train[:64])[1], caches)
true = np.concatenate([part.ravel() for pair in grads for part in pair])
print(f"P = {true.size}")
print("directions     cosine, measured     predicted")
for k in (1, 10, 100, 1000, 10000):
    directions = rng.standard_normal((k, true.size))
    guess = (directions @ true) @ directions  # each direction times the slope along it
    cosine = guess @ true / np.linalg.norm(guess) / np.linalg.norm(true)
    print(f"{k:10}{cosine:21.2f}{math.sqrt(k / (k + true.size + 1)):14.2f}")

# %% [markdown]
# A guess as good as that of a few hundred directions needs more directions when P grows: as with differences, the price is P again. And yet there are settings in which P
# forward passes would cost nothing, or a backward pass can't be had at all. Which?
#
# ### In your own words
#
# A person marks this answer. **What would have to change, in the hardware or in the model, for backpropagation to stop being the best choice?** Name **two** different changes. For each, say (a)
# which of the three words, or which entry of the table, no longer holds, and why; and (b) which other way would then be better, and what it would cost. Five to ten sentences.

# %% [markdown] answer="when_not_backprop" points=4
# ### BEGIN SOLUTION
# **A model that is not differentiable, or whose inside can't be seen.** Backpropagation needs each step's slope. If a step is a choice (a hard threshold, a discrete
# action, a program that somebody else runs), its slope is 0 or unknown, and the product along the path is 0 or can't be formed: it is no longer automatic. Then random directions, or other methods that only
# ask for the loss, still work. They cost two forward passes for each direction and about P directions for a good guess, so they stay affordable only while P is small or
# the guess may be rough.
#
# **Hardware in which a forward pass is nearly free, and memory or a way back is not.** In an analogue or optical chip the signal runs through in one go, but its intermediate values can't be
# read and the weights can't be used transposed. Then "every cache" and "wᵀ on the way back" can't be paid, and 2P forward passes, or P chips that each try one nudge at
# the same time, may be cheaper than one backward pass. (Checkpoints help against too little memory, but not against a missing way back.)
#
# **A model with few inputs and many outputs.** If three numbers decide about a million outputs and the slope of each output is wanted, backward needs one sweep for each
# output, forward mode one for each input: three sweeps, and nothing is kept.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# Two changes are marked, two points each. Of more than two, the best two count.
#
# - **1 point** for each change that breaks something backpropagation truly needs, with the reason. Such are: slopes exist and are not 0 (thresholds, discrete choices, a black box,
#   heavy noise in the loss); caches can be kept (memory dearer than computing again, a stream that never ends); the same weights can be used on the way back; one scalar loss and many
#   parameters (few inputs and many outputs, or very few parameters); layers can wait for one another (machines far apart, layers that must update without waiting for the sweep); forward passes cost something
#   (massively parallel or analogue hardware).
# - **1 point** for each alternative that fits *this* change, with its cost: central differences 2P forward passes, forward mode one pass per input, random directions two per
#   direction and about P for a good one, evolution or search with an unnamed cost only half a point.
# - Half a point instead of one where the change is named but the reason is only "it would be slow" or "it would be impossible".
# - No point for "a faster computer" alone: it makes both ways faster by the same factor. No point for a change that only makes training harder (a deeper network, more data) without naming
#   what the other way would do better.
# ### END MARK SCHEME

# %% [markdown]
# If nobody marks it, compare it yourself, **after** you have written it:
#
# <details><summary>What a good answer names</summary>
#
# - two changes that have nothing to do with each other,
# - for each, the line of the table that it breaks: slopes, caches, transposed weights, or "one loss and many parameters",
# - for each, another way *with its price*, and why that price is now the lower one,
# - no change that would make every way faster or slower alike.
#
# </details>
#
# ## Quick questions
#
# **1 · A network gets ten times as many parameters. What happens to the cost of a whole gradient, in forward passes?**
#
# <details><summary>It stays below three</summary>
#
# Yes. Both sweeps grow alike, so the ratio stays. The forward pass itself has become ten times dearer, and the gradient with it.
#
# </details>
# <details><summary>It becomes ten times as many</summary>
#
# That is the price of finite differences: a forward pass for each nudge, and ten times as many nudges.
#
# </details>
# <details><summary>It becomes less, because large products are more efficient</summary>
#
# Large products do run at a better rate, but the forward pass gains from it as the backward pass does. The count stays.
#
# </details>

# %% [markdown]
# **2 · A deep ReLU network with biases of 0 is drawn with Xavier's rule instead of He's. What do you see before the first step?**
#
# <details><summary>Half of the units are dead in every layer</summary>
#
# Not in every layer. For each row about half of the units give 0, in the early layers another half for another row; dead is a unit that gives 0 for all
# rows. Deep down some are, and with He's rule just as many.
#
# </details>
# <details><summary>Signal and gradient shrink by about the same factor in every layer</summary>
#
# Yes, by about 1/√2. A few layers hide it, thirty don't.
#
# </details>
# <details><summary>The gradient explodes</summary>
#
# Not this. Xavier's weights are smaller than He's, here by a factor of √2.
#
# </details>

# %% [markdown]
# **3 · From lesson 04: why does `affine_backward` need its cache at all?** (And what does checkpointing do about it?)
#
# <details><summary>To know the shape of the result</summary>
#
# The shape could be had for less than a whole array.
#
# </details>
# <details><summary>Because dw is made of x, and dx of w</summary>
#
# Yes. The local slope of a product is the other factor, so both have to be there on the way back. Checkpointing computes x again instead of keeping it.
#
# </details>
# <details><summary>To check that forward was called before</summary>
#
# A cache that isn't there would show it, but that is not what it is for.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - One backward pass costs at most about two forward passes, for any number of parameters. Finite differences cost 2P.
# - A gradient gets through many layers when the first weights fit their layer, and its memory falls from L to $2\sqrt L$ for one more forward pass.
# - Derivations belong to layers, not to tasks. What backpropagation needs, slopes, memory and a way back, is also what would have to go for it to lose.

# %%
progress("07_why_backprop")

# %% [markdown]
# **Next: [08 · Autodiff](../08_autodiff/08_autodiff.ipynb).** Could the machine derive this for me?
