# ---
# jupyter:
#   backprop:
#     title: Loss
#     minutes: 85
#     question: How wrong is a prediction, in one number?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 02 · Loss
#
# > **How wrong is a prediction, in one number?**
#
# A network is trained by making one number smaller: the **loss**. Choose that number badly and the network learns the wrong
# thing, however good everything else is. After this page you will be able to
#
# - say how far off predicted numbers are, with the mean squared error,
# - turn scores into probabilities with softmax, and keep them right when the scores are huge,
# - derive cross-entropy from the probability of the data, and compute it without ever meeting log 0,
# - explain why a network is *judged* by its accuracy but *trained* on its loss.
#
# **Time:** 85 minutes. **You need:** Python and NumPy; the natural logarithm and its rules, such as log(ab) = log a + log b; that
# the probabilities of independent events are multiplied. Of lesson 01 only what scores are: the numbers that come out of the last
# layer.

# %%
import numpy as np

from backprop_helpers import check, progress
from backprop_helpers.experiments import loss_or_accuracy, mse_view, softmax_loss_view

np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## 1 · Numbers: the mean squared error
#
# Suppose the network predicts a *number*: a temperature, a price, how far an illness has advanced. Below are ten people with diabetes:
# their body mass index (standardised: 0 is the average) and a measure of how far the illness has progressed a year later, in
# hundreds. A line predicts this measure for each person, and each *residual* (prediction − target) is drawn as the side of a
# square.
#
# **Answer the question first.** Then look for the line with the smallest loss.

# %%
mse_view()

# %% [markdown]
# The loss behind the picture is built in three steps. `pred` and `y` both have shape (N, K): N examples, K numbers predicted for
# each. (Where one number is predicted, the shape may also be (N,).)
#
# | step | formula | shape | reason |
# |---|---|---|---|
# | 1 | e = pred − y | (N, K) | how far off each prediction is |
# | 2 | e ⊙ e | (N, K) | squared, so that +3 and −3 do not cancel; ⊙ means entry by entry |
# | 3 | L = (1 / NK) · Σ e² | one number | the *mean*, so that twice as much data is not twice as wrong |
#
# In one line, **the mean squared error**:
#
# $$L = \frac{1}{NK}\sum_{n=1}^{N}\sum_{k=1}^{K}\,(\text{pred}_{nk} - y_{nk})^2$$

# %% [markdown]
# > **A convention to hold on to.** In this course the mean of `mse` runs over *every entry*: N · K of them. Other books divide by N
# > alone, or by 2N so that a 2 cancels later. That changes the loss and its slope by a constant factor, but not the best
# > prediction. Mixing two conventions is what hurts.
#
# ### By hand
#
# Two examples, two numbers each. The errors are 1, 1, 3 and −1:
#
# $$\text{pred} = \begin{pmatrix}4&2\\7&1\end{pmatrix}\quad
# y = \begin{pmatrix}3&1\\4&2\end{pmatrix}\quad
# e = \begin{pmatrix}1&1\\3&-1\end{pmatrix}\quad
# L = \frac{1+1+9+1}{4} = 3$$
#
# The same with NumPy, step by step:

# %%
pred = np.array([[4, 2], [7, 1]])
y = np.array([[3, 1], [4, 2]])
errors = pred - y
squares = errors * errors
print("errors:  ", errors.tolist())
print("squares: ", squares.tolist())
print("added up:", squares.sum(), "  entries:", squares.size)
print("loss:    ", squares.sum() / squares.size)

# %% [markdown]
# **Now with gaps.** Fill in the three question marks, then open the answer.
#
# | pred | 5 | 2 | 2 | 1 |
# |---|---|---|---|---|
# | **y** | 3 | 2 | 6 | 1 |
# | **error** | 2 | 0 | ? | 0 |
# | **square** | 4 | 0 | ? | 0 |
#
# The loss is (4 + 0 + ? + 0) / 4 = **?**
#
# <details><summary>The answer</summary>
#
# The error is 2 − 6 = −4, its square 16, and the loss (4 + 16) / 4 = **5**. One error of 4 costs four times as much as one of 2:
# the squared error is strict with large mistakes.
#
# </details>

# %% [markdown]
# ### A trap that gives no error
#
# The next four predictions are *perfect*. What should the loss be, and what is it?

# %%
perfect = np.array([1.0, 2.0, 3.0, 4.0])  # (4,)
target = np.array([[1.0], [2.0], [3.0], [4.0]])  # (4, 1): the same numbers as a column
difference = perfect - target
print("shape of the difference:", difference.shape)
print(difference)
print("mean of its squares:", (difference * difference).mean())

# %% [markdown]
# NumPy has *stretched* both arrays to (4, 4) and compared every prediction with every target. No error, no warning, and a loss of
# 2.5 for a perfect prediction. A network trained on it learns to predict the average of everything.
#
# So **every function of this lesson that takes two arrays refuses shapes that don't fit**, before it computes anything. In
# Python, a function refuses by raising an exception whose sentence says what came and what was expected:
#
# ```python
# if len(name) > 20:
#     raise ValueError(f"name has {len(name)} letters; at most 20 fit on the label.")
# ```

# %% [markdown]
# **Exercise · `mse`** (3 points). Return the mean squared error over every entry. Raise a `ValueError` when `pred` and `y` differ in
# shape (an `assert` counts too). Leave both arrays as they were.

# %% exercise="mse"
def mse(pred, y):
    """Mean squared error over every entry.

    pred: array of any shape, as (N,) or (N, K)
    y: array; raises ValueError unless its shape is that of pred
    returns loss: one number
    """
    ### BEGIN SOLUTION
    if pred.shape != y.shape:
        raise ValueError(f"pred has shape {pred.shape} and y has shape {y.shape}; they must be equal.")
    loss = np.mean((pred - y) ** 2)
    ### END SOLUTION
    return loss

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The table with the three steps, and the paragraph about refusing above this exercise. Refuse first, compute afterwards.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Two shapes are tuples, and tuples can be compared with `!=`. The three steps are a subtraction, a power and a mean; without an
# `axis`, NumPy's mean runs over all entries, whatever the rank.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# An `if` with a `raise` below it, then one line that gives `loss` a single number. For the worked example it is 3.0.
#
# </details>

# %% check="mse" points=3
check("mse", mse)
### BEGIN HIDDEN TESTS
check("mse", mse, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Classes: softmax
#
# Often the answer is not a number but a *class*: which digit, which kind of flower. The classes are called 0, 1, …, C − 1, but
# these are names. Taking a 3 for a 4 is no smaller mistake than taking a 3 for an 8, so a squared difference of names means
# nothing.
#
# Instead, the network gives **one score per class**, and an array `scores` of shape (N, C) holds one row for each example. Scores
# (also called *logits*) may be any numbers. We want probabilities: none negative, and each row adding up to 1.
#
# | step | formula | shape | reason |
# |---|---|---|---|
# | 1 | exp(s) | (N, C) | positive for every score, and a larger score stays larger |
# | 2 | Σ exp(s), along each row | (N, 1) | what the row adds up to |
# | 3 | p = exp(s) / Σ exp(s) | (N, C) | divided by its own sum, each row adds up to 1 |
#
# This is **softmax**. For row n and class c, with k running over all classes of that row:
#
# $$p_{nc} = \frac{\exp(s_{nc})}{\sum_{k}\exp(s_{nk})}$$

# %% [markdown]
# ### By hand
#
# With scores that are logarithms, the exponentials are whole numbers. One row, s = (log 1, log 2, log 5), where log is the
# natural logarithm:
#
# exp(s) = (1, 2, 5), the sum is 8, so **p = (1/8, 2/8, 5/8)**.

# %%
row = np.log([1, 2, 5])
powers = np.exp(row)
print("scores:", row, "  exponentials:", powers, "  sum:", powers.sum().round(4))
print("p:", powers / powers.sum())

# %% [markdown]
# **Now with gaps.** Two rows, and the first scores are (log 2, log 3, log 5):
#
# | | class 0 | class 1 | class 2 | sum |
# |---|---|---|---|---|
# | **exp(s), row 0** | 2 | 3 | 5 | ? |
# | **p, row 0** | 0.2 | ? | 0.5 | 1 |
# | **s, row 1** | 7 | 7 | 7 | |
# | **p, row 1** | ? | ? | ? | 1 |
#
# <details><summary>The answer</summary>
#
# Row 0: the sum is 10, so class 1 gets **0.3**. Row 1: three equal scores give three equal probabilities, **1/3** each. You need not
# know exp(7) for that, and this is the key to what follows.
#
# </details>

# %% [markdown]
# ### See it, and see it break
#
# Three scores as sliders. **Answer the question first**, then try these:
#
# 1. Raise one score. What do the *other* two bars do?
# 2. Set the menu to *all logits times 1000*. Which bars survive?

# %%
softmax_loss_view()

# %% [markdown]
# The orange bars are the formula as it stands, and they break. float64 numbers end near 1.8 · 10³⁰⁸, so exp overflows a little
# above 709:

# %%
with np.errstate(over="ignore", invalid="ignore"):
    print("exp(709) =", np.exp(709.0), "  exp(710) =", np.exp(710.0))
    print("inf / inf =", np.exp(710.0) / np.exp(710.0))
print("exp(-746) =", np.exp(-746.0), " (too small for float64, so it becomes 0)")

# %% [markdown]
# Scores of a thousand are not exotic. A single layer reaches them when its inputs were not scaled: 64 pixels between 0 and 255 are
# enough once the weights are about 1 in size (lesson 01 starts far below, at 0.01). And nan is catching: one of them makes the
# whole loss nan.
#
# ### The way out: shift each row
#
# Take any number m and subtract it from all scores *of one row*. What happens to p?
#
# | step | formula | reason |
# |---|---|---|
# | 1 | exp(s − m) = exp(s) · exp(−m) | a sum in the exponent is a product |
# | 2 | Σ exp(s − m) = exp(−m) · Σ exp(s) | exp(−m) is the same for the whole row, so it comes out of the sum |
# | 3 | exp(s − m) / Σ exp(s − m) = p | exp(−m) stands above and below the line, and cancels |
#
# So we are free to choose m, and choose **the largest score of the row**. Then the largest exponent is 0: no exponential is above
# 1, and the sum is at least 1. Nothing overflows, and nothing is divided by 0.
#
# <details><summary>Is it still exact? And must it be the maximum?</summary>
#
# On paper any m will do. In float64 the maximum is the safe choice, and the shifted formulas are about as accurate as the unshifted
# ones: Blanchard, Higham and Higham, “Accurately computing the log-sum-exp and softmax functions”, IMA Journal of Numerical
# Analysis 41 (2021), 2311–2330, analyse the rounding errors.
#
# </details>

# %% [markdown]
# ### One number for each row: `keepdims`
#
# A reduction along `axis=1` takes the second axis away: a (2, 3) array leaves (2,). When that is subtracted from the array, NumPy
# takes it for one number per *column* instead of one per row. Here this is a `ValueError`, because 2 numbers do not fit 3 columns;
# with as many rows as columns it gives wrong numbers without an error. `keepdims=True` keeps the axis, with length 1:

# %%
table = np.array([[1, 2, 3], [4, 5, 6]])  # (2, 3)
lost = table.sum(axis=1)
kept = table.sum(axis=1, keepdims=True)
print("without keepdims:", lost.shape, lost.tolist())
print("with keepdims:   ", kept.shape, kept.tolist())
print("table - kept:    ", (table - kept).shape, (table - kept).tolist())

square = np.array([[1, 1, 1], [2, 2, 2], [5, 5, 5]])  # (3, 3): minus each row's maximum, every entry should be 0
print("square, without: ", (square - square.max(axis=1)).tolist())
print("square, with:    ", (square - square.max(axis=1, keepdims=True)).tolist())

# %% [markdown]
# **Exercise · `softmax`** (3 points). Turn scores into probabilities, row by row. The result must be right for scores of ±10000
# too. `scores` itself stays as it was.

# %% exercise="softmax"
def softmax(scores):
    """Scores turned into probabilities, row by row.

    scores: (N, C)
    returns p: (N, C), each row non-negative with sum 1
    """
    ### BEGIN SOLUTION
    shifted = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    p = powers / powers.sum(axis=1, keepdims=True)
    ### END SOLUTION
    return p

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The shift comes first, then the three steps of the softmax table. `keepdims` is needed in two places.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Each row has its own maximum and its own sum. `-=` would write into `scores`, which belongs to whoever called you; a plain `-`
# makes a new array.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Three lines: shifted scores (N, C), their exponentials (N, C), and those divided by sums of shape (N, 1). For a row
# (1000, 1000) the probabilities are 0.5 and 0.5.
#
# </details>

# %% check="softmax" points=3
check("softmax", softmax)
### BEGIN HIDDEN TESTS
check("softmax", softmax, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 3 · Cross-entropy: how surprised is the network by the truth?
#
# The truth is an array `y` of shape (N,): one label per row, a whole number from 0 to C − 1. How well do the probabilities p
# explain these labels?
#
# | step | formula | reason |
# |---|---|---|
# | 1 | row n gave its true class the probability p[n, yₙ] | that is what p means |
# | 2 | all labels together: p[0, y₀] · p[1, y₁] · … | the rows are independent of each other, so probabilities multiply |
# | 3 | log of it: Σ log p[n, yₙ] | the logarithm turns the product into a sum, and a larger product still has a larger logarithm |
# | 4 | L = −(1/N) · Σ log p[n, yₙ] | the minus makes it a loss (smaller is better), the 1/N a mean over the rows |
#
# Making L small is making the data as probable as possible. That principle is called *maximum likelihood*, and L is the
# **cross-entropy**, measured in *nats* because the logarithm is the natural one. (Bishop, *Pattern Recognition and Machine
# Learning*, 2006, section 4.3.4, derives it in the same way.)

# %% [markdown]
# Step 3 is more than taste. The product of many probabilities is too small for a computer, its logarithm is not:

# %%
chances = np.full(400, 0.1)  # 400 rows, each gave its true class 0.1
print("product:", chances.prod())
print("sum of logarithms:", round(np.log(chances).sum(), 2))

# %% [markdown]
# ### By hand
#
# Two rows. The first gave its true class the probability 1/2, the second 1/8. Since log(1/8) = −3 log 2, the loss is
#
# $$L = -\tfrac12\left(\log\tfrac12 + \log\tfrac18\right) = \tfrac12\,(1 + 3)\log 2 = 2\log 2 \approx 1.386$$
#
# **Now with gaps.** The true classes got 1/4 and 1/16. In units of log 2 the rows cost 2 and **?**, and the loss is **?** · log 2.
#
# <details><summary>The answer</summary>
#
# 1/16 is 2⁻⁴, so the second row costs **4** · log 2. The mean of 2 and 4 is 3: the loss is **3** · log 2 ≈ 2.079. Each halving of the
# true class's probability costs one more log 2.
#
# </details>

# %%
cost = -np.log([1 / 2, 1 / 8]).mean()
print(f"true classes got 1/2 and 1/8: {cost:.3f} = {cost / np.log(2):.0f} log 2")
for classes in (2, 10, 100):
    print(f"{classes:>3} equally probable classes: log {classes} = {np.log(classes):.3f}")

# %% [markdown]
# The last three lines are a yardstick worth remembering: **a network that knows nothing costs log C**. If a new network on ten
# classes starts far above 2.303, look at its scores before you train it: they are too large.
#
# ### log 0, and how never to meet it
#
# Look at a sure mistake. With scores (0, 800) the true class 0 has the probability exp(−800), which float64 rounds to 0, and the
# loss becomes infinite. Yet the right answer is an ordinary number, 800. Take the logarithm on paper *before* the computer rounds:
#
# | step | formula | reason |
# |---|---|---|
# | 1 | log p = log( exp(s − m) / Σ exp(s − m) ) | softmax, shifted by the row's maximum m |
# | 2 | = log exp(s − m) − log Σ exp(s − m) | the logarithm of a quotient is a difference |
# | 3 | = **s − m − log Σ exp(s − m)** | log undoes exp, so the first part needs no exp at all |
#
# Shapes: s (N, C), m (N, 1), the sum (N, 1), log p (N, C). First the sum along the row, then its logarithm. The sum is between 1 and
# C, so its logarithm is between 0 and log C, and no small constant has to be added anywhere.

# %% [markdown]
# **With gaps.** Two rows, worked through the formula of step 3:
#
# | s | m | s − m | Σ exp(s − m) | log p |
# |---|---|---|---|---|
# | (0, 800) | 800 | (−800, 0) | 1 | (−800, 0) |
# | (1000, 1000) | ? | (0, 0) | ? | (?, ?) |
#
# <details><summary>The answer</summary>
#
# m = 1000, the sum is exp(0) + exp(0) = 2, and log p = 0 − log 2 ≈ **−0.693** for both classes: log of ½, as it must be.
# (In the first row the sum is 1 + exp(−800), which is 1 in float64.)
#
# </details>

# %% [markdown]
# **Exercise · `log_softmax`** (3 points). Return the logarithm of the softmax, row by row, finite for any finite scores.

# %% exercise="log_softmax"
def log_softmax(scores):
    """Logarithm of the softmax, row by row.

    scores: (N, C)
    returns log_p: (N, C), every entry finite and at most 0
    """
    ### BEGIN SOLUTION
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    ### END SOLUTION
    return log_p

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Step 3 of the last derivation. Taking `np.log` of your softmax gives −∞ where a probability has become 0.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# s − m stands in the formula twice: in front, and inside the sum. Give it a name and use it in both places.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two lines: the shifted scores (N, C), and those minus a logarithm of shape (N, 1). For the row (0, 800) the result is (−800, 0).
#
# </details>

# %% check="log_softmax" points=3
check("log_softmax", log_softmax)
### BEGIN HIDDEN TESTS
check("log_softmax", log_softmax, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ### Picking one entry from each row
#
# For the loss we need, from each row of log p, the entry in the column that `y` names. NumPy can take a list of rows and a list of
# columns, and pairs them up. A colon in place of the rows does something else:

# %%
table = np.array([[10, 11, 12], [20, 21, 22]])
column = np.array([2, 0])
rows = [0, 1]
print("table[rows, column]:", table[rows, column].tolist())  # row 0, column 2 and row 1, column 0
print("table[:, column]:   ", table[:, column].tolist())  # both columns of every row

# %% [markdown]
# **Exercise · `cross_entropy`** (4 points). Return the mean over the rows of −log p[n, yₙ]. Raise a `ValueError` when `y` does not have
# the shape (N,): a column of labels (N, 1) would pair every row with every label. Large scores must not harm it.
#
# You may call your `log_softmax`, or write out what you need.

# %% exercise="cross_entropy"
def cross_entropy(scores, y):
    """Mean over the rows of −log(probability of the true class), in nats.

    scores: (N, C)
    y: (N,) integer labels 0 … C−1; raises ValueError when its shape is another one
    returns loss: one number, at least 0
    """
    ### BEGIN SOLUTION
    if y.shape != (len(scores),):
        raise ValueError(f"y has shape {y.shape}; expected one label per row, ({len(scores)},).")
    log_p = log_softmax(scores)
    loss = -log_p[np.arange(len(y)), y].mean()
    ### END SOLUTION
    return loss

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Step 4 of the cross-entropy table, and the cell above that picks one entry from each row. Refuse first, as in `mse`.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The rows 0, 1, …, N − 1 as an array come from `np.arange`. Pair them with `y`, and you have one log-probability for each row. The
# shape (N,) is a tuple with a single entry, which Python writes with a comma: `(5,)`.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A check of the shape, then log p (N, C), then one entry per row (N,), then minus their mean. For scores (0, 800) and label 0 the
# loss is 800.
#
# </details>

# %% check="cross_entropy" points=4
check("cross_entropy", cross_entropy)
### BEGIN HIDDEN TESTS
check("cross_entropy", cross_entropy, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Accuracy: the number people ask for
#
# Nobody outside asks for nats. They ask how many answers were right. The prediction of a row is the class with the largest score,
# and the **accuracy** is the share of rows whose prediction is the true class.
#
# Then why not train on accuracy? Below, five examples, each with a true class and one rival whose score stays where it is. The slider
# is the score of the true class, in all five at once. **Answer the question first.**

# %%
loss_or_accuracy()

# %% [markdown]
# Training means nudging a weight and asking whether things got better. Almost everywhere a small nudge changes the accuracy by
# *nothing*: its slope is 0 and gives no direction. The loss answers to every nudge. So we **train on the loss and report the
# accuracy**.

# %% [markdown]
# **Exercise · `accuracy`** (2 points). Return the share of rows whose largest score stands at the true class. Raise a `ValueError` when
# `y` does not have the shape (N,). (How a tie between two largest scores counts is up to you.)

# %% exercise="accuracy"
def accuracy(scores, y):
    """Share of rows whose largest score stands at the true class.

    scores: (N, C)
    y: (N,) integer labels 0 … C−1; raises ValueError when its shape is another one
    returns share: one number between 0 and 1
    """
    ### BEGIN SOLUTION
    if y.shape != (len(scores),):
        raise ValueError(f"y has shape {y.shape}; expected one label per row, ({len(scores)},).")
    share = np.mean(scores.argmax(axis=1) == y)
    ### END SOLUTION
    return share

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Softmax keeps the order of a row's scores. So which class wins can be read off the scores as they are.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# `argmax` says *where* the largest entry stands. Comparing N places with N labels gives N times True or False, and NumPy counts
# True as 1.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A check of the shape, predictions (N,), a comparison (N,), one number. With two right rows of three it is 2/3.
#
# </details>

# %% check="accuracy" points=2
check("accuracy", accuracy)
### BEGIN HIDDEN TESTS
check("accuracy", accuracy, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · In your own words
#
# Model A gives more right answers than model B on the same examples. And yet A's cross-entropy is *greater*, so by its loss A is the
# worse one. Neither number has been computed wrongly.
#
# **Explain how that can be** (4 points). In your answer:
#
# 1. Say what each of the two numbers looks at, and what it ignores.
# 2. Make up an example: three rows with two classes each, and for both models the probability of the true class in each row. Give
#    both accuracies and both losses. (The next cell computes them: put your numbers into it.)
# 3. Say what you would conclude about model A before trusting it with something that matters.
#
# Write your answer in the text cell behind it: double-click it, replace its text, and press Shift + Enter.

# %%
# the probability of the true class in each of the three rows: put your own numbers here
models = {"A": np.array([0.8, 0.7, 0.4]), "B": np.array([0.8, 0.7, 0.4])}
for name, p_true in models.items():
    print(f"{name}: accuracy {np.mean(p_true > 0.5):.3f}, loss {-np.log(p_true).mean():.3f}")

# %% [markdown] answer="more_right_more_loss" points=4
# ### BEGIN SOLUTION
# **What each looks at.** Accuracy asks only which class has the largest score. Whether the true class won with 0.51 or with 0.99, and
# whether it lost with 0.49 or with 0.0001, makes no difference. Cross-entropy asks only for the probability of the true class, and
# −log p grows without bound as p goes to 0. So a few mistakes made with great confidence can outweigh many right answers, of which
# even a perfect one can do no better than cost 0.
#
# **Example.** Two classes, three rows; a row is right when the true class has more than ½.
#
# | | p of the true class | accuracy | loss |
# |---|---|---|---|
# | A | 0.9, 0.9, 0.001 | 2/3 | (0.105 + 0.105 + 6.908) / 3 = 2.373 |
# | B | 0.6, 0.4, 0.4 | 1/3 | (0.511 + 0.916 + 0.916) / 3 = 0.781 |
#
# A is right twice as often and has three times the loss, nearly all of it from one row.
#
# **Conclusion.** A is overconfident: when it is wrong, it is sure. Its classes may be used, its probabilities should not be trusted
# as they are. I would look at its sure mistakes (wrong labels in the data? a kind of example it has never seen?) and at how often it
# is right among the answers it gives with 90 %.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# - **1 point** Accuracy: only which class is largest counts, not by how much.
# - **1 point** Cross-entropy: the probability of the true class counts, −log p grows without bound, so confident mistakes are very
#   dear. ("Depends on the probabilities" without saying *of the true class* or *confident mistakes*: half a point.)
# - **1 point** An example in which A has the greater accuracy *and* the greater loss, with the four numbers right to two digits.
#   (Right idea with a slip in one number: half a point.)
# - **1 point** A conclusion that follows: A is overconfident, or its probabilities cannot be trusted as they are, or its worst rows
#   should be looked at. ("A is bad" or "use the loss" without a reason: no point.)
# ### END MARK SCHEME

# %% [markdown]
# A person marks this answer, no check does. If nobody will, compare it yourself, **after** you have written it:
#
# <details><summary>What a good answer names</summary>
#
# - for accuracy: what a right row with 0.51 and a right row with 0.99 add to it,
# - for cross-entropy: what a row costs whose true class got 0.5, and what one costs that got 0.001,
# - an example with four numbers that the cell above has computed, and the row that is to blame,
# - a conclusion about how far A's *probabilities* can be trusted, with a reason, and what you would look at next.
#
# </details>

# %% [markdown]
# ## Quick questions
#
# Decide first, then open. Nobody marks them.
#
# **1 · All scores of a network are multiplied by 10. Which number is sure to stay the same?**
#
# <details><summary>The accuracy</summary>
#
# Yes. The largest score of each row stays the largest, so every prediction stays. The network has only become surer of itself.
#
# </details>
# <details><summary>The cross-entropy</summary>
#
# Not this. Multiplying makes the gaps between the scores larger: right rows cost less, and wrong rows often cost more. *Adding* 10 to all scores would leave it unchanged.
#
# </details>
# <details><summary>Both</summary>
#
# Not this. One of them looks at how large the gaps are.
#
# </details>

# %% [markdown]
# **2 · A fresh network on 100 classes starts with a cross-entropy of 4.6. What do you say?**
#
# <details><summary>It is broken, a loss above 1 is an error</summary>
#
# Not this. A cross-entropy has no upper end; 1 is no special value.
#
# </details>
# <details><summary>All is well, that is what knowing nothing costs</summary>
#
# Yes. Equal probabilities for 100 classes cost log 100 ≈ 4.605. Small random weights give scores near 0, so nearly equal
# probabilities.
#
# </details>
# <details><summary>It already gets some answers right</summary>
#
# You can't tell from this number, and about 1 in 100 would be right by luck. 4.6 is the cost of guessing.
#
# </details>

# %% [markdown]
# **3 · From lesson 01: a network has two affine layers with nothing between them. What can it compute that one affine layer can't?**
#
# <details><summary>Curved boundaries between classes</summary>
#
# Not this. $(x\,w^{(1)} + b^{(1)})\,w^{(2)} + b^{(2)}$ is $x\,(w^{(1)}w^{(2)}) + (b^{(1)}w^{(2)} + b^{(2)})$: again a matrix and a
# shift, and its boundaries are straight.
#
# </details>
# <details><summary>Nothing</summary>
#
# Yes. The two collapse into a single affine layer. It takes an activation between them, such as ReLU, to make depth worth anything.
#
# </details>
# <details><summary>Larger scores, so surer predictions</summary>
#
# Not this. One layer with larger weights gives the same large scores.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - `mse` is the mean of the squared errors over every entry, and two arrays that differ in shape must be refused.
# - Softmax turns scores into probabilities; shifting each row by its maximum changes nothing on paper and everything in float64.
# - Cross-entropy is the mean of −log p at the true class: s − m − log Σ exp(s − m) gives the logarithm without ever meeting log 0.

# %%
progress("02_loss")

# %% [markdown]
# **Next: [03 · Chain rule](../03_chain_rule/03_chain_rule.ipynb).** Now that one number says how wrong the network is: if I nudge this
# weight, how far does the loss move?
