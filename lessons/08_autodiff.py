# ---
# jupyter:
#   backprop:
#     title: Autodiff
#     minutes: 125
#     question: Could the machine derive this for me?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 · Autodiff
#
# > **Could the machine derive this for me?**
#
# In lesson 04 you wrote the backward pass of a network line by line. Every line followed from its forward line by a fixed rule, and a
# fixed rule is work for a machine. After this page you will be able to
#
# - write an operation together with the rules by which gradients come back through it,
# - build a `Tensor` that remembers how it was made,
# - sweep that memory backwards in the one order that works, for any graph,
# - say what such an engine costs, and where it can still go wrong.
#
# It is called **automatic differentiation**, autodiff for short, and it is the heart of PyTorch, JAX and TensorFlow. Yours will have
# about a hundred lines. (The reverse sweep was described by Linnainmaa in a master's thesis, Helsinki 1970. A readable survey: Baydin,
# Pearlmutter, Radul and Siskind, *Automatic differentiation in machine learning: a survey*, JMLR 18(153), 2018.)
#
# **Time:** 125 minutes. **Builds on:** the chain rule (lesson 03) and the backward pass (lesson 04). Whatever is needed from them comes
# ready-made, so you can begin here.

# %%
import importlib.util
import time
from statistics import median

import numpy as np

from backprop_helpers import accuracy, autodiff, check, init_params, progress
from backprop_helpers import mlp_backward, mlp_forward, softmax_loss
from backprop_helpers.counting import MultiplicationCounter
from backprop_helpers.data import load_digits
from backprop_helpers.experiments import show_graph, tape
from backprop_helpers.gradcheck import gradcheck

# %% [markdown]
# <details><summary>The letters on this page</summary>
#
# | symbol | shape | meaning | in code |
# |---|---|---|---|
# | $a$, $b$ | any | inputs of an operation, as arrays; from section 3 on, $b$ is a bias again | `a`, `b` |
# | out | any | what the operation makes of them | `out` |
# | dout | shape of out | **upstream** gradient $\partial L/\partial\,\text{out}$, which arrives from the side of the loss | `dout` |
# | $da$, $db$ | shape of $a$, of $b$; the shape of out where broadcasting stretched one, until that is undone (section 3) | gradient of the loss with respect to $a$, $b$ | what a **rule** returns |
# | $N$, $D$, $M$, $C$ | numbers | rows of the batch, inputs and outputs of a layer, classes | |
# | $L$ | one number | the loss | `loss` |
# | $\odot$ | | entry by entry | `*` |
#
# A **tensor** is, in these libraries, an array with any number of axes that remembers how it was made. The whole course keeps to the
# other letters; the full list is in `docs/notation.md`.
#
# </details>
#
# ## 1 · A record, read backwards
#
# Here is a small computation as a record: each box is a value, each arrow says what was made from what. The slider sweeps back through
# it, one operation at a time. Blue are values, orange are gradients, and on the arrows stands what each operation sends back.
#
# **Answer the question first**, then move the slider, in both orders. Look at the other graphs too.

# %%
tape()

# %% [markdown]
# Three things are all it takes:
#
# 1. **Rules.** For each operation, how a gradient comes back to each of its inputs.
# 2. **A record.** Which operation made which value from which others.
# 3. **An order.** A value hands its gradient on only when that gradient is complete.
#
# We build them in this order. Nothing here knows what a layer or a network is.

# %% [markdown]
# ## 2 · Operations and their rules
#
# In lesson 04 a forward function returned `(out, cache)`, and a backward function used the cache. Here an operation returns `(out, rules)`,
# with **one rule for each input**. A rule is a function that is waiting for `dout`.
#
# The sum comes ready-made. Nudge $a$, and $a + b$ moves by as much: both slopes are 1, so each rule hands dout on as it is.

# %%
def add(a, b):
    """a + b, and a rule for a and one for b. a, b: arrays whose shapes fit together, or numbers"""
    return a + b, (lambda dout: dout, lambda dout: dout)


out, (rule_a, rule_b) = add(np.array([1.0, 2.0]), np.array([10.0, 20.0]))
dout = np.array([5.0, 7.0])
print("out:", out, "  gradients for dout = [5, 7]:", rule_a(dout), rule_b(dout))

# %% [markdown]
# `lambda dout: dout` is a small function without a name, the same as `def rule(dout): return dout`. Either way of writing is fine.
#
# A function that is made inside another one can use that one's variables, even after it has ended. It **remembers** them, and so takes the place
# of the cache:

# %%
def scale(a):
    """3 · a, with a rule that uses a variable of this function."""
    factor = 3.0

    def rule(dout):
        return dout * factor

    return factor * a, (rule,)


out, rules = scale(np.array([1.0, 2.0]))
print("out:", out, "  gradient for dout = [1, 10]:", rules[0](np.array([1.0, 10.0])))

# %% [markdown]
# Mind the comma in `(rule,)`: it makes a tuple of one thing. Without it, the parentheses do nothing.
#
# ### The product
#
# $\text{out} = a \odot b$. Nudge $a$ by $\varepsilon$: out moves by $\varepsilon\, b$. So the slope for $a$ is $b$, and the other way round:
#
# $$da = \text{dout} \odot b, \qquad db = \text{dout} \odot a .$$
#
# **Worked.** $a = 3$, $b = 2$, $\text{dout} = 5$: $da = 5\cdot 2 = 10$ and $db = 5\cdot 3 = 15$.
#
# **With gaps.** $a = -1$, $b = 4$, $\text{dout} = 2$: $da = \,?$ and $db = \,?$
#
# <details><summary>Open when you have filled it in</summary>
#
# $da = 2\cdot 4 = 8$ and $db = 2\cdot(-1) = -2$.
#
# </details>

# %% [markdown]
# **Exercise · `mul`** (1 point). The product, in the form of `add`.

# %% exercise="mul"
def mul(a, b):
    """The product of two arrays, entry by entry.

    a, b: arrays whose shapes fit together, or numbers
    Returns out (the common shape of both), and rules: a tuple of two functions of dout (shape of out), one for a and one for b
    """
    ### BEGIN SOLUTION
    out = a * b
    rules = (lambda dout: dout * b, lambda dout: dout * a)
    ### END SOLUTION
    return out, rules


# %% check="mul" points=1
check("mul", mul)
### BEGIN HIDDEN TESTS
check("mul", mul, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The cell with `add`. What changes is what is computed, and what each rule does with dout.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# The rule for a needs b, and the rule for b needs a. Both are variables of the function around it, so a rule can use them.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two lines: one for out, one for a tuple of two small functions. Each of these multiplies dout by something.
#
# </details>

# %% [markdown]
# ### The matrix product
#
# Lesson 04 derived it index by index. With $a$ (N, D), $b$ (D, M) and $\text{out} = a\,b$ (N, M),
#
# $$\underset{(N,\,D)}{da} = \underset{(N,\,M)}{\text{dout}}\;\underset{(M,\,D)}{b^\top}, \qquad \underset{(D,\,M)}{db} = \underset{(D,\,N)}{a^\top}\;\underset{(N,\,M)}{\text{dout}} .$$
#
# **Exercise · `matmul`** (1 point).

# %% exercise="matmul"
def matmul(a, b):
    """The matrix product of two arrays.

    a: (N, D), b: (D, M)
    Returns out (N, M), and rules: a tuple of two functions of dout (N, M), which give da (N, D) and db (D, M)
    """
    ### BEGIN SOLUTION
    out = a @ b
    rules = (lambda dout: dout @ b.T, lambda dout: a.T @ dout)
    ### END SOLUTION
    return out, rules


# %% check="matmul" points=1
check("matmul", matmul)
### BEGIN HIDDEN TESTS
check("matmul", matmul, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The two formulas above. Each is one rule.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# `@` is the matrix product, `.T` turns a matrix. The shapes under the formulas say which one is turned and on which side it stands.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# As for `mul`: one line for out, one for two rules. In each of them stand dout, the other input with its transpose, and one `@`.
#
# </details>
#
# ### The sum over an axis
#
# $\text{out} = \sum a$, over all entries or along one axis. Each entry of $a$ stands in one sum, with slope 1. So it gets the gradient **of that
# sum**, unchanged. All that has to be done is to bring dout back to the shape of $a$:

# %% [markdown]
# **Worked.** $a$ is (2, 3). Summed over axis 1, each row becomes one number, so dout has shape (2,), say (5, 7):
#
# $$\text{dout} = (5,\; 7) \quad\Rightarrow\quad \begin{pmatrix}5\\7\end{pmatrix} \text{ of shape } (2, 1) \quad\Rightarrow\quad da = \begin{pmatrix}5&5&5\\7&7&7\end{pmatrix}$$
#
# First the axis that the sum took away is put back with length 1, then it is stretched. Without the first step NumPy would lay (5, 7) along the
# *last* axis: an error here, and silently wrong numbers in a square table.
#
# With `keepdims=True` the sum leaves the axis there, with length 1. Then dout comes as (2, 1) already.

# %%
dout = np.array([5.0, 7.0])
column = np.expand_dims(dout, 1)  # or dout.reshape(2, 1)
print("with the axis put back:", column.shape, "  stretched:", np.broadcast_to(column, (2, 3)).tolist())

# %% [markdown]
# **With gaps.** The same $a$ (2, 3), summed over axis 0: dout has shape $(?,)$. With dout = (1, 2, 3), the first row of $da$ is $?$ and the second $?$.
#
# <details><summary>Open when you have filled it in</summary>
#
# (3,): one number for each column. Both rows of $da$ are (1, 2, 3).
#
# </details>

# %% [markdown]
# **Exercise · `sum_over`** (2 points). Let NumPy do the sum itself: `np.sum` has the same two settings.

# %% exercise="sum_over"
def sum_over(a, axis=None, keepdims=False):
    """The sum of an array over one axis, or over all of them.

    a: an array of any shape
    axis: one number, the axis that is added up (negative counts from the end), or None for all
    keepdims: True or False, whether an axis that was added up stays, with length 1
    Returns out (one number, or an array), and rules: a tuple of one function of dout (shape of out), which gives da (shape of a)
    """
    ### BEGIN SOLUTION
    out = np.sum(a, axis=axis, keepdims=keepdims)

    def rule(dout):
        if axis is not None and not keepdims:
            dout = np.expand_dims(dout, axis)
        return np.broadcast_to(dout, a.shape)

    rules = (rule,)
    ### END SOLUTION
    return out, rules


# %% check="sum_over" points=2
check("sum_over", sum_over)
### BEGIN HIDDEN TESTS
check("sum_over", sum_over, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The worked example has two steps. In which cases is the first one not needed?
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Three cases: all axes were added up (then dout is one number, or has length 1 everywhere); one axis, and it was kept; one axis, and it is
# gone. Only in the last one does an axis have to be put back.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line for out. A rule written with `def`: an `if` with one line in it, and a return that stretches to the shape of a. A tuple with one rule.
#
# </details>
#
# ### Three that work entry by entry
#
# One input, one path: $da = \text{dout} \odot$ slope.
#
# | operation | slope | because |
# |---|---|---|
# | $\text{relu}(a) = \max(0, a)$ | 1 where $a > 0$, else 0 | a line to the right of 0, flat to the left (lesson 04) |
# | $e^a$ | $e^a$, which is out | the exponential is its own slope |
# | $\log a$ | $1/a$ | see below |

# %% [markdown]
# The last one follows from the one above it. $e^{\log a} = a$. Take the slope of both sides, the left one by the chain rule:
# $e^{\log a}\cdot(\log a)' = 1$, and $e^{\log a}$ is $a$. So $(\log a)' = 1/a$.
#
# **By hand.** dout = 6. At $a = 2$: relu gives $6$, log gives $6/2 = 3$. At $a = \log 5$: exp gives $6\cdot 5 = \,?$
#
# <details><summary>Open when you have filled it in</summary>
#
# 30. The slope of the exponential is what came out of it, and $e^{\log 5} = 5$.
#
# </details>

# %% [markdown]
# **Exercises · `relu`, `exp`, `log`** (1 point each). Leave dout and out as they are: others may hold the same arrays.

# %% exercise="relu"
def relu(a):
    """max(0, a), entry by entry.

    a: an array of any shape
    Returns out (shape of a), and rules: a tuple of one function of dout (shape of a), which gives da (shape of a)
    """
    ### BEGIN SOLUTION
    out = np.maximum(a, 0)
    rules = (lambda dout: dout * (a > 0),)
    ### END SOLUTION
    return out, rules


# %% check="relu" points=1
check("relu", relu)
### BEGIN HIDDEN TESTS
check("relu", relu, hidden=True)
### END HIDDEN TESTS

# %% exercise="exp"
def exp(a):
    """e to the power of a, entry by entry.

    a: an array of any shape
    Returns out (shape of a), and rules: a tuple of one function of dout (shape of a), which gives da (shape of a)
    """
    ### BEGIN SOLUTION
    out = np.exp(a)
    rules = (lambda dout: dout * out,)
    ### END SOLUTION
    return out, rules


# %% check="exp" points=1
check("exp", exp)
### BEGIN HIDDEN TESTS
check("exp", exp, hidden=True)
### END HIDDEN TESTS

# %% exercise="log"
def log(a):
    """The natural logarithm, entry by entry.

    a: an array of any shape, all entries above 0
    Returns out (shape of a), and rules: a tuple of one function of dout (shape of a), which gives da (shape of a)
    """
    ### BEGIN SOLUTION
    out = np.log(a)
    rules = (lambda dout: dout / a,)
    ### END SOLUTION
    return out, rules


# %% check="log" points=1
check("log", log)
### BEGIN HIDDEN TESTS
check("log", log, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The table: its second column, times dout, is the rule.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# A comparison such as `a > 0` gives True and False, which count as 1 and 0 in a product. For `exp`, what the slope needs has been computed already.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two lines each. A rule is a product of dout with something, or a quotient. A tuple with one rule in it has a comma.
#
# </details>

# %% [markdown]
# ## 3 · Broadcasting undone
#
# `h @ w + b` adds a bias (M,) to a table (N, M). NumPy **stretches** the bias: it acts as if there were N copies of it, one below the other. Each
# copy reaches the loss on a path of its own, and the rule of the sum gives each copy its gradient: a whole table (N, M).
#
# But there is only one bias. Its paths **add up**: the table's rows must be added until the shape is that of the bias again. That is the
# `db` of lesson 04, and the same holds wherever something is stretched.

# %% [markdown]
# NumPy lines shapes up at their last axis, and stretches in two ways:
#
# | the small shape | beside (2, 3) | what happens | so add up |
# |---|---|---|---|
# | (3,) | `(  3)` | a **new axis** in front, then stretched to 2 | axis 0, which then disappears |
# | (2, 1) | `(2, 1)` | an axis of **length 1**, stretched to 3 | axis 1, which stays, with length 1 |
# | () | `(    )` | two new axes | both |
# | (2, 3) | `(2, 3)` | nothing | nothing |

# %% [markdown]
# **Worked.** $\text{grad} = \begin{pmatrix}1&2&3\\4&5&6\end{pmatrix}$, which a rule has returned.
#
# - For an input of shape (3,): add the rows, $(5, 7, 9)$.
# - For (2, 1): add along each row, $\begin{pmatrix}6\\15\end{pmatrix}$.
#
# **With gaps.** The same grad: for (1, 3) it is $\big(?\;\;?\;\;?\big)$ of shape $(?, ?)$; for a single number, shape (), it is $?$
#
# <details><summary>Open when you have filled it in</summary>
#
# $(5\;\;7\;\;9)$ of shape (1, 3): the axis has length 1, so it stays. For a single number: 21.
#
# </details>

# %%
grad = np.array([[1.0, 2, 3], [4, 5, 6]])
print("axis 0, gone:          ", grad.sum(axis=0).tolist())
print("axis 1, kept:          ", grad.sum(axis=1, keepdims=True).tolist())
print("several axes at a time:", grad.sum(axis=(0, 1)).tolist())
print("none at all:           ", grad.sum(axis=()).tolist())

# %% [markdown]
# **Exercise · `unbroadcast`** (2 points). Undo the stretching in one place, for all operations. `grad` may have more axes than `shape`, never fewer.

# %% exercise="unbroadcast"
def unbroadcast(grad, shape):
    """Undo a stretching: add up the entries of grad that come from one and the same entry.

    grad: an array of any shape to which `shape` can be stretched
    shape: a tuple of numbers, the shape before the stretching
    Returns an array of that shape
    """
    ### BEGIN SOLUTION
    new_axes = grad.ndim - len(shape)
    grad = grad.sum(axis=tuple(range(new_axes)))
    stretched = tuple(i for i, length in enumerate(shape) if length == 1)
    result = grad.sum(axis=stretched, keepdims=True)
    ### END SOLUTION
    return result


# %% check="unbroadcast" points=2
check("unbroadcast", unbroadcast)
### BEGIN HIDDEN TESTS
check("unbroadcast", unbroadcast, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The last column of the table. Take its two ways one after the other: first the new axes, then those of length 1.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# How many new axes there are, the two numbers of axes tell: `grad.ndim` and `len(shape)`. They stand in front. When they are gone, the axes of grad and of
# shape have the same numbers, so you can ask which of them have length 1 in shape.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two sums: one that lets axes disappear, and one that keeps them. `axis` may be a tuple, as in the cell above, also an empty one. Or two loops that
# add up one axis at a time.
#
# </details>

# %% [markdown]
# ## 4 · A Tensor remembers
#
# Now the record. A `Tensor` holds an array, and beside it how that array was made:
#
# | attribute | holds |
# |---|---|
# | `data` | the array |
# | `grad` | None; after a sweep the gradient, an array of the same shape |
# | `parents` | the Tensors it was made from; `()` for one that you made yourself (a **leaf**) |
# | `rules` | one rule for each parent, in the same order |
# | `op` | the name of the operation, for pictures |
#
# `Tensor.apply(mul, x, w)` is where all of this is written down. It takes the arrays out, lets the operation work, and wraps
# what comes out. `x * w` then is another way of writing the same; all operators stand at the end of the class, ready-made.

# %% [markdown]
# One subtlety. In `x * 2.5` the number is a **constant**. Nobody asks for its gradient, so it becomes no parent, and *its* rule is dropped. The rule
# of `x` stays.
#
# **By hand.** An operation returns `rules = (r0, r1, r2)` for its inputs (2.5, x, w), where x and w are Tensors. Then `parents` is
# (x, ?) and `rules` is (?, ?).
#
# <details><summary>Open when you have filled it in</summary>
#
# `parents` is (x, w), `rules` is (r1, r2). Whoever drops the constant from the inputs, but takes the rules from the front, pairs x with r0.
#
# </details>

# %% [markdown]
# **Exercise · `Tensor`** (2 points). Write the body of `apply`: it needs `out`, `parents` and `rules` for its last line, which is there.

# %% exercise="Tensor"
class Tensor:
    """An array that remembers how it was made."""

    __array_ufunc__ = None  # so that `array @ tensor` is answered by this class and not by NumPy

    def __init__(self, data, parents=(), rules=(), op=""):
        self.data = np.asarray(data, dtype=float)
        self.grad = None
        self.parents = parents
        self.rules = rules
        self.op = op

    @staticmethod
    def apply(op, *inputs, **settings):
        """Let an operation work on the arrays of its inputs, and remember.

        op: a function such as mul; op(*arrays, **settings) returns out (an array) and rules (a tuple)
        inputs: a tuple of Tensors and constants (arrays or numbers), in any order
        settings: a dictionary, such as {"axis": 0}, to be handed on to op
        Returns a Tensor
        """
        ### BEGIN SOLUTION
        arrays = [i.data if isinstance(i, Tensor) else i for i in inputs]
        out, all_rules = op(*arrays, **settings)
        kept = [(i, rule) for i, rule in zip(inputs, all_rules, strict=True) if isinstance(i, Tensor)]
        parents = tuple(i for i, _ in kept)
        rules = tuple(rule for _, rule in kept)
        ### END SOLUTION
        return Tensor(out, parents, rules, op.__name__)

    def __repr__(self):
        return f"Tensor({self.data}{f', made by {self.op}' if self.op else ''})"

    def __add__(self, other):
        return Tensor.apply(add, self, other)

    def __mul__(self, other):
        return Tensor.apply(mul, self, other)

    def __matmul__(self, other):
        return Tensor.apply(matmul, self, other)

    def __rmatmul__(self, other):  # called for array @ tensor
        return Tensor.apply(matmul, other, self)

    def __sub__(self, other):
        return self + -1.0 * other

    __radd__, __rmul__ = __add__, __mul__  # called for number + tensor, number * tensor

    def sum(self, axis=None, keepdims=False):
        """A Tensor: the sum over one axis (a number), or of all entries (None); keepdims: True or False"""
        return Tensor.apply(sum_over, self, axis=axis, keepdims=keepdims)

    def relu(self):
        """Returns max(0, data), a Tensor of the same shape."""
        return Tensor.apply(relu, self)

    def exp(self):
        """Returns e to the power of data, a Tensor of the same shape."""
        return Tensor.apply(exp, self)

    def log(self):
        """Returns the logarithm of data, a Tensor of the same shape."""
        return Tensor.apply(log, self)


# %% check="Tensor" points=2
check("Tensor", Tensor)
### BEGIN HIDDEN TESTS
check("Tensor", Tensor, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The example by hand, and the paragraph above it: take the arrays out, let op work, keep what belongs to Tensors.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# `isinstance(i, Tensor)` tells Tensors from constants. Go through inputs and rules *together*, with `zip`, so that what is dropped is dropped
# from both.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# A list of arrays and numbers; one call of op with stars, as in the docstring; then a loop that fills two lists, or two tuples.
#
# </details>
#

# %% [markdown]
# What has it remembered? Operations that are not written yet can't be used yet, so this cell takes `add` and an operation of its own.

# %%
x, b = Tensor([1.0, 2.0]), Tensor([10.0])
out = Tensor.apply(scale, x) + b
print(out)
print("parents:", out.parents)
show_graph(out, x=x, b=b, out=out)

# %% [markdown]
# ## 5 · The order
#
# A **topological order** of a graph is a list in which every tensor stands after its parents. (Its name comes from the mathematics of networks; think
# of getting dressed: socks before shoes.) The sweep walks such a list from its end. Then everything made from a tensor has had its turn
# before the tensor itself, and its gradient is complete.
#
# How to find one? **A tensor may be put down when all of its parents have been.** So before putting it down, see to its parents; and
# never put anything down twice.

# %% [markdown]
# The shortest way to write that calls itself for each parent. It has a limit:

# %%
def depth_by_recursion(tensor):
    """How many operations lie below a tensor, along its first parents."""
    return 1 + depth_by_recursion(tensor.parents[0]) if tensor.parents else 0


long_chain = Tensor(0.0)
for _ in range(5000):
    long_chain = Tensor(0.0, parents=(long_chain,), rules=(lambda dout: dout,), op="step")

try:
    print(depth_by_recursion(long_chain))
except RecursionError as stopped:
    print("RecursionError:", str(stopped).partition(" while")[0])

# %% [markdown]
# Python lets calls lie about a thousand deep. A loop that runs over a text, a time series or the steps of a simulation makes deeper graphs than that.
#
# So keep your own list of what is to be done, a **stack**: take from its end, put at its end. The trick is to put each tensor there
# *twice*. The first time it means “see to my parents first”, the second time, marked, it means “they are done, put me down”.

# %% [markdown]
# **By hand.** $h = x\,w$, $L = h\,x$. The end of the stack is on the right, a tick marks the second time. A tensor is *seen* when it is first
# taken, not when it is put there.
#
# | stack | taken | what to do | put down so far |
# |---|---|---|---|
# | L | L | L✓ goes back, then its parents h, x | |
# | L✓ h x | x | x✓ goes back; no parents | |
# | L✓ h x✓ | x✓ | put x down | x |
# | L✓ h | h | h✓ goes back, then x, w | x |
# | L✓ h✓ x w | w | w✓ goes back; no parents | x |
# | L✓ h✓ x w✓ | w✓ | put w down | x w |
# | L✓ h✓ x | x | **seen before**: nothing | x w |
# | L✓ h✓ | h✓ | put h down | x w h |
# | L✓ | L✓ | ? | ? |
#
# <details><summary>The last row</summary>
#
# Put L down: x w h L. Each after its parents, each once, and the stack is empty.
#
# </details>

# %% [markdown]
# **Exercise · `topological_order`** (3 points). Tensors can be put into a set: `seen.add(tensor)`, `tensor in seen`.

# %% exercise="topological_order"
def topological_order(root):
    """root and everything it was made from, in an order in which gradients can come back.

    root: a Tensor; only its parents, their parents and so on are looked at (a tuple of Tensors each)
    Returns order: a list of Tensors, each once, each after all of its parents, root the last
    """
    ### BEGIN SOLUTION
    order, seen = [], set()
    stack = [(root, False)]
    while stack:
        tensor, parents_done = stack.pop()
        if parents_done:
            order.append(tensor)
        elif tensor not in seen:
            seen.add(tensor)
            stack.append((tensor, True))
            for parent in tensor.parents:
                stack.append((parent, False))
    ### END SOLUTION
    return order


# %% check="topological_order" points=3
check("topological_order", topological_order)
### BEGIN HIDDEN TESTS
check("topological_order", topological_order, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# Each row of the table is one turn of a `while` loop. There are three kinds of rows.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Let the stack hold pairs: a Tensor, and True or False for the tick. `stack.pop()` takes the last one. A Tensor is *seen* when it is taken
# without a tick for the first time, not when it is put there: another path may bring it further to the front.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# An empty list, an empty set, a stack with one pair in it. Then `while stack:` with an `if` and an `elif` inside: put down, or mark as seen and put back
# with its parents.
#
# </details>

# %% [markdown]
# ## 6 · The sweep
#
# Everything is there. In words, for `backward(root, upstream)`:
#
# 1. If `upstream` is left out, it is 1, for a root that is a single number, of shape () or with one entry. A root of several numbers has no one gradient: raise `ValueError`.
# 2. Make the topological order. If a tensor in it was swept before (see below), raise `RuntimeError`.
# 3. Add upstream to `root.grad`.
# 4. Walk the order **from its end**. For each parent of a tensor and its rule, call the rule with the tensor's `grad`, undo
#    broadcasting, and **add** the result to the parent's `grad`, as a **new array** (`grad = grad + more`, not `grad += more`).
# 5. A tensor that has handed its gradient on forgets its rules: `rules = None`. A leaf has none to forget, and keeps its `()`.
#    So a tensor whose rules are None was **swept before**.

# %% [markdown]
# **By hand.** The graph of the table above, $h = x\,w$ and $L = h\,x$, with $x = 2$ and $w = 3$, so $h = 6$. The order was x w h L; from its end:
#
# | turn | its gradient | sends |
# |---|---|---|
# | L | 1 | to h: $1\cdot x = 2$, to x: $1\cdot h = 6$ |
# | h | 2 | to x: $2\cdot w = \,?$, to w: $2\cdot x = \,?$ |
# | w, x | ?, ? | nothing: they are leaves |
#
# <details><summary>Open when you have filled it in</summary>
#
# h sends 6 to x and 4 to w. So $dw = 4$ and $dx = 6 + 6 = 12$. The proof: $L = x^2 w$, whose slopes are $2xw = 12$ and $x^2 = 4$.
#
# </details>

# %% [markdown]
# Three things in the five steps deserve a reason.
#
# **Add.** A `grad` that is None is the first to arrive. Any other is added to, within a sweep (paths add) and from one sweep to the next.
# So two losses that use the same `w` can be swept one after the other. Before the next training step, somebody has to put the
# gradients away: `w.grad = None`.
#
# **A new array.** The two rules of `add` hand on *one and the same* array. Add in place to one gradient, and the other changes with it:

# %%
dout = np.array([1.0, 2.0])
x_grad, b_grad = dout, dout  # what the rules of x + b make of dout
x_grad += 10.0  # a second path into x, added in place
print("b_grad:", b_grad, " expected [1. 2.]")

# %% [markdown]
# **Swept before.** $x = 3$, $h = x\cdot x$, $L = 2h$. The first sweep gives $h$ the gradient 2 and $x$ the gradient $2\cdot 2x = 12$.
#
# In a second sweep over the same graph $L$ would hold 2 and send 4. Then $h$ holds 6 and hands on all 6, and $x$ gets 36 on top of its 12.
# That is 48, where twice 12 is 24. The gradients of the root and of everything *between* root and leaves were counted again.
#
# So a second sweep is refused, as PyTorch does. Forgetting the rules is what makes it visible: a tensor whose `rules` are None was swept.
# It also gives back the memory that the rules hold.

# %% [markdown]
# **Exercise · `backward`** (4 points). Use `autodiff.topological_order(root)` and `autodiff.unbroadcast(grad, shape)`, the course's own, or
# yours, once their checks hold. Refuse before any gradient is changed.

# %% exercise="backward"
def backward(root, upstream=None):
    """Add the gradient of sum(upstream * root) to the grad of root and of every Tensor it was made from.

    root: a Tensor
    upstream: an array of the shape of root; None, for a root that is a single number, means 1
    Returns nothing (None). Raises ValueError where upstream is missing, RuntimeError where a part of the graph was swept before
    """
    ### BEGIN SOLUTION
    if upstream is None:
        if root.data.size != 1:
            raise ValueError(f"root has shape {root.data.shape}: backward needs an upstream of that shape")
        upstream = np.ones(root.data.shape)
    order = autodiff.topological_order(root)
    if any(tensor.rules is None for tensor in order):
        raise RuntimeError("a part of this graph was swept before: compute it anew")

    def receive(tensor, grad):
        tensor.grad = grad if tensor.grad is None else tensor.grad + grad

    receive(root, upstream)
    for tensor in reversed(order):
        for parent, rule in zip(tensor.parents, tensor.rules, strict=True):
            receive(parent, autodiff.unbroadcast(rule(tensor.grad), parent.data.shape))
        if tensor.parents:
            tensor.rules = None
    ### END SOLUTION


# %% check="backward" points=4
check("backward", backward)
### BEGIN HIDDEN TESTS
check("backward", backward, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The five steps. Each is one to three lines, in that order.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# Two places add to a grad that may still be None: step 3 and step 4. A small function for it, made inside `backward`, saves writing it twice.
# `tensor.data.shape` is the shape to come back to, `tensor.data.size` how many numbers there are.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# Two `if` with a `raise`. Then a loop over the reversed order, with a loop over the pairs of parents and rules inside it. After the inner loop, an `if` that
# lets the rules go.
#
# </details>

# %% [markdown]
# ## 7 · It derives
#
# The last piece goes into the class, and the engine is complete. Its first task: $L = \sum (x\,w + b)^2$, which nobody has derived by hand. (For the
# square take a product of a tensor with itself.)

# %%
Tensor.backward = backward

x = np.array([[1.0, 0, 2], [0, 1, 1]])
w, b = Tensor([[1.0, -1], [0, 2], [1, 1]]), Tensor([-1.0, 1])
z = x @ w + b
loss = (z * z).sum()
loss.backward()
print("dw =", w.grad.tolist())
print("db =", b.grad.tolist())
show_graph(loss, w=w, b=b, z=z, L=loss)

# %% [markdown]
# `z` is both factors of one product, and the two gradients were added. `b` was stretched over two rows, and its gradient has come back to (2,). The
# input `x` is an array, so it is no part of the graph.
#
# **Is it right?** The gradient checker of lesson 03 knows nothing of rules and records. Here it nudges every number that goes into an
# expression with all seven operations in it.

# %%
def value(x, w, b):
    """One number from x (4, 3), w (3, 2) and b (2,): Tensors in, Tensor out."""
    h = (x @ w + b).relu() + 0.1
    p = h.exp() * h.log() - h
    return (p.sum(axis=0) * p.sum(axis=1, keepdims=True)).sum() * 0.01


rng = np.random.default_rng(5)
arrays = tuple(rng.uniform(0.2, 1, shape) for shape in ((4, 3), (3, 2), (2,)))
leaves = [Tensor(a) for a in arrays]
value(*leaves).backward()


def number(*arrays):
    """The same as a function of arrays, as the checker wants it: one number."""
    return float(value(*map(Tensor, arrays)).data)


report = gradcheck(number, tuple(t.grad for t in leaves), arrays, upstream=1.0)
print("gradients of x, w and b agree with finite differences:", report.passed)

# %% [markdown]
# **Deep graphs** work too, because nothing calls itself: 50,000 sums, one after the other.

# %%
x = Tensor(1.0)
y = x
for _ in range(50_000):
    y = y + x
y.backward()
print("the slope of 50,001 x:", x.grad)

# %% [markdown]
# ### The network of lesson 04 in ten lines
#
# Forward only. The rest is the engine's.

# %%
def network(x, params):
    """Scores, a Tensor (N, C). x: array (N, D); params: [(w, b), …], pairs of Tensors"""
    for w, b in params[:-1]:
        x = (x @ w + b).relu()
    w, b = params[-1]
    return x @ w + b


def cross_entropy(scores, y):
    """Mean cross-entropy, a Tensor of one number. scores: Tensor (N, C); y: array (N,) of labels"""
    shifted = scores - scores.data.max(axis=1, keepdims=True)
    log_p = shifted - shifted.exp().sum(axis=1, keepdims=True).log()
    one_hot = np.eye(scores.data.shape[1])[y]
    return (log_p * one_hot).sum() * (-1 / len(y))


# %% [markdown]
# Two lines want a look. The maximum that is subtracted is taken from `scores.data`, so it is a constant to the engine. That is right: softmax doesn't change
# when a row is shifted, so by how much it is shifted has slope 0.
#
# And the label's entry is picked with a **one-hot** table, which has a 1 at each row's label and 0 elsewhere. A product and a sum do it, so no new
# operation is needed.
#
# Beside it your lesson 04: `mlp_forward`, `softmax_loss`, `mlp_backward`, all derived by hand.

# %%
digits = load_digits()
x, y = digits.x_train[:100], digits.y_train[:100]
arrays = init_params([64, 32, 10], np.random.default_rng(8), scale=0.2)

scores, caches = mlp_forward(x, arrays)
loss_by_hand, dscores = softmax_loss(scores, y)
by_hand = [grad for pair in mlp_backward(dscores, caches) for grad in pair]


def compare(params, text):
    """Print whether engine and hand agree. params: pairs of Tensors; text: a string"""
    mine = [t.grad for pair in params for t in pair]
    same = all(np.array_equal(a, b) for a, b in zip(mine, by_hand, strict=True))
    near = all(np.allclose(a, b, rtol=1e-12, atol=1e-15) for a, b in zip(mine, by_hand, strict=True))
    print(f"{text}   the same to the last bit: {same}   to 12 digits: {near}")


params = [(Tensor(w), Tensor(b)) for w, b in arrays]
network(x, params).backward(dscores)
compare(params, "network, upstream by hand")

params = [(Tensor(w), Tensor(b)) for w, b in arrays]
loss = cross_entropy(network(x, params), y)
loss.backward()
compare(params, "network and loss         ")

# %% [markdown]
# In the first row both get the same dscores, and do the same products and sums: every bit agrees. (If your rules compute the same in another way, as with
# `einsum`, the last bits may differ, and both are right.)
#
# In the second row the engine has derived the loss as well, through exp, sum and log. By hand you used $(p - \text{one-hot})/N$, which rounds
# differently in the last digits. Nobody told the engine that formula.

# %%
show_graph(loss, w1=params[0][0], b1=params[0][1], w2=params[1][0], b2=params[1][1], L=loss)

# %% [markdown]
# **And it learns.** The line of lesson 05, $w \leftarrow w - \eta\,\partial L/\partial w$, on the numbers inside the Tensors; then the gradients are put away.

# %%
for step in range(101):
    loss = cross_entropy(network(digits.x_train, params), digits.y_train)
    for pair in params:
        for t in pair:
            t.grad = None  # also what earlier cells have left there
    loss.backward()
    if step % 50 == 0:
        right = accuracy(network(digits.x_val, params).data, digits.y_val)
        print(f"step {step:3}   loss {loss.data:.2f}   read correctly of the digits kept aside: {right:.0%}")
    for pair in params:
        for t in pair:
            t.data = t.data - 0.5 * t.grad

# %% [markdown]
# ## 8 · What it costs
#
# First what can be counted, for the network with 100 digits: operations in the record, multiplications inside the matrix products, and
# numbers that are kept from forward to backward besides the data and the weights.

# %%
params = [(Tensor(w), Tensor(b)) for w, b in arrays]
out = network(x, params)
record = [t for t in topological_order(out) if t.parents]
products = [t for t in record if t.op == "matmul"]
# out (N, M) holds N · M numbers, each a sum of D products; a sweep does as many again for each parent
once = [t.data.size * t.parents[-1].data.shape[0] for t in products]
swept = sum(count * len(t.parents) for count, t in zip(once, products, strict=True))

counter = MultiplicationCounter()
watched_scores, watched_caches = mlp_forward(counter.watch(x), counter.watch(arrays))
forward_by_hand = counter.count
mlp_backward(dscores, watched_caches)
kept_by_hand = caches[0][1].size + caches[1][0][0].size  # what goes into ReLU, and what comes out of it

print("                                         by hand      engine")
print(f"operations remembered               {'none':>12}{len(record):12}")
print(f"multiplications forward             {forward_by_hand:12,}{sum(once):12,}")
print(f"multiplications backward            {counter.count - forward_by_hand:12,}{swept:12,}")
print(f"numbers kept                        {kept_by_hand:12,}{sum(t.data.size for t in record):12,}")

# %% [markdown]
# The arithmetic is the same to the last product: the engine does nothing that you did not do by hand. It pays in two other ways. It keeps the result
# of *every* operation, where you kept what you knew to be needed. And each operation costs some Python of its own: a Tensor,
# a tuple, two functions.
#
# What that Python costs in time depends on how much arithmetic stands beside it. **Guess first**: with which of the two networks below does it
# show more? Then run the cell (a few seconds; these times are your machine's).

# %% tags=["nbval-ignore-output"]
def seconds(work):
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


print("layers             rows     by hand      engine     engine / by hand")
for sizes, rows, rounds in (([4, 8, 3], 8, 301), ([784, 512, 10], 512, 11)):
    rng = np.random.default_rng(0)
    some_x, some_y = rng.standard_normal((rows, sizes[0])), rng.integers(sizes[-1], size=rows)
    some_arrays = init_params(sizes, rng, scale=0.05)
    some_params = [(Tensor(w), Tensor(b)) for w, b in some_arrays]

    def hand():
        some_scores, some_caches = mlp_forward(some_x, some_arrays)
        mlp_backward(softmax_loss(some_scores, some_y)[1], some_caches)

    def engine():
        for pair in some_params:
            for t in pair:
                t.grad = None
        cross_entropy(network(some_x, some_params), some_y).backward()

    hand(), engine()  # the first call of anything is slow
    # in turn, so that noise hits both alike
    times = [(seconds(hand), seconds(engine)) for _ in range(rounds)]
    one, other = (median(column) for column in zip(*times, strict=True))
    name = "-".join(map(str, sizes))
    print(f"{name:16}{rows:7}   {1e3 * one:7.3f} ms   {1e3 * other:7.3f} ms   {other / one:12.1f}")

# %% [markdown]
# With tiny arrays most of the time is Python, and the engine takes a few times as long. With large ones the matrix products outweigh everything
# else, and the price nearly vanishes (a ratio a little below 1 is noise). That is why such engines work on whole arrays, and not on single numbers.
#
# ### The same in PyTorch
#
# PyTorch has the same three parts: rules for hundreds of operations, a record that is made while you compute, a sweep. If it is installed here, the
# next cell hands it the same network. (Nothing else on this page needs it.)

# %%
if importlib.util.find_spec("torch") is None:
    print("PyTorch is not installed here, so there is nothing to compare with; go on.")
else:
    import torch

    theirs = [torch.tensor(a, requires_grad=True) for pair in arrays for a in pair]
    hidden = torch.relu(torch.tensor(x) @ theirs[0] + theirs[1])
    torch.nn.functional.cross_entropy(hidden @ theirs[2] + theirs[3], torch.tensor(y).long()).backward()
    params = [(Tensor(w), Tensor(b)) for w, b in arrays]
    cross_entropy(network(x, params), y).backward()
    mine = [t.grad for pair in params for t in pair]
    worst = max(np.abs(a - t.grad.numpy()).max() for a, t in zip(mine, theirs, strict=True))
    print("all gradients agree to 1e-10:", worst < 1e-10)

# %% [markdown]
# ### The course's own engine
#
# `backprop_helpers/autodiff.py` is the same engine grown up a little, in under 200 lines of code: more operations (`-`, `/`, `**`, mean, tanh, reshape, transpose), float32, and
# `no_grad`. Inside `with autodiff.no_grad():` nothing is remembered, which saves the memory where a network is only used. Reading
# it now should hold no surprise.

# %%
t = autodiff.Tensor([1.0, 2.0])
remembered = (t**2).mean()
with autodiff.no_grad():
    forgotten = (t**2).mean()
print("parents inside and outside of no_grad:", len(forgotten.parents), len(remembered.parents))

# %% [markdown]
# ## 9 · In your own words

# %% [markdown] answer="too_early" points=3
# **In three to six sentences, marked by a person.** Somebody's sweep lets every tensor hand its gradient on as soon as it is met, walking from the root
# outwards. On most of their networks the gradients are right. Give a graph of your own, with numbers, on which they are wrong: say which gradient
# comes out and which would be right. Then say why a topological order, read from its end, can't go wrong in this way.
#
# <!-- BEGIN SOLUTION -->
# Take $h = 2x$, $k = 3h$, $L = h + k$ at any x. The sweep meets L, which sends 1 to h and 1 to k. If h is met first, it hands on its 1 at once:
# x gets $1\cdot 2 = 2$. Then k sends $1\cdot 3 = 3$ to h, but h has had its turn, so these 3 never reach x. Right is $dx = (1 + 3)\cdot 2 = 8$, and $L = 8x$
# says so too. In a chain every tensor is used once, so its gradient is complete with the first that arrives; that is why most of their networks come out
# right. In a topological order each tensor stands after its parents, so read from the end, everything that was made from h (here k and L) has its turn
# before h. When it is h's turn, no path can bring more.
# <!-- END SOLUTION -->
#
# <!-- BEGIN MARK SCHEME -->
# - **1 point:** a graph in which a tensor *that has parents* is used at least twice, on paths of different length (or in an order that matters for the sweep they
#   describe). A leaf used twice is not enough: a leaf hands nothing on.
# - **1 point:** both numbers, the wrong gradient and the right one, fit their graph.
# - **1 point:** says that in reversed topological order all uses of a tensor come before it, so that its gradient is complete when it hands it on.
# - Not enough for the last point: "because it is sorted" or "because gradients add".
# <!-- END MARK SCHEME -->

# %% [markdown]
# ## Quick questions
#
# **1 · You want a new operation, `tanh`. What has to be written?**
#
# <details><summary>Its output and its rule</summary>
#
# Yes, two lines, and a method if you want to write `t.tanh()`. Record, order and sweep don't know which operations there are.
#
# </details>
# <details><summary>Its output, its rule, and a branch in the sweep</summary>
#
# The sweep calls whatever rule it finds. Look at your `backward`: does it mention any operation?
#
# </details>
# <details><summary>A rule for each network that uses it</summary>
#
# That was the work before lesson 04. A rule is local: it needs dout and what this one operation did.
#
# </details>

# %% [markdown]
# **2 · The first training step is right. In the second, every gradient is the sum of both steps' gradients. What was forgotten?**
#
# <details><summary>The topological order</summary>
#
# A wrong order gives wrong numbers in the first step too, and not just a sum.
#
# </details>
# <details><summary>To put the gradients away between the steps</summary>
#
# Yes: `t.grad = None`. Sweeps add to what is there. PyTorch's `optimizer.zero_grad()` does the same, and leaving it out is a classic.
#
# </details>
# <details><summary>To undo broadcasting</summary>
#
# Then a bias would get a gradient of the wrong shape, already in the first step.
#
# </details>

# %% [markdown]
# **3 · From lesson 04: `db` was the sum of the rows of dout. Which part of the engine adds these rows now?**
#
# <details><summary>The rule of add</summary>
#
# It hands dout on as it is, (N, M), to both inputs.
#
# </details>
# <details><summary>unbroadcast</summary>
#
# Yes. The bias was stretched over N rows, and undoing that adds the N rows. No operation has to know about it.
#
# </details>
# <details><summary>sum_over</summary>
#
# That one is for sums in the forward pass, and its rule does the opposite: it stretches.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - An engine is rules, a record and an order. It derives nothing that you could not derive, and it makes no slips.
# - Gradients add: over paths, over the copies that broadcasting makes, and over sweeps until they are put away.
# - The arithmetic is that of the hand-written pass. The price is Python and memory for each operation, and it fades as arrays grow.

# %%
progress("08_autodiff")

# %% [markdown]
# **One thing to try.** Give your Tensor a `tanh`, and a `mean` made from what is there. Then take the network of this page, put tanh in place of ReLU, and let
# `gradcheck` say whether you got it right.
#
# This is the last lesson. What you have written is what runs, with more rules and faster kernels, under every deep-learning library.
