# ---
# jupyter:
#   backprop:
#     title: Backward pass
#     minutes: 120
#     question: How does every weight learn its share of the blame in one sweep?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 · Backward pass
#
# > **How does every weight learn its share of the blame in one sweep?**
#
# After this page you will be able to
#
# - derive the backward pass of a layer by asking which outputs each number reaches,
# - write it for affine layers, three activations and two losses, with the right shapes,
# - chain them into the gradient of a whole network, from the last layer to the first,
# - find a wrong line in a backward pass that trains almost as well as a right one.
#
# **Time:** 120 minutes, with a place for a break. **Builds on:** the forward pass (lesson 01), softmax and its loss (lesson 02) and the chain rule (lesson 03).
# Whatever is needed from them comes ready-made, so you can begin here.

# %%
from itertools import pairwise

import numpy as np
from sklearn.datasets import load_digits

from backprop_helpers import accuracy, check, init_params, layers, losses, mlp_forward, mse, network, progress
from backprop_helpers import affine_forward, relu_forward, sigmoid_forward, softmax, tanh_forward, trace
from backprop_helpers.bug_hunt import forward_1, forward_2, forward_3, suspect_1, suspect_2, suspect_3
from backprop_helpers.experiments import backward_steps
from backprop_helpers.gradcheck import gradcheck, numerical_gradient

# %% [markdown]
# <details><summary>The letters on this page</summary>
#
# | symbol | shape | meaning | in code |
# |---|---|---|---|
# | $N$, $D$, $M$, $C$ | numbers | rows of the batch, inputs and outputs of a layer, classes | |
# | $H$, $K$ | numbers | units of a hidden layer, and of a second one (bug hunt) | |
# | $x$, $w$, $b$ | (N, D), (D, M), (M,) | input, weights and bias of a layer | `x`, `w`, `b` |
# | $z$, $h$ | (N, M) | what an affine layer computes, and what the activation makes of it | `z`, `h` |
# | $g$, $g'$ | | any activation, and its slope | |
# | $\sigma$, $\tanh$ | | two activations: the sigmoid $1/(1 + e^{-x})$ and the hyperbolic tangent | `sigmoid_forward`, `tanh_forward` |
# | $s$, $p$ | (N, C) | scores, and their softmax | `scores`, `p` |
# | pred | any | the prediction of a regression | `pred` |
# | $y$ | (N,), or the shape of pred | labels, counted from 0; targets of a regression | `y` |
# | $[c = y]$, one-hot$(y)$ | one number, (N, C) | 1 where $c$ is the label and 0 elsewhere, and all of these as an array | |
# | $L$, $E$ | one number each | the loss of the batch; the number of entries of pred | `loss`, `pred.size` |
# | $\partial L/\partial v$ | shape of $v$ | the gradient of the loss with respect to $v$ | `dv` |
# | dout | shape of out | **upstream** gradient $\partial L/\partial\,\text{out}$, which arrives from the side of the loss | `dout` |
# | $\odot$ | | entry by entry | `*` |
# | $\eta$ (eta) | one number | learning rate: how far a weight moves against its gradient; at the end only | `learning_rate` |
#
# The whole course keeps to these; the full list is the page [notation](../../docs/notation.md) in the course's folder.
#
# </details>
#
# ## One sweep forward, one sweep back
#
# Here is a network small enough to see whole: two inputs, three hidden units with ReLU, one output, and the squared error as its
# loss. The slider steps **forward** through its values, and then **backward** through its gradients.
#
# Answer the question, then move the slider.

# %%
backward_steps()

# %% [markdown]
# Watch how little is needed at each step back: the gradient that arrived from the right (**upstream**), and what this one step
# did in the forward pass (**local**). Nothing else in the network matters to it.
#
# That is why a layer can be written once, without knowing which network it will live in. Its forward pass returns the output and a
# **cache**, whatever the way back will need. Its backward pass takes `dout` and the cache, and returns one gradient for each
# input:
#
# $$\text{gradient} = \text{local} \times \text{upstream}, \qquad \text{added up over all paths to the loss.}$$
#
# One rule finds many mistakes at a glance: **a gradient has the shape of what it belongs to.** `dw` is shaped like `w`, always.

# %% [markdown]
# ### The same with your own functions
#
# `trace` draws a network and calls **your** functions to walk through it. You have not written one yet, so on the way back every
# gradient is grey. Come back to this cell after each exercise and run it again: what you have written gets its colour. Orange agrees
# with finite differences; red does not, and the line below the picture says what is wrong. Click an edge to see the numbers behind it.
#
# The network sees a single row here. One row can't show every mistake (its mean is its sum); the checks try more.

# %%
tiny = [
    (np.array([[1.0, -1, 2], [1, 1, -1]]), np.array([-1.0, -1, -2])),  # w1 (2, 3), b1 (3,)
    (np.array([[1.0], [3], [-2]]), np.array([1.0])),  # w2 (3, 1), b2 (1,)
]
trace(tiny, np.array([[2.0, 1]]), np.array([[3.0]]), globals())

# %% [markdown]
# ## The affine layer
#
# Forward, each output is a sum. With all indices written out,
#
# $$\text{out}_{nm} = \sum_d x_{nd}\, w_{dm} + b_m .$$
#
# For each of the three, ask the same two questions: **which outputs does this one number reach, and with which slope?** Then multiply
# each slope with the upstream gradient of that output, and add.

# %% [markdown]
# **The bias.** $b_m$ stands in $\text{out}_{nm}$ for *every* row $n$, each time with slope 1.
#
# $$\frac{\partial L}{\partial b_m} = \sum_n 1\cdot \text{dout}_{nm} \qquad\Rightarrow\qquad \text{db (M,)} = \text{the sum of the rows of dout (N, M)}$$
#
# **The weights.** $w_{dm}$ also stands in $\text{out}_{nm}$ for every row $n$, with slope $x_{nd}$.
#
# $$\frac{\partial L}{\partial w_{dm}} = \sum_n x_{nd}\,\text{dout}_{nm} \qquad\Rightarrow\qquad \underset{(D,\,M)}{dw} = \underset{(D,\,N)}{x^\top}\;\underset{(N,\,M)}{\text{dout}}$$
#
# **The input.** $x_{nd}$ stands in one row only, but in $\text{out}_{nm}$ for every output $m$, with slope $w_{dm}$.
#
# $$\frac{\partial L}{\partial x_{nd}} = \sum_m \text{dout}_{nm}\, w_{dm} \qquad\Rightarrow\qquad \underset{(N,\,D)}{dx} = \underset{(N,\,M)}{\text{dout}}\;\underset{(M,\,D)}{w^\top}$$

# %% [markdown]
# The sum over an index is what a matrix product does, and the index that is summed must stand in the middle. That is where the two
# transposes come from, and why only one arrangement of the factors fits when $N$, $D$ and $M$ differ.
#
# No $1/N$ appears. If the loss is a mean over the batch, that $1/N$ is already inside dout.

# %% [markdown]
# ### Worked example
#
# Two rows, three inputs, two outputs:
#
# $$x = \begin{pmatrix}1&2&0\\3&0&1\end{pmatrix},\quad w = \begin{pmatrix}1&0\\2&-1\\0&3\end{pmatrix},\quad \text{dout} = \begin{pmatrix}1&-1\\2&0\end{pmatrix}$$
#
# - $db$: add the rows of dout, $(1 + 2,\; -1 + 0) = (3, -1)$.
# - $dw_{11}$: first column of $x$ times first column of dout, $1\cdot 1 + 3\cdot 2 = 7$. The rest likewise:
#   $dw = \begin{pmatrix}7&-1\\2&-2\\2&0\end{pmatrix}$.
# - $dx_{11}$: first row of dout times first row of $w$, $1\cdot 1 + (-1)\cdot 0 = 1$. The rest likewise:
#   $dx = \begin{pmatrix}1&3&-3\\2&4&0\end{pmatrix}$.
#
# Rows and columns count from 1 in formulas, and from 0 in Python and in the checks' messages: $dw_{11}$ is `dw[0, 0]`.

# %%
# The same numbers by nudging every entry of x, w and b a little, up and down. Lesson 03 did it for one array; this is the
# course's version for several: it takes them as a tuple and returns a gradient for each.
x = np.array([[1.0, 2, 0], [3, 0, 1]])
w = np.array([[1.0, 0], [2, -1], [0, 3]])
b = np.zeros(2)
dout = np.array([[1.0, -1], [2, 0]])

found = numerical_gradient(lambda x, w, b: affine_forward(x, w, b)[0], (x, w, b), upstream=dout)
for name, grad in zip(("dx", "dw", "db"), found, strict=True):
    print(name, "=", (np.round(grad, 6) + 0.0).tolist())

# %% [markdown]
# `upstream=dout` is worth a second look. A layer's output is no single number, so the cell nudges $\sum \text{dout} \odot \text{out}$.
# Its slopes are exactly the gradients of a loss whose upstream gradient is dout.
#
# ### The same with gaps
#
# The same $x$ and $w$, another upstream gradient: $\text{dout} = \begin{pmatrix}0&1\\1&2\end{pmatrix}$. Fill in on paper.
#
# $$db = (1,\; ?), \qquad dw = \begin{pmatrix}3&?\\0&2\\?&2\end{pmatrix}, \qquad dx = \begin{pmatrix}0&-1&3\\?&?&6\end{pmatrix}$$
#
# <details><summary>Open when you have filled it in</summary>
#
# $db_2 = 1 + 2 = 3$; $\;dw_{12} = 1\cdot 1 + 3\cdot 2 = 7$; $\;dw_{31} = 0\cdot 0 + 1\cdot 1 = 1$;
# $\;dx_{21} = 1\cdot 1 + 2\cdot 0 = 1$ and $dx_{22} = 1\cdot 2 + 2\cdot(-1) = 0$.
#
# </details>

# %%
# The gaps, by nudging. Run it when you have filled them in.
dout = np.array([[0.0, 1], [1, 2]])
found = numerical_gradient(lambda x, w, b: affine_forward(x, w, b)[0], (x, w, b), upstream=dout)
for name, grad in zip(("dx", "dw", "db"), found, strict=True):
    print(name, "=", (np.round(grad, 6) + 0.0).tolist())

# %% [markdown]
# ### Your turn: `affine_backward`
#
# One thing the derivation left out: $x$ may have more axes than two, as a batch of pictures `(N, height, width)` has. The forward
# pass flattens each example to one row of $D$ numbers, and caches `x` *as it came*. So the way back flattens too, and at the end gives
# `dx` the shape that `x` had.
#
# The forward functions were imported at the top, so there is nothing to copy.
#
# <details><summary>If your cache differs: how to use your own forward functions from lesson 01</summary>
#
# Paste your `affine_forward` into the next cell, above `affine_backward`: the check then uses yours, with whatever it caches. The same
# goes for the activations below. In that case paste your `mlp_forward` into the cell of `mlp_backward` too.
#
# </details>

# %% exercise="affine_backward"
def affine_backward(dout, cache):
    """Gradients of an affine layer.

    dout: (N, M), the upstream gradient
    cache: what affine_forward returned, the tuple (x, w, b) with x (N, d_1, …, d_k), w (D, M), b (M,)
    Returns dx (N, d_1, …, d_k), dw (D, M), db (M,)
    """
    ### BEGIN SOLUTION
    x, w, _ = cache
    flat = x.reshape(x.shape[0], -1)
    dx = (dout @ w.T).reshape(x.shape)
    dw = flat.T @ dout
    db = dout.sum(axis=0)
    ### END SOLUTION
    return dx, dw, db


# %% check="affine_backward" points=3
check("affine_backward", affine_backward, forward=affine_forward)
### BEGIN HIDDEN TESTS
check("affine_backward", affine_backward, forward=affine_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The three lines of the derivation that end in an arrow. Each of them is one line of code.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Write the shapes beside each other and let them decide: which factor has to be transposed so that the summed index stands in the
# middle? Do it with x flattened to (N, D) first, and think about more axes afterwards.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Take the cache apart. One line that flattens each example; one matrix product for dw; one for dx, reshaped like x; one sum over an axis
# for db. Nothing is divided.
#
# </details>

# %% [markdown]
# The check compared you with differences of a *forward pass*, not with an answer key. You can check any gradient of your own in
# the same way, and further down you will.

# %% [markdown]
# ## Activations
#
# An activation $g$ works entry by entry: $x_{nm}$ reaches $\text{out}_{nm}$ and nothing else. There is one path, so there is nothing to
# add up:
#
# $$\underset{\text{shape of } x}{dx} = \text{dout} \odot g'(x)$$
#
# All that changes from one activation to the next is the slope $g'$.
#
# ### ReLU
#
# $\text{out} = \max(0, x)$ is the line $x$ to the right of 0 and flat to the left of it. Its slope is 1 where $x > 0$ and 0 where $x < 0$. So a
# gradient passes unchanged where the unit was *on*, and stops where it was *off*.
#
# At $x = 0$ there is a kink and no single slope. PyTorch and TensorFlow take 0 there (Bertoin and others, *Numerical influence of ReLU′(0) on
# backpropagation*, NeurIPS 2021). The check accepts the slope of either side.

# %% [markdown]
# Say before you open: which of these passes, and with which value?
#
# | $x$ | 2 | −1 | 3 | −4 |
# |---|---|---|---|---|
# | dout | −5 | 7 | 1 | −2 |
# | $dx$ | ? | ? | ? | ? |
#
# <details><summary>Open when you have decided</summary>
#
# $dx = (-5, 0, 1, 0)$. The sign of dout doesn't matter: −5 passes because $x = 2$ was positive, and 7 stops because $x = -1$ was not.
#
# </details>
#
# ### A trap: the array is not yours
#
# `dout` belongs to whoever called you. Where a network forks, *both* branches are given the same array. Here a backward pass
# writes zeros into it. On its own, each call returns the right values:

# %%
def careless(dout, cache):
    dout[cache < 0] = 0
    return dout


x_left, x_right = np.array([-1.0, 2.0]), np.array([3.0, -4.0])
dout = np.array([10.0, 20.0])
left = careless(dout, x_left)
right = careless(dout, x_right)
print("left branch :", left, " expected [ 0. 20.]")
print("right branch:", right, " expected [10.  0.]")

# %% [markdown]
# Both are wrong in the end, although each line looked right: the two branches and dout are one array. The checks of this lesson see to it that `dout` and
# the cache come back as they were. A new array, as `a * b` makes one, is always safe.
#
# ### Your turn: `relu_backward`

# %% exercise="relu_backward"
def relu_backward(dout, cache):
    """Gradient of ReLU.

    dout: any shape, the upstream gradient
    cache: what relu_forward returned, the array x, same shape as dout
    Returns dx of that shape
    """
    ### BEGIN SOLUTION
    x = cache
    dx = dout * (x > 0)
    ### END SOLUTION
    return dx


# %% check="relu_backward" points=1
check("relu_backward", relu_backward, forward=relu_forward)
### BEGIN HIDDEN TESTS
check("relu_backward", relu_backward, forward=relu_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The table with the four question marks: which row decided, and which row was passed on?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# A comparison of an array with a number gives an array of True and False. In a product, NumPy counts them as 1 and 0.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line: the upstream gradient times a mask that comes from the cache. It works for any number of axes, without a loop.
#
# </details>
#
# ### Sigmoid
#
# With $\sigma(x) = 1/(1 + e^{-x})$, step by step:
#
# $$
# \begin{aligned}
# \sigma'(x) &= \frac{e^{-x}}{(1 + e^{-x})^2} && \text{derivative of } 1/q \text{ with } q = 1 + e^{-x} \\
# &= \frac{1}{1 + e^{-x}}\cdot\frac{(1 + e^{-x}) - 1}{1 + e^{-x}} && \text{split; } e^{-x} = (1 + e^{-x}) - 1 \\
# &= \sigma(x)\,\bigl(1 - \sigma(x)\bigr) && \text{both factors are known}
# \end{aligned}
# $$
#
# The slope needs no new exponential: it is made of the *output*. So `sigmoid_forward` caches its output $\sigma(x)$, and not $x$.

# %% [markdown]
# Worked: $\sigma(x) = 0.75$ and $\text{dout} = 4$ give $dx = 4\cdot 0.75\cdot 0.25 = 0.75$. Now you: $\sigma(x) = 0.5$ and $\text{dout} = 8$ give
# $dx = 8 \cdot\,?\,\cdot\,? = \,?$
#
# <details><summary>Open when you have filled it in</summary>
#
# $8\cdot 0.5\cdot 0.5 = 2$. A quarter of dout is the most that a sigmoid ever passes.
#
# </details>
#
# ### Your turn: `sigmoid_backward`

# %% exercise="sigmoid_backward"
def sigmoid_backward(dout, cache):
    """Gradient of the sigmoid.

    dout: any shape, the upstream gradient
    cache: what sigmoid_forward returned, its output σ(x), same shape as dout
    Returns dx of that shape
    """
    ### BEGIN SOLUTION
    out = cache
    dx = dout * out * (1 - out)
    ### END SOLUTION
    return dx


# %% check="sigmoid_backward" points=1
check("sigmoid_backward", sigmoid_backward, forward=sigmoid_forward)
### BEGIN HIDDEN TESTS
check("sigmoid_backward", sigmoid_backward, forward=sigmoid_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The last line of the derivation, and the worked example with three factors.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# What is cached is already σ of something. Which two factors of the slope can you make from it, without calling exp?
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One product of three factors, entry by entry. Mind the brackets around the difference.
#
# </details>
#
# ### Tanh
#
# $\tanh x = \dfrac{e^x - e^{-x}}{e^x + e^{-x}}$. Call the numerator $u$ and the denominator $v$. Each is the other's derivative: $u' = v$ and $v' = u$.
#
# $$
# \begin{aligned}
# \tanh'(x) &= \frac{u'v - u\,v'}{v^2} && \text{quotient rule} \\
# &= \frac{v^2 - u^2}{v^2} && u' = v,\; v' = u \\
# &= 1 - \tanh^2(x) && \text{divide both terms; } u/v = \tanh x
# \end{aligned}
# $$
#
# Again the slope is made of the output, and `tanh_forward` caches just that.

# %%
# Both slopes against nudging, at five places.
at = np.array([-2.0, -0.5, 0.0, 1.0, 3.0])
for name, forward, slope in (
    ("sigmoid", sigmoid_forward, lambda out: out - out**2),
    ("tanh", tanh_forward, lambda out: (1 + out) * (1 - out)),
):
    nudged = numerical_gradient(lambda x, f=forward: f(x)[0], (at,))[0]
    assert np.allclose(slope(forward(at)[0]), nudged, atol=1e-8)
    print(f"{name:<8}", np.round(nudged, 4))

# %% [markdown]
# ### Your turn: `tanh_backward`

# %% exercise="tanh_backward"
def tanh_backward(dout, cache):
    """Gradient of tanh.

    dout: any shape, the upstream gradient
    cache: what tanh_forward returned, its output tanh(x), same shape as dout
    Returns dx of that shape
    """
    ### BEGIN SOLUTION
    out = cache
    dx = dout * (1 - out**2)
    ### END SOLUTION
    return dx


# %% check="tanh_backward" points=1
check("tanh_backward", tanh_backward, forward=tanh_forward)
### BEGIN HIDDEN TESTS
check("tanh_backward", tanh_backward, forward=tanh_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The last line of the derivation. What is in the cache?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The same plan as for the sigmoid: a slope made of the cached output, times what arrives.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line with two factors, one of them a difference in brackets. At output 0 the slope must be 1, at outputs near ±1 nearly 0.
#
# </details>

# %% [markdown]
# ## Where the blame begins
#
# A loss is the last step of the forward pass, so it is the first on the way back. Its own upstream gradient is
# $\partial L/\partial L = 1$, which is why its backward pass takes no `dout`.
#
# ### Squared error
#
# In this course the MSE is the mean over *every entry* of the prediction; let $E$ be the number of entries.
#
# $$
# \begin{aligned}
# L &= \frac{1}{E}\sum_i (\text{pred}_i - y_i)^2 && \text{the convention} \\
# \frac{\partial L}{\partial\,\text{pred}_j} &= \frac1E \cdot \frac{\partial}{\partial\,\text{pred}_j} (\text{pred}_j - y_j)^2 && \text{pred}_j \text{ stands in one term only} \\
# &= \frac{2}{E}\,(\text{pred}_j - y_j) && \text{power rule; the inner slope is 1}
# \end{aligned}
# $$

# %% [markdown]
# Worked: $\text{pred} = (5, 1)$, $y = (2, 3)$, so $E = 2$. The errors are $(3, -2)$ and $dpred = \frac22 (3, -2) = (3, -2)$.
#
# Now you: $\text{pred} = \begin{pmatrix}4&0\\1&2\end{pmatrix}$, $y = \begin{pmatrix}2&4\\1&0\end{pmatrix}$. Then $E = \,?$ and
# $dpred = \begin{pmatrix}1&?\\0&?\end{pmatrix}$.
#
# <details><summary>Open when you have filled it in</summary>
#
# $E = 4$, so the errors are halved: $dpred_{12} = \frac24(0 - 4) = -2$ and $dpred_{22} = \frac24 (2 - 0) = 1$. A prediction that is too small has a
# negative slope: raising it lowers the loss.
#
# </details>

# %%
# Both examples by nudging the loss itself.
for pred, y in (([5.0, 1], [2.0, 3]), ([[4.0, 0], [1, 2]], [[2.0, 4], [1, 0]])):
    dpred = numerical_gradient(mse, (np.array(pred), np.array(y)), wrt=[0])[0]
    print((np.round(dpred, 6) + 0.0).tolist())

# %% [markdown]
# ### Your turn: `mse_backward`

# %% exercise="mse_backward"
def mse_backward(pred, y):
    """Gradient of the mean squared error, the mean being over every entry.

    pred: any shape, floats or integers
    y: same shape as pred, the targets
    Returns dpred, floats in the shape of pred
    """
    ### BEGIN SOLUTION
    dpred = 2 * (pred - y) / pred.size
    ### END SOLUTION
    return dpred


# %% check="mse_backward" points=2
check("mse_backward", mse_backward, forward=mse)
### BEGIN HIDDEN TESTS
check("mse_backward", mse_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The last line of the derivation. What is $E$ for an array of shape (5, 3)?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# An array knows how many entries it has, whatever its shape. `len` counts rows only.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line, three ingredients: a 2, the error with its sign, and a division by one number.
#
# </details>
#
# ### Softmax and cross-entropy in one step
#
# For classes, softmax turns scores into probabilities and cross-entropy takes $-\log$ of the true one. Lesson 03 derived the gradient through
# the probabilities. Here is a shorter way to the same place, through the logarithm. For one row $s$ with label $y$:
#
# $$
# \begin{aligned}
# L &= -\log \frac{e^{s_y}}{\sum_k e^{s_k}} = \log\sum_k e^{s_k} - s_y && \text{log of a quotient} \\
# \frac{\partial}{\partial s_c} \log\sum_k e^{s_k} &= \frac{e^{s_c}}{\sum_k e^{s_k}} = p_c && \text{chain rule: } 1/q \text{ times the slope of } q \\
# \frac{\partial}{\partial s_c} (-s_y) &= -1 \text{ if } c = y, \text{ else } 0 && \text{only the true score stands there} \\
# \frac{\partial L}{\partial s_c} &= p_c - [c = y] && \text{add both}
# \end{aligned}
# $$
#
# $[c = y]$ is 1 at the label and 0 elsewhere. The loss of a batch is the mean over its $N$ rows, so every row is divided by $N$: $\;ds = (p - \text{one-hot}(y))/N$, of shape $(N, C)$.

# %% [markdown]
# Worked: scores $(\log 1, \log 2, \log 5)$, label 2, one row. The exponentials are 1, 2 and 5, their sum is 8, so
# $p = (\frac18, \frac28, \frac58)$ and $ds = (\frac18, \frac28, -\frac38)$. The three add up to 0: what the true class gains, the others lose.
#
# Now you: the same scores in a batch of *two* rows, this one with label 0. Its row of $ds$ is $(?,\; \frac18,\; ?)$.
#
# <details><summary>Open when you have filled it in</summary>
#
# $\frac12 (\frac18 - 1) = -\frac{7}{16}$ at the label, and $\frac12\cdot\frac58 = \frac{5}{16}$. The middle one is $\frac12\cdot\frac28 = \frac18$, and the sum is 0 again.
#
# </details>

# %%
# The worked row by nudging log Σ exp(s) − s_y; times 8, to make the fractions whole.
s, label = np.log([1.0, 2, 5]), 2
ds = numerical_gradient(lambda s: np.log(np.exp(s).sum()) - s[label], (s,))[0]
print("8 · ds =", np.round(8 * ds, 6).tolist())
print("8 · p  =", np.round(8 * softmax(s[None, :])[0], 6).tolist())

# %% [markdown]
# ### Your turn: `softmax_loss`
#
# Loss and gradient come from one function, because they share almost all the work. What was $s$ above is `x` in the code, and $ds$ is `dx`:
# a loss is a layer like the others, and its input has the name that every layer's input has. Two things to remember from lesson 02:
#
# - $e^{1000}$ overflows. Softmax does not change when a row's own maximum is subtracted from it first. Call the result *shifted*.
# - $p$ of the true class may be too small for a float, and $\log 0$ is no use. So compute $\log p$ without $p$. The first line of the
#   derivation, with the sign turned and for every class $c$ of a row:
#
# $$\log p_c = \text{shifted}_c - \log \sum_k e^{\text{shifted}_k}$$
#
# Two tools of NumPy do the rest, shown here on a table of two rows.

# %%
table = np.array([[10, 11, 12], [20, 21, 22]])
print("row 0, column 2 and row 1, column 0:", table[[0, 1], [2, 0]])
print("sums of the rows:", table.sum(axis=1).shape)
print("with keepdims:   ", table.sum(axis=1, keepdims=True).shape)

# %% [markdown]
# **Two lists of indices** pick one entry per row; on the left of `=` or `-=` they change those entries. The row numbers of any table are
# `np.arange` of its length. **`keepdims=True`** keeps a column, (2, 1), which lines up with the rows of (2, 3); without it NumPy
# takes the (2,) for a row and stops, or in a square table goes on with wrong numbers.

# %% exercise="softmax_loss"
def softmax_loss(x, y):
    """Mean cross-entropy of softmax(x), and its gradient.

    x: (N, C), the scores s; loss and dx must be finite for scores as large as ±1000
    y: (N,), integer labels 0 … C − 1
    Returns loss (one number), dx (N, C), which is ds of the derivation
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[rows, y].mean()
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    dx /= len(y)
    ### END SOLUTION
    return loss, dx


# %% check="softmax_loss" points=3
check("softmax_loss", softmax_loss)
### BEGIN HIDDEN TESTS
check("softmax_loss", softmax_loss, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The first line of the derivation gives the loss, the last one the gradient. Which of their parts is the same?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Three stages: shift every row by its own maximum; log p for the whole array; then p is one exponential away. To reach the entry of each row's label,
# index with two arrays as above. Which of the two is y?
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# About six lines. Maximum and sum run along axis 1 and keep their axis, so that they line up with the rows. One mean for the loss. For dx:
# start from p, take 1 away at N places, divide by N.
#
# </details>

# %% [markdown]
# ## The whole network
#
# `mlp_forward` of lesson 01 goes through the layers and keeps one cache for each: affine and ReLU for the hidden layers, affine alone for the
# last. The way back meets the same steps in the opposite order:
#
# | forward: read downwards ↓ | backward: read upwards ↑ |
# |---|---|
# | $z_1 = x w_1 + b_1$ | from $dz_1$: $dw_1$, $db_1$ |
# | $h_1 = \max(0, z_1)$ | from $dh_1$: $dz_1$ |
# | $s = h_1 w_2 + b_2$ | from $ds$: $dw_2$, $db_2$, **and** $dh_1$ |
# | $L$ = loss of $s$ | from $L$: $ds$ |
#
# What `affine_backward` calls `dx` is the gradient of the *output* of the layer before, in other words the next upstream. It is the thread
# that runs through all layers. Only the first layer's `dx` goes unused: it belongs to the data, which nobody wants to change.

# %% [markdown]
# ### Worked example
#
# The network of the picture above, with $x = (2, 1)$ and target 3:
#
# $$w_1 = \begin{pmatrix}1&-1&2\\1&1&-1\end{pmatrix},\; b_1 = (-1, -1, -2),\quad w_2 = \begin{pmatrix}1\\3\\-2\end{pmatrix},\; b_2 = 1$$
#
# Forward: $z = (2, -2, 1)$, $h = (2, 0, 1)$, $\text{out} = 2 + 0 - 2 + 1 = 1$, $L = (1 - 3)^2 = 4$. Back:
#
# | step | rule | value |
# |---|---|---|
# | dout | $2(1 - 3)$ | −4 |
# | $db_2$, $dw_2$ | dout, $h^\top$ dout | −4, $\begin{pmatrix}-8\\0\\-4\end{pmatrix}$: a column, as $w_2$ is |
# | $dh$ | dout $w_2^\top$ | $(-4, -12, 8)$ |
# | $dz$ | $dh$ where $z > 0$ | $(-4, 0, 8)$ |
# | $db_1$, $dw_1$ | $dz$, $x^\top dz$ | $(-4, 0, 8)$, $\begin{pmatrix}-8&0&16\\-4&0&8\end{pmatrix}$ |
#
# The middle unit is the most wanted of all, with −12 in $dh$, and gets nothing: it was off, so no small nudge of its weights can change
# the loss.

# %%
# All of the table by nudging the loss.
x, y = np.array([[2.0, 1]]), np.array([[3.0]])
w1, b1 = np.array([[1.0, -1, 2], [1, 1, -1]]), np.array([-1.0, -1, -2])
w2, b2 = np.array([[1.0], [3], [-2]]), np.array([1.0])


def small_loss(w1, b1, w2, b2):
    out, _ = mlp_forward(x, [(w1, b1), (w2, b2)])
    return mse(out, y)


print("loss =", small_loss(w1, b1, w2, b2))
found = numerical_gradient(small_loss, (w1, b1, w2, b2))
for name, grad in zip(("dw1", "db1", "dw2", "db2"), found, strict=True):
    print(name, "=", (np.round(grad, 5) + 0.0).tolist())

# %% [markdown]
# ### The same with gaps
#
# The same network, another input: $x = (1, 3)$, so $z = (3, 1, -3)$, $h = (3, 1, 0)$ and $\text{out} = 3 + 3 + 0 + 1 = 7$. With target 6, the loss is 1. Fill in:
#
# $$\text{dout} = 2,\quad dw_2 = \begin{pmatrix}6\\?\\?\end{pmatrix},\quad dh = (2, 6, -4),\quad dz = (2, ?, ?),\quad dw_1 = \begin{pmatrix}2&?&0\\6&?&0\end{pmatrix}$$
#
# <details><summary>Open when you have filled it in</summary>
#
# $dw_2 = \begin{pmatrix}6\\2\\0\end{pmatrix}$. Now the third unit is off: $dz = (2, 6, 0)$. And $dw_1 = \begin{pmatrix}2&6&0\\6&18&0\end{pmatrix}$: each row is one input times $dz$.
#
# </details>

# %%
# The gaps, by nudging.
x, y = np.array([[1.0, 3]]), np.array([[6.0]])
dw1, _, dw2, _ = numerical_gradient(small_loss, (w1, b1, w2, b2))
print("loss =", small_loss(w1, b1, w2, b2))
for name, grad in (("dw2", dw2), ("dw1", dw1)):
    print(name, "=", (np.round(grad, 5) + 0.0).tolist())

# %% [markdown]
# ### Your turn: `mlp_backward`
#
# `caches` is a list with one pair per layer, `(affine cache, ReLU cache)`. The last layer has no ReLU: its second half is `None`. Leave the list
# as it is; `reversed(caches)` walks through it from the end without changing it.
#
# Use your own functions from above. One of them isn't done yet? `layers.affine_backward` and `layers.relu_backward` are the course's, and do the
# same.

# %% exercise="mlp_backward"
def mlp_backward(dscores, caches):
    """Gradients of all weights and biases of a network.

    dscores: (N, C), the upstream gradient of the scores
    caches: list from mlp_forward, one (affine cache, ReLU cache) per layer; the last ReLU cache is None
    Returns grads, the list [(dw, db), …] in the order of params: first layer first
    """
    ### BEGIN SOLUTION
    grads = []
    upstream = dscores
    for affine_cache, relu_cache in reversed(caches):
        if relu_cache is not None:
            upstream = relu_backward(upstream, relu_cache)
        upstream, dw, db = affine_backward(upstream, affine_cache)
        grads.append((dw, db))
    grads = grads[::-1]
    ### END SOLUTION
    return grads


# %% check="mlp_backward" points=4
check("mlp_backward", mlp_backward, forward=mlp_forward)
### BEGIN HIDDEN TESTS
check("mlp_backward", mlp_backward, forward=mlp_forward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The right column of the forward/backward table, from the bottom to the top. What does each line hand to the one above?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# One variable, upstream, changes hands at every step. In a hidden layer two things happened forward, affine and then ReLU. In which order are they met
# on the way back?
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A loop over the caches from last to first. In it: the ReLU if there is one, then the affine layer, then one pair is kept. At the end, bring the pairs into the order
# of params.
#
# </details>

# %% [markdown]
# ### Your network against the truth
#
# First the small network from the top of the page once more, now with what you wrote:

# %%
trace(tiny, np.array([[2.0, 1]]), np.array([[3.0]]), globals())

# %% [markdown]
# Now everything of yours at once, on a network you have not seen: `softmax_loss`, `mlp_backward` and all that they call. `gradcheck` nudges every
# single weight and compares. Where one of the two is still empty, the course's own stands in, and the cell says so.
#
# The cell is wiring between your functions and the checker; you need not read it.

# %% tags=["nbval-ignore-output"]
rng = np.random.default_rng(4)
x, y = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)
params = init_params([4, 5, 3], rng, scale=0.5)


def pairs(flat):
    # w1, b1, w2, b2, … → [(w1, b1), (w2, b2), …]
    return list(zip(flat[::2], flat[1::2], strict=True))


def yours_or_ours(yours, ours, *args):
    try:
        return yours(*args)
    except NotImplementedError:
        stood_in.add(ours.__name__)
        return ours(*args)


def loss_of(*flat):
    scores, _ = mlp_forward(x, pairs(flat))
    return yours_or_ours(softmax_loss, losses.softmax_loss, scores, y)[0]


def grads_of(upstream, *flat):
    # called by gradcheck, which wants one gradient per array; for a scalar loss, upstream is one random number
    scores, caches = mlp_forward(x, pairs(flat))
    _, dscores = yours_or_ours(softmax_loss, losses.softmax_loss, scores, y)
    grads = yours_or_ours(mlp_backward, network.mlp_backward, upstream * dscores, caches)
    return [grad for pair in grads for grad in pair]


stood_in = set()
found = gradcheck(loss_of, grads_of, [a for pair in params for a in pair], names=["w1", "b1", "w2", "b2"])
for name in sorted(stood_in):
    print(f"{name}: yours is still empty, or calls one that is; the course's own was checked in its place.")
found

# %% [markdown]
# One forward pass and one backward pass gave all 43 gradients. The check needed at least two forward passes for each of them, so 86 or more. This is the one sweep
# of the question at the top.

# %% [markdown]
# *A good place for a break. Your own backward passes are written; what follows is detective work on those of others.*
#
# ## Bug hunt
#
# A wrong gradient seldom crashes. The loss falls, a little more slowly, and nobody looks. Below are three backward passes with **one wrong line
# each**. All three train handwritten digits almost as well as they should, and you will find the lines with the gradient checker.
# So let it speak first: each report stands before the code of its suspect.
#
# ### How to read the checker
#
# `report` below hands a forward and a backward pass to `gradcheck`, with random numbers as the upstream gradient. It lists the gradients **in
# backward order**, last layer first. Within a layer it names `db` before `dw`, also where the code makes `dw` first: neither needs the
# other. Read it like a detective:
#
# 1. **What is still right?** The way back is right at least as far as there.
# 2. **What is the first wrong one?** The mistake lies in a line between the last right gradient and this one, the line of this one
#    included. Then look further: are the gradients after it wrong as well, or right again?
# 3. **How is it wrong?** `found["db1"].got` and `found["db1"].expected` are the two arrays, once the report is called `found`. Divide got by expected:
#    the same ratio everywhere is a factor; no pattern at all is a wrong or a missing path.
#
# Where the report says "they differ by 1.9 (145 %)", the percentage is a share of the larger of the two numbers, got and expected,
# whatever their signs. Above 100 % they have opposite signs.
#
# Below are `report` and a helper that makes random weights. You need not read them.

# %%
def report(forward, backward, x, *params):
    """Compare a backward pass with nudges of its forward pass, for all of its parameters.

    x: (N, D); params: w1, b1, w2, b2, … as forward takes them
    """
    names = [f"{letter}{k // 2 + 1}" for k, letter in enumerate("wb" * (len(params) // 2))]
    return gradcheck(
        lambda *p: forward(x, *p)[0],
        lambda dscores, *p: backward(dscores, forward(x, *p)[1]),
        params,
        names=names,
    )


def random_params(rng, *sizes):
    """Weights and biases for layers of these sizes: w1, b1, w2, b2, …"""
    params = []
    for n, m in pairwise(sizes):
        params += [rng.standard_normal((n, m)) / np.sqrt(n), 0.1 * rng.standard_normal(m)]
    return params


# %% [markdown]
# ### The first suspect
#
# One hidden layer with ReLU: x (N, D) → ReLU layer w1, b1 → scores w2, b2.

# %% tags=["nbval-ignore-output"]
rng = np.random.default_rng(41)
found = report(forward_1, suspect_1, rng.standard_normal((8, 3)), *random_params(rng, 3, 5, 4))
found

# %%
# Scratch paper for rule 3: divide got by expected of the wrong gradient here.

# %% [markdown]
# Your verdict before you read on: which gradients are right, which is wrong, and what is got divided by expected?
#
# <details><summary>Compare your verdict</summary>
#
# `db2`, `dw2` and `dw1` are right; `db1` alone is wrong, in all of its entries. Got divided by expected is 0.125 everywhere, so it is a factor.
# And `dw1`, which comes after `db1`, is right again.
#
# </details>
#
# The code of suspect 1 stands below.

# %% tags=["given"]
def forward_1(x, w1, b1, w2, b2):
    """x (N, D) → ReLU layer (N, H) → scores (N, C)."""
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    scores = h @ w2 + b2
    return scores, (x, z, h, w2)


def suspect_1(dscores, cache):
    """dscores (N, C) → dw1, db1, dw2, db2, with one line wrong."""
    x, z, h, w2 = cache
    dw2 = h.T @ dscores
    db2 = dscores.sum(axis=0)
    dh = dscores @ w2.T
    dz = dh * (z > 0)
    dw1 = x.T @ dz
    db1 = dz.mean(axis=0)
    return dw1, db1, dw2, db2


# %% [markdown]
# **Exercise · `bug_hunt_1`.** Copy the body of `suspect_1`, from the line below its docstring to the line above its return, in place of the
# line that raises. Mend the one wrong line and change nothing else.

# %% exercise="bug_hunt_1"
def bug_hunt_1(dscores, cache):
    """The backward pass of forward_1, mended.

    dscores: (N, C), the upstream gradient of the scores
    cache: what forward_1 returned, the tuple (x, z, h, w2)
    Returns dw1 (D, H), db1 (H,), dw2 (H, C), db2 (C,)
    """
    ### BEGIN SOLUTION
    x, z, h, w2 = cache
    dw2 = h.T @ dscores
    db2 = dscores.sum(axis=0)
    dh = dscores @ w2.T
    dz = dh * (z > 0)
    dw1 = x.T @ dz
    db1 = dz.sum(axis=0)  # b1 is used once per row, and paths add up; here stood mean
    ### END SOLUTION
    return dw1, db1, dw2, db2


# %% check="bug_hunt_1" points=1
check("bug_hunt_1", bug_hunt_1)
### BEGIN HIDDEN TESTS
check("bug_hunt_1", bug_hunt_1, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Only one gradient is called wrong, and it feeds no other. Which lines take part in it?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Divide got by expected, entry by entry. In the report that the notebook prints, the batch has 8 rows.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One word changes. Compare the two bias lines with each other.
#
# </details>
#
# **What suspect 1 teaches.** A gradient is wrong, and those after it are right: then it feeds none of them, what travels back is right, and the
# mistake is in *this gradient's own line*. Are all after it wrong as well, then it is on the thread.
#
# ### The second suspect
#
# Two hidden layers with tanh: x → tanh layer w1, b1 → tanh layer w2, b2 → scores w3, b3.

# %% tags=["nbval-ignore-output"]
rng = np.random.default_rng(42)
found = report(forward_2, suspect_2, rng.standard_normal((7, 3)), *random_params(rng, 3, 5, 5, 4))
found

# %%
# Scratch paper for rule 3: got divided by expected, for a wrong gradient.

# %% [markdown]
# Your verdict: how far back is everything right, and between which two gradients does the mistake lie?
#
# <details><summary>Compare your verdict</summary>
#
# Everything of layers 3 and 2 is right. `db1` is the first wrong one, and `dw1` after it is wrong too. One wrong line that spoils both sits on the
# thread: between `dw2` and `db1`, in what is handed from layer 2 to layer 1. The ratios show no pattern: a wrong or a missing path.
#
# </details>
#
# The code of suspect 2 stands below.

# %% tags=["given"]
def forward_2(x, w1, b1, w2, b2, w3, b3):
    """x (N, D) → tanh layer (N, H) → tanh layer (N, K) → scores (N, C)."""
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    scores = h2 @ w3 + b3
    return scores, (x, h1, w2, h2, w3)


def suspect_2(dscores, cache):
    """dscores (N, C) → dw1, db1, dw2, db2, dw3, db3, with one line wrong."""
    x, h1, w2, h2, w3 = cache
    dw3 = h2.T @ dscores
    db3 = dscores.sum(axis=0)
    dz2 = (dscores @ w3.T) * (1 - h2**2)
    dw2 = h1.T @ dz2
    db2 = dz2.sum(axis=0)
    dz1 = (dz2 @ w2) * (1 - h1**2)
    dw1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return dw1, db1, dw2, db2, dw3, db3


# %% [markdown]
# **Exercise · `bug_hunt_2`.** Copy the body of `suspect_2` as before, mend the one wrong line, change nothing else.

# %% exercise="bug_hunt_2"
def bug_hunt_2(dscores, cache):
    """The backward pass of forward_2, mended.

    dscores: (N, C), the upstream gradient of the scores
    cache: what forward_2 returned, the tuple (x, h1, w2, h2, w3)
    Returns dw1 (D, H), db1 (H,), dw2 (H, K), db2 (K,), dw3 (K, C), db3 (C,)
    """
    ### BEGIN SOLUTION
    x, h1, w2, h2, w3 = cache
    dw3 = h2.T @ dscores
    db3 = dscores.sum(axis=0)
    dz2 = (dscores @ w3.T) * (1 - h2**2)
    dw2 = h1.T @ dz2
    db2 = dz2.sum(axis=0)
    dz1 = (dz2 @ w2.T) * (1 - h1**2)  # here w2 stood without its transpose
    dw1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    ### END SOLUTION
    return dw1, db1, dw2, db2, dw3, db3


# %% check="bug_hunt_2" points=2
check("bug_hunt_2", bug_hunt_2)
### BEGIN HIDDEN TESTS
check("bug_hunt_2", bug_hunt_2, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Which gradients are right, and which are wrong? One line leads from the right ones to the wrong ones.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Write down the shapes in that line for hidden layers of widths 5 and 6. What would NumPy say?
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Compare the line for dz1 with the line for dz2, factor by factor.
#
# </details>

# %% [markdown]
# It trains all the same, as you will see below. Even *random* fixed weights on the way back can teach a network, because its forward weights
# come to agree with them (Lillicrap, Cownden, Tweed and Akerman, *Nature Communications* 7, 13276, 2016). That something learns is no proof of
# a right gradient.
#
# The layers' equal widths hid this bug: with widths 5 and 6 the line could not even run. That is why every check here also tries
# sizes that differ.
#
# ### The third suspect
#
# Here the tanh layer `w2`, `b2` is used **twice**. Recurrent networks do this at every step in time.

# %% tags=["nbval-ignore-output"]
rng = np.random.default_rng(43)
found = report(forward_3, suspect_3, rng.standard_normal((7, 3)), *random_params(rng, 3, 5, 5, 4))
found

# %%
# Scratch paper for rule 3: got divided by expected, for a wrong gradient.

# %% [markdown]
# Your verdict: what is wrong, and what does it tell that the gradients after it are right again?
#
# <details><summary>Compare your verdict</summary>
#
# `dw2` alone is wrong, in all of its 25 entries, and the ratios show no pattern: a wrong or a missing path. `db1` and `dw1` come later and are right,
# so what travels back is right too. As with suspect 1, the mistake is where `dw2` itself is made.
#
# </details>
#
# The code of suspect 3 stands below.

# %% tags=["given"]
def forward_3(x, w1, b1, w2, b2, w3, b3):
    """x (N, D) → tanh layer (N, H) → the same tanh layer w2, b2 twice → scores (N, C)."""
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    h3 = np.tanh(h2 @ w2 + b2)
    scores = h3 @ w3 + b3
    return scores, (x, h1, h2, h3, w2, w3)


def suspect_3(dscores, cache):
    """dscores (N, C) → dw1, db1, dw2, db2, dw3, db3, with one line wrong."""
    x, h1, h2, h3, w2, w3 = cache
    dw3 = h3.T @ dscores
    db3 = dscores.sum(axis=0)
    dz3 = (dscores @ w3.T) * (1 - h3**2)
    dw2 = h2.T @ dz3
    db2 = dz3.sum(axis=0)
    dz2 = (dz3 @ w2.T) * (1 - h2**2)
    dw2 = h1.T @ dz2
    db2 = db2 + dz2.sum(axis=0)
    dz1 = (dz2 @ w2.T) * (1 - h1**2)
    dw1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return dw1, db1, dw2, db2, dw3, db3


# %% [markdown]
# **Exercise · `bug_hunt_3`.** Copy the body of `suspect_3` as before, mend the one wrong line, change nothing else.

# %% exercise="bug_hunt_3"
def bug_hunt_3(dscores, cache):
    """The backward pass of forward_3, mended.

    dscores: (N, C), the upstream gradient of the scores
    cache: what forward_3 returned, the tuple (x, h1, h2, h3, w2, w3)
    Returns dw1 (D, H), db1 (H,), dw2 (H, H), db2 (H,), dw3 (H, C), db3 (C,)
    """
    ### BEGIN SOLUTION
    x, h1, h2, h3, w2, w3 = cache
    dw3 = h3.T @ dscores
    db3 = dscores.sum(axis=0)
    dz3 = (dscores @ w3.T) * (1 - h3**2)
    dw2 = h2.T @ dz3
    db2 = dz3.sum(axis=0)
    dz2 = (dz3 @ w2.T) * (1 - h2**2)
    dw2 = dw2 + h1.T @ dz2  # w2 is used twice, so its two gradients add; here the second overwrote the first
    db2 = db2 + dz2.sum(axis=0)
    dz1 = (dz2 @ w2.T) * (1 - h1**2)
    dw1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    ### END SOLUTION
    return dw1, db1, dw2, db2, dw3, db3


# %% check="bug_hunt_3" points=2
check("bug_hunt_3", bug_hunt_3)
### BEGIN HIDDEN TESTS
check("bug_hunt_3", bug_hunt_3, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# dw1 comes after dw2 on the way back, and it is right. So every dz is right, and only the making of dw2 is left.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# How often does w2 stand in the forward pass? Each use is a path to the loss, and gradients are *added up over all paths*.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Compare what happens to dw2 with what happens to db2, from the first line they stand in to the last.
#
# </details>
#
# ### What the bugs would have cost
#
# 1,000 handwritten digits of 8 × 8 pixels, 100 steps of w ← w − η ∂L/∂w with η = 0.5 (the next lesson is about this line), and 797 other digits to
# try the result on. Each network trains twice from the same start: with the suspect's gradients, and with yours. The loss is the course's own.

# %%
pixels, labels = load_digits(return_X_y=True)
pixels = pixels / 16 - 0.5


def trained(forward, backward, sizes, steps=100, learning_rate=0.5):
    """Loss on the first 1,000 digits before the last update, and the share of the other 797 read rightly after it.

    forward, backward: functions; sizes: layer sizes as list of numbers. Returns two numbers.
    """
    params = random_params(np.random.default_rng(0), *sizes)
    for _ in range(steps):
        scores, cache = forward(pixels[:1000], *params)
        loss, dscores = losses.softmax_loss(scores, labels[:1000])
        grads = backward(dscores, cache)
        params = [p - learning_rate * dp for p, dp in zip(params, grads, strict=True)]
    return loss, accuracy(forward(pixels[1000:], *params)[0], labels[1000:])


print("network   gradients   loss   digits read rightly")
for k, forward, suspect, mended, sizes in (
    (1, forward_1, suspect_1, bug_hunt_1, [64, 16, 10]),
    (2, forward_2, suspect_2, bug_hunt_2, [64, 16, 16, 10]),
    (3, forward_3, suspect_3, bug_hunt_3, [64, 16, 16, 10]),
):
    for name, backward in (("suspect's", suspect), ("yours", mended)):
        try:
            loss, share = trained(forward, backward, sizes)
        except NotImplementedError:
            print(f"{k:<9} {name:<11} still empty")
            continue
        print(f"{k:<9} {name:<11} {loss:.2f}   {share:.1%}")

# %% [markdown]
# How many digits are read rightly depends on the start as well; 41 starts were tried, the seeds 0 to 40 (the cell uses 0). The first bug costs
# nothing here, and never moved that share by as much as half a point. The second costs about two points here, and over all starts anything
# between a cost of 3.9 points and a gain of 0.75. The third costs half a point here, and between a cost of 3.0 points and a gain of 1.6.
#
# The second and the third left the loss higher from each of the 41 starts. But that tells something only to somebody who knows how low it
# should be. The first hardly shows even there: here the losses are 0.1326 and 0.1320, and from 6 of the starts the bug's loss was the lower one. The
# gradient check saw all three at once.

# %% [markdown]
# ## Quick questions
#
# **1 · `affine_backward` computes `dx`. For which layer's weights is it needed?**
#
# <details><summary>For this layer's own weights</summary>
#
# Not this. `dw` needs x and dout only. A network of one layer could leave dx out.
#
# </details>
# <details><summary>For the weights of all layers before this one</summary>
#
# Yes. dx is the upstream gradient of the layer before, which passes it on in turn. It is the only thing that travels.
#
# </details>
# <details><summary>For the weights of the layers after this one</summary>
#
# Not this. They have had their turn already: the way back begins at the loss.
#
# </details>

# %% [markdown]
# **2 · Why does the gradient check use a random upstream gradient, and not all ones?**
#
# <details><summary>Random numbers are closer to what training produces</summary>
#
# Not the reason. A check wants to notice mistakes, whether or not its numbers look like those of a training run.
#
# </details>
# <details><summary>With ones, a forgotten upstream gradient would go unnoticed</summary>
#
# Yes. Multiplying by 1 and not multiplying give the same. Ones also hide a softmax, whose gradients add up to 0 in every row.
#
# </details>
# <details><summary>Ones would overflow</summary>
#
# Not this. 1 is as harmless as a number can be, and here it is too harmless.
#
# </details>

# %% [markdown]
# **3 · From lesson 01: why do the weights of a network start from random numbers, and not from zeros?** (Your backward pass now shows it.)
#
# <details><summary>With zeros every hidden unit gets the same gradient, so all stay alike</summary>
#
# Yes. Equal units get equal upstream gradients through equal weights, and equal gradients keep them equal. With ReLU or tanh and all
# zeros it is worse: `h` is zero, so `dw2` is, and `w2` is zero, so `dh` is. Neither layer's weights ever move; only `b2` learns.
#
# </details>
# <details><summary>With zeros the loss can't be computed</summary>
#
# Not this. Zero weights give equal scores, and the loss is log C, an ordinary number.
#
# </details>
# <details><summary>Zeros make the gradient infinite</summary>
#
# Not this. A product with zeros is 0. The trouble is that gradients are too equal, not that they are too large.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - Each step back multiplies what arrives by what this step did, adds where paths meet, and needs nothing else.
# - A gradient has the shape of what it belongs to; the mean is divided out once, in the loss; arrays of others stay as they are.
# - Training well proves little. Finite differences of your own forward pass prove a lot.

# %%
progress("04_backward_pass")

# %% [markdown]
# **Next: [05 · Weight update](../05_weight_update/05_weight_update.ipynb).** Which way should every weight move, and how far?
