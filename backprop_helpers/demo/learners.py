"""The twelve submissions as data: what each learner wrote, which exercises must hold, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LESSON = "02_loss"
EXERCISES = ("mse", "softmax", "log_softmax", "cross_entropy", "accuracy")


@dataclass(frozen=True)
class Learner:
    """One made-up submission.

    kind: two or three words; solved: the exercises copied from the solutions; wrote: source by exercise, in place of
    it; holds: the exercises whose check must hold; why: the reason for the marks; answer: what was written in words.
    """

    name: str
    kind: str
    why: str
    holds: tuple[str, ...]
    solved: tuple[str, ...] = EXERCISES
    wrote: Mapping[str, str] = field(default_factory=dict)
    answer: str = "Accuracy only counts which score is largest. A sure and wrong row can cost more than many right ones save."


def _without(*names: str) -> tuple[str, ...]:
    return tuple(name for name in EXERCISES if name not in names)


_LOG_SOFTMAX = """
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
"""

CLASS = (
    Learner("learner-01", "all right", "Every check holds, with the secret numbers too.", EXERCISES),
    Learner(
        "learner-02",
        "partly right",
        "Two exercises are written, three are still empty.",
        ("mse", "accuracy"),
        solved=("mse", "accuracy"),
    ),
    Learner(
        "learner-03",
        "wrong, known ways",
        "mse takes no mean, softmax runs over the wrong axis, cross_entropy takes a sum; each is named.",
        ("log_softmax", "accuracy"),
        wrote={
            "mse": """
def mse(pred, y):
    if pred.shape != y.shape:
        raise ValueError("shapes differ")
    return np.sum((pred - y) ** 2)
""",
            "softmax": """
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=0, keepdims=True))
    return powers / powers.sum(axis=0, keepdims=True)
""",
            "cross_entropy": """
def cross_entropy(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("one label per row")
    return -log_softmax(scores)[np.arange(len(y)), y].sum()
""",
        },
    ),
    Learner(
        "learner-04",
        "syntax error",
        "The cell of softmax can't be read, so there is no function softmax; the others count.",
        _without("softmax"),
        wrote={"softmax": "def softmax(scores)\n    return np.exp(scores"},
    ),
    Learner(
        "learner-05",
        "infinite loop",
        "accuracy never comes back and is stopped after five seconds; the others count.",
        _without("accuracy"),
        wrote={
            "accuracy": "def accuracy(scores, y):\n    i = 0\n    while i < len(y):\n        right = scores[i].argmax()\n"
        },
    ),
    Learner("learner-06", "empty", "Handed in as it was released.", (), solved=(), answer=""),
    Learner(
        "learner-07",
        "right, its own way",
        "Loops, einsum and lists give the same numbers: every check holds.",
        EXERCISES,
        wrote={
            "mse": """
def mse(prediction, target):
    if np.shape(prediction) != np.shape(target):
        raise ValueError("prediction and target need one shape")
    e = (np.asarray(prediction) - np.asarray(target)).ravel()
    return float(np.einsum("i,i->", e, e)) / e.size
""",
            "softmax": """
def softmax(scores):
    rows = []
    for row in scores:
        powers = np.exp(row - max(row))
        rows.append(powers / sum(powers))
    return np.array(rows)
""",
            "accuracy": """
def accuracy(scores, y):
    if np.shape(y) != (len(scores),):
        raise ValueError("one label per row")
    return sum(int(np.argmax(row) == label) for row, label in zip(scores, y)) / len(scores)
""",
        },
    ),
    Learner(
        "learner-08",
        "raises",
        "log_softmax stops with an error, which is read as a forgotten keepdims; cross_entropy counts.",
        _without("log_softmax"),
        wrote={
            "log_softmax": """
def log_softmax(scores):
    shifted = scores - scores.max(axis=1)
    return shifted - np.log(np.exp(shifted).sum(axis=1))
""",
            "cross_entropy": f"""
def cross_entropy(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("one label per row")
{_LOG_SOFTMAX}
    return -log_p[np.arange(len(y)), y].mean()
""",
        },
    ),
    Learner(
        "learner-09",
        "returns None",
        "cross_entropy forgets its return; the others count.",
        _without("cross_entropy"),
        wrote={
            "cross_entropy": """
def cross_entropy(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("one label per row")
    loss = -log_softmax(scores)[np.arange(len(y)), y].mean()
"""
        },
    ),
    Learner(
        "learner-10",
        "prints 10 MB",
        "mse prints ten million characters and is right all the same; they are counted, not kept.",
        EXERCISES,
        wrote={
            "mse": """
def mse(pred, y):
    print("x" * 10_000_000)
    if pred.shape != y.shape:
        raise ValueError("shapes differ")
    return np.mean((pred - y) ** 2)
"""
        },
    ),
    Learner(
        "learner-11",
        "misspelt name",
        "The function is called sofmax; the check says so and the others count.",
        _without("softmax"),
        wrote={
            "softmax": """
def sofmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
"""
        },
    ),
    Learner(
        "learner-12",
        "changes its input",
        "softmax subtracts the maximum from the caller's own scores; the others count.",
        _without("softmax"),
        wrote={
            "softmax": """
def softmax(scores):
    scores -= scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)
"""
        },
    ),
)
