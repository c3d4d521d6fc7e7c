"""Submissions that are after marks rather than after the machine: each hands in something that is no answer.

What they may reach is their own process, where a check's first half runs too. What they must not reach is a point: the second half
runs elsewhere, with inputs they have not seen, and believes values only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Forgery:
    """One submission.

    tries: what it is after, as a sentence; answers: exercise → source, of which none may earn a point; lesson: the rest of which
    is handed in right, and must get its points all the same, but for the exercises in `costs`.
    """

    name: str
    tries: str
    answers: Mapping[str, str]
    lesson: str = "01_forward_pass"
    costs: frozenset[str] = field(default_factory=frozenset)


def _affine(source: str) -> dict[str, str]:
    return {"affine_forward": source}


_ZEROS = """
def affine_forward(x, w, b):
    return np.zeros((len(x), len(b))), (x, w, b)
"""


def _answer(body: str) -> str:
    """A source that puts its own function where the check's first half is."""
    return f"""
import backprop_helpers.checks.attempt as beside
honest = beside.answer
def answer(learner, asked):
    if asked["name"] != "affine_forward":
        return honest(learner, asked)
{body}
beside.answer = answer
{_ZEROS}
"""


FORGERIES = (
    Forgery(
        "rigged equality",
        "Returns an array that equals everything it is compared with.",
        _affine("""
class Agreeable(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __le__(self, other): return np.ones(self.shape, bool)
    def __sub__(self, other): return np.zeros(self.shape)
    def __array_ufunc__(self, *args, **kwargs): return np.ones(self.shape, bool)
    def __array_function__(self, *args, **kwargs): return True
def affine_forward(x, w, b):
    return np.zeros((len(x), len(b))).view(Agreeable), (x, w, b)
"""),
    ),
    Forgery(
        "an object in place of an array",
        "Returns an object that answers every question with yes.",
        _affine("""
class Yes:
    def __getattr__(self, name): return Yes()
    def __call__(self, *args, **kwargs): return True
    def __bool__(self): return True
    def __eq__(self, other): return True
    def __iter__(self): return iter([Yes(), Yes()])
    def __len__(self): return 2
def affine_forward(x, w, b):
    return Yes(), (x, w, b)
"""),
    ),
    Forgery(
        "a number for every conversion",
        "Gives another array each time it is converted.",
        _affine("""
class Shifty:
    def __array__(self, dtype=None, copy=None):
        return np.random.default_rng().standard_normal((4, 7))
def affine_forward(x, w, b):
    return Shifty(), (x, w, b)
"""),
    ),
    Forgery(
        "not a number",
        "Hopes that nan is close to everything.",
        _affine("""
def affine_forward(x, w, b):
    return np.full((len(x), len(b)), np.nan), (x, w, b)
"""),
    ),
    Forgery(
        "infinity",
        "Hopes that a tolerance relative to infinity takes everything.",
        _affine("""
def affine_forward(x, w, b):
    return np.full((len(x), len(b)), np.inf), (x, w, b)
"""),
    ),
    Forgery(
        "broadcast",
        "Returns a single row, which would agree if it were stretched.",
        _affine("""
def affine_forward(x, w, b):
    return (x.reshape(len(x), -1) @ w + b)[:1], (x, w, b)
"""),
    ),
    Forgery(
        "nothing at all",
        "Returns empty arrays, of which every entry is right.",
        _affine("""
def affine_forward(x, w, b):
    return np.zeros((0, len(b))), (x, w, b)
"""),
    ),
    Forgery(
        "its own check",
        "Defines check anew in the cell of an exercise.",
        _affine(f"def check(*args, **kwargs):\n    return None\ndiagnose = check\n{_ZEROS}"),
    ),
    Forgery(
        "its own NumPy",
        "Replaces the functions by which arrays are compared.",
        _affine(
            "np.allclose = np.isclose = np.array_equal = lambda *a, **k: True\n"
            "np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None\n"
            f"np.abs = lambda *a, **k: 0.0\n{_ZEROS}"
        ),
        costs=frozenset({"sigmoid_forward"}),  # which needs np.abs itself
    ),
    Forgery(
        "a failure that is none",
        "Makes AssertionError and CheckFailed harmless.",
        _affine(
            "import builtins\nfrom backprop_helpers import checks\n"
            "class AssertionError(Exception):\n    def __new__(cls, *a): return None\n"
            f"builtins.AssertionError = AssertionError\nchecks.CheckFailed = None\n{_ZEROS}"
        ),
    ),
    Forgery(
        "says that it passed",
        "Answers the judge's question with 'passed'.",
        _affine(_answer("    return {'passed': True}")),
    ),
    Forgery(
        "no attempts", "Says that no case was asked about.", _affine(_answer("    return {'attempts': []}"))
    ),
    Forgery(
        "fewer attempts",
        "Leaves out the cases it can't do.",
        _affine(
            _answer(
                "    return {'attempts': honest(learner, {**asked, 'cases': asked['cases'][:0]})['attempts']}"
            )
        ),
    ),
    Forgery(
        "more attempts",
        "Sends more attempts than were asked for.",
        _affine(
            _answer("    found = honest(learner, asked)['attempts']\n    return {'attempts': found + found}")
        ),
    ),
    Forgery(
        "an attempt without a result",
        "Says that there was no problem, and nothing else.",
        _affine(
            _answer(
                "    one = dict(raw=None, problem='', sentence='', raised=None, changed=(), inside=(), printed=0, warned='')\n"
                "    return {'attempts': [one] * len(asked['cases'])}"
            )
        ),
    ),
    Forgery(
        "the right words in the wrong place",
        "Sends names of quantities with the verdict in them.",
        _affine(
            _answer(
                "    one = dict(raw={'out': True, 'passed': True}, problem='', sentence='', raised=None, changed=(), inside=(),\n"
                "               printed=0, warned='')\n"
                "    return {'attempts': [one] * len(asked['cases'])}"
            )
        ),
    ),
    Forgery(
        "types that do not fit",
        "Sends texts where numbers belong, to be compared with numbers.",
        _affine(
            _answer(
                "    one = dict(raw=('right', None), problem=0, sentence=None, raised=3, changed='x', inside=None, printed='many',\n"
                "               warned=[])\n    return {'attempts': [one] * len(asked['cases'])}"
            )
        ),
    ),
    Forgery(
        "an endless answer",
        "Sends nested lists until something gives in.",
        _affine(
            _answer(
                "    deep = []\n    for _ in range(5000):\n        deep = [deep]\n    return {'attempts': deep}"
            )
        ),
    ),
    Forgery(
        "an answer by itself",
        "Writes to every open descriptor, so that the judge reads what it was not sent.",
        _affine(f"""
import os
def spill():
    for number in range(3, 64):
        try:
            os.write(number, b'\\x00' * 4096)
        except OSError:
            pass
spill()
{_ZEROS}
"""),
        costs=frozenset({"relu_forward", "sigmoid_forward", "tanh_forward", "init_params", "mlp_forward"}),
    ),
    Forgery(
        "from the course",
        "Takes the course's own function, which the page speaks of further down.",
        _affine("from backprop_helpers import layers\naffine_forward = layers.affine_forward"),
    ),
    Forgery(
        "from another of the course's modules",
        "Looks for the reference, wrong solutions and inputs of checks wherever they could be.",
        _affine(f"""
import importlib
found = None
for name in ("network", "checks.lesson_01", "misconceptions.lesson_01", "checks.registry", "capstone", "grading.judge",
             "authoring", "experiments.gallery.forward_steps", "training"):
    try:
        module = importlib.import_module(f"backprop_helpers.{{name}}")
        found = found or getattr(module, "affine_forward", None)
    except Exception:
        pass
{_ZEROS}
affine_forward = found or affine_forward
"""),
    ),
    Forgery(
        "behind the lock",
        "Looks into the locked stand-in for the function behind it.",
        _affine(f"""
import gc, types
from backprop_helpers import layers
{_ZEROS}
inside = [c.cell_contents for c in layers.affine_forward.__closure__]
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and thing.__name__ == "affine_forward" and thing.__module__ == "backprop_helpers.layers":
        if thing is not layers.affine_forward:
            affine_forward = thing
"""),
    ),
    Forgery(
        "waits for the key",
        "A function that hands over to the course's own as soon as that is unlocked.",
        _affine(f"""
import threading, time
from backprop_helpers import layers
{_ZEROS}
zeros = affine_forward
def affine_forward(x, w, b):
    try:
        return layers.affine_forward(x, w, b)
    except Exception:
        return zeros(x, w, b)
"""),
    ),
    Forgery(
        "listens at exec",
        "Replaces exec and compile to catch what the judge sends over, and uses it for this exercise.",
        _affine(f"""
import builtins
caught = []
real = builtins.compile
def listening(source, *args, **kwargs):
    caught.append(source)
    return real(source, *args, **kwargs)
builtins.compile = listening
{_ZEROS}
zeros = affine_forward
def affine_forward(x, w, b):
    for source in caught:
        if isinstance(source, str) and "def affine_forward" in source:
            names = {{"np": np, "math": __import__("math")}}
            exec(real(source, "x", "exec"), names)
            return names["affine_forward"](x, w, b)
    return zeros(x, w, b)
"""),
    ),
    Forgery(
        "looks around while it is called",
        "Reads the frames of its callers for what is expected.",
        _affine("""
import sys, gc
def affine_forward(x, w, b):
    frame = sys._getframe()
    while frame:
        for name, value in list(frame.f_locals.items()):
            if name in ("expected", "right", "reference", "answers", "known"):
                return value, (x, w, b)
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, dict) and "expected" in thing and "exercise" in thing:
            return thing["expected"], (x, w, b)
    return np.zeros((len(x), len(b))), (x, w, b)
"""),
    ),
    Forgery(
        "a table of earlier calls",
        "Is right where the inputs were seen before: in a visible check.",
        _affine("""
calls = []
def affine_forward(x, w, b):
    calls.append(x.tobytes())
    right = x.reshape(len(x), -1) @ w + b
    return (right if len(calls) <= 5 else right * 0), (x, w, b)
"""),
    ),
    Forgery(
        "tells a check from a hidden check",
        "Is right as long as it has not been asked about another batch.",
        _affine("""
batches = set()
import sys
def affine_forward(x, w, b):
    frame = sys._getframe(1)
    while frame and frame.f_code.co_name != "answer":
        frame = frame.f_back
    if frame:
        batches.add(id(frame))
        if not hasattr(affine_forward, "first"):
            affine_forward.first = frame.f_locals["asked"]["cases"][0][0][0].tobytes()
        visible = frame.f_locals["asked"]["cases"][0][0][0].tobytes() == affine_forward.first
        if not visible:
            return np.zeros((len(x), len(b))), (x, w, b)
    return x.reshape(len(x), -1) @ w + b, (x, w, b)
"""),
    ),
    Forgery(
        "another function each time",
        "Replaces itself while it is checked.",
        _affine("""
def affine_forward(x, w, b):
    global affine_forward
    def affine_forward(x, w, b):
        return np.zeros((len(x), len(b))), (x, w, b)
    return x.reshape(len(x), -1) @ w + b, (x, w, b)
"""),
    ),
    Forgery(
        "an exception called right",
        "Raises exceptions with promising names.",
        _affine("""
class CheckPassed(Exception):
    passed = True
def affine_forward(x, w, b):
    raise CheckPassed("all checks hold")
"""),
    ),
    Forgery(
        "an exception in return",
        "Returns the verdict as an exception.",
        _affine("""
def affine_forward(x, w, b):
    return StopIteration((True, None)), (x, w, b)
"""),
    ),
    Forgery(
        "the words of a passing check",
        "Prints what a check prints when it holds, and draws it.",
        _affine(f"""
print("✓ affine_forward holds.")
from IPython.display import HTML, display
display(HTML("<b>3 / 3 points</b>"))
import sys
sys.displayhook(3.0)
{_ZEROS}
3.0
"""),
    ),
    Forgery(
        "predictable chance",
        "Makes every random generator the same one, so that nothing depends on rng.",
        {
            "init_params": """
fixed = np.random.default_rng(1)
table = fixed.standard_normal(20_000)
def init_params(sizes, rng, scale=0.01):
    return [(scale * table[: a * b].reshape(a, b), np.zeros(b)) for a, b in zip(sizes[:-1], sizes[1:])]
"""
        },
    ),
    Forgery(
        "a class in place of a function",
        "Is a class whose making is the answer.",
        _affine("""
class affine_forward(tuple):
    def __new__(cls, x, w, b):
        return super().__new__(cls, (np.zeros((len(x), len(b))), (x, w, b)))
"""),
    ),
    Forgery(
        "refuses by name",
        "Has an exception of its own called ValueError for shapes that don't fit, and never looks at the values.",
        {
            "mse": """
class ValueError(Exception):
    pass
def mse(pred, y):
    if pred.shape != y.shape:
        raise ValueError("refused")
    return ((pred - y) ** 2).mean()
"""
        },
        lesson="02_loss",
        costs=frozenset({"cross_entropy", "accuracy"}),  # which raise the same name
    ),
    Forgery(
        "memory that does not count",
        "Forms the Jacobian and switches the measurement off.",
        {
            "softmax_vjp": """
import tracemalloc
tracemalloc.get_traced_memory = lambda: (0, 0)
def softmax_vjp(dp, p):
    return np.stack([d @ (np.diag(q) - np.outer(q, q)) for d, q in zip(dp, p)])
"""
        },
        lesson="03_chain_rule",
    ),
    Forgery(
        "a cache that knows",
        "Replaces the course's forward function by one whose cache holds its output, and hands that back.",
        {
            "relu_backward": """
from backprop_helpers import layers
real = layers.relu_forward
layers.relu_forward = lambda x: (real(x)[0], {"out": real(x)[0]})
def relu_backward(dout, cache):
    return cache["out"]
"""
        },
        lesson="04_backward_pass",
        costs=frozenset({"mlp_backward"}),  # which is given these caches too
    ),
    Forgery(
        "the bug that was given",
        "Hands in the suspect as it stands.",
        {"bug_hunt_1": "from backprop_helpers.bug_hunt import suspect_1\nbug_hunt_1 = suspect_1"},
        lesson="04_backward_pass",
    ),
    Forgery(
        "a mended one by name",
        "Takes the mended pass from the module of the suspects.",
        {
            "bug_hunt_2": "from backprop_helpers import bug_hunt\nbug_hunt_2 = getattr(bug_hunt, 'mended_2', bug_hunt.suspect_2)"
        },
        lesson="04_backward_pass",
    ),
)
