# ---
# jupyter:
#   backprop:
#     title: Weight update
#     minutes: 100
#     question: Which way, and how far?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 · Weight update
#
# > **Which way, and how far?**
#
# The backward pass has told every weight how the loss moves with it. Now the weights move. After this page you will be able to
#
# - derive $w \leftarrow w - \eta\,\partial L/\partial w$, and say why it goes downhill and when it does not,
# - predict from the curvature of the loss which learning rate is too large,
# - write SGD, momentum, RMSProp and Adam, each as one function that remembers what it needs,
# - take one whole training step of a network.
#
# **Time:** 100 minutes, 10 of them for the two parts marked *optional*. **Builds on:** what a gradient is (lesson 03). The network's forward and
# backward pass come ready-made, so you can begin here. One quick question at the end looks back at lesson 02.

# %%
import json

import numpy as np
from sklearn.datasets import load_digits

from backprop_helpers import check, init_params, mlp_backward, mlp_forward, optimizers, progress, softmax_loss
from backprop_helpers.experiments import bowl, race

# %% [markdown]
# <details><summary>The letters on this page</summary>
#
# | symbol | shape | meaning | in code |
# |---|---|---|---|
# | $w$ | any | weights: one array of a network, a bias too | `w` |
# | $\partial L/\partial w$ | shape of $w$ | the gradient of the loss $L$ with respect to $w$ | `dw` |
# | $\eta$ (eta) | one number | **learning rate**: how far a step goes, per unit of gradient | `learning_rate` |
# | $\delta$ (delta) | shape of $w$ | a step, which turns $w$ into $w + \delta$ | |
# | $\lVert\cdot\rVert$, $\theta$ (theta) | one number each | the length of an array, the root of its summed squares; an angle | `np.linalg.norm` |
# | $H$ | one row and one column per weight | second derivatives of the loss (mostly in the optional part) | `H` |
# | $\lambda$ (lambda) | one number per direction | curvature of the loss: how fast its slope changes; $\lambda_{\min}$ and $\lambda_{\max}$ are the smallest and the largest | |
# | $\mu$ (mu), $\rho$ (rho) | numbers from 0 to 1 | how much of the past momentum and RMSProp keep | `momentum`, `decay_rate` |
# | $\beta_1, \beta_2$ (beta) | numbers from 0 to 1 | how much of the past Adam's two means keep | `beta1`, `beta2` |
# | $\varepsilon$ (epsilon) | one tiny number | keeps a division by 0 away | `epsilon` |
# | velocity, cache | shape of $w$ | what momentum and RMSProp remember | `velocity`, `cache` |
# | $x$, $y$ | (N, D), (N,) | a batch: its inputs, and for each row the number of its class (in a worked example one number each) | `x`, `y` |
# | out | one number | in a worked example: what a network of two weights predicts | |
# | $m$, $v$, $t$ | shape of $w$ twice; a count | Adam's two means, and the steps done so far | `m`, `v`, `t` |
# | $\hat m$, $\hat v$ (m hat, v hat) | shape of $w$ | the two means, corrected for their start | |
# | $N$; $D$, $M$; $C$ | counts | rows of a batch; numbers into and out of a layer; classes | |
#
# The whole course keeps to these; the full list is the page [notation](../../docs/notation.md) in the course's folder.
#
# </details>
#
# ## Which way?
#
# You stand on a hillside in fog. You know the slope under your feet, $\partial L/\partial w$, and nothing else. Which small step leads down
# the furthest?
#
# Call the step $\delta$ (delta), an array shaped like $w$. Moving one entry alone changes the loss by about its slope times its step. Where all entries move a little, these
# changes add up (**Taylor's formula of first order**, with the sum over all entries $i$ of $w$):
#
# $$L(w + \delta) \;=\; L(w) + \sum_i \frac{\partial L}{\partial w_i}\,\delta_i \;+\; \text{(terms with } \delta^2 \text{ and higher)}$$

# %% [markdown]
# **Step 1 · The sum is a dot product.** Flattened, the two arrays are vectors with an angle $\theta$ between them:
#
# $$\sum_i \frac{\partial L}{\partial w_i}\,\delta_i = \Bigl\lVert\frac{\partial L}{\partial w}\Bigr\rVert\;\lVert\delta\rVert\,\cos\theta .$$
#
# **Step 2 · Choose the angle.** Among all steps of one length, this is smallest where $\cos\theta = -1$: exactly *against* the gradient.
#
# **Step 3 · Choose the length.** Take the step proportional to the gradient, $\delta = -\eta\,\partial L/\partial w$ with a number
# $\eta > 0$. Shapes: $\delta$, $w$ and $\partial L/\partial w$ agree, entry by entry.
#
# **Step 4 · Put it in.**
# $$L\Bigl(w - \eta\,\frac{\partial L}{\partial w}\Bigr) \approx L(w) - \eta\,\Bigl\lVert\frac{\partial L}{\partial w}\Bigr\rVert^2$$
#
# The right side is below $L(w)$ wherever the gradient isn't zero. So the rule is
#
# $$\boxed{\;w \;\leftarrow\; w - \eta\,\frac{\partial L}{\partial w}\;}$$

# %% [markdown]
# Mind the $\approx$. The promise holds for steps short enough that the terms with $\delta^2$ stay small. **How** short is the second half of the
# question, and comes next.
#
# ### Worked example
#
# Two weights, $w = (4, 1)$, and $L = \tfrac12(w_1^2 + 4w_2^2)$.
#
# - The loss is $\tfrac12(16 + 4) = 10$. The gradient is $(w_1,\; 4w_2) = (4, 4)$.
# - With $\eta = 0.25$: $\;w \leftarrow (4 - 0.25\cdot 4,\;\; 1 - 0.25\cdot 4) = (3, 0)$.
# - The new loss is $\tfrac12(9 + 0) = 4.5$, a change of $-5.5$. Step 4 promised a change of $-0.25\cdot(16 + 16) = -8$: right direction, too much promised.
#
# The cell repeats it with smaller and smaller $\eta$, and tries 1,000 other directions of the same length.

# %%
curvature = np.array([1.0, 4.0])


def loss(w):
    return 0.5 * (curvature * w**2).sum()


def gradient(w):
    return curvature * w


w = np.array([4.0, 1.0])
dw = gradient(w)
print("loss", loss(w), "  dw", dw, "  after a step with η = 0.25:", w - 0.25 * dw, "loss", loss(w - 0.25 * dw))
print()
print("      η   promised change   true change   left out")
for rate in (0.25, 0.125, 0.0625, 0.03125):
    promised, true = -rate * (dw @ dw), loss(w - rate * dw) - loss(w)
    print(f"{rate:7.5f}   {promised:15.3f}   {true:11.3f}   {true - promised:8.3f}")

directions = np.random.default_rng(0).standard_normal((1000, 2))
directions /= np.linalg.norm(directions, axis=1, keepdims=True)
best = min(loss(w + 0.001 * d) - loss(w) for d in directions)
against = loss(w - 0.001 * dw / np.linalg.norm(dw)) - loss(w)
print()
print(f"best of 1,000 random directions: {best:.8f}   against the gradient: {against:.8f}")

# %% [markdown]
# Halve $\eta$, and what was left out shrinks *fourfold*: it goes with $\eta^2$. And no direction beats the one against the gradient.
#
# ### The same with gaps
#
# The same loss from $w = (2, 3)$ with $\eta = 0.5$. Fill in on paper:
#
# $$L = \tfrac12(4 + 36) = 20, \qquad \frac{\partial L}{\partial w} = (2,\; ?), \qquad w \leftarrow (1,\; ?), \qquad L = \;?$$
#
# <details><summary>Open when you have filled it in</summary>
#
# The gradient is $(2, 12)$, so $w \leftarrow (2 - 1,\; 3 - 6) = (1, -3)$ and $L = \tfrac12(1 + 36) = 18.5$. Look at $w_2$: it jumped across the valley,
# from 3 to −3, and gained nothing. $\eta = 0.5$ is a special number here.
#
# </details>

# %%
# The gaps, computed. Run it after you have filled them in.
w = np.array([2.0, 3.0])
next_w = w - 0.5 * gradient(w)
print("dw", gradient(w), "  next w", next_w, "  loss from", loss(w), "to", loss(next_w))

# %% [markdown]
# ### An optimizer is a function
#
# In this course an **optimizer** takes the weights, their gradient and a dictionary, and returns the new weights and a dictionary:
#
# `next_w, config = sgd(w, dw, config)`
#
# `config` holds the settings, such as `learning_rate`. What isn't given takes a default. The caller may give nothing at all, and `config` is
# then `None`. In Python this is one line; here it is with paint in place of weights:

# %%
def paint(options=None):
    options = {"colour": "blue", "coats": 2, **(options or {})}
    return options


mine = {"coats": 3}
print(paint())
print(paint(mine), "  mine is still", mine)

# %% [markdown]
# Later entries of the braces win over earlier ones, `options or {}` turns `None` into an empty dictionary, and the result is a *new* dictionary:
# the caller's own stays as it was. Better make `next_w` a new array as well, as `w - …` does: the caller may still want the old weights.
#
# ### Your turn: `sgd`
#
# The name is short for *stochastic gradient descent*: stochastic, because in training the gradient comes from a random part of the data (lesson 06).

# %% exercise="sgd"
def sgd(w, dw, config=None):
    """One step of gradient descent: w ← w − η dw.

    w: any shape, the weights
    dw: the shape of w, the gradient of the loss
    config: dict or None, with learning_rate η (default 0.01)
    Returns next_w (the shape of w) and the config, a dict, also where None came in
    """
    ### BEGIN SOLUTION
    config = {"learning_rate": 0.01, **(config or {})}
    next_w = w - config["learning_rate"] * dw
    ### END SOLUTION
    return next_w, config


# %% check="sgd" points=2
check("sgd", sgd)
### BEGIN HIDDEN TESTS
check("sgd", sgd, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The formula in the box for the weights, and the function `paint` for the settings.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# First make sure that config is a dictionary in which every setting stands. Then read η from it, and take one step against the gradient.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two lines: one for config, one for next_w. No loop; the arrays agree in shape. With η = 0.25 the worked example gives (3, 0).
#
# </details>

# %% [markdown]
# ## How far?
#
# Below are two losses $\tfrac12(\lambda_1 w_1^2 + \lambda_2 w_2^2)$, drawn by their level lines. Each $\lambda$ (lambda) is a **curvature**: how fast the slope changes in that direction.
# The **bowl** is nearly round, with curvatures 1 and 2. The **ravine** is flat one way and steep the other, with 1 and 20.
#
# The slider gives $\eta$ as a part of $2/\lambda_{\max}$, where $\lambda_{\max}$ is the larger curvature: a share of 1.00 is $\eta = 2/2 = 1$ in the bowl, and $\eta = 2/20 = 0.1$
# in the ravine. So the same share is a ten times smaller $\eta$ there. Why this number matters is worked out below the picture.
#
# Answer the question first. Then move the share from 0.10 to 1.00 and beyond, in the bowl and in the ravine. What happens at 1.00?

# %%
bowl()

# %% [markdown]
# The share 1.00 separates the runs that arrive from those that run away: it is the **border**, and it can be worked out. Take one direction alone, where the loss is a parabola with curvature $\lambda > 0$:
#
# $$
# \begin{aligned}
# L(w) &= \tfrac12\,\lambda\, w^2 && \text{its lowest point is at 0} \\
# \frac{\partial L}{\partial w} &= \lambda\, w && \text{the slope grows with the distance} \\
# w - \eta\,\frac{\partial L}{\partial w} &= (1 - \eta\lambda)\, w && \text{each step multiplies } w \text{ by the same factor}
# \end{aligned}
# $$
#
# So after $k$ steps $w$ is $(1-\eta\lambda)^k$ times what it was. That shrinks exactly when $-1 < 1 - \eta\lambda < 1$, which is
#
# $$0 < \eta < \frac{2}{\lambda}.$$

# %% [markdown]
# | $\eta$ | factor $1 - \eta\lambda$ | what you see |
# |---|---|---|
# | below $1/\lambda$ | between 0 and 1 | creeps down on its own side |
# | $1/\lambda$ | 0 | there in one step |
# | between $1/\lambda$ and $2/\lambda$ | between −1 and 0 | jumps across, a little less far each time |
# | $2/\lambda$ | −1 | jumps to and fro for ever |
# | above $2/\lambda$ | below −1 | jumps across, further each time: **it diverges** |
#
# A network has many directions, each with its own $\lambda$, and **one** $\eta$ for all of them. The steepest direction decides:
#
# $$\boxed{\;\eta < \frac{2}{\lambda_{\max}}\;}$$

# %% [markdown]
# ### Worked, then with gaps
#
# Again $L = \tfrac12(w_1^2 + 4w_2^2)$: the curvatures are 1 and 4, so the border is $2/4 = 0.5$. Start at $w = (8, 1)$ and follow each weight for three steps.
# Predict the question marks from the factors alone.
#
# | $\eta$ | factor of $w_1$ | $w_1$ | factor of $w_2$ | $w_2$ |
# |---|---|---|---|---|
# | 0.25 | 0.75 | 8, 6, 4.5, 3.375 | 0 | 1, 0, 0, 0 |
# | 0.5 | 0.5 | 8, 4, 2, ? | −1 | 1, ?, ?, ? |
# | 0.75 | ? | 8, 2, 0.5, 0.125 | ? | 1, ?, ?, ? |
#
# <details><summary>Open when you have predicted</summary>
#
# $\eta = 0.5$: $w_1$ ends at 1, and $w_2$ swings: 1, −1, 1, −1. $\;\eta = 0.75$: the factors are $0.25$ and $1 - 3 = -2$, so $w_2$ runs away: 1, −2, 4, −8. All that
# while $w_1$ is doing better than ever.
#
# </details>

# %%
# The table, step by step. Run it after you have predicted.
for rate in (0.25, 0.5, 0.75):
    path = [np.array([8.0, 1.0])]
    for _ in range(3):
        path.append(path[-1] - rate * gradient(path[-1]))
    w1, w2 = np.array(path).T.tolist()
    print(f"η = {rate:<4}   w₁: {w1}   w₂: {w2}")

# %% [markdown]
# ### Optional · when the valley lies askew
#
# The next section doesn't need this one. A valley needn't run along an axis. Take $L = w_1^2 + w_1 w_2 + w_2^2$. Its gradient is $(2w_1 + w_2,\; w_1 + 2w_2)$, where each weight has a say in the other's slope.
# Try two starts:
#
# - At $w = (1, 1)$ the gradient is $(3, 3) = 3\,w$. Steps stay on the line through $(1, 1)$: measured along it, L is the parabola
#   ½ · 3 · ‖w‖², of curvature $\lambda = 3$.
# - At $w = (1, -1)$ it is $(1, -1) = 1\,w$: along this line the curvature is $\lambda = 1$.
#
# Any other start is a sum of such parts, as $(3, 1) = 2\,(1, 1) + 1\,(1, -1)$. For this loss the gradient of a sum is the sum of the gradients, so each part goes its own way: after $k$ steps
# $w = 2\,(1 - 3\eta)^k\,(1, 1) + (1 - \eta)^k\,(1, -1)$. **Prediction: the border is $2/3$.** So 0.66 should converge, and 0.67 should not.
#
# <details><summary>The same with matrices, for those who know eigenvectors</summary>
#
# The gradient is $H w$ with the symmetric matrix $H = \begin{pmatrix}2&1\\1&2\end{pmatrix}$ of second derivatives. The directions above are its **eigenvectors**, which $H$ only stretches, and
# the curvatures are its **eigenvalues**, the amounts of stretch.
#
# A symmetric $H$ of any size has as many perpendicular eigenvectors as there are weights, so every $w$ is a
# sum of them (the spectral theorem), and the border is 2 over the largest eigenvalue.
#
# </details>

# %%
H = np.array([[2.0, 1], [1, 2]])  # H @ w is the gradient (2 w1 + w2, w1 + 2 w2)
curvatures = np.linalg.eigvalsh(H)  # NumPy finds them for a matrix of any size
print("curvatures:", curvatures.round(6), "  border 2/λmax:", round(2 / curvatures.max(), 4))
for rate in (0.66, 0.67):
    w = np.array([3.0, 1.0])
    for _ in range(1000):
        w = w - rate * (H @ w)
    print(f"η = {rate}: after 1,000 steps {np.linalg.norm(w):.0e} from the lowest point")

# %% [markdown]
# **And a real network?** Its loss is no quadratic, but near any point it looks like one, with curvatures that change on the way. Trained on all rows at once, networks
# have been seen to steepen until $\lambda_{\max}$ hovers just above $2/\eta$: at this very border (Cohen and others, "Gradient descent on neural networks
# typically occurs at the edge of stability", ICLR 2021).

# %% [markdown]
# ## Three ideas for a ravine
#
# A ravine is slow even with the best $\eta$. With $\lambda_{\min}$ for the smaller curvature, the best is $2/(\lambda_{\min} + \lambda_{\max})$, where both ends shrink by the same factor, and that factor is
# $(\lambda_{\max} - \lambda_{\min})/(\lambda_{\max} + \lambda_{\min})$.
#
# How many steps until the distance is a thousandth of what it was, in the bowl and in the ravine? Write down two guesses. (After $k$ steps the distance is the factor to the
# power $k$ times what it was.)

# %%
# Run it after you have guessed.
for name, low, high in (("bowl", 1, 2), ("ravine", 1, 20)):
    best = 2 / (low + high)
    slow, fast = abs(1 - best * low), abs(1 - best * high)
    steps = int(np.ceil(np.log(1000) / -np.log(slow)))
    print(f"{name:<7} λ {low} and {high:<2}   best η {best:.3f}   factors {slow:.3f}, {fast:.3f}   {steps} steps")

# %% [markdown]
# Three ideas, older than you might think and used every day:
#
# - **Momentum**: a heavy ball. It keeps some of its speed, so swings to and fro shrink and steady pushes add up.
# - **RMSProp**: a ruler of its own for each weight. It divides by the recent size of that weight's gradient.
# - **Adam**: both at once, with a correction for the start.
#
# All four start from the same point below. Answer first, then press play.

# %%
race()

# %% [markdown]
# Who leads depends on $\eta$. Set it to 0.01 and run to step 100: momentum's loss is 0.0002, SGD's 0.45. At about 0.079, nearer SGD's own best of 0.095, momentum swings too much and falls
# behind: 0.001 against 0.0000002. And at 0.2 SGD and momentum both run away, while RMSProp and Adam do not.
#
# RMSProp's lead is flattering, because this ravine lies along the axes, where one ruler per weight fits exactly. Turn the same ravine and the same start by 45° (all settings but $\eta$ are the
# defaults, as in the race):

# %%
# With a matrix H of curvatures the loss is ½ w·(H w) and its gradient H w. Turning by 45° makes H's rows mix the two weights.
turn = np.array([[1.0, -1], [1, 1]]) / np.sqrt(2)
along, start = np.diag([1.0, 20]), np.array([-2.6, 1.5])
for name, H, w in (("along the axes", along, start), ("turned by 45°", turn @ along @ turn.T, turn @ start)):
    config = {"learning_rate": 0.063}
    for _ in range(40):
        w, config = optimizers.rmsprop(w, H @ w, config)
    print(f"{name:<15} RMSProp's loss after 40 steps: {0.5 * w @ H @ w:.6f}")

# %% [markdown]
# ## Momentum
#
# A ball has a **velocity**, which is one more array in the shape of $w$. It starts at zero. Each step keeps a share $\mu$ of it (the rest is lost to friction),
# adds a push downhill, and moves the ball:
#
# $$\text{velocity} \leftarrow \mu\,\text{velocity} - \eta\,\frac{\partial L}{\partial w}, \qquad\qquad w \leftarrow w + \text{velocity}$$
#
# How far does a steady push carry? With the same gradient $\partial L/\partial w = g$ at each of $t$ steps,
#
# $$\text{velocity} = -\eta\, g\,\bigl(1 + \mu + \mu^2 + \dots + \mu^{t-1}\bigr) = -\eta\, g\;\frac{1-\mu^t}{1-\mu} \;\longrightarrow\; -\frac{\eta\, g}{1-\mu}$$
#
# (a geometric sum). With $\mu = 0.9$ that is ten times a step of SGD. A push that changes sign each time gives
# $1 - \mu + \mu^2 - \dots$ in the brackets instead, so the velocity shrinks to $\eta\, g/(1+\mu)$ in size: about half a step of SGD.

# %% [markdown]
# ### Worked, then with gaps
#
# One weight, $w = 5$, $\eta = 0.1$, $\mu = 0.5$. On the left a steady gradient, on the right one that changes sign. Fill in the gaps.
#
# | step | $\partial L/\partial w$ | velocity | $w$ | | $\partial L/\partial w$ | velocity | $w$ |
# |---|---|---|---|---|---|---|---|
# | 0 | | 0 | 5 | | | 0 | 5 |
# | 1 | 10 | $0.5\cdot 0 - 0.1\cdot 10 = -1$ | 4 | | 10 | −1 | 4 |
# | 2 | 10 | $0.5\cdot(-1) - 1 = -1.5$ | 2.5 | | −10 | ? | ? |
# | 3 | 10 | $0.5\cdot(-1.5) - 1 = -1.75$ | 0.75 | | 10 | ? | ? |
#
# <details><summary>Open when you have filled it in</summary>
#
# Step 2: $0.5\cdot(-1) + 1 = 0.5$, so $w = 4.5$. Step 3: $0.5\cdot 0.5 - 1 = -0.75$, so $w = 3.75$. The velocity on the left is on its way to $-2$, twice
# a step of SGD. On the right it shrinks towards swings of $1/(1 + 0.5) = 2/3$, less than a step of SGD.
#
# </details>

# %%
# The table, and then the steady push with μ = 0.9, by the course's own sgd_momentum.
# Run it after you have filled in the gaps.
for gradients in ((10, 10, 10), (10, -10, 10)):
    w, config = np.array([5.0]), {"learning_rate": 0.1, "momentum": 0.5}
    for g in gradients:
        w, config = optimizers.sgd_momentum(w, np.array([float(g)]), config)
        print(f"dw {g:>3}   velocity {config['velocity'][0]:>5}   w {w[0]}")
    print()

w, config = np.array([0.0]), {"learning_rate": 0.1, "momentum": 0.9}
for _ in range(200):
    w, config = optimizers.sgd_momentum(w, np.array([1.0]), config)
print("velocity after 200 equal pushes:", config["velocity"].round(6))
print("−η dw/(1 − μ) =", round(-0.1 / (1 - 0.9), 6))

# %% [markdown]
# Books write momentum in two ways. In the other, $\eta$ multiplies the whole velocity when $w$ moves. With one fixed $\eta$ both train alike, but the stored numbers
# mean different things. Some also let the velocity point uphill and subtract it. This course keeps to the formula above.
#
# ### Your turn: `sgd_momentum`
#
# The function is called once per step and forgets everything when it returns. So the new velocity goes **into config**, and the caller brings it along next time.

# %% exercise="sgd_momentum"
def sgd_momentum(w, dw, config=None):
    """One step of SGD with momentum: velocity ← μ velocity − η dw, then w ← w + velocity.

    w: any shape, the weights
    dw: the shape of w, the gradient of the loss
    config: dict or None, with learning_rate η (default 0.01), momentum μ (0.9), velocity (zeros, the shape of w)
    Returns next_w (the shape of w) and the config, a dict in which the new velocity stands
    """
    ### BEGIN SOLUTION
    config = {"learning_rate": 0.01, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    velocity = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    next_w = w + velocity
    config["velocity"] = velocity
    ### END SOLUTION
    return next_w, config


# %% check="sgd_momentum" points=3
check("sgd_momentum", sgd_momentum)
### BEGIN HIDDEN TESTS
check("sgd_momentum", sgd_momentum, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The two formulas, in the order in which they stand. The defaults are in the docstring, letter by letter.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# At the first step nobody has stored a velocity. A default can be an array too: `np.zeros_like` makes zeros in the shape of another array.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Four lines: config with its three defaults, the new velocity, next_w from it, and the new velocity put back into config. The new velocity moves w, not the
# old one.
#
# </details>

# %% [markdown]
# ### Your ball in the ravine
#
# SGD needed 70 steps with the best $\eta$. Momentum has two knobs. On a quadratic it is known which setting shrinks the distance by the smallest factor per step, once many steps are
# done (Polyak, *USSR Computational Mathematics and Mathematical Physics* 4(5), 1964):
#
# $$\eta = \frac{4}{(\sqrt{\lambda_{\max}} + \sqrt{\lambda_{\min}})^2}, \qquad \mu = \Bigl(\frac{\sqrt{\lambda_{\max}} - \sqrt{\lambda_{\min}}}{\sqrt{\lambda_{\max}} + \sqrt{\lambda_{\min}}}\Bigr)^2$$

# %%
def steps_needed(update, config, curvature):
    """How many steps until w is a thousandth as far from the lowest point as at the start; at most 1,000."""
    w = np.ones(2)
    for step in range(1, 1001):
        w, config = update(w, curvature * w, config)
        if np.linalg.norm(w) <= np.linalg.norm(np.ones(2)) / 1000:
            break
    return step


low, high = np.sqrt(1), np.sqrt(20)
tuned = {"learning_rate": 4 / (high + low) ** 2, "momentum": ((high - low) / (high + low)) ** 2}
ravine = np.array([1.0, 20.0])
for name, update, config in (
    ("SGD, best η", sgd, {"learning_rate": 2 / 21}),
    ("momentum, best η and μ", sgd_momentum, tuned),
):
    try:
        print(f"{name}: {steps_needed(update, config, ravine)} steps")
    except NotImplementedError:
        print(f"{name}: your {update.__name__} is still empty")
print(f"best η {tuned['learning_rate']:.3f}, best μ {tuned['momentum']:.2f}")

# %% [markdown]
# A third of the steps. And this $\eta$ lies beyond SGD's border of 0.1: momentum moves the border to $2(1+\mu)/\lambda_{\max}$, here 0.14.
#
# <details><summary>Optional · why there</summary>
#
# At the border the ball jumps for ever between $a$ and $-a$, so the velocity is $-2a$, then $2a$. Put in: $2a = \mu\cdot(-2a) - \eta\,\lambda\cdot(-a)$, which gives
# $\eta\lambda = 2(1 + \mu)$. To try it, call `steps_needed` with a `learning_rate` of 0.138 (91 steps), and with 0.142 (it never
# arrives, and stops counting at 1,000).
#
# </details>

# %% [markdown]
# ## RMSProp
#
# In a ravine, one weight's gradient is twenty times another's. No single $\eta$ suits both. RMSProp keeps, for each weight, a running mean of its *squared* gradient
# in the array `cache` (shape of $w$, zeros at first; it has only its name in common with the cache of a forward pass), and divides by the root of it:
#
# $$\text{cache} \leftarrow \rho\,\text{cache} + (1-\rho)\Bigl(\frac{\partial L}{\partial w}\Bigr)^2, \qquad w \leftarrow w - \eta\,\frac{\partial L/\partial w}{\sqrt{\text{cache}} + \varepsilon}$$
#
# All of it entry by entry. A root of a mean of squares is a *root mean square*, which is where the name comes from (Tieleman and Hinton, *Neural Networks for Machine
# Learning*, lecture 6.5, 2012).
#
# $\varepsilon$ is tiny. It is there for a weight whose gradient has been 0 so far: 0/0 would be nan, and $0/\varepsilon$ is 0. Some write it *inside* the root,
# $\sqrt{\text{cache} + \varepsilon}$; the check takes both.

# %% [markdown]
# ### A worked step
#
# Two weights, $w = (3, 3)$, with gradients ten times apart: $(4, 40)$. $\eta = 0.5$, $\rho = 0.75$; leave $\varepsilon$ out by hand.
#
# - The cache is $0.25\cdot(16, 1600) = (4, 400)$, and its root $(2, 20)$.
# - $w \leftarrow (3 - 0.5\cdot 4/2,\;\; 3 - 0.5\cdot 40/20) = (2, 2)$.
#
# Both weights moved equally far: the factor ten between the gradients has gone. But they moved $2\eta$, and not $\eta$. Can you say why? The answer comes
# with Adam.

# %%
# The same by the course's own rmsprop (ε moves nothing that you can see here), and one more step.
w, config = np.array([3.0, 3.0]), {"learning_rate": 0.5, "decay_rate": 0.75}
for dw in ([4.0, 40.0], [2.0, -20.0]):
    w, config = optimizers.rmsprop(w, np.array(dw), config)
    print("dw", dw, "  cache", config["cache"], "  w", w.round(6))

# %% [markdown]
# ### Your turn: `rmsprop`

# %% exercise="rmsprop"
def rmsprop(w, dw, config=None):
    """One step of RMSProp: cache ← ρ cache + (1 − ρ) dw², then w ← w − η dw / (√cache + ε).

    w: any shape, the weights
    dw: the shape of w, the gradient of the loss
    config: dict or None, with learning_rate η (default 0.01), decay_rate ρ (0.99), epsilon ε (1e-8), cache (zeros, the
        shape of w)
    Returns next_w (the shape of w) and the config, a dict in which the new cache stands
    """
    ### BEGIN SOLUTION
    defaults = {"learning_rate": 0.01, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w)}
    config = {**defaults, **(config or {})}
    rho = config["decay_rate"]
    config["cache"] = rho * config["cache"] + (1 - rho) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    ### END SOLUTION
    return next_w, config


# %% check="rmsprop" points=3
check("rmsprop", rmsprop)
### BEGIN HIDDEN TESTS
check("rmsprop", rmsprop, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Your `sgd_momentum` has the same build: defaults, new state, new weights, state kept. Only the two formulas change.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Which cache stands under the root, the one before this step or the one after? At the first step the old one is zero.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Config with four defaults, the new cache as a sum of two parts, next_w with a quotient, the cache kept. Mind the brackets around the denominator.
#
# </details>

# %% [markdown]
# ## Adam
#
# Adam keeps two running means: $m$ of the gradient, for the direction, and $v$ of its square, for the ruler. Both start at zero.
#
# $$m \leftarrow \beta_1\, m + (1-\beta_1)\,\frac{\partial L}{\partial w}, \qquad v \leftarrow \beta_2\, v + (1-\beta_2)\Bigl(\frac{\partial L}{\partial w}\Bigr)^2$$
#
# ### Why $m$ starts too small
#
# A mean that starts at zero counts its zero as if it were data. Suppose every gradient so far was the same, $g$. A mean of them should be $g$. Follow $m$:
#
# $$
# \begin{aligned}
# t = 1: \quad m &= (1-\beta_1)\, g && \text{the zero has the share } \beta_1 \\
# t = 2: \quad m &= \beta_1(1-\beta_1)\, g + (1-\beta_1)\, g = (1 - \beta_1^2)\, g && \text{now it has } \beta_1^2 \\
# \text{after } t: \quad m &= (1-\beta_1)\,\bigl(1 + \beta_1 + \dots + \beta_1^{t-1}\bigr)\, g = (1-\beta_1^t)\, g && \text{geometric sum}
# \end{aligned}
# $$

# %% [markdown]
# So $m$ is too small by the factor $1 - \beta_1^t$, and dividing by it mends it. After one step that is $m/(1-\beta_1) = g$, the gradient itself. For $v$ the same holds with
# $\beta_2$ and $g^2$. With the **bias correction**, Adam is (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015)
#
# $$t \leftarrow t + 1, \qquad m,\; v \text{ as above}, \qquad \hat m = \frac{m}{1-\beta_1^t}, \quad \hat v = \frac{v}{1-\beta_2^t}, \qquad w \leftarrow w - \eta\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon}$$
#
# **$t$ counts the steps done so far.** A fresh config has $t = 0$; the step raises it *before* use, so the first step corrects with $t = 1$. The hats are for this step only: stored are
# $m$, $v$ and $t$.

# %%
# With every gradient equal to 1, a mean should be 1. The default β₁ and β₂:
m, v = 0.0, 0.0
print("  t     m       v     corrected m, v   m/√v uncorrected")
for t in range(1, 101):
    m, v = 0.9 * m + 0.1 * 1, 0.999 * v + 0.001 * 1
    if t in (1, 2, 10, 100):
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        print(f"{t:>3}   {m:.3f}   {v:.4f}   {m_hat:.3f}, {v_hat:.3f}     {m / np.sqrt(v):.2f}")

# %% [markdown]
# Without the correction the first step would be $0.1/\sqrt{0.001} \approx 3.2$ times too *long*: $v$ starts even further below its mean than $m$. And it gets worse before it fades, as the last
# column shows: $m$ has caught up after some ten steps, and $v$ needs a hundred times as long.
#
# Here is the answer to the riddle above: RMSProp has no correction, so its first step is $1/\sqrt{1-\rho}$ times $\eta$. With $\rho = 0.75$ that is 2; with the default 0.99, it is 10.
#
# With the correction, the first step is $g/\sqrt{g^2} = \pm 1$ times $\eta$, however large or small the gradient is (as long as it is large beside $\varepsilon$). So **in Adam, $\eta$ is about the
# distance that a weight moves in a step**; section 2.1 of the paper gives the bounds.
#
# ### Worked, then with gaps
#
# One weight, $w = 2$; $\eta = 0.9$, $\beta_1 = 0.8$, $\beta_2 = 0.75$; leave $\varepsilon$ out.
#
# | $t$ | $\partial L/\partial w$ | $m$ | $v$ | $\hat m$ | $\hat v$ | $w$ |
# |---|---|---|---|---|---|---|
# | 0 | | 0 | 0 | | | 2 |
# | 1 | 10 | $0.2\cdot 10 = 2$ | $0.25\cdot 100 = 25$ | $2/0.2 = 10$ | $25/0.25 = 100$ | $2 - 0.9\cdot 10/10 = 1.1$ |
# | 2 | −10 | $0.8\cdot 2 + 0.2\cdot(-10) = \;?$ | $0.75\cdot 25 + 25 = 43.75$ | $?/(1 - 0.64)$ | $43.75/(1 - ?) = 100$ | ? |
#
# <details><summary>Open when you have filled it in</summary>
#
# $m = -0.4$, so $\hat m = -0.4/0.36 = -10/9$. $\;\beta_2^2 = 0.5625$, and $43.75/0.4375 = 100$. The step is $-0.9\cdot(-10/9)/10 = 0.1$, so $w = 1.2$.
# The two opposite gradients nearly cancelled in $m$, and the weight hardly moved.
#
# </details>

# %%
# The table, by the course's own adam. Run it after the gaps.
w, config = np.array([2.0]), {"learning_rate": 0.9, "beta1": 0.8, "beta2": 0.75}
for g in (10.0, -10.0):
    w, config = optimizers.adam(w, np.array([g]), config)
    print("t", config["t"], "  m", config["m"].round(6), "  v", config["v"], "  w", w.round(6))

# %% [markdown]
# ### Your turn: `adam`
#
# $\varepsilon$ may again stand inside the root or outside. (Some handouts fold both corrections into the rate and write
# $\eta\,\dfrac{\sqrt{1-\beta_2^t}}{1-\beta_1^t}\cdot\dfrac{m}{\sqrt v + \varepsilon}$, with the uncorrected $m$ and $v$; that passes too.)

# %% exercise="adam"
def adam(w, dw, config=None):
    """One step of Adam: m and v are running means of dw and dw², both corrected for starting at zero.

    w: any shape, the weights
    dw: the shape of w, the gradient of the loss
    config: dict or None, with learning_rate η (default 0.001), beta1 (0.9), beta2 (0.999), epsilon ε (1e-8),
        m and v (zeros, the shape of w), t (0, the number of steps done so far)
    Returns next_w (the shape of w) and the config, a dict in which the new m, v and t stand
    """
    ### BEGIN SOLUTION
    defaults = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    config = {**defaults, "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    t = config["t"] + 1
    m = beta1 * config["m"] + (1 - beta1) * dw
    v = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    config.update(m=m, v=v, t=t)
    ### END SOLUTION
    return next_w, config


# %% check="adam" points=4
check("adam", adam)
### BEGIN HIDDEN TESTS
check("adam", adam, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The line with $t \leftarrow t + 1$, from left to right. The worked row for $t = 1$ has a number for each part of it.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Keep two kinds of numbers apart: m, v and t are remembered; the two hats are used once and thrown away. In the correction, β is raised *to the power* t.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Config with its seven defaults; t raised; m; v; the two corrected ones; next_w with a quotient; then m, v and t kept. About eight lines, and no `if`: the first step needs
# no case of its own.
#
# </details>

# %% [markdown]
# ## The memory travels in config
#
# Your four functions keep nothing to themselves. Whatever an optimizer must remember stands in `config`, as numbers and arrays. So a run can be saved in the middle, and go on
# another day as if nothing had happened. Here with JSON, a plain text format (`np.savez` does as well, for large arrays):

# %%
def run(w, config, gradients):
    w, config = w.copy(), dict(config)  # should your adam work in place, the caller's own stay as they were
    for dw in gradients:
        try:
            w, config = adam(w, dw, config)
        except NotImplementedError:  # yours is still empty: the course's own stands in
            w, config = optimizers.adam(w, dw, config)
    return w, config


rng = np.random.default_rng(5)
start, gradients = rng.standard_normal((2, 3)), rng.standard_normal((6, 2, 3))
in_one_go, _ = run(start, {"learning_rate": 0.1}, gradients)

w, config = run(start, {"learning_rate": 0.1}, gradients[:3])
text = json.dumps(config, default=lambda array: array.tolist())  # arrays become lists
loaded = json.loads(text)
loaded = {key: np.array(value) if isinstance(value, list) else value for key, value in loaded.items()}

went_on, _ = run(w, loaded, gradients[3:])
forgot, _ = run(w, {"learning_rate": 0.1}, gradients[3:])
print("saved:", ", ".join(sorted(loaded)), "  with t =", loaded["t"])
print("went on from the save, same weights as in one go:", np.array_equal(went_on, in_one_go))
print("went on with a fresh config, furthest weight off by:", np.abs(forgot - in_one_go).max().round(2))

# %% [markdown]
# Saving the weights alone is not enough: the last line started Adam's means again from nothing.
#
# ### When config doesn't fit
#
# A dictionary takes anything. `{"learning_rat": 0.5}` would quietly train with the default. A velocity of shape (2,), meant for a bias, would quietly be stretched over
# weights of shape (3, 2). The course's own optimizers refuse and say why:

# %%
w = np.ones((3, 2))
for optimizer, dw, wrong in (
    (optimizers.sgd, np.ones((3, 2)), {"learning_rat": 0.5}),
    (optimizers.sgd_momentum, np.ones((3, 2)), {"velocity": np.zeros(2)}),
    (optimizers.adam, np.ones((3, 2)), {"m": np.zeros((3, 2)), "v": np.zeros((3, 2))}),
    (optimizers.rmsprop, np.ones(2), None),
):
    try:
        optimizer(w, dw, wrong)
    except ValueError as error:
        print(f"{optimizer.__name__}: {error}")

# %% [markdown]
# Yours need not refuse anything; the checks don't ask for it. But remember: **every array has a config of its own.** A network of two layers has two weights and two biases, so it has four
# configs.

# %% [markdown]
# ## One step of a whole network
#
# Now all of it together. `params` lists one pair `(w, b)` per layer. A network from 64 pixels by way of 16 hidden units (the numbers between its two layers) to 10 classes has
# `params = [(w0, b0), (w1, b1)]`, of shapes (64, 16), (16,) and (16, 10), (10,). One training step of a network is
#
# 1. **forward**: `mlp_forward(x, params)` gives the scores (N, C), one number per row and class, and the caches: what each layer keeps for the way back,
# 2. **loss**: `softmax_loss(scores, y)` gives the loss and `dscores` (N, C),
# 3. **backward**: `mlp_backward(dscores, caches)` gives `[(dw, db), …]`, one pair per layer, in the order of `params`,
# 4. **update**: each `w` and each `b` moves once, by its own gradient, with its own config.
#
# The order of 3 and 4 matters more than it seems. A gradient says how the loss moves at the weights that *made this prediction*. Whoever moves a layer on the way back sends
# a wrong gradient to the layers below.

# %% [markdown]
# ### Worked, then with gaps
#
# A network of two weights: $\text{out} = w_2\, w_1\, x$, with $L = \tfrac12(\text{out} - y)^2$, so $\partial L/\partial\,\text{out} = \text{out} - y$.
#
# | | worked | your gaps |
# |---|---|---|
# | $x$, $w_1$, $w_2$, $y$, $\eta$ | 1, 2, 3, 5, 0.5 | 1, 1, 4, 2, 0.1 |
# | $\text{out}$ and $\partial L/\partial\,\text{out}$ | 6 and 1 | 4 and 2 |
# | $\partial L/\partial w_2 = w_1 x\cdot \partial L/\partial\,\text{out}$ | $2\cdot 1 = 2$ | ? |
# | $\partial L/\partial w_1 = w_2\, x\cdot \partial L/\partial\,\text{out}$ | $3\cdot 1 = 3$ | ? |
# | $w_2 \leftarrow$ | $3 - 0.5\cdot 2 = 2$ | ? |
# | $w_1 \leftarrow$ | $2 - 0.5\cdot 3 = 0.5$ | ? |
# | **wrong**: $\partial L/\partial w_1$ taken after $w_2$ has moved | $2\cdot 1 = 2$ | ? |
#
# <details><summary>Open when you have filled it in</summary>
#
# $\partial L/\partial w_2 = 1\cdot 2 = 2$ and $\partial L/\partial w_1 = 4\cdot 2 = 8$, so $w_2 \leftarrow 4 - 0.2 = 3.8$ and $w_1 \leftarrow 1 - 0.8 = 0.2$. Taken too late,
# $\partial L/\partial w_1$ would be $3.8\cdot 2 = 7.6$. That is close to 8: at a small $\eta$ the mistake trains almost as well and is seldom noticed. At a large one the two part ways: either
# may run away, and only one of them follows the gradient.
#
# </details>

# %%
# Both columns, by nudging each weight of the old pair up and down, as in lesson 03. Run it after the gaps.
for x, w1, w2, y, rate in ((1, 2, 3, 5, 0.5), (1, 1, 4, 2, 0.1)):

    def tiny(w1, w2, x=x, y=y):
        return 0.5 * (w2 * w1 * x - y) ** 2

    dw1 = (tiny(w1 + 1e-5, w2) - tiny(w1 - 1e-5, w2)) / 2e-5
    dw2 = (tiny(w1, w2 + 1e-5) - tiny(w1, w2 - 1e-5)) / 2e-5
    new_w1, new_w2 = w1 - rate * dw1, w2 - rate * dw2
    too_late = new_w2 * x * (w2 * w1 * x - y)  # dout of the old prediction, handed on by the new w2
    print(f"dw2 {dw2:.2f}   dw1 {dw1:.2f}   new w2 {new_w2:.2f}   new w1 {new_w1:.2f}   dw1 too late {too_late:.2f}")

# %% [markdown]
# ### Your turn: `train_step`
#
# `update` is an optimizer, such as your `sgd`: a function handed over like any other value, and called as `update(w, dw, config)`. `configs` pairs up like `params`:
# `[(config of w, config of b), …]`. Return the loss **before** the step, because that is the one the gradient belongs to.

# %% exercise="train_step"
def train_step(params, x, y, update, configs):
    """One step of training: forward, loss, backward, then every w and b moved once.

    params: list of pairs (w, b), one per layer, with w (D, M) and b (M,)
    x: (N, D), the inputs
    y: (N,) integer labels
    update: function, an optimizer that is called as update(w, dw, config) and returns next_w, config
    configs: list of pairs (config of w, config of b), one per layer
    Returns loss (one number, before the step), the new params and the new configs: two lists built like those
        that came in
    """
    ### BEGIN SOLUTION
    scores, caches = mlp_forward(x, params)
    loss, dscores = softmax_loss(scores, y)
    grads = mlp_backward(dscores, caches)
    next_params, next_configs = [], []
    for (w, b), (dw, db), (config_w, config_b) in zip(params, grads, configs, strict=True):
        next_w, config_w = update(w, dw, config_w)
        next_b, config_b = update(b, db, config_b)
        next_params.append((next_w, next_b))
        next_configs.append((config_w, config_b))
    ### END SOLUTION
    return loss, next_params, next_configs


# %% check="train_step" points=4
check("train_step", train_step)
### BEGIN HIDDEN TESTS
check("train_step", train_step, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The list of four: the first three are one call each, and they are written out there. All that is left is the update.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# params, grads and configs are three lists of pairs, of one length and in one order. `zip` walks through several lists together. An optimizer returns two things, and neither may be lost.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Three calls, two empty lists, one loop over the layers. In the loop: update twice, once for w and once for b, then append one pair to each list.
#
# </details>

# %% [markdown]
# ### Your five functions at work
#
# 200 handwritten digits, a network with 16 hidden units, 50 steps. Each optimizer starts from the same weights, with four learning rates. The loss of pure guessing is
# $\log 10 \approx 2.30$; a number near it, below or above, means that the run is still at its start.

# %%
pixels, labels = load_digits(return_X_y=True)
pixels, labels = pixels[:200] / 16 - 0.5, labels[:200]


def loss_after(update, learning_rate, steps=50):
    """Loss at the last step of a short training run, from the same random start each time."""
    params = init_params([64, 16, 10], np.random.default_rng(0), scale=0.2)
    configs = [({"learning_rate": learning_rate}, {"learning_rate": learning_rate}) for _ in params]
    for _ in range(steps):
        loss, params, configs = train_step(params, pixels, labels, update, configs)
    return loss


rates = (0.001, 0.01, 0.1, 1)
print("optimizer     " + "".join(f"η = {rate:<8}" for rate in rates))
for update in (sgd, sgd_momentum, rmsprop, adam):
    try:
        row = "".join(f"{loss_after(update, rate):<12.2f}" for rate in rates)
    except NotImplementedError:
        row = f"{update.__name__} or train_step is still empty"
    print(f"{update.__name__:<14}{row}")

# %% [markdown]
# Read the table row by row: of these four rates, RMSProp does best with 0.01, Adam with 0.1, SGD and momentum with 1. So "use $\eta = 0.01$" means nothing without the optimizer's name. Read it diagonally, from a number of SGD's
# down and one column to the left: momentum does with a tenth of $\eta$ about what SGD does, which is the factor $1/(1-\mu)$ from above.
#
# **Why the last column is bad for two and good for two.** The weights start at about 0.2 in size. With $\eta = 1$, the first step of SGD or momentum moves those of the hidden
# layer by typically 0.014 (root mean square; none by more than 0.05), because it is $\eta$ times a small gradient. Adam's moves them by about 1, and RMSProp's by about 10: *their* $\eta$ is a distance, as you saw above.
#
# So after the first step (not in the table) the loss leaps to 67 and 6,600, and at least half of the 16 units are off for every digit from then on: no gradient passes through them.
#
# **Which should you use?** Adam is a good first try: its authors found that it needs little tuning. But it does need some, as its last column shows.
#
# SGD with momentum, given a well-chosen $\eta$, sometimes ends at a network that does better on *new* data
# (Wilson and others, "The marginal value of adaptive gradient methods in machine learning", NeurIPS 2017). How to measure that is the next lesson's business.

# %% [markdown]
# ## Quick questions
#
# **1 · During training the loss rises at every step, faster and faster. What do you try first?**
#
# <details><summary>More steps: it needs time</summary>
#
# Not this. A factor below −1 stays below −1. More steps end in inf.
#
# </details>
# <details><summary>A smaller learning rate</summary>
#
# Yes. Somewhere $\eta$ is above $2/\lambda_{\max}$. Divide it by 10 and look again. If the loss still rises, however small $\eta$ is, suspect the gradient's sign.
#
# </details>
# <details><summary>A larger learning rate: it must get over the hill</summary>
#
# Not this. Each step already lands further up the other side.
#
# </details>

# %% [markdown]
# **2 · A fresh Adam with η = 0.001 sees the gradients 0.002 and 5000 for two weights. How far do they move in the first step?**
#
# <details><summary>By 0.000002 and 5</summary>
#
# Not this. That is SGD, where the step grows with the gradient.
#
# </details>
# <details><summary>By 0.0001 and 0.0001, because $m$ starts at a tenth of the gradient</summary>
#
# Not this. $m$ does start at a tenth, and the bias correction divides by exactly that tenth. The same is done for $v$.
#
# </details>
# <details><summary>Both by about 0.001</summary>
#
# Yes. After the correction $\hat m = g$ and $\hat v = g^2$, so the step is $\eta\, g/\lvert g\rvert$, apart from the tiny $\varepsilon$.
#
# </details>

# %% [markdown]
# **3 · Looking back at lesson 02. The loss is a mean over the N rows. You repeat every row of the batch, so it has 2N. What happens to the step w − η dw?**
#
# <details><summary>It stays the same</summary>
#
# Yes. Twice as many terms, divided by twice as many rows: the same loss, the same dw. That is why one $\eta$ can serve batches of different sizes, at least roughly.
#
# </details>
# <details><summary>It doubles, because there are twice as many gradients to add</summary>
#
# Not this. It would, if the loss were a *sum*. The mean divides by the number of rows.
#
# </details>
# <details><summary>It halves, because dw is divided by 2N</summary>
#
# Not this. The division by 2N is there, but so are twice as many rows.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - Against the gradient is the steepest way down; $w \leftarrow w - \eta\,\partial L/\partial w$ keeps its promise for short steps, and on a quadratic it diverges above $2/\lambda_{\max}$.
# - Momentum adds up steady pushes, RMSProp gives each weight its own ruler, and Adam does both and corrects the start.
# - What an optimizer remembers stands in config, one for each array; all gradients are taken before the first weight moves.

# %%
progress("05_weight_update")

# %% [markdown]
# **Next: [06 · Training loop](../06_training_loop/06_training_loop.ipynb).** One step is written. How often is it repeated, on which rows, and when do we stop?
