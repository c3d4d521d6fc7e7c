# ---
# jupyter:
#   backprop:
#     title: Forward pass
#     minutes: 70
#     question: How does a network turn numbers into a prediction?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 01 · Forward pass
#
# > **How does a network turn numbers into a prediction?**
#
# A network is a long calculation made of very short ones: multiply, add, compare with zero. Every step of it can be looked at.
# After this page you will be able to
#
# - compute a neuron, a layer and a small network by hand,
# - say the shape of every array on the way, for one example and for a whole batch,
# - write all of it in NumPy, for inputs of any shape and without overflow,
# - explain why something must stand between two layers, and why weights start random.
#
# **Time:** 70 minutes. **You need:** functions and NumPy arrays, the matrix product `@`, and how a check works (lesson 00).

# %%
import numpy as np

from backprop_helpers import check, layers, progress
from backprop_helpers.experiments import folds, forward_steps, neuron_line, twins

# %% [markdown]
# ## 1 · One neuron
#
# A neuron takes an *example*, which is a list of numbers **x**, and makes one number of it. It multiplies every input by a
# *weight*, adds the products up, and adds a *bias*:
#
# $$z = w_1x_1 + w_2x_2 + \dots + w_Dx_D + b$$
#
# The sum of products is written w·x for short: z = w·x + b. The weights say how much each input counts and in which direction; the
# bias says how easily the neuron says yes. The result z then goes through an *activation*, a curve that you will meet below.
#
# With two inputs an example is a point in the plane, and we can look at what a neuron does to all points at once. The black line is
# where z = 0: on one side of it z is positive, on the other negative. **Answer the question first**, then move the sliders.

# %%
neuron_line()

# %% [markdown]
# Things to try, with a reason for each:
#
# - **Set w₂ to 0.** The line stands upright: the height of a point no longer matters.
# - **Press Reset, set b to 1, then double all three numbers** (w₁ = 2, w₂ = 1, b = 2). The line does not move: 2z is 0 exactly where z is 0. But
#   the shading gets sharper: the neuron is surer.
# - **Change the activation.** The line stays again. The activation decides how z is *read*, not where z is 0.
#
# Why is the line at right angles to **w**? Walk along it: z stays 0, so w·x does not change. A direction in which w·x does not
# change is one at right angles to w.

# %% [markdown]
# ## 2 · From a neuron to a layer
#
# A *layer* is several neurons that look at the same inputs. A *batch* is several examples, one per row. Both together are one
# matrix product. From here on N counts the examples, D the inputs of each, and M the neurons of the layer. In three steps:
#
# | step | what | formula | shapes |
# |---|---|---|---|
# | 1 | one neuron, one example | $z = \sum_d x_d\,w_d + b$ | x (D,), w (D,), b one number, z one number |
# | 2 | M neurons, one example | $z_m = \sum_d x_d\,w_{dm} + b_m$ | x (D,), w (D, M), b (M,), z (M,) |
# | 3 | M neurons, N examples | $\text{out}_{nm} = \sum_d x_{nd}\,w_{dm} + b_m$ | x (N, D), w (D, M), b (M,), out (N, M) |
#
# - From 1 to 2: every neuron gets a *column* of w and one entry of b.
# - From 2 to 3: every example gets a *row* of x and a row of out. The weights are the same for all rows.
#
# The sum over d in line 3 is the definition of the matrix product, so the whole layer is
#
# $$\underset{(N,\,M)}{\text{out}} \;=\; \underset{(N,\,D)}{x}\;\underset{(D,\,M)}{w} \;+\; \underset{(M,)}{b}$$
#
# Read the shapes like dominoes: (N, **D**) meets (**D**, M), the two D touch and disappear, (N, M) is left. NumPy adds b, of shape
# (M,), to every row by itself; that is called *broadcasting*. This is an **affine** layer.

# %% [markdown]
# ### By hand
#
# Two examples with two inputs each, three neurons:
#
# $$x = \begin{pmatrix}1&2\\3&0\end{pmatrix}\qquad
# w = \begin{pmatrix}1&0&-1\\2&1&0\end{pmatrix}\qquad
# b = \begin{pmatrix}1&-1&0\end{pmatrix}$$
#
# The first example is the row (1, 2). It meets each column of w in turn:
#
# - neuron 1, column (1, 2): 1·1 + 2·2 + 1 = **6**
# - neuron 2, column (0, 1): 1·0 + 2·1 − 1 = **1**
# - neuron 3, column (−1, 0): 1·(−1) + 2·0 + 0 = **−1**
#
# The second example, (3, 0), gives 3 + 0 + 1 = **4**, 0 + 0 − 1 = **−1** and −3 + 0 + 0 = **−3** in the same way. NumPy agrees:

# %%
x = np.array([[1, 2], [3, 0]])
w = np.array([[1, 0, -1], [2, 1, 0]])
b = np.array([1, -1, 0])

print("x", x.shape, " @  w", w.shape, " +  b", b.shape)
print(x @ w + b)

# %% [markdown]
# **Your turn, with gaps.** A third example, (−1, 1), meets the same neurons. Fill in the dots on paper, then open the answers.
#
# - neuron 1: (−1)·1 + 1·2 + 1 = …
# - neuron 2: (−1)·… + 1·… − 1 = …
# - neuron 3: …
#
# <details><summary>Answers</summary>
#
# - neuron 1: −1 + 2 + 1 = **2**
# - neuron 2: (−1)·0 + 1·1 − 1 = **0**
# - neuron 3: (−1)·(−1) + 1·0 + 0 = **1**
#
# </details>

# %% [markdown]
# ### When an example is not a row
#
# A picture of 8 × 8 pixels is an example too, and a batch of N pictures has shape (N, 8, 8). A layer does not care which pixel is
# whose neighbour: each example is laid out as one row of D = 8 · 8 = 64 numbers. Only the *first* axis keeps its meaning.

# %%
pictures = np.arange(3 * 2 * 4).reshape(3, 2, 4)  # three pictures of 2 × 4 pixels
rows = pictures.reshape(3, 8)
print(pictures.shape, "becomes", rows.shape)
print("the second picture:", rows[1])

# %% [markdown]
# ### What is a cache?
#
# Each forward function of this course returns two things: its result `out`, and a `cache`. The cache is a note to yourself: what
# you will want to remember when the calculation is run backwards in lesson 04. For the affine layer that is `(x, w, b)`. A check
# never looks inside a cache; it is yours.
#
# **Exercise · `affine_forward`** (3 points). Write the affine layer for x with any number of axes from two up. Leave x, w and b
# as they are. Assign your result to `out`; the last lines, which stand there already, return it. So it is in every exercise.

# %% exercise="affine_forward"
def affine_forward(x, w, b):
    """An affine layer: each example of x as one row, times w, plus b.

    x: (N, d_1, …, d_k), with d_1 · … · d_k = D
    w: (D, M)
    b: (M,)
    returns out (N, M), and the cache (x, w, b)
    """
    ### BEGIN SOLUTION
    rows = x.reshape(x.shape[0], -1)
    out = rows @ w + b
    ### END SOLUTION
    cache = (x, w, b)
    return out, cache

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Two things happen, one after the other: x gets another shape, and then comes the formula with the dominoes.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The number of examples is `x.shape[0]`. `reshape` works out one length by itself where you write −1.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two lines. After the first you have an array (N, D); the second makes `out` (N, M) of it, with one `@` and one `+`.
#
# </details>

# %% check="affine_forward" points=3
check("affine_forward", affine_forward)
### BEGIN HIDDEN TESTS
check("affine_forward", affine_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 3 · Why something must stand between two layers
#
# Why not put one affine layer behind another? Follow the algebra for two of them. A small number in brackets says which layer
# a weight belongs to: $w^{(1)}$ (D, H) with $b^{(1)}$ (H,), then $w^{(2)}$ (H, M) with $b^{(2)}$ (M,), where H counts the neurons in
# the middle. A neuron of the middle layer is called a *hidden unit*; the numbers at the end are the *scores*.
#
# 1. The first gives $h = x\,w^{(1)} + b^{(1)}$. *(its formula)*
# 2. The second gives $\text{out} = h\,w^{(2)} + b^{(2)}$. *(its formula)*
# 3. Put 1 into 2: $\text{out} = (x\,w^{(1)} + b^{(1)})\,w^{(2)} + b^{(2)}$. *(h is what it is)*
# 4. Multiply out: $\text{out} = x\,\big(w^{(1)}w^{(2)}\big) + \big(b^{(1)}w^{(2)} + b^{(2)}\big)$. *(matrix products
#    distribute over sums, and $(x\,w^{(1)})\,w^{(2)} = x\,(w^{(1)}w^{(2)})$)*
#
# Line 4 is *one* affine layer, with the weights $w^{(1)}w^{(2)}$ of shape (D, M). The middle has vanished. With numbers:

# %%
rng = np.random.default_rng(0)
x = rng.standard_normal((5, 4))
w1, b1 = rng.standard_normal((4, 6)), rng.standard_normal(6)
w2, b2 = rng.standard_normal((6, 3)), rng.standard_normal(3)

two_layers = (x @ w1 + b1) @ w2 + b2
one_layer = x @ (w1 @ w2) + (b1 @ w2 + b2)
print("two affine layers equal one:", np.allclose(two_layers, one_layer))

with_bend = np.abs(x @ w1 + b1) @ w2 + b2
print("with a bend in between:     ", np.allclose(with_bend, one_layer))

# %% [markdown]
# The last two lines put a bend between the layers: |z| instead of z. That is enough to break the algebra, because line 4 no
# longer works. The usual bend is ReLU, which turns every negative number into 0.
#
# See below what it can do. The network has two scores, one for each colour, and the larger one wins; so the colour changes where
# score 1 − score 0 is 0. It has been *trained*: its weights were moved, step by step, to numbers that suit the points (lessons 04
# to 06 show how). **Answer first**, then choose another activation.

# %%
folds()

# %% [markdown]
# Each dashed line belongs to one hidden unit: there its z is 0, and there ReLU has its corner. With ReLU the score is straight
# between the corners; sigmoid and tanh curve it all along. More units give more bends, and so a boundary that can follow the two
# arcs of points. One ReLU alone does no better than a line: training moves its corner out of the picture. (Each network shown is the
# best of twenty random starts; from an unlucky one, a small network gets stuck.)
#
# ## 4 · Three activations
#
# An *activation* is applied to every entry by itself, so its output has the shape of its input.
#
# | name | formula | range | at z = −2, 0, 2 |
# |---|---|---|---|
# | ReLU | max(0, z) | 0 and up | 0, 0, 2 |
# | sigmoid | $\sigma(z) = 1\,/\,(1 + e^{-z})$ | between 0 and 1 | 0.12, 0.50, 0.88 |
# | tanh | $(e^{z} - e^{-z})\,/\,(e^{z} + e^{-z})$ | between −1 and 1 | −0.96, 0.00, 0.96 |
#
# **ReLU** (short for *rectified linear unit*) is the usual choice between layers
# ([Deep Learning, section 6.3](https://www.deeplearningbook.org/contents/mlp.html)): cheap, and its slope is 1 wherever it is on.
# The **sigmoid** turns a number into something that can be read as a probability. **tanh** is a sigmoid that has been stretched
# so that 0 stays 0: tanh(z) = 2σ(2z) − 1.
#
# **Exercise · `relu_forward`** (1 point). Entry by entry, for x of any shape. In the functions that follow, the input is called
# `x` again, whatever layer it comes from. Leave it as it was: somebody else may still need it.

# %% exercise="relu_forward"
def relu_forward(x):
    """ReLU, max(0, x), entry by entry.

    x: array of any shape
    returns out of the same shape, and the cache x
    """
    ### BEGIN SOLUTION
    out = np.maximum(0, x)
    ### END SOLUTION
    cache = x
    return out, cache

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# “The larger one of x and 0” is a comparison of two things, for every entry. Python's own `max` can't do that with arrays.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# NumPy has a function for the larger of two, entry by entry. Its name begins like `max` but is longer. There is also `np.where`.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line, no loop. For x = [−3, 0, 2] `out` is [0, 0, 2].
#
# </details>

# %% check="relu_forward" points=1
check("relu_forward", relu_forward)
### BEGIN HIDDEN TESTS
check("relu_forward", relu_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ### A sigmoid that survives large numbers
#
# The formula $1\,/\,(1 + e^{-z})$ looks harmless. But at z = −1000 it needs $e^{1000}$, and a float64 ends near $1.8\cdot10^{308}$:

# %%
with np.errstate(over="ignore"):  # otherwise NumPy would warn here
    print("e^1000  =", np.exp(1000.0))
print("e^-1000 =", np.exp(-1000.0))
print("largest float64:", np.finfo(np.float64).max)

# %% [markdown]
# An exponential of a *negative* number is always harmless: at worst it is rounded to 0. So we want a formula for each side of zero:
#
# 1. For z ≥ 0 take $\sigma(z) = \dfrac{1}{1+e^{-z}}$. *(the exponent −z is negative or 0: harmless)*
# 2. Multiply above and below by $e^{z}$: $\sigma(z) = \dfrac{e^{z}}{e^{z}+1}$. *(a fraction does not change; $e^{-z}e^{z} = 1$)*
# 3. For z < 0 take line 2. *(now the exponent z is negative: harmless)*
#
# Both sides use the same exponential: −z for z ≥ 0 and z for z < 0 are both **−|z|**.
#
# | | above the bar | below the bar |
# |---|---|---|
# | z ≥ 0 | $1$ | $1 + e^{-\lvert z\rvert}$ |
# | z < 0 | $e^{-\lvert z\rvert}$ | $1 + e^{-\lvert z\rvert}$ |
#
# **Exercise · `sigmoid_forward`** (3 points). Entry by entry, for x of any shape, right and *without a NumPy warning* for every
# number from −1000 to 1000.

# %% exercise="sigmoid_forward"
def sigmoid_forward(x):
    """The sigmoid 1 / (1 + e^(−x)), entry by entry, without overflow.

    x: array of any shape
    returns out of the same shape, and the cache out
    """
    ### BEGIN SOLUTION
    shrink = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1, shrink) / (1 + shrink)
    ### END SOLUTION
    cache = out
    return out, cache

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Read the small table row by row. The two rows differ in one place only.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# `np.where(condition, a, b)` takes from a where the condition holds and from b elsewhere. It computes *both* a and b for every
# entry first, so neither of them may overflow anywhere.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two lines. The first makes an array of numbers between 0 and 1; the second uses it twice, above and below the fraction bar.
#
# </details>

# %% check="sigmoid_forward" points=3
check("sigmoid_forward", sigmoid_forward)
### BEGIN HIDDEN TESTS
check("sigmoid_forward", sigmoid_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# **Exercise · `tanh_forward`** (1 point). Entry by entry, for x of any shape, without a NumPy warning. NumPy's own function is
# welcome: the formula in the table would divide infinity by infinity at x = 1000.

# %% exercise="tanh_forward"
def tanh_forward(x):
    """The hyperbolic tangent, entry by entry.

    x: array of any shape
    returns out of the same shape, and the cache out
    """
    ### BEGIN SOLUTION
    out = np.tanh(x)
    ### END SOLUTION
    cache = out
    return out, cache

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# NumPy's mathematical functions work entry by entry, as `np.exp` and `np.abs` do.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The function you are looking for is called in NumPy as it is called on this page.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line, one call. For x = 0 it gives 0, for x = 1000 it gives 1.
#
# </details>

# %% check="tanh_forward" points=1
check("tanh_forward", tanh_forward)
### BEGIN HIDDEN TESTS
check("tanh_forward", tanh_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · A whole network
#
# A network of the kind we build here is called a *multi-layer perceptron*, MLP for short: affine, ReLU, affine, ReLU, …, affine. The
# last layer has no activation. Its numbers are the **scores**, and what they mean is up to the loss (lesson 02). The layers
# between input and scores are called *hidden*.
#
# ### By hand
#
# Take the three neurons from above as the hidden layer and put one more neuron behind them: 2 inputs, 3 hidden units, 1 score.
#
# | | array | shape |
# |---|---|---|
# | input | x | (N, 2) |
# | affine, layer 1 | $z = x\,w^{(1)} + b^{(1)}$ | (N, 2) @ (2, 3) + (3,) → (N, 3) |
# | ReLU | h = max(0, z) | (N, 3) |
# | affine, layer 2 | $\text{scores} = h\,w^{(2)} + b^{(2)}$ | (N, 3) @ (3, 1) + (1,) → (N, 1) |
#
# Every arrow below carries a number to the right, times its weight; into each box its bias is added. **Answer first**, then move
# *step* from 0 to 3.

# %%
forward_steps()

# %% [markdown]
# Written down, with $w^{(2)}$ = (2, −2, 3) as a column and $b^{(2)}$ = −1, the first example (1, 2) goes as follows. (The cell takes
# ReLU from `layers`, where the course keeps its own functions.)
#
# - z = (6, 1, −1) *(computed above)*
# - h = (6, 1, 0) *(the negative entry becomes 0)*
# - score = 6·2 + 1·(−2) + 0·3 − 1 = **9**

# %%
x = np.array([[1, 2], [3, 0]])
w1, b1 = np.array([[1, 0, -1], [2, 1, 0]]), np.array([1, -1, 0])
w2, b2 = np.array([[2], [-2], [3]]), np.array([-1])

z = x @ w1 + b1
h, _ = layers.relu_forward(z)
scores = h @ w2 + b2
for name, value in (("z", z), ("h", h), ("scores", scores)):
    print(f"{name:6} {value.shape}  first example: {value[0]}")

# %% [markdown]
# **Your turn, with gaps.** The third example was (−1, 1), with z = (2, 0, 1).
#
# - h = (…, …, …)
# - score = …·2 + …·(−2) + …·3 − 1 = …
#
# And before you run anything: what is the score of the second example, (3, 0), whose z was (4, −1, −3)?
#
# <details><summary>Answers</summary>
#
# - h = (2, 0, 1): nothing here is negative, so nothing changes.
# - score = 2·2 + 0·(−2) + 1·3 − 1 = **6**
# - Second example: h = (4, 0, 0), score = 4·2 + 0 + 0 − 1 = **7**. Two of its three hidden units are silent.
#
# </details>

# %% [markdown]
# ## 6 · Where the weights come from
#
# Training will find good weights, but it has to begin somewhere. Why not all at one value, such as 0.5 or 0? **Answer the
# question first**, then step through the first ten steps of training for each kind of start.

# %%
twins()

# %% [markdown]
# The reason in four lines:
#
# 1. Two hidden units with equal weights and equal biases compute equal z for every example. *(same formula, same numbers)*
# 2. So their outputs h are equal, and the next layer treats them alike if its weights for them are alike too. *(same formula)*
# 3. A training step moves a unit's weights according to the unit's inputs, its output and what the next layer asks of it.
#    *(lesson 04)*
# 4. All three are equal, so both units move equally and are equal again. Nothing ever parts them. *(back to line 1)*
#
# Zeros are worse still. With ReLU or tanh every h is then 0, and so is every weight of the next layer: line 3 finds nothing to move
# any weight with. They stay where they are.
#
# Random weights make every unit different from the start. Biases may be 0: different weights are difference enough.
#
# **Exercise · `init_params`** (3 points). Make the weights and biases of a network. `sizes` lists the number of units from input to
# scores: `[2, 3, 1]` is the network above and needs two layers, w (2, 3) with b (3,), then w (3, 1) with b (1,). From here
# on L counts the layers and C the scores (later: one for each class).
#
# - every weight is drawn from a *normal distribution* with mean 0 and standard deviation `scale`: about two thirds of the weights
#   then lie between −scale and scale,
# - every bias is 0,
# - all random numbers come from `rng`, a generator the caller made. Two generators made with the same seed give the same network,
#   so that a run can be repeated.
#
# `rng.standard_normal((2, 3))` draws an array of that shape with mean 0 and standard deviation 1.

# %% exercise="init_params"
def init_params(sizes, rng, scale=0.01):
    """Random weights and zero biases for a network.

    sizes: list of L + 1 whole numbers [D, H_1, …, C], at least two
    rng: NumPy random generator to draw from
    scale: number, the standard deviation of the weights
    returns params, a list of L pairs (w, b) with w (sizes[i], sizes[i + 1]) and b (sizes[i + 1],)
    """
    ### BEGIN SOLUTION
    params = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        w = scale * rng.standard_normal((n_in, n_out))
        b = np.zeros(n_out)
        params.append((w, b))
    ### END SOLUTION
    return params

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# A list of L + 1 sizes has L pairs of neighbours. Each pair makes one layer.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Multiplying numbers of standard deviation 1 by a constant gives numbers with that constant as their standard deviation.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A loop over i = 0 … L − 1 that appends one tuple to a list: a random array with two axes, and an array of zeros with one.
#
# </details>

# %% check="init_params" points=3
check("init_params", init_params)
### BEGIN HIDDEN TESTS
check("init_params", init_params, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 7 · Put it together
#
# **Exercise · `mlp_forward`** (4 points). Run a batch through a network of any depth: affine and ReLU for every layer but the last, which is
# affine alone. Return the scores, and a list of the caches you met on the way. How you arrange them in the list is up to you: no
# check looks inside.
#
# The course's own `layers.affine_forward` and `layers.relu_forward` return `(out, cache)` like yours. Use those, and this exercise
# does not depend on your earlier ones; or use your own, as soon as their checks hold.

# %% exercise="mlp_forward"
def mlp_forward(x, params):
    """The scores of a network: affine, ReLU, affine, ReLU, …, affine.

    x: (N, d_1, …, d_k)
    params: list of pairs (w, b), first layer first; w (inputs, outputs), b (outputs,)
    returns scores (N, C), and the list of caches
    """
    ### BEGIN SOLUTION
    caches = []
    h = x
    for i, (w, b) in enumerate(params):
        h, affine_cache = layers.affine_forward(h, w, b)
        relu_cache = None
        if i < len(params) - 1:
            h, relu_cache = layers.relu_forward(h)
        caches.append((affine_cache, relu_cache))
    scores = h
    ### END SOLUTION
    return scores, caches

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Go through the hand calculation in part 5 again: what goes into the second layer, and what is different about the last one?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Keep one name, such as h, for “what has come out so far”. It starts as x, and every layer replaces it.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A loop over the layers with a counter. In it, an affine step always, a ReLU step only while there is another layer to come, and
# what they cached appended to the list.
#
# </details>

# %% check="mlp_forward" points=4
check("mlp_forward", mlp_forward)
### BEGIN HIDDEN TESTS
check("mlp_forward", mlp_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ### Your network reads a picture
#
# Now your functions meet something real: pictures of handwritten digits, 8 × 8 pixels each. The network has ten scores, one per
# digit, and its prediction is the digit with the largest score. It has never been trained.

# %%
from backprop_helpers.data import load_digits

digits = load_digits()
pictures = digits.x_val.reshape(-1, 8, 8)
params = init_params([64, 32, 10], np.random.default_rng(0))
scores, caches = mlp_forward(pictures, params)
predicted = scores.argmax(axis=1)

print("pictures", pictures.shape, " scores", scores.shape)
print("the first one, a", digits.y_val[0], "taken for a", predicted[0])
for row in pictures[0]:
    print("   ", "".join(2 * " ░▒▓█"[int(4 * ink)] for ink in row))
print("right:", f"{np.mean(predicted == digits.y_val):.0%}", "of", len(predicted))

# %% [markdown]
# About one in ten: it guesses. The forward pass is complete and right, and the answers are still worthless, because the weights are
# random. How to tell *how* wrong they are, in one number, is the next lesson; how to make them better is the rest of the course.
#
# ## Quick questions
#
# **1 · x has shape (32, 28, 28), and the layer has 100 neurons. What are the shapes of w and b?**
#
# <details><summary>w (28, 100), b (100,)</summary>
#
# Not this. Both axes of a picture go into its row: D = 28 · 28.
#
# </details>
# <details><summary>w (784, 100), b (100,)</summary>
#
# Yes. Each picture becomes a row of 784 numbers, and each neuron has one weight for each of them and one bias.
#
# </details>
# <details><summary>w (100, 784), b (100,)</summary>
#
# Not here. Some books write w @ x with examples in columns. In this course examples are rows, so w is (D, M).
#
# </details>
# <details><summary>w (784, 100), b (32, 100)</summary>
#
# Not this. A bias belongs to a neuron, not to an example: the 32 rows share it. Tomorrow the batch may have another size.
#
# </details>

# %% [markdown]
# **2 · You remove all ReLUs from a trained network with five layers. What can it still compute?**
#
# <details><summary>The same, only less exactly</summary>
#
# Not this. Without anything in between the five layers multiply out to one.
#
# </details>
# <details><summary>What one affine layer can: straight boundaries only</summary>
#
# Yes. $x\,w^{(1)}w^{(2)}\cdots w^{(5)}$ and a bias is a single affine layer, however many there were.
#
# </details>
# <details><summary>Nothing: the shapes no longer fit</summary>
#
# Not this. ReLU leaves shapes as they are, so removing it changes none.
#
# </details>

# %% [markdown]
# **3 · From lesson 00: a slope says how far the result moves for a small step, per unit of step. What is the slope of z = w·x + b when only b is moved?**
#
# <details><summary>1</summary>
#
# Yes. z moves by exactly as much as b does, whatever w and x are. Lesson 03 builds on this.
#
# </details>
# <details><summary>b</summary>
#
# Not this. That is the value of b. Make b larger by 0.1 and see how much larger z gets.
#
# </details>
# <details><summary>w·x</summary>
#
# Not this. w·x stays where it is while b moves; what does not move has no part in the slope.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - A layer is out (N, M) = x (N, D) @ w (D, M) + b (M,): rows are examples, columns are neurons.
# - Without an activation between them, layers collapse into one; with ReLU the boundary can bend.
# - Weights start random, from a generator you control, because equal units stay equal.

# %%
progress("01_forward_pass")

# %% [markdown]
# **Next: [02 · Loss](../02_loss/02_loss.ipynb).** How wrong is a prediction, in one number?
