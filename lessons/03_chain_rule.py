# ---
# jupyter:
#   backprop:
#     title: Chain rule
#     minutes: 100
#     question: If I nudge this weight, how far does the loss move?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 · Chain rule
#
# > **If I nudge this weight, how far does the loss move?**
#
# After this page you will be able to
#
# - measure any slope by a nudge, and say how far to trust the number,
# - take a computation apart into edges, and multiply along a path,
# - add the gradients where a value is used twice, and say why,
# - derive the gradient of softmax with cross-entropy, down to one short formula,
# - send a gradient backwards through a layer without ever forming its Jacobian.
#
# **Time:** 100 minutes, with a place for a break. **Builds on:** lessons 01 and 02 (a neuron, the sigmoid, softmax, the two
# losses). Whatever is needed from them comes ready-made.

# %%
import numpy as np

from backprop_helpers import chain_rule, check, progress, sigmoid_forward, softmax
from backprop_helpers.experiments import nudge, nudge_graph, two_paths


def sigmoid(z):
    """σ(z) for z of any shape, as in lesson 01."""
    return sigmoid_forward(np.asarray(z))[0]  # it returns (a, cache); only a is needed here


# %% [markdown]
# <details><summary>The letters on this page</summary>
#
# | symbol | shape | meaning | in code |
# |---|---|---|---|
# | N; D, M; C | counts | rows of a batch; numbers into and out of a layer; classes | |
# | $x$, $w$, $b$ | (N, D), (D, M), (M,) | input, weights, bias; single numbers for one neuron with one input | `x`, `w`, `b` |
# | $z$, $a$ | (N, M) | what a layer computes, and what its activation makes of it | `z`, `a` |
# | $\sigma(z)$, $\sigma'(z)$ | shape of $z$ | the sigmoid $1/(1 + e^{-z})$, and its slope | `sigmoid` |
# | $s$, $p$ | (N, C) | scores of the classes, and their softmax | `scores`, `p` |
# | $y$ | (N,) | the target: a label, or a number for the squared error | `y` |
# | one-hot$(y)$ | (N, C) | 1 at the true class of each row, 0 elsewhere | |
# | $L$ | one number | the loss | `loss` |
# | $\partial L/\partial v$ | shape of $v$ | **gradient** of the loss with respect to $v$ | `dv` |
# | $\partial u/\partial v$ | | **local gradient**: what $v$ does to $u$ on one edge | `du_dv` |
# | $\partial L/\partial\,\text{out}$ | shape of out | **upstream** gradient, which arrives from the side of the loss | `dout` |
# | $\odot$ | | entry by entry | `*` |
# | $h$ | one number | the step of a finite difference | `h` |
# | $\varepsilon$ (epsilon) | one number | machine epsilon $2^{-52}$, the gap between 1 and the next `float64` | `eps` |
# | $\delta$ (delta) | one number | a small nudge in a derivation | |
# | $J$ | (C, C) | Jacobian: the slope of every output by every input | `jacobian` |
#
# The whole course keeps to these; the full list is the page [notation](../../docs/notation.md) in the course's folder.
#
# </details>
#
# ## A nudge runs through a neuron
#
# One neuron with one input: $z = wx + b$, then $a = \sigma(z)$. The target is $y = 1$, and the loss is the squared error
# $L = (a - y)^2$. Three arrows lead from $w$ to $L$, and a small change of $w$ travels along them.
#
# Answer the question, then move the controls. The left picture shows the real nudge running up. Beside each of its arrows stands the
# **local gradient**: by what factor a small nudge is multiplied on its way along that arrow. The right picture shows the gradients
# coming back down, upstream × local on each arrow; `dz` means "what z does to the loss", as everywhere in this course.

# %%
nudge_graph()

# %% [markdown]
# Two things to take with you. A small nudge is multiplied once on every arrow, so the whole journey is a **product**, and one
# small factor makes it small. And the product predicts a small nudge well and a large one badly (try a nudge of 2): a slope is a
# promise about small steps only.
#
# ## How to measure a slope
#
# The slope of $f$ at $x$ is what rise over run tends to when the run shrinks. A computer can take a small run $h$ and
# divide. That is the slope of a *secant*, the straight line that cuts the curve at $x$ and at $x+h$. As $h$ shrinks it turns into the
# *tangent*, which touches the curve at $x$ and is as steep as the curve is there.
#
# How small should the run $h$ be? Commit to an answer first, then move $h$. Afterwards change *one side* to *both sides*, and watch
# how the curve of errors changes.
#
# A green line will mark what theory says: $\varepsilon = 2^{-52}$ is the *machine epsilon*, the gap
# between 1 and the next `float64`; where its roots come from is derived below. In the experiment the input is a weight $w$, and $f$ is
# one neuron's loss, $w^3$ or $\sin w$.

# %%
nudge()

# %% [markdown]
# ### Why there is a best h
#
# Let $f$ be smooth, and look $h$ to the right and $h$ to the left. Every line has its reason beside it.
#
# $$
# \begin{aligned}
# f(x+h) &= f(x) + h f'(x) + \tfrac{h^2}{2} f''(x) + \tfrac{h^3}{6} f'''(x) + \dots && \text{Taylor at } x \\
# f(x-h) &= f(x) - h f'(x) + \tfrac{h^2}{2} f''(x) - \tfrac{h^3}{6} f'''(x) + \dots && \text{the same with } {-h} \\
# f(x+h) - f(x-h) &= 2h f'(x) + \tfrac{h^3}{3} f'''(x) + \dots && \text{even powers cancel} \\
# \frac{f(x+h) - f(x-h)}{2h} &= f'(x) + \underbrace{\tfrac{h^2}{6} f'''(x)}_{\text{truncation}} + \dots && \text{divide by } 2h
# \end{aligned}
# $$
#
# This is the **central difference**. Its truncation error falls as $h^2$: a tenth of the step, a hundredth of the error.

# %% [markdown]
# The other error comes from rounding. A `float64` is right to a relative $\varepsilon/2 \approx 1.1\cdot 10^{-16}$, so each of
# the two values of $f$ may be off by about $\tfrac{\varepsilon}{2}\,|f|$, and their difference divided by $2h$ by
#
# $$\frac{2\cdot\tfrac{\varepsilon}{2}\,|f|}{2h} = \underbrace{\frac{\varepsilon\,|f|}{2h}}_{\text{rounding}},$$
#
# which **rises** as $h$ shrinks. Add both, and ask where the sum is smallest by setting its slope in $h$ to zero:
#
# $$
# \begin{aligned}
# E(h) &= \frac{h^2}{6}\,|f'''| + \frac{\varepsilon\,|f|}{2h} && \text{both errors, roughly at their worst} \\
# E'(h) &= \frac{h}{3}\,|f'''| - \frac{\varepsilon\,|f|}{2h^2} = 0 && \text{at the lowest point} \\
# h &= \Big(\frac{3\varepsilon\,|f|}{2\,|f'''|}\Big)^{1/3} && \text{solved for } h
# \end{aligned}
# $$
#
# With $f = e^x$ the third derivative is $f$ itself, so $h = (3\varepsilon/2)^{1/3} \approx 7\cdot 10^{-6}$ for every $x$ of moderate
# size. (For a very large $x$ the sum $x + h$ loses digits of $h$, an error that is left out here.)
#
# **One side alone**, $\frac{f(x+h) - f(x)}{h}$, keeps the term with $f''$: its error is about
# $\frac{h}{2}\,|f''| + \frac{\varepsilon\,|f|}{h}$. For $e^x$ that is smallest at $h = \sqrt{2\varepsilon}$, and even there hundreds of times
# as large as the best of both sides, or more. The cell below measures it.
#
# <details><summary>Why the green line of the experiment stands a little elsewhere</summary>
#
# $|f|$ and $|f'''|$ are rarely known, so as a rule of thumb one takes the root of the rounding error alone. The experiment's
# $\sqrt[3]{\varepsilon}$ is $6\cdot 10^{-6}$; for one side $\sqrt{\varepsilon}$ is $1.5\cdot 10^{-8}$, where $\sqrt{2\varepsilon}$ is
# $2\cdot 10^{-8}$. Nocedal and Wright (*Numerical Optimization*, 2nd edition, 2006, section 8.1) take the roots of $\varepsilon/2$.
# Near its lowest point the error hardly changes, so all of these do.
#
# </details>

# %% tags=["nbval-ignore-output"]
# Theory against measurement, on f = exp at x = 1, where the true slope is f itself.
eps = 2.0**-52
best_in_theory = (3 * eps / 2) ** (1 / 3)
steps = 10.0 ** np.arange(-12, 0.1, 0.05)
both_sides = np.abs((np.exp(1 + steps) - np.exp(1 - steps)) / (2 * steps) - np.e)
one_side = np.abs((np.exp(1 + steps) - np.e) / steps - np.e)


def worst_nearby(errors):
    # Rounding jumps up and down from one h to the next, so look at the worst of eleven neighbours.
    return np.array([errors[max(0, i - 5) : i + 6].max() for i in range(len(errors))])


both, one = worst_nearby(both_sides), worst_nearby(one_side)
best_measured = steps[both.argmin()]
print("              best h in theory   measured   error there")
print(f"both sides    {best_in_theory:.1e}            {best_measured:.1e}    {both.min():.0e}")
print(f"one side      {(2 * eps) ** 0.5:.1e}            {steps[one.argmin()]:.1e}    {one.min():.0e}")
print(f"at their best, one side is {one.min() / both.min():.0f} times as far off as both")
assert best_in_theory / 4 < best_measured < best_in_theory * 4
assert one.min() / both.min() > 200

# %% [markdown]
# ### Your turn: `numerical_derivative`
#
# Write the central difference. The step is given, close to the best one you have just seen. (Try others afterwards: from 1e-3
# down to 1e-7 the check is content.)

# %% exercise="numerical_derivative"
def numerical_derivative(f, x):
    """Slope of f at x by a central difference.

    f: a function that takes a number and returns a number
    x: a number (may be an integer)
    Returns the slope, a number.
    """
    h = 1e-5
    ### BEGIN SOLUTION
    slope = (f(x + h) - f(x - h)) / (2 * h)
    ### END SOLUTION
    return slope


# %% check="numerical_derivative" points=2
check("numerical_derivative", numerical_derivative)
### BEGIN HIDDEN TESTS
check("numerical_derivative", numerical_derivative, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The last line of the first derivation above.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Two values of f, one on each side of x, equally far away. Rise over run: how long is the run between the two?
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line with a quotient: a difference of two calls of f, over the distance between the two points. Mind the brackets
# below the line.
#
# </details>

# %% [markdown]
# ### Your turn: `numerical_gradient`
#
# A loss depends on many numbers. Its **gradient** holds one slope for each: the slope by this entry, while all others stand still.
# So: take every entry in turn, nudge it up and down, divide, and put it back.
#
# Three traps lie on the way. `x` belongs to the caller and must come back unchanged. `x` may hold integers, and an integer
# array can't hold 3.00001. And `x` may have any shape, even `()`, a single number; `np.ndindex(x.shape)` walks through the indices of
# each of them.

# %% exercise="numerical_gradient"
def numerical_gradient(f, x):
    """Slopes of f by every entry of x, by central differences.

    f: a function that takes an array shaped like x and returns a number
    x: array of any shape, of floats or integers; it is left unchanged
    Returns grad: float array in the shape of x, grad[i] = slope of f by x[i].
    """
    h = 1e-5
    ### BEGIN SOLUTION
    moved = np.array(x, dtype=float)
    grad = np.zeros(moved.shape)
    for i in np.ndindex(moved.shape):
        here = moved[i]
        moved[i] = here + h
        above = f(moved)
        moved[i] = here - h
        below = f(moved)
        moved[i] = here
        grad[i] = (above - below) / (2 * h)
    ### END SOLUTION
    return grad


# %% check="numerical_gradient" points=3
check("numerical_gradient", numerical_gradient)
### BEGIN HIDDEN TESTS
check("numerical_gradient", numerical_gradient, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# f wants the whole array each time, with one entry moved. What happens to that entry before the next one has its turn?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Work on a copy, and make it a copy of floats. Remember the entry's old value and write it back afterwards: adding and
# subtracting h does not always lead back to the same number, because every sum is rounded.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A float array of zeros in the shape of x; one loop over `np.ndindex(x.shape)`; inside it two calls of f, the old value put
# back, and one slope written to the same index.
#
# </details>

# %% [markdown]
# You now own a tool that finds *any* gradient. It calls `f` twice for every entry, so a network with a million weights
# needs two million forward passes for one gradient. The rest of this page finds the same numbers in one sweep.

# %% [markdown]
# ## Local × upstream
#
# Take a computation apart until each piece is so small that its slope is plain. For $L = (wx + b - y)^2$ the pieces are
#
# $$z = wx + b, \qquad r = z - y, \qquad L = r^2 .$$
#
# **Chain rule.** If a nudge of $z$ arrives at $r$ multiplied by $\partial r/\partial z$, and a nudge of $r$ arrives at $L$ multiplied by
# $\partial L/\partial r$, then a nudge of $z$ arrives at $L$ multiplied by both:
#
# $$\frac{\partial L}{\partial z} = \underbrace{\frac{\partial L}{\partial r}}_{\text{upstream}} \cdot \underbrace{\frac{\partial r}{\partial z}}_{\text{local}}$$
#
# Read it from the loss backwards. What has been found for $r$ is the *upstream* gradient of the step before; multiply it with
# that step's *local* gradient, and hand the result on. That is all backpropagation does, edge by edge.

# %% [markdown]
# ### Worked example
#
# $x = 3,\; w = 2,\; b = -1,\; y = 3$. First forwards, writing every value down:
#
# $$z = 2\cdot 3 - 1 = 5, \qquad r = 5 - 3 = 2, \qquad L = 2^2 = 4.$$
#
# Then backwards, beginning with $\partial L/\partial L = 1$:
#
# | gradient | upstream × local | value | why this local gradient |
# |---|---|---|---|
# | $\partial L/\partial r$ | $1 \cdot 2r$ | 4 | power rule |
# | $\partial L/\partial z$ | $4 \cdot 1$ | 4 | $r = z - y$ moves as far as $z$ |
# | $\partial L/\partial w$ | $4 \cdot x$ | 12 | $wx$ moves $x$ times as far as $w$ |
# | $\partial L/\partial x$ | $4 \cdot w$ | 8 | $wx$ moves $w$ times as far as $x$ |
# | $\partial L/\partial b$ | $4 \cdot 1$ | 4 | $z$ moves as far as $b$ |
#
# $\partial L/\partial z$ was computed once and used three times. This sharing is what makes one sweep enough.

# %%
# The same by nudging. It uses the course's own function, so it works whether or not yours is done.
def loss_of(v):
    w, x, b = v
    return (w * x + b - 3) ** 2


print("dw, dx, db by nudging:", chain_rule.numerical_gradient(loss_of, np.array([2, 3, -1])).round(6))

# %% [markdown]
# ### The same with gaps
#
# $x = 4,\; w = -1,\; b = 2,\; y = 1$, so $z = -2$, $r = -3$ and $L = 9$. Fill in on paper, then open.
#
# | gradient | upstream × local | value |
# |---|---|---|
# | $\partial L/\partial r$ | $1 \cdot 2r$ | −6 |
# | $\partial L/\partial z$ | ? · 1 | ? |
# | $\partial L/\partial w$ | ? · ? | ? |
# | $\partial L/\partial x$ | ? · ? | ? |
# | $\partial L/\partial b$ | ? · ? | ? |
#
# <details><summary>Open when you have filled it in</summary>
#
# $\partial L/\partial z = -6 \cdot 1 = -6$, $\;\partial L/\partial w = -6 \cdot 4 = -24$, $\;\partial L/\partial x = -6\cdot(-1) = 6$,
# $\;\partial L/\partial b = -6 \cdot 1 = -6$. A larger $w$, a larger $b$ or a smaller $x$ would all bring the loss down.
#
# </details>

# %% [markdown]
# ## The sigmoid's slope
#
# $\sigma(z) = (1 + e^{-z})^{-1}$ is itself a small chain. Let $q = 1 + e^{-z}$, so $a = q^{-1}$.
#
# $$
# \begin{aligned}
# \frac{\partial a}{\partial q} &= -q^{-2} && \text{power rule} \\
# \frac{\partial q}{\partial z} &= -e^{-z} && \text{slope of } e^{-z}\text{; the 1 does not move} \\
# \sigma'(z) = \frac{\partial a}{\partial q}\cdot\frac{\partial q}{\partial z} &= \frac{e^{-z}}{(1+e^{-z})^2} && \text{chain rule; two minus signs cancel} \\
# &= \frac{1}{1+e^{-z}} \cdot \frac{e^{-z}}{1+e^{-z}} && \text{split into two factors}
# \end{aligned}
# $$
#
# The first factor you know. For the second, add and take away 1 above the line: $e^{-z} = (1 + e^{-z}) - 1$. Write both
# with $a$ alone, and you have a slope that needs no new exponential: the forward pass has computed everything already.

# %%
# The third line of the derivation against differences, at seven places from −6 to 6.
z = np.linspace(-6, 6, 7)
by_formula = np.exp(-z) / (1 + np.exp(-z)) ** 2
by_nudging = np.array([chain_rule.numerical_derivative(sigmoid, v) for v in z])
assert np.allclose(by_formula, by_nudging, rtol=1e-6, atol=1e-9)
for v, slope in zip(z, by_formula, strict=True):
    print(f"z = {v:4.0f}   a = {sigmoid(v):.4f}   slope = {slope:.4f}")

# %% [markdown]
# The slope is largest in the middle, ¼ at $a = ½$, and nearly nothing at both ends. A neuron that is very sure hardly feels a
# nudge. Where many sigmoids follow one another, such slopes are multiplied, each at most ¼: this is one way in which the gradient of a
# deep network can vanish.
#
# ### Your turn: `sigmoid_slope`
#
# Write the slope with $a$ alone.

# %% exercise="sigmoid_slope"
def sigmoid_slope(a):
    """σ′(z), computed from a = σ(z) alone.

    a: array of any shape or a number, between 0 and 1; the sigmoid has been applied already
    Returns the slope, same shape as a.
    """
    ### BEGIN SOLUTION
    slope = a * (1 - a)
    ### END SOLUTION
    return slope


# %% check="sigmoid_slope" points=1
check("sigmoid_slope", sigmoid_slope)
### BEGIN HIDDEN TESTS
check("sigmoid_slope", sigmoid_slope, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The table that was printed above: put a = 0.5 into your formula, and a = 0.9975.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The second factor is $\frac{(1+e^{-z}) - 1}{1+e^{-z}}$. Divide both parts of the numerator by the denominator.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A product of two factors. One falls when a rises, and the two add up to 1.
#
# </details>

# %% [markdown]
# ## One neuron, every edge
#
# Back to the neuron of the experiment: $z = wx + b$, $a = \sigma(z)$, $L = (a - y)^2$. A **local gradient** looks at one edge only
# and knows nothing of the loss further on.
#
# ### Your turn: `neuron_locals`
#
# Write down all five, as functions of the quantities they need.

# %% exercise="neuron_locals"
def neuron_locals(x, w, a, y):
    """The five local gradients of one neuron with one input.

    x, w, a, y: numbers; a = σ(w x + b) has been computed already
    Returns (dl_da, da_dz, dz_dw, dz_dx, dz_db), five numbers.
    """
    ### BEGIN SOLUTION
    dl_da = 2 * (a - y)
    da_dz = a * (1 - a)
    dz_dw = x
    dz_dx = w
    dz_db = 1.0
    ### END SOLUTION
    return dl_da, da_dz, dz_dw, dz_dx, dz_db


# %% check="neuron_locals" points=2
check("neuron_locals", neuron_locals)
### BEGIN HIDDEN TESTS
check("neuron_locals", neuron_locals, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The worked example has four of the five, with other letters.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# For each name `du_dv` ask: if only v moves by a little, how many times as far does u move? No upstream belongs in any of them.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Five short lines. The first uses a and y, the second a, the third and fourth one number each, the last is a constant.
#
# </details>

# %% [markdown]
# ### With D inputs
#
# A real neuron has many inputs: $z = \sum_d w_d x_d + b$ with $x$ and $w$ of shape (D,). Only the last edges change. For each $d$,
#
# $$\frac{\partial z}{\partial w_d} = x_d ,\qquad\text{so}\qquad
# \underbrace{\frac{\partial L}{\partial w}}_{(D,)} = \underbrace{\frac{\partial L}{\partial a}\cdot\frac{\partial a}{\partial z}}_{\text{one number, } \partial L/\partial z} \cdot \underbrace{x}_{(D,)} .$$
#
# ### Your turn: `neuron_gradient`
#
# Compute forwards, then walk back edge by edge.

# %% exercise="neuron_gradient"
def neuron_gradient(x, w, b, y):
    """Gradient of L = (σ(w·x + b) − y)² with respect to w and b.

    x: (D,)   w: (D,)   b: a number   y: a number
    Returns (dw, db): dw (D,), db a number. `sigmoid` is defined at the top of the page; it takes large z too.
    """
    ### BEGIN SOLUTION
    a = sigmoid(w @ x + b)
    da = 2 * (a - y)
    dz = da * a * (1 - a)
    dw = dz * x
    db = dz
    ### END SOLUTION
    return dw, db


# %% check="neuron_gradient" points=3
check("neuron_gradient", neuron_gradient)
### BEGIN HIDDEN TESTS
check("neuron_gradient", neuron_gradient, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The right-hand picture at the top of the page, read from top to bottom: its arrows are your lines backwards.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Give every gradient a name as you go: first da, then dz, then dw and db. Each is the one before, times one local gradient.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line forwards for a, and four lines backwards. dw is a number times an array; db needs no new multiplication.
#
# </details>

# %% [markdown]
# ## Where a value is used twice
#
# So far each value had one arrow leaving it. Now let $x$ feed two pieces: $u = 3x$, $v = x^2$, and $L = uv$. A nudge of $x$ then
# reaches $L$ along two paths. How do their effects combine?

# %%
two_paths()

# %% [markdown]
# **Why, in four lines.** Nudge $x$ by a small $\delta$.
#
# $$
# \begin{aligned}
# u &\to u + \tfrac{\partial u}{\partial x}\delta + \dots, \quad v \to v + \tfrac{\partial v}{\partial x}\delta + \dots && \text{one nudge for both; dots: } \delta^2 \text{ and higher powers} \\
# L &\to uv + v\,\tfrac{\partial u}{\partial x}\delta + u\,\tfrac{\partial v}{\partial x}\delta + \dots && \text{multiply out} \\
# \tfrac{\partial L}{\partial x} &= v\,\tfrac{\partial u}{\partial x} + u\,\tfrac{\partial v}{\partial x} && \text{subtract } L = uv\text{, divide by } \delta\text{; the dots vanish as } \delta \to 0 \\
# &= \tfrac{\partial L}{\partial u}\tfrac{\partial u}{\partial x} + \tfrac{\partial L}{\partial v}\tfrac{\partial v}{\partial x} && \text{because } L = uv\text{, } \tfrac{\partial L}{\partial u} = v \text{ and } \tfrac{\partial L}{\partial v} = u
# \end{aligned}
# $$
#
# In words: **multiply along a path, add over all paths.** With numbers: at $x = 2$ we have $u = 6$ and $v = 4$, so
# $\tfrac{\partial L}{\partial u} = v = 4$, $\tfrac{\partial L}{\partial v} = u = 6$, and the gradient is $4\cdot 3 + 6\cdot 4 = 36$.

# %%
print("by nudging:", round(float(chain_rule.numerical_derivative(lambda x: (3 * x) * x**2, 2)), 6))

# %% [markdown]
# In code this is why gradients are **accumulated**: `dx += …` for every use of x, never `dx = …` for the second one. It matters
# in training, where each weight takes a small step against its gradient, whether or not that gradient is right.
#
# ### Your turn: an activation that uses its input twice
#
# *Swish* is $\text{out} = x \odot \sigma(x)$ (Ramachandran, Zoph and Le, "Searching for activation functions", 2017): the input itself, let
# through by its own sigmoid. One arrow goes straight into the product, the other through σ. Write its backward pass: `dout` is the upstream gradient.

# %% exercise="swish_backward"
def swish_backward(dout, x):
    """Gradient of out = x * sigmoid(x).

    dout: any shape, the gradient of the loss with respect to out
    x: same shape as dout, the input of the forward pass; entries up to ±1000, as `sigmoid` takes them
    Returns dx, same shape as x.
    """
    ### BEGIN SOLUTION
    a = sigmoid(x)
    dx = dout * a
    da = dout * x
    dx = dx + da * a * (1 - a)
    ### END SOLUTION
    return dx


# %% check="swish_backward" points=2
check("swish_backward", swish_backward)
### BEGIN HIDDEN TESTS
check("swish_backward", swish_backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Draw it: x, an arrow to the product, another arrow to σ and from there to the product. Two paths, two terms.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The local gradient of a product by one factor is the other factor. On the path through σ there is one more edge.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A sum of two terms, each with dout in it: the first has two factors, the second dout, x and the sigmoid's slope.
#
# </details>

# %% [markdown] answer="why_gradients_add" points=3
# **In your own words** (three to six sentences, marked by a person): Why do gradients *add* where a value is used twice, and what
# goes wrong if the second one overwrites the first, and the weight then steps against the result? Would training show it? Use an
# example of your own.
#
# ### BEGIN SOLUTION
# A gradient says how far the loss moves for a small nudge of a value, everything else held still. If a value is used in two
# places, one nudge moves both at once. Each place moves the loss by its own slope times the nudge, and as long as the nudge is
# small these two moves don't disturb each other (their interplay is of the order of the nudge squared), so the loss moves by
# their sum. Example: a bias b is added in all four rows of a batch. Nudging it by 0.1 nudges four losses; if each rises by 0.02,
# their total rises by 0.08, not by 0.02. If the last use overwrites the others, the bias learns from the last row only: the
# gradient points in a wrong direction, and training still goes on, which makes the mistake hard to see.
# ### END SOLUTION
#
# ### BEGIN MARK SCHEME
# - **1 point:** says that one nudge of the value reaches the loss along every path at the same time, so the effects belong
#   to the same nudge.
# - **1 point:** says why they are summed and not multiplied or averaged: small changes add up to first order (any wording; a product
#   such as $(x+\delta)^2$ multiplied out counts). An example of their own with numbers or a named network part is enough.
# - **1 point:** says what overwriting does: a path is lost, the gradient is wrong (size, direction or both); and that training need not
#   show it, as the network may still seem to learn.
# - Not enough for the second point: "because the chain rule says so".
# ### END MARK SCHEME

# %% [markdown]
# <details><summary>Nobody to mark it? What earns each of the three points</summary>
#
# Put your text aside for a moment, then read it as a stranger would. Open this only when it is written.
#
# - **1 point** if it says to what *one* nudge of the value leads on its way to the loss, and that all of it comes from the same nudge.
# - **1 point** if it gives a *reason* for adding, rather than multiplying or averaging, or an example of your own with numbers in
#   which the sum can be checked. "Because the chain rule says so" is no reason.
# - **1 point** if it says what is missing after overwriting, what that does to the gradient, *and* whether training would show it.
#
# Numbers in your example? Nudge the value by 0.001 in code, and see whether the loss moves as you wrote.
#
# </details>
#
# *A good place for a break. What follows takes the same two rules to whole layers and to the softmax.*
#
# ## Matrix rules by indices
#
# A whole layer is $\text{out} = xw + b$ with $x$ (N, D), $w$ (D, M), $b$ (M,) and out (N, M). Rules for its gradients can be
# derived, not memorised: write one entry, and ask who uses it.
#
# $$\text{out}_{nm} = \sum_d x_{nd}\, w_{dm} + b_m .$$
#
# **For w.** Who uses $w_{dm}$? Column $m$ of out, in *every* row $n$. Those are N uses (a *fan-out* of N), so N terms add:
#
# $$
# \begin{aligned}
# \frac{\partial L}{\partial w_{dm}} &= \sum_n \frac{\partial L}{\partial\,\text{out}_{nm}} \cdot \frac{\partial\,\text{out}_{nm}}{\partial w_{dm}} && \text{add over all uses} \\
# &= \sum_n \text{dout}_{nm}\; x_{nd} && \text{the local gradient is } x_{nd} \\
# &= \sum_n (x^\top)_{dn}\, \text{dout}_{nm} && \text{swap the indices of } x \text{ by transposing} \\
# \underbrace{\text{dw}}_{(D,\, M)} &= \underbrace{x^\top}_{(D,\, N)} @ \underbrace{\text{dout}}_{(N,\, M)} && \text{a sum over the inner index is a matrix product}
# \end{aligned}
# $$

# %% [markdown]
# **For b.** $b_m$ is used in every row as well, each time with local gradient 1, so $\text{db}_m = \sum_n \text{dout}_{nm}$: the bias adds
# up its column. **For x.** $x_{nd}$ is used by all M outputs of its own row:
#
# $$
# \begin{aligned}
# \text{dx}_{nd} &= \sum_m \text{dout}_{nm}\; w_{dm} && \text{add over all uses; local gradient } w_{dm} \\
# \underbrace{\text{dx}}_{(N,\, D)} &= \underbrace{\text{dout}}_{(N,\, M)} @ \underbrace{w^\top}_{(M,\, D)} && \text{sum over the inner index } m
# \end{aligned}
# $$
#
# The shapes confirm it: if N, D and M differ, there is only one way to multiply dout and $w$ that gives (N, D).
#
# **Now you**, with $x$ (5, 4) and $w$ (4, 3): dout is (?, ?), dw = ? (?, ?) @ ? (?, ?), dx = ? (?, ?) @ ? (?, ?), and db adds up ?
# rows. How many numbers would the Jacobian of out by $w$ hold, one slope for each pair of entries?
#
# <details><summary>Open when you have it</summary>
#
# dout is (5, 3) as out is. $\;\text{dw} = x^\top$ (4, 5) @ dout (5, 3) is (4, 3). $\;\text{dx} = \text{dout}$ (5, 3) @ $w^\top$ (3, 4) is
# (5, 4). db adds up 5 rows and is (3,). The Jacobian would hold 15 · 12 = 180 numbers; dw holds 12. In lesson 04 you write these
# three lines as code.
#
# </details>

# %%
rng = np.random.default_rng(3)
x, w, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
dout = rng.standard_normal((4, 2))  # any upstream will do; the loss that has it is L = Σ dout ⊙ out


def same(by_formula, f, at):
    """Stop if a formula and differences of f disagree."""
    by_nudging = chain_rule.numerical_gradient(f, at)
    assert by_formula.shape == by_nudging.shape
    assert np.allclose(by_formula, by_nudging, rtol=1e-6, atol=1e-8)
    return f"shape {by_formula.shape}, agrees with differences"


print("dw:", same(x.T @ dout, lambda v: np.sum(dout * (x @ v + b)), w))
print("db:", same(dout.sum(axis=0), lambda v: np.sum(dout * (x @ w + v)), b))
print("dx:", same(dout @ w.T, lambda v: np.sum(dout * (v @ w + b)), x))

# %% [markdown]
# ## Softmax and cross-entropy, every step
#
# One example with C classes: scores $s$ (C,), probabilities $p$ (C,) with $p_i = e^{s_i} / \sum_k e^{s_k}$, label $y$, and
# $L = -\log p_y$. Two edges lie between the scores and the loss, so there are two steps back.
#
# ### Step 1: from the loss to the probabilities
#
# $L$ contains a single entry of $p$. By that entry the slope is that of the logarithm, with the minus in front; by all other
# entries $L$ does not move at all.
#
# ### Your turn: `cross_entropy_slope`
#
# Write it as an array in the shape of $p$.

# %% exercise="cross_entropy_slope"
def cross_entropy_slope(p, y):
    """Gradient of L = −log p[y] with respect to every entry of p.

    p: (C,) probabilities, all above 0   y: integer label, 0 … C−1
    Returns dp (C,).
    """
    ### BEGIN SOLUTION
    dp = np.zeros(p.shape)
    dp[y] = -1 / p[y]
    ### END SOLUTION
    return dp


# %% check="cross_entropy_slope" points=1
check("cross_entropy_slope", cross_entropy_slope)
### BEGIN HIDDEN TESTS
check("cross_entropy_slope", cross_entropy_slope, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The loss, written with all its p's: there is one.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The slope of log v is 1/v. If the true class got a tiny probability, a nudge of it changes the loss a lot.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# An array of C zeros in which one entry is replaced by a negative number.
#
# </details>

# %% [markdown]
# ### Step 2: from the probabilities to the scores
#
# Every score moves *every* probability, because they share the sum below the line. All these slopes together are the
# **Jacobian** $J$ (C, C) with $J_{ik} = \partial p_i/\partial s_k$. Let $S = \sum_k e^{s_k}$.
#
# $$
# \begin{aligned}
# \frac{\partial p_i}{\partial s_k} &= \frac{\partial e^{s_i}}{\partial s_k}\cdot\frac{1}{S} - e^{s_i}\cdot\frac{1}{S^2}\cdot\frac{\partial S}{\partial s_k} && \text{slope of a product } e^{s_i}\cdot S^{-1} \\
# \frac{\partial e^{s_i}}{\partial s_k} &= \begin{cases} e^{s_i} & i = k \\ 0 & i \ne k\end{cases}, \qquad \frac{\partial S}{\partial s_k} = e^{s_k} && \text{each score has its own exponential} \\
# J_{ik} &= \frac{e^{s_i}\,[i = k]}{S} - \frac{e^{s_i}}{S}\cdot\frac{e^{s_k}}{S} && \text{put both in; } [i = k] \text{ is 1 where the two are equal, else 0} \\
# &= p_i\,[i = k] - p_i\, p_k && \text{each quotient over } S \text{ is a probability} \\
# J &= \operatorname{diag}(p) - p\,p^\top && \text{as a matrix}
# \end{aligned}
# $$

# %%
s = np.array([2.0, -1.0, 0.5, 1.0])
p = softmax(s[None])[0]  # softmax takes rows: [None] makes s one row, (1, C), and [0] takes it out again
jacobian = np.diag(p) - np.outer(p, p)
for i in range(4):  # row i of J holds the slopes of p[i] by every score; i=i gives each lambda its own i
    row = chain_rule.numerical_gradient(lambda v, i=i: softmax(v[None])[0][i], s)
    assert np.allclose(jacobian[i], row, atol=1e-9)
print(jacobian.round(3))
print("columns add up to 0, as p always adds up to 1:", np.allclose(jacobian.sum(axis=0), 0))

# %% [markdown]
# ### A vector–Jacobian product, without the Jacobian
#
# We never need $J$ itself. What we need is upstream times local, added over all paths: $\text{ds}_k = \sum_i \text{dp}_i\, J_{ik}$,
# the *vector* dp times the Jacobian (**vjp** for short). Put the formula in, and simplify *before* computing:
#
# $$
# \begin{aligned}
# \text{ds}_k &= \sum_i \text{dp}_i\,\big(p_i\,[i=k] - p_i\, p_k\big) && \text{add over all paths} \\
# &= \text{dp}_k\, p_k \;-\; \sum_i \text{dp}_i\, p_i\, p_k && [i=k] \text{ picks a single term} \\
# &= \text{dp}_k\, p_k - p_k \sum_i \text{dp}_i\, p_i && p_k \text{ does not depend on } i \\
# &= p_k\,\Big(\text{dp}_k - \sum_i \text{dp}_i\, p_i\Big) && \text{take out } p_k
# \end{aligned}
# $$
#
# The matrix is gone. For C classes that is about 2C multiplications in place of C²: with a vocabulary of 50,000 words,
# $J$ would fill 20 GB for one example, and ds fills 400 kB.

# %% [markdown]
# **With numbers.** $p = (\tfrac12, \tfrac14, \tfrac14)$ and $\text{dp} = (4, 8, 0)$. The sum is $4\cdot\tfrac12 + 8\cdot\tfrac14 + 0 = 4$. So
# $\text{ds} = \big(\tfrac12(4-4),\; \tfrac14(8-4),\; \tfrac14(0-4)\big) = (0, 1, -1)$.
#
# **Now you**, with the same $p$ and $\text{dp} = (2, 0, 12)$: the sum is ?, and ds = (?, ?, ?).
#
# <details><summary>Open when you have it</summary>
#
# The sum is $1 + 0 + 3 = 4$, and $\text{ds} = (\tfrac12(2-4), \tfrac14(0-4), \tfrac14(12-4)) = (-1, -1, 2)$. It adds up to 0, as
# it must: raising all scores together changes no probability.
#
# </details>

# %%
p = np.array([0.5, 0.25, 0.25])
jacobian = np.diag(p) - np.outer(p, p)
for dp in ([4, 8, 0], [2, 0, 12]):
    print("dp =", dp, " ds =", np.array(dp) @ jacobian)

# %% [markdown]
# ### Your turn: `softmax_vjp`
#
# Now write it for a batch: every row of `dp` and `p` is an example of its own. The check measures memory too, so a C × C
# array will be noticed.

# %% exercise="softmax_vjp"
def softmax_vjp(dp, p):
    """Upstream times the softmax Jacobian, row by row, without forming it.

    dp: (N, C), the gradient of the loss with respect to p
    p: (N, C), each row a softmax
    Returns ds (N, C), the gradient of the loss with respect to the scores.
    """
    ### BEGIN SOLUTION
    total = np.sum(dp * p, axis=1, keepdims=True)
    ds = p * (dp - total)
    ### END SOLUTION
    return ds


# %% check="softmax_vjp" points=3
check("softmax_vjp", softmax_vjp)
### BEGIN HIDDEN TESTS
check("softmax_vjp", softmax_vjp, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The last line of the derivation, and the example with whole numbers below it. Do that example with your function first.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Each row needs one number, the sum over its classes. Which axis holds the classes, and which shape lets that number be
# subtracted from its own row?
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two lines: a sum of shape (N, 1), then an expression of shape (N, C) with one subtraction.
#
# </details>

# %% [markdown]
# ### Step 3: both together
#
# Put the result of step 1 into step 2. In dp only entry $y$ is not zero, so the sum has a single term:
#
# $$\sum_i \text{dp}_i\, p_i = -\frac{1}{p_y}\cdot p_y = -1 \qquad\text{(whatever the scores are)}.$$
#
# So $\text{ds}_k = \text{dp}_k\, p_k + p_k$. For a wrong class, $k \ne y$, the first part is 0. For the true class, $k = y$, it is
# $-\tfrac{1}{p_y}\,p_y$. Finish both cases on paper, write them as one formula for the whole array, then open.
#
# <details><summary>Open when you have it</summary>
#
# For $k \ne y$: $\;\text{ds}_k = 0 + p_k = p_k$. For $k = y$: $\;\text{ds}_y = -1 + p_y$. Both together:
#
# $$\text{ds} = p - \text{one-hot}(y).$$
#
# The gradient is the prediction minus the truth, and nothing can overflow: the $1/p_y$ of step 1 is gone. This is why softmax
# and cross-entropy are usually taken back in one step.
#
# </details>

# %%
s, y = np.array([2.0, -1.0, 0.5, 1.0]), 2
p = softmax(s[None])[0]
by_nudging = chain_rule.numerical_gradient(lambda v: -np.log(softmax(v[None])[0][y]), s)
for name, row in (("p", p), ("gradient by nudging", by_nudging)):
    print(f"{name:>20}", "  ".join(f"{v:7.4f}" for v in row))

# %% [markdown]
# ### Your turn: `scores_slope`
#
# Write the formula you have found, for one example.

# %% exercise="scores_slope"
def scores_slope(p, y):
    """Gradient of L = −log softmax(s)[y] with respect to the scores s.

    p: (C,), the softmax of s; it is left unchanged   y: integer label, 0 … C−1
    Returns ds (C,).
    """
    ### BEGIN SOLUTION
    ds = p.copy()
    ds[y] -= 1
    ### END SOLUTION
    return ds


# %% check="scores_slope" points=1
check("scores_slope", scores_slope)
### BEGIN HIDDEN TESTS
check("scores_slope", scores_slope, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The two printed rows above: where do they agree, and by how much do they differ elsewhere?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# If the prediction is perfect, nothing should move. What has to be taken from p so that a perfect p gives zeros?
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A copy of p in which one entry is smaller. (Without the copy, the caller's p is no longer a probability.)
#
# </details>

# %% [markdown]
# ## Three quick questions
#
# **1 · The central difference of |x| at x = 0 gives 0. What does that tell you?**
#
# <details><summary>The slope of |x| at 0 is 0</summary>
#
# Not this. From the right the slope is 1, from the left −1; the central difference averages the two. At a *kink* there is no slope
# to find. ReLU has such a kink, and lesson 04 shows what to do there.
#
# </details>
# <details><summary>At a kink a central difference answers a question that has no answer</summary>
#
# Yes. It returns the mean of the two one-sided slopes and gives no warning. That is why this course's gradient checker skips kinks, and says so.
#
# </details>
# <details><summary>h was too large</summary>
#
# Not this. |h| − |−h| is 0 for every h.
#
# </details>

# %% [markdown]
# **2 · A network has 1,000 weights. What does its gradient cost by `numerical_gradient`, and what in one backward sweep?**
#
# <details><summary>1,000 forward passes against 1,000 backward passes</summary>
#
# Not this. Both numbers are off: central differences call f twice an entry, and one backward sweep serves every weight.
#
# </details>
# <details><summary>2,000 forward passes against one sweep forwards and one backwards</summary>
#
# Yes. Each upstream gradient is computed once and shared by everything before it. For a loss that is one number, the backward sweep costs a small
# multiple of the forward one, however many weights there are (Baydin and others, "Automatic differentiation in machine learning: a survey",
# JMLR 18, 2018, section 3.2).
#
# </details>
# <details><summary>The same; backpropagation is only more exact</summary>
#
# Not this. It is more exact, too. But its reason to exist is the cost.
#
# </details>

# %% [markdown]
# **3 · From lesson 02: a row's true class gets probability 1 from the softmax, as far as `float64` can tell. What are its cross-entropy and its ds, to rounding?**
#
# <details><summary>Both are 0</summary>
#
# Yes. −log 1 = 0, and p − one-hot(y) is 0 at the true class and at most about 10⁻¹⁶ at the others: there is nothing left to learn
# from this row.
#
# </details>
# <details><summary>The loss is 1 and ds is 0</summary>
#
# Not this. 1 is the probability; the loss is its negative logarithm.
#
# </details>
# <details><summary>The loss is 0, but ds is not</summary>
#
# Not this. The exact loss comes ever closer to 0 without reaching it, and gets flat on the way. The formula agrees: 1 − 1 = 0 for the true
# class, and for the others their p, too small to be felt in a sum with 1.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - A gradient tells how far the loss moves per nudge; differences measure it, with a best h near $10^{-5}$, at two calls an entry.
# - Multiply along a path, add over all paths; go backwards, and every upstream gradient is computed once and shared.
# - A Jacobian is rarely needed, its product with the upstream gradient always: for softmax with cross-entropy it is $p - \text{one-hot}(y)$.

# %%
progress("03_chain_rule")

# %% [markdown]
# **Next: [04 · Backward pass](../04_backward_pass/04_backward_pass.ipynb).** How does every weight learn its share of the blame in one
# sweep? You write the backward pass of every layer and watch your own functions run backwards, each edge compared with differences.
