"""Wrong solutions of lesson 03: differences, local gradients, paths that add, and the softmax step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_helpers.chain_rule import STEP as H
from backprop_helpers.layers import sigmoid_forward
from backprop_helpers.misconceptions.spec import Misconception


def _sigmoid(z: Any) -> Any:
    return sigmoid_forward(np.asarray(z))[0]


def _slope_at(a: Any) -> Any:
    return a * (1 - a)


# --- numerical_gradient: one loop, and the places where it goes wrong ------------------------------------------


def _loop(
    f: Any,
    x: Any,
    *,
    moved: Callable[[Any], Any] = lambda x: np.array(x, dtype=float),
    grad: Callable[[Any], Any] = lambda x: np.zeros(np.shape(x)),
    restore: Callable[[Any, Any, Any], Any] = lambda m, i, here: here,
    slope: Callable[[float, float, float, float], float] = lambda above, here, below, h: (
        (above - below) / (2 * h)
    ),
    h: float = H,
) -> Any:
    m, g = moved(x), grad(x)
    for i in np.ndindex(np.shape(x)):
        here, value = m[i], f(m)
        m[i] = here + h
        above = f(m)
        m[i] = here - h
        below = f(m)
        m[i] = restore(m, i, here)
        g[i] = slope(above, value, below, h)
    return g


def _central(h: float) -> Callable[[Any, Any], Any]:
    return lambda f, x: (f(x + h) - f(x - h)) / (2 * h)


def _to_the_right(h: float) -> Callable[[Any, Any], Any]:
    """The slope from x to x + h; a negative h looks to the left."""
    return lambda f, x: (f(x + h) - f(x)) / h


def _central_by_entries(h: float) -> Callable[[Any, Any], Any]:
    return lambda f, x: _loop(f, x, h=h)


def _one_side_by_entries(side: int, *lengths: float) -> tuple[Callable[[Any, Any], Any], ...]:
    """One side of every entry: side 1 compares x + h with x, −1 compares x with x − h."""

    def slope(above: float, here: float, below: float, h: float) -> float:
        return ((above - here) if side > 0 else (here - below)) / h

    return tuple(lambda f, x, h=h: _loop(f, x, h=h, slope=slope) for h in lengths)


def _nudge_of_whole_numbers(grad: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """A nudge made like x: with integers it holds 0 where h should stand."""

    def wrong(f: Any, x: Any) -> Any:
        g = grad(x)
        for i in np.ndindex(x.shape):
            nudge = np.zeros_like(x)
            nudge[i] = H
            g[i] = (f(x + nudge) - f(x - nudge)) / (2 * H)
        return g

    return wrong


def _two_axes(f: Any, x: Any) -> Any:
    m, g = np.array(x, dtype=float), np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            here = m[i, j]
            m[i, j] = here + H
            above = f(m)
            m[i, j] = here - H
            below = f(m)
            m[i, j] = here
            g[i, j] = (above - below) / (2 * H)
    return g


def _first_entry_only(f: Any, x: Any) -> Any:
    grad = np.zeros(x.shape)
    grad.flat[0] = np.ravel(_loop(f, x))[0]
    return grad


def _nudges_everything(f: Any, x: Any) -> Any:
    x = np.asarray(x, dtype=float)
    return np.full(x.shape, (f(x + H) - f(x - H)) / (2 * H))


def _first_length(x: Any) -> int:
    return int(x.shape[0])


def _floats(x: Any) -> Any:
    return np.array(x, dtype=float)


def _rows_nudged(
    length: Callable[[Any], int] = len,
    own: Callable[[Any], Any] = _floats,
    anew: bool = False,
    view: bool = False,
) -> Callable[[Any, Any], Any]:
    """The loop over the first axis alone.

    length: how it counts the rows    own: how it copies x    anew: whether it writes x[i] = x[i] + h rather than x[i] += h
    view: whether it remembers the row by a view, which moves along, so that f(x + h) is compared with f(x)
    """

    def nudge(m: Any, i: int, h: float) -> None:
        if anew:
            m[i] = m[i] + h
        else:
            m[i] += h

    def wrong(f: Any, x: Any) -> Any:
        grad = np.zeros(x.shape)
        for i in range(length(x)):
            up, down = own(x), own(x)
            nudge(up, i, H)
            if not view or x.ndim == 1:
                nudge(down, i, -H)
            grad[i] = (f(up) - f(down)) / (2 * H)
        return grad

    return wrong


_nudges_rows = _rows_nudged()


def _moves_x_and_back(f: Any, x: Any) -> Any:
    m = x.astype(float) if x.dtype.kind == "i" else x
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        m[i] += H
        above = f(m)
        m[i] -= 2 * H
        below = f(m)
        m[i] += H
        grad[i] = (above - below) / (2 * H)
    return grad


def _steps_in_whole_numbers(grad: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """The loop that steps + h, − 2h, + h on an array of the caller's dtype; with integers each step ends on one."""

    def wrong(f: Any, x: Any) -> Any:
        m, g = np.array(x), grad(x)
        for i in np.ndindex(m.shape):
            m[i] += H
            above = f(m)
            m[i] -= 2 * H
            below = f(m)
            m[i] += H
            g[i] = (above - below) / (2 * H)
        return g

    return wrong


def _flat_copy(f: Any, x: Any) -> Any:
    # reshape(-1) is a view of x for most arrays and a copy for a transposed one
    whole = x.astype(float) if x.dtype.kind == "i" else x
    flat, grad = whole.reshape(-1), np.zeros(x.size)
    for i in range(flat.size):
        here = flat[i]
        flat[i] = here + H
        above = f(whole)
        flat[i] = here - H
        below = f(whole)
        flat[i] = here
        grad[i] = (above - below) / (2 * H)
    return grad.reshape(x.shape)


# --- softmax ---------------------------------------------------------------------------------------------------


def _jacobian_product(dp: Any, p: Any) -> Any:
    return np.stack([(np.diag(row) - np.outer(row, row)) @ up for up, row in zip(dp, p, strict=True)])


def _at_label(p: Any, y: Any, value: Any, start: Any = 0.0) -> Any:
    out = np.zeros(p.shape) + start
    out[y] = value
    return out


def _minus_one_in_place(p: Any, y: Any) -> Any:
    p[y] -= 1
    return p


# name, exercise, wrong, says, hint, source, and where there are any its other implementations
_Row = tuple[str, str, Callable[..., Any], str, str, str]
_ROWS: tuple[
    _Row | tuple[str, str, Callable[..., Any], str, str, str, tuple[Callable[..., Any], ...]], ...
] = (
    (
        "numerical-derivative-one-sided",
        "numerical_derivative",
        lambda f, x: (f(x + H) - f(x)) / H,
        "the slope is taken from one side only, from x to x + h; a central difference looks at both sides, h to the left and h to the right of x.",
        "At the bottom of a bowl the slope is 0. What does a secant that starts at the bottom and goes right give?",
        "course design; Nocedal and Wright, Numerical Optimization (2006), section 8.1",
        tuple(_to_the_right(h) for h in (1e-2, 1e-3, 1e-4, 1e-6, 1e-7, 1e-8)),
    ),
    (
        "numerical-derivative-backward",
        "numerical_derivative",
        lambda f, x: (f(x) - f(x - H)) / H,
        "the slope is taken from one side only, from x − h to x; a central difference looks at both sides, h to the left and h to the right of x.",
        "At the bottom of a bowl the slope is 0. What does a secant that comes from the left and ends at the bottom give?",
        "course design",
        tuple(_to_the_right(-h) for h in (1e-2, 1e-3, 1e-4, 1e-6, 1e-7, 1e-8)),
    ),
    (
        "numerical-derivative-divided-by-h",
        "numerical_derivative",
        lambda f, x: (f(x + H) - f(x - H)) / H,
        "the slope is twice too large: the two points at which f is compared lie twice as far apart as the length the difference is divided by.",
        "Rise over run: how long is the run from x − h to x + h?",
        "course design; a stray factor 2",
    ),
    (
        "numerical-derivative-one-side-over-2h",
        "numerical_derivative",
        lambda f, x: (f(x + H) - f(x)) / (2 * H),
        "the slope is half of what it should be: the two points lie only h apart, from x to x + h, and the difference is divided by 2h.",
        "Write down the two places at which f is called. How long is the run between them?",
        "course design; a stray factor 2",
    ),
    (
        "numerical-derivative-missing-brackets",
        "numerical_derivative",
        lambda f, x: (f(x + H) - f(x - H)) / 2 * H,
        "the difference is divided by 2 and then multiplied by h, because `/ 2 * h` is read from left to right.",
        "Python reads a / 2 * h as (a / 2) * h. Where does a pair of brackets belong?",
        "counted in public course solutions (1: precedence of a division); course design",
    ),
    (
        "numerical-derivative-not-divided",
        "numerical_derivative",
        lambda f, x: f(x + H) - f(x - H),
        "the slope is the change of f alone, a very small number; a slope is that change divided by how far x moved.",
        "A slope is rise over run. Where is the run?",
        "course design",
    ),
    (
        "numerical-derivative-wrong-sign",
        "numerical_derivative",
        lambda f, x: (f(x - H) - f(x + H)) / (2 * H),
        "the slope has the wrong sign: the value to the right of x is subtracted from the value to the left of it.",
        "Try f(x) = x by hand. Its slope is 1; which of the two values must stand first?",
        "course design",
    ),
    (
        "numerical-derivative-h-too-small",
        "numerical_derivative",
        lambda f, x: (f(x + 1e-13) - f(x - 1e-13)) / 2e-13,
        "h is far too small: f(x + h) and f(x − h) agree in nearly all of their 16 digits, and what is left of the difference is rounding.",
        "Look at the left branch of the error curve on this page: what grows as h shrinks?",
        "Nocedal and Wright, Numerical Optimization (2006), section 8.1",
        tuple(_central(h) for h in (1e-11, 1e-12, 1e-13, 1e-14, 1e-15)),
    ),
    (
        "numerical-derivative-sign-lost",
        "numerical_derivative",
        lambda f, x: abs(f(x + H) - f(x - H)) / (2 * H),
        "the slope is never negative; where f falls it should be.",
        "What is the slope of −x? Is an abs or a square on the way?",
        "course design",
    ),
    (
        "numerical-derivative-brackets-above",
        "numerical_derivative",
        lambda f, x: f(x + H) - f(x - H) / (2 * H),
        "only the second value of f is divided: without brackets / binds more tightly than −.",
        "Write your line as a fraction: what stands above the bar?",
        "course design",
        (lambda f, x: f(x + H) - f(x) / H, lambda f, x: f(x + H) - f(x - H) / 2 * H),
    ),
    (
        "numerical-derivative-values-added",
        "numerical_derivative",
        lambda f, x: (f(x + H) + f(x - H)) / (2 * H),
        "the two values of f are added; the rise is how far one lies above the other.",
        "What should come out for a constant function?",
        "course design",
    ),
    (
        "numerical-derivative-h-too-large",
        "numerical_derivative",
        lambda f, x: (f(x + 0.1) - f(x - 0.1)) / 0.2,
        "h is too large: the secant bridges a piece of the curve that bends, so its slope is not the tangent's.",
        "Look at the right branch of the error curve on this page: what grows as h grows?",
        "Nocedal and Wright, Numerical Optimization (2006), section 8.1",
        tuple(_central(h) for h in (1.0, 0.5, 0.05, 0.01)),
    ),
    (
        "numerical-derivative-second",
        "numerical_derivative",
        lambda f, x: (f(x + 1e-4) - 2 * f(x) + f(x - 1e-4)) / 1e-8,
        "this is the second derivative, how fast the slope itself changes; the first is asked for.",
        "The value at x itself does not enter a central difference for the slope.",
        "course design",
    ),
    (
        "numerical-gradient-not-put-back",
        "numerical_gradient",
        lambda f, x: _loop(f, x, restore=lambda m, i, here: m[i]),
        "after its turn an entry is left nudged, so the next entries' slopes are measured at another point.",
        "How does the array look when the loop comes to its second entry?",
        "course design",
    ),
    (
        "numerical-gradient-nudges-everything",
        "numerical_gradient",
        _nudges_everything,
        "all entries are nudged at once, so every slope is the slope along the diagonal: the sum of all of them.",
        "The gradient asks what one entry does while all the others stand still.",
        "course design",
    ),
    (
        "numerical-gradient-one-sided",
        "numerical_gradient",
        _one_side_by_entries(1, H)[0],
        "each slope is taken from one side only, from x to x + h; a central difference looks at both sides.",
        "Which two points does a central difference compare?",
        "course design; Nocedal and Wright, Numerical Optimization (2006), section 8.1",
        _one_side_by_entries(1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-7, 1e-8),
    ),
    (
        "numerical-gradient-backward",
        "numerical_gradient",
        _one_side_by_entries(-1, H)[0],
        "each slope is taken from one side only, from x − h to x; a central difference looks at both sides.",
        "Which two points does a central difference compare?",
        "course design",
        _one_side_by_entries(-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-7, 1e-8),
    ),
    (
        "numerical-gradient-h-too-small",
        "numerical_gradient",
        _central_by_entries(1e-12),
        "h is far too small: f at x + h and f at x − h agree in nearly all of their 16 digits, and what is left of the difference is rounding.",
        "Look at the left branch of the error curve on this page: what grows as h shrinks?",
        "Nocedal and Wright, Numerical Optimization (2006), section 8.1",
        tuple(_central_by_entries(h) for h in (1e-10, 1e-11, 1e-13, 1e-14, 1e-15)),
    ),
    (
        "numerical-gradient-h-too-large",
        "numerical_gradient",
        _central_by_entries(0.1),
        "h is too large: the secant bridges a piece of the curve that bends, so its slope is not the tangent's.",
        "Look at the right branch of the error curve on this page: what grows as h grows?",
        "Nocedal and Wright, Numerical Optimization (2006), section 8.1",
        tuple(_central_by_entries(h) for h in (1.0, 0.5, 0.05, 0.01)),
    ),
    (
        "numerical-gradient-divided-by-h",
        "numerical_gradient",
        lambda f, x: _loop(f, x, slope=lambda above, here, below, h: (above - below) / h),
        "each slope is twice too large: the two points at which f is compared lie twice as far apart as the length the difference is divided by.",
        "Rise over run: how long is the run?",
        "course design; a stray factor 2",
    ),
    (
        "numerical-gradient-second-nudge-too-short",
        "numerical_gradient",
        lambda f, x: _loop(f, x, slope=lambda above, here, below, h: (above - here) / (2 * h)),
        "each slope is half of what it should be: the two points at which f is compared lie only half as far apart as the length the difference is divided by.",
        "Write down the two places at which f is called. How long is the run between them, and what do you divide by?",
        "course design; a stray factor 2",
        (lambda f, x: _loop(f, x, slope=lambda above, here, below, h: (here - below) / (2 * h)),),
    ),
    (
        "numerical-gradient-missing-brackets",
        "numerical_gradient",
        lambda f, x: _loop(f, x, slope=lambda above, here, below, h: (above - below) / 2 * h),
        "each difference is divided by 2 and then multiplied by h, because `/ 2 * h` is read from left to right.",
        "Python reads a / 2 * h as (a / 2) * h. Where does a pair of brackets belong?",
        "counted in public course solutions (1: precedence of a division); course design",
    ),
    (
        "numerical-gradient-0-d-becomes-a-number",
        "numerical_gradient",
        lambda f, x: _loop(f, x, moved=lambda x: x * 1.0),
        "with an x of shape () it stops: arithmetic such as x * 1.0 on a 0-d array gives a plain NumPy number, and a number can't be assigned to.",
        "Every array you write into must come from a function that gives an array for each shape, () included: np.array, .astype and np.zeros do, arithmetic does not.",
        "course design",
    ),
    (
        "numerical-gradient-integers-truncate-the-nudge",
        "numerical_gradient",
        lambda f, x: _loop(f, x, moved=np.array),
        "with an integer x the nudge is lost: an integer array can't hold 3.00001, it keeps 3, and 2.99999 becomes 2.",
        "What is the dtype of the array you write x + h into?",
        "course design; integer inputs must not truncate the difference",
        (
            _steps_in_whole_numbers(np.zeros_like),
            _steps_in_whole_numbers(lambda x: np.zeros(x.shape)),
            _nudge_of_whole_numbers(np.zeros_like),
            _nudge_of_whole_numbers(lambda x: np.zeros(x.shape)),
        ),
    ),
    (
        "numerical-gradient-two-axes-only",
        "numerical_gradient",
        _two_axes,
        "it works for x with two axes only; x may have any number of axes, and none at all.",
        "The page names a way to walk through the indices of an array of any shape.",
        "counted in public course solutions (1, in the backward pass)",
    ),
    (
        "numerical-gradient-returns-early",
        "numerical_gradient",
        _first_entry_only,
        "only the first entry has a slope; every other entry still holds the 0 it began with.",
        "How often does your loop run? Look at what it runs over, and at how far the return is indented.",
        "course design",
    ),
    (
        "numerical-gradient-last-slope-only",
        "numerical_gradient",
        lambda f, x: float(np.ravel(_loop(f, x))[-1]),
        "one number came back, the slope of the last entry; the gradient has one slope for each entry, in the shape of x.",
        "What stands left of the = inside your loop, grad or one entry of it?",
        "course design",
    ),
    (
        "numerical-gradient-sign-lost",
        "numerical_gradient",
        lambda f, x: np.abs(_loop(f, x)),
        "no slope is negative; where f falls it should be.",
        "What is the slope of −x? Is an abs or a square on the way?",
        "course design",
    ),
    (
        "numerical-gradient-integers-truncate-the-slope",
        "numerical_gradient",
        lambda f, x: _loop(f, x, grad=np.zeros_like),
        "with an integer x the slopes lose everything behind the decimal point: the array they are written into holds integers.",
        "What is the dtype of the array you write the slopes into?",
        "course design; integer inputs must not truncate the difference",
    ),
    (
        "numerical-gradient-nudges-whole-rows",
        "numerical_gradient",
        _nudges_rows,
        "the loop runs over the first axis only, so a whole row is nudged at once and all its entries get the same number.",
        "What is x[i] when x has two axes? np.ndindex gives a full index for every entry.",
        "course design; written for one shape only, as counted in public course solutions (3)",
        tuple(
            _rows_nudged(length=length, **kind)
            for length in (len, _first_length)
            for kind in ({}, {"own": np.array}, {"own": np.array, "anew": True}, {"view": True})
        ),
    ),
    (
        "numerical-gradient-leaves-x-nudged",
        "numerical_gradient",
        _moves_x_and_back,
        "x itself is nudged, and + h, − 2h, + h does not bring back the same number to the last digit: x comes back changed.",
        "Floating-point sums are rounded. Keep the old value, or work on a copy.",
        "course design; values right but the input mutated, as counted in public course solutions (16)",
    ),
    (
        "numerical-gradient-writes-into-a-flat-copy",
        "numerical_gradient",
        _flat_copy,
        "for a transposed x the slopes are 0: there reshape(-1) is a copy, so the nudges never reach the array that f sees.",
        "np.shares_memory(x, x.reshape(-1)) tells whether a write to one is seen in the other. np.ndindex needs no reshape.",
        "course design; NumPy's documentation of reshape",
    ),
    (
        "numerical-gradient-sum-only",
        "numerical_gradient",
        lambda f, x: np.asarray(_loop(f, x).sum()),
        "one number came back, the sum of all slopes; the gradient has one slope for each entry, in the shape of x.",
        "Where is each slope kept before the next one is measured?",
        "course design",
    ),
    (
        "sigmoid-slope-applied-twice",
        "sigmoid_slope",
        lambda a: _slope_at(_sigmoid(a)),
        "the sigmoid is applied to a again; a already is σ(z), so this is the slope at another place.",
        "Which of z and a does this function receive?",
        "course design; a much-reported mistake of sigmoid' applied to the activation",
    ),
    (
        "sigmoid-slope-is-a",
        "sigmoid_slope",
        lambda a: a,
        "the slope is the activation itself, as if σ were the exponential function.",
        "Where a is close to 1 the sigmoid is flat. Is your slope small there?",
        "course design; backward returning the activation",
    ),
    (
        "sigmoid-slope-one-minus-a",
        "sigmoid_slope",
        lambda a: 1 - a,
        "one factor is missing: 1 − a alone is not small where a is close to 0, although the sigmoid is flat there too.",
        "The sigmoid is flat at both ends. What must the slope be at a = 0?",
        "course design",
    ),
    (
        "sigmoid-slope-of-tanh",
        "sigmoid_slope",
        lambda a: 1 - np.asarray(a) ** 2,
        "1 − a² is the slope of tanh, not of the sigmoid.",
        "The steepest point of the sigmoid is at a = ½. Put in ½: a slope of 0.25 is right.",
        "course design",
    ),
    (
        "sigmoid-slope-wrong-sign",
        "sigmoid_slope",
        lambda a: np.asarray(a) * (np.asarray(a) - 1),
        "the slope is negative, but the sigmoid rises everywhere: a minus sign got lost on the way.",
        "At a = ½ the slope is 0.25. Put ½ into your formula: which factor comes out negative?",
        "course design",
    ),
    (
        "neuron-locals-loss-sign",
        "neuron_locals",
        lambda x, w, a, y: (2 * (y - a), _slope_at(a), x, w, 1.0),
        "dl_da has the wrong sign: with a above y, a nudge upwards makes the loss larger, so the slope is positive.",
        "The inner function is a − y. What is its slope in a?",
        "course design; reversed sign y − p",
    ),
    (
        "neuron-locals-loss-without-2",
        "neuron_locals",
        lambda x, w, a, y: (a - y, _slope_at(a), x, w, 1.0),
        "dl_da is half of what it should be: the power rule brings the 2 of the square to the front. This course's squared error has no ½ to cancel it.",
        "Read the loss on the page once more: is there a factor ½ in front?",
        "course design; a stray ½",
    ),
    (
        "neuron-locals-loss-itself",
        "neuron_locals",
        lambda x, w, a, y: ((a - y) ** 2, _slope_at(a), x, w, 1.0),
        "dl_da is the loss itself, not its slope.",
        "How fast does u² change when u does?",
        "course design",
    ),
    (
        "neuron-locals-activation-for-slope",
        "neuron_locals",
        lambda x, w, a, y: (2 * (a - y), a, x, w, 1.0),
        "da_dz is the activation itself; it should be the sigmoid's slope there.",
        "You have written σ′ as a function of a already.",
        "course design; g' omitted",
    ),
    (
        "neuron-locals-slope-of-activation",
        "neuron_locals",
        lambda x, w, a, y: (2 * (a - y), _slope_at(_sigmoid(a)), x, w, 1.0),
        "da_dz is the sigmoid's slope taken at a instead of z: the sigmoid was applied to a once more.",
        "a already is σ(z). Nothing needs to be sent through the sigmoid again.",
        "course design; sigmoid' applied to the activation",
    ),
    (
        "neuron-locals-x-and-w-swapped",
        "neuron_locals",
        lambda x, w, a, y: (2 * (a - y), _slope_at(a), w, x, 1.0),
        "dz_dw and dz_dx have changed places: the slope of a product by one factor is the other factor.",
        "Hold x still and nudge w by 1. By how much does w x change?",
        "course design",
    ),
    (
        "neuron-locals-bias-zero",
        "neuron_locals",
        lambda x, w, a, y: (2 * (a - y), _slope_at(a), x, w, 0.0),
        "dz_db is 0, as for a constant; but b is a variable here, and z moves exactly as far as b does.",
        "Nudge b by 0.1. By how much does z = w x + b move?",
        "course design",
    ),
    (
        "neuron-locals-already-multiplied",
        "neuron_locals",
        lambda x, w, a, y: (
            2 * (a - y),
            2 * (a - y) * _slope_at(a),
            2 * (a - y) * _slope_at(a) * x,
            2 * (a - y) * _slope_at(a) * w,
            2 * (a - y) * _slope_at(a),
        ),
        "from da_dz on, these are the gradients of the loss: the upstream gradient is multiplied in already. A local gradient knows only its own edge.",
        "da_dz asks what z does to a. The loss is no part of that question.",
        "course design",
    ),
    (
        "neuron-locals-upstream-in-da-dz",
        "neuron_locals",
        lambda x, w, a, y: (2 * (a - y), 2 * (a - y) * _slope_at(a), x, w, 1.0),
        "da_dz has dl_da multiplied in: that product is dz, what z does to the loss. A local gradient knows only its own edge.",
        "Would da_dz change if the target y were another number?",
        "course design; upstream in a local gradient",
    ),
    (
        "neuron-gradient-sum-forgotten",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, product=lambda w, x: w * x),
        "the sum in w·x is missing: the D products w_d x_d were left side by side, so z, a and db have D entries; a neuron has one z.",
        "Print z. z = Σ_d w_d x_d + b is one number: what turns the D products into one?",
        "course design; * where a sum of products is meant",
    ),
    (
        "neuron-gradient-slope-omitted",
        "neuron_gradient",
        lambda x, w, b, y: (2 * (_sigmoid(w @ x + b) - y) * x, 2 * (_sigmoid(w @ x + b) - y)),
        "the sigmoid's slope is missing: the error goes from a to z as if the neuron had no activation.",
        "Walk from L back to w and count the edges. Each needs a factor.",
        "course design; g' omitted",
    ),
    (
        "neuron-gradient-slope-of-activation",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, lambda z, a: _slope_at(_sigmoid(a))),
        "the sigmoid's slope is taken at a instead of z: the sigmoid was applied twice.",
        "a already is σ(z); its slope needs a alone.",
        "course design; sigmoid' applied to the activation",
    ),
    (
        "neuron-gradient-slope-from-z",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, lambda z, a: _slope_at(z)),
        "the sigmoid's slope is computed as z (1 − z); the formula a (1 − a) wants the activation.",
        "Which of z and a lies between 0 and 1?",
        "course design; z(1 − z)",
    ),
    (
        "neuron-gradient-without-2",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, lambda z, a: _slope_at(a) / 2),
        "both gradients are half of what they should be: the 2 of the square is missing, and this course's squared error has no ½ to cancel it.",
        "Differentiate u² once more, slowly.",
        "course design; a stray ½",
    ),
    (
        "neuron-gradient-error-sign",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, lambda z, a: -_slope_at(a)),
        "both gradients point the wrong way: the error is y − a instead of a − y.",
        "If the activation is above the target, should a larger b make the loss larger or smaller?",
        "course design; reversed sign y − p",
    ),
    (
        "neuron-gradient-z-for-a",
        "neuron_gradient",
        lambda x, w, b, y: _without_sigmoid(x, w, b, y, lambda z: 1.0),
        "z is used where a belongs: the error is taken as z − y, but the loss compares a = σ(z) with y.",
        "Go through the forward pass once more: what happens between z and the loss?",
        "course design; the activation forgotten in the forward pass",
        (
            lambda x, w, b, y: _without_sigmoid(x, w, b, y, _slope_at),
            lambda x, w, b, y: _without_sigmoid(x, w, b, y, lambda z: _slope_at(_sigmoid(z))),
        ),
    ),
    (
        "neuron-gradient-times-w",
        "neuron_gradient",
        lambda x, w, b, y: (_neuron(w, x, b, y)[0], _neuron(x, w, b, y)[1]),
        "dw is multiplied by w, which gives the gradient for x; the slope of w·x by w is x.",
        "Hold x still and nudge one weight: what is its change multiplied by?",
        "counted in public course solutions (1: the gradient of the other factor)",
    ),
    (
        "neuron-gradient-db-times-b",
        "neuron_gradient",
        lambda x, w, b, y: (_neuron(x, w, b, y)[0], _neuron(x, w, b, y)[1] * b),
        "db is multiplied by b; the local gradient of z = w·x + b by b is 1.",
        "Nudge b by 0.1. By how much does z move, whatever b is?",
        "course design",
    ),
    (
        "neuron-gradient-db-is-local",
        "neuron_gradient",
        lambda x, w, b, y: (_neuron(x, w, b, y)[0], 1.0),
        "db is 1, which is the local gradient of z by b alone; what has arrived at z from the loss is not multiplied in.",
        "1 says how far z moves with b. How far does L move with z? Both belong into db.",
        "course design; upstream dropped",
    ),
    (
        "neuron-gradient-dw-is-local",
        "neuron_gradient",
        lambda x, w, b, y: (np.array(x, dtype=float), _neuron(x, w, b, y)[1]),
        "dw is x itself, which is the local gradient of z by w alone; what has arrived at z from the loss is not multiplied in.",
        "x says how far z moves with each weight. How far does L move with z? Both belong into dw.",
        "course design; upstream dropped",
    ),
    (
        "neuron-gradient-cross-entropy-shortcut",
        "neuron_gradient",
        lambda x, w, b, y: ((_sigmoid(w @ x + b) - y) * x, _sigmoid(w @ x + b) - y),
        "a − y is used as the gradient at z; that shortcut belongs to the cross-entropy loss, this neuron has a squared error.",
        "Which loss stands on the page, and which factor cancels only for the other one?",
        "course design",
    ),
    (
        "swish-backward-one-path-overwritten",
        "swish_backward",
        lambda dout, x: dout * x * _slope_at(_sigmoid(x)),
        "only the path through the sigmoid is there: the gradient of the second use has replaced the first instead of being added to it.",
        "x has two arrows that leave it. How many terms do you expect?",
        "course design; fan-out overwritten, = for += (counted in public course solutions, 11)",
    ),
    (
        "swish-backward-gate-constant",
        "swish_backward",
        lambda dout, x: dout * _sigmoid(x),
        "only the direct path is there: σ(x) is treated as a constant, although it moves with x too.",
        "Nudge x. Which of the two factors of x ⊙ σ(x) moves?",
        "course design; a path missing (counted in public course solutions, 1)",
    ),
    (
        "swish-backward-paths-multiplied",
        "swish_backward",
        lambda dout, x: dout * _sigmoid(x) * x * _slope_at(_sigmoid(x)),
        "the two paths are multiplied; along a path local gradients multiply, but different paths add.",
        "Two nudges arrive at the same output. What do two small changes do together?",
        "course design",
    ),
    (
        "swish-backward-paths-averaged",
        "swish_backward",
        lambda dout, x: dout * (_sigmoid(x) + x * _slope_at(_sigmoid(x))) / 2,
        "the two paths are averaged; their contributions add in full.",
        "Does a nudge of x get weaker because x is used twice?",
        "course design",
    ),
    (
        "swish-backward-upstream-dropped",
        "swish_backward",
        lambda dout, x: _sigmoid(x) + x * _slope_at(_sigmoid(x)),
        "the upstream gradient is missing: this is only what x does to out, not what it does to the loss.",
        "Where does dout enter? The chain rule is upstream × local.",
        "course design; upstream dropped",
    ),
    (
        "swish-backward-upstream-on-one-path",
        "swish_backward",
        lambda dout, x: dout * _sigmoid(x) + x * _slope_at(_sigmoid(x)),
        "the upstream gradient reaches the direct path only; the path through the sigmoid needs it as well.",
        "A pair of brackets may be missing.",
        "course design",
    ),
    (
        "swish-backward-factor-x-missing",
        "swish_backward",
        lambda dout, x: dout * (_sigmoid(x) + _slope_at(_sigmoid(x))),
        "on the path through the sigmoid the factor x is missing: in the product x ⊙ σ(x), σ(x) is multiplied by x.",
        "The local gradient of a product by one factor is the other factor.",
        "course design",
    ),
    (
        "swish-backward-slope-from-x",
        "swish_backward",
        lambda dout, x: dout * (_sigmoid(x) + x * _slope_at(x)),
        "the sigmoid's slope is computed as x (1 − x); the formula wants the activation σ(x).",
        "Which of x and σ(x) lies between 0 and 1?",
        "course design; z(1 − z)",
    ),
    (
        "cross-entropy-slope-every-class",
        "cross_entropy_slope",
        lambda p, y: -1 / p,
        "every class gets a gradient; L = −log p_y contains only one of the probabilities.",
        "Nudge the probability of a wrong class and hold p_y still. Does −log p_y move?",
        "counted in public course solutions (2: log taken of every class probability)",
    ),
    (
        "cross-entropy-slope-sign",
        "cross_entropy_slope",
        lambda p, y: _at_label(p, y, 1 / p[y]),
        "the sign is wrong: more probability on the true class makes the loss smaller, so the slope is negative.",
        "There is a minus in front of the logarithm.",
        "course design",
    ),
    (
        "cross-entropy-slope-is-the-loss",
        "cross_entropy_slope",
        lambda p, y: _at_label(p, y, -np.log(p[y])),
        "the entry of the true class is the loss itself; its slope is asked for.",
        "What is the derivative of the logarithm?",
        "course design",
    ),
    (
        "cross-entropy-slope-minus-p",
        "cross_entropy_slope",
        lambda p, y: _at_label(p, y, -p[y]),
        "the entry of the true class is −p_y; the derivative of log p is 1 / p.",
        "When p_y is tiny the loss rises steeply. Is your slope large there?",
        "course design",
    ),
    (
        "cross-entropy-slope-label-off-by-one",
        "cross_entropy_slope",
        lambda p, y: _at_label(p, y - 1, -1 / p[y - 1]),
        "the gradient stands one class too early: labels count from 0.",
        "With C classes the labels are 0 … C − 1, as indices are.",
        "course design; labels off by one",
    ),
    (
        "cross-entropy-slope-number",
        "cross_entropy_slope",
        lambda p, y: -1 / p[y],
        "one number came back; the gradient has one entry per class, in the shape of p, with 0 where nothing happens.",
        "A gradient has the shape of what it belongs to.",
        "course design",
    ),
    (
        "softmax-vjp-diagonal-only",
        "softmax_vjp",
        lambda dp, p: dp * p * (1 - p),
        "only the diagonal of the Jacobian is used: a score moves its own probability, but also takes from all the others.",
        "Raise one score. Do the other probabilities stay as they were?",
        "course design; only the diagonal of the softmax Jacobian",
    ),
    (
        "softmax-vjp-no-sum",
        "softmax_vjp",
        lambda dp, p: dp * p,
        "the part −p pᵀ of the Jacobian is missing: the entries of ds in a row should add up to 0.",
        "Adding the same number to all scores changes no probability. What must a row of ds add up to?",
        "course design",
    ),
    (
        "softmax-vjp-wrong-axis",
        "softmax_vjp",
        lambda dp, p: p * (dp - (dp * p).sum(axis=0, keepdims=True)),
        "the sum runs down the columns, over the examples; softmax mixes the classes of one row.",
        "Which axis holds the classes of one example?",
        "course design; softmax over the wrong axis",
    ),
    (
        "softmax-vjp-sum-over-everything",
        "softmax_vjp",
        lambda dp, p: p * (dp - (dp * p).sum()),
        "the sum runs over all rows together; each example needs a sum of its own.",
        "What shape must the sum have so that each row subtracts its own?",
        "counted in public course solutions (1: a sum without axis)",
    ),
    (
        "softmax-vjp-mean-for-sum",
        "softmax_vjp",
        lambda dp, p: p * (dp - (dp * p).mean(axis=1, keepdims=True)),
        "the products dp_i p_i of a row are averaged over the classes; they have to be added up.",
        "Is the last line of the derivation a sum over i, or a sum divided by C?",
        "course design; mean over classes too",
    ),
    (
        "softmax-vjp-sum-without-p",
        "softmax_vjp",
        lambda dp, p: p * (dp - dp.sum(axis=1, keepdims=True)),
        "the sum is over dp alone; each dp_i has to be weighted with its p_i.",
        "Write out Σ_i dp_i p_i p_k and take out of the sum what does not depend on i.",
        "course design",
    ),
    (
        "softmax-vjp-sign-of-sum",
        "softmax_vjp",
        lambda dp, p: p * (dp + (dp * p).sum(axis=1, keepdims=True)),
        "the sum is added; off the diagonal the Jacobian is −p_k p_i, so it is taken away.",
        "Raise one score: do the other probabilities rise or fall?",
        "course design",
    ),
    (
        "softmax-vjp-outer-factor-missing",
        "softmax_vjp",
        lambda dp, p: dp - (dp * p).sum(axis=1, keepdims=True),
        "the factor p in front is missing: a class with almost no probability hardly moves when its score is nudged.",
        "Both parts of the Jacobian, diag(p) and p pᵀ, have a p_k in column k.",
        "course design",
    ),
    (
        "softmax-vjp-forms-the-jacobian",
        "softmax_vjp",
        _jacobian_product,
        "the values are right, but an array of C × C numbers, as the whole Jacobian, is formed on the way; with 800 classes that is 640,000 numbers for one row of 800.",
        "The last line of the derivation has no matrix in it: the sum over i is done on paper, before anything is computed.",
        "course design",
    ),
    (
        "scores-slope-label-not-subtracted",
        "scores_slope",
        lambda p, y: p.copy(),
        "ds is p itself: the 1 at the true class has not been taken away.",
        "What is ds when the prediction is perfect?",
        "course design; softmax without subtracting the label",
    ),
    (
        "scores-slope-sign",
        "scores_slope",
        lambda p, y: -(p - _at_label(p, y, 1.0)),
        "the sign is wrong: this is one-hot − p, the direction that makes the loss smaller; the gradient points to a larger loss.",
        "A larger score for a wrong class makes the loss larger. Which sign must its gradient have?",
        "course design; reversed sign y − p",
    ),
    (
        "scores-slope-label-off-by-one",
        "scores_slope",
        lambda p, y: p - _at_label(p, y - 1, 1.0),
        "the 1 is taken from the class before the true one: labels count from 0.",
        "With C classes the labels are 0 … C − 1, as indices are.",
        "course design; labels off by one",
    ),
    (
        "scores-slope-true-class-only",
        "scores_slope",
        lambda p, y: _at_label(p, y, p[y] - 1),
        "only the true class gets a gradient; the wrong classes took probability too, and their scores should come down.",
        "What should a row of ds add up to?",
        "course design",
    ),
    (
        "scores-slope-1-from-every-class",
        "scores_slope",
        lambda p, y: p - 1,
        "the 1 is taken from every class; it belongs to the true class alone, and the others keep their p.",
        "p minus the truth: what is the truth's number for a wrong class?",
        "course design",
    ),
    (
        "scores-slope-subtracts-y",
        "scores_slope",
        lambda p, y: p - y,
        "the label's number is subtracted from every probability; y is the name of a class, not an amount.",
        "Where does the 1 of a one-hot vector stand?",
        "course design",
    ),
    (
        "scores-slope-changes-p",
        "scores_slope",
        _minus_one_in_place,
        "the values are right, but p itself is changed: after this call it is no longer a probability.",
        "Who else still needs p? Work on a copy.",
        "values right but the argument mutated, as counted in public course solutions (16)",
    ),
    (
        "scores-slope-mean-over-classes",
        "scores_slope",
        lambda p, y: (p - _at_label(p, y, 1.0)) / p.size,
        "everything is divided by the number of classes; the loss is one −log p_y, with no mean over classes.",
        "Is there a division in L = −log p_y?",
        "course design; mean over classes too",
    ),
    (
        "sigmoid-slope-brackets-missing",
        "sigmoid_slope",
        lambda a: np.asarray(a) * 1 - a,
        "slope is 0 everywhere: a * 1 − a without brackets is a − a.",
        "Which two numbers should be multiplied? Brackets keep a difference together.",
        "course design",
    ),
    (
        "neuron-locals-one-factor",
        "neuron_locals",
        lambda x, w, a, y: (2 * (a - y), 1 - a, x, w, 1.0),
        "da_dz is 1 − a: the other factor of the sigmoid's slope is missing.",
        "What is the slope where a is close to 0, and what does your formula give there?",
        "course design",
    ),
    (
        "neuron-locals-slope-of-tanh",
        "neuron_locals",
        lambda x, w, a, y: (2 * (a - y), 1 - a**2, x, w, 1.0),
        "da_dz is 1 − a², the slope of tanh; this neuron has a sigmoid.",
        "Your sigmoid_slope has the formula.",
        "course design",
    ),
    (
        "neuron-locals-slope-carried-on",
        "neuron_locals",
        lambda x, w, a, y: (2 * (a - y), _slope_at(a), x * _slope_at(a), w * _slope_at(a), _slope_at(a)),
        "the sigmoid's slope is multiplied into the gradients of z; z = w x + b comes before the sigmoid and knows nothing of it.",
        "If only w moves by a little, how many times as far does z move?",
        "course design",
    ),
    (
        "neuron-locals-brackets-missing",
        "neuron_locals",
        lambda x, w, a, y: (2 * a - y, _slope_at(a), x, w, 1.0),
        "dl_da is 2a − y: the 2 belongs to the whole error a − y.",
        "What should dl_da be when a = y?",
        "course design",
    ),
    (
        "neuron-gradient-bias-forgotten",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, 0.0, y),
        "the neuron is computed without its bias: z is w·x alone, so a and all that follows belong to another neuron.",
        "Compare your line for z with z = w·x + b.",
        "course design",
    ),
    (
        "neuron-gradient-bias-inside-the-sum",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, product=lambda w, x: w @ x + (len(x) - 1) * b),
        "the bias is added once for each of the D inputs; it belongs to z once.",
        "Does + b stand inside the sum or behind it?",
        "course design",
    ),
    (
        "neuron-gradient-one-factor",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, lambda z, a: 1 - a),
        "the sigmoid's slope has one factor only; it is a product of two, a and 1 − a.",
        "What is the slope where a is close to 0, and what where it is close to 1?",
        "course design",
        (lambda x, w, b, y: _neuron(x, w, b, y, lambda z, a: a),),
    ),
    (
        "neuron-gradient-slope-of-tanh",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, lambda z, a: 1 - a**2),
        "1 − a² is used for the slope at z, which belongs to tanh; this neuron has a sigmoid.",
        "Your sigmoid_slope has the formula.",
        "course design",
    ),
    (
        "neuron-gradient-db-stops-at-a",
        "neuron_gradient",
        lambda x, w, b, y: (_neuron(x, w, b, y)[0], 2 * (_sigmoid(w @ x + b) - y)),
        "db is da, the gradient at the activation: on the way from a to b the sigmoid's slope is missing.",
        "Which edges lie between the loss and b? Walk back along every one of them.",
        "course design",
    ),
    (
        "neuron-gradient-loss-itself",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y, lambda z, a: (a - y) * _slope_at(a) / 2),
        "the walk back begins with the loss (a − y)² itself; it begins with the loss's slope by a.",
        "How far does (a − y)² move for a small nudge of a?",
        "course design",
    ),
    (
        "neuron-gradient-swapped-return",
        "neuron_gradient",
        lambda x, w, b, y: _neuron(x, w, b, y)[::-1],
        "dw and db come back the wrong way round.",
        "Compare your last line with the docstring.",
        "course design",
    ),
    (
        "swish-backward-slope-is-sigmoid",
        "swish_backward",
        lambda dout, x: dout * (_sigmoid(x) + x * _sigmoid(x)),
        "on the path through the sigmoid its slope is taken for σ(x) itself, as if σ were the exponential function.",
        "How does σ′ look, written with a = σ(x)?",
        "course design",
    ),
    (
        "swish-backward-one-minus-missing-factor",
        "swish_backward",
        lambda dout, x: dout * (_sigmoid(x) + x * (1 - _sigmoid(x))),
        "on the path through the sigmoid one factor of its slope is missing: 1 − σ(x) stands there alone.",
        "How does σ′ look, written with a = σ(x)?",
        "course design",
    ),
    (
        "swish-backward-slope-of-activation",
        "swish_backward",
        lambda dout, x: dout * (_sigmoid(x) + x * _slope_at(_sigmoid(_sigmoid(x)))),
        "the sigmoid's slope is taken at σ(x) instead of x: the sigmoid was applied twice.",
        "sigmoid_slope wants a = σ(x). Is it applied once more inside?",
        "course design",
    ),
    (
        "swish-backward-paths-subtracted",
        "swish_backward",
        lambda dout, x: dout * (_sigmoid(x) - x * _slope_at(_sigmoid(x))),
        "the second path is taken from the first; paths add.",
        "Which sign has the slope of the sigmoid?",
        "course design",
    ),
    (
        "swish-backward-upstream-on-the-other-path",
        "swish_backward",
        lambda dout, x: _sigmoid(x) + dout * x * _slope_at(_sigmoid(x)),
        "the upstream gradient reaches the path through the sigmoid only; the direct path needs it as well.",
        "Where does dout arrive, before or behind the place where the paths part?",
        "course design",
    ),
    (
        "swish-backward-times-the-output",
        "swish_backward",
        lambda dout, x: dout * x * _sigmoid(x),
        "the upstream gradient is multiplied by the output x σ(x) itself, not by its slope.",
        "For a large x swish is nearly x. What is its slope there?",
        "course design",
    ),
    (
        "cross-entropy-slope-always-minus-one",
        "cross_entropy_slope",
        lambda p, y: _at_label(p, y, -1.0),
        "the entry of the true class is −1, whatever p is; the slope of the logarithm depends on where it is taken.",
        "What is the slope of log v at v = 0.1, and what at v = 1?",
        "course design",
    ),
    (
        "cross-entropy-slope-of-the-scores",
        "cross_entropy_slope",
        lambda p, y: p - _at_label(p, y, 1.0),
        "this is p − one-hot, the gradient with respect to the scores; here the one with respect to p is asked for.",
        "L = −log p_y. If the softmax did not stand before it, what would a nudge of p_y do?",
        "course design",
    ),
    (
        "cross-entropy-slope-everywhere",
        "cross_entropy_slope",
        lambda p, y: np.full(p.shape, -1 / p[y]),
        "every entry got the true class's slope; a nudge of another class's p does not move L at all.",
        "How many of the probabilities stand in L = −log p_y?",
        "course design",
    ),
    (
        "cross-entropy-slope-others-not-zero",
        "cross_entropy_slope",
        lambda p, y: _at_label(p, y, -1 / p[y], p),
        "the entry of the true class is right, the others are not 0: L does not move when they do.",
        "What did the array hold before you wrote the true class's entry into it?",
        "course design",
        (
            lambda p, y: _at_label(p, y, -1 / p[y], 1.0),
            lambda p, y: _at_label(p, y, -1 / p[y], 1 / p),
            lambda p, y: _at_label(p, y, -1 / p[y], 1 / (1 - p)),
        ),
    ),
    (
        "softmax-vjp-sum-without-factor",
        "softmax_vjp",
        lambda dp, p: p * dp - (dp * p).sum(axis=1, keepdims=True),
        "the sum is subtracted as it is; in front of it stands p_k as well.",
        "Take out p_k: what is left in the brackets? Check that a row of ds adds up to 0.",
        "course design",
    ),
    (
        "softmax-vjp-roles-exchanged",
        "softmax_vjp",
        lambda dp, p: dp * (p - (dp * p).sum(axis=1, keepdims=True)),
        "dp and p have changed places: in front stands p, and the sum is taken from dp.",
        "Compare your line, letter by letter, with the last one of the derivation.",
        "course design",
    ),
    (
        "scores-slope-entry-replaced",
        "scores_slope",
        lambda p, y: _at_label(p, y, -1.0, p),
        "the true class's entry was replaced by −1; 1 is to be subtracted from it.",
        "What should ds be when p_y is 1 already?",
        "course design; = for −=",
    ),
    (
        "scores-slope-whole-p-subtracted",
        "scores_slope",
        lambda p, y: _at_label(p, y, 0.0, p),
        "the true class's entry is 0: all of p_y was taken away; the truth there is 1.",
        "What should a row of ds add up to?",
        "course design",
    ),
)


def _neuron(
    x: Any,
    w: Any,
    b: Any,
    y: Any,
    slope: Callable[[Any, Any], Any] = lambda z, a: _slope_at(a),
    product: Callable[[Any, Any], Any] = np.dot,
) -> Any:
    z = product(w, x) + b
    a = _sigmoid(z)
    dz = 2 * (a - y) * slope(z, a)
    return dz * x, dz


def _without_sigmoid(x: Any, w: Any, b: Any, y: Any, slope: Callable[[Any], Any]) -> Any:
    z = w @ x + b
    dz = 2 * (z - y) * slope(z)
    return dz * x, dz


MISCONCEPTIONS = tuple(Misconception(*row) for row in _ROWS)
