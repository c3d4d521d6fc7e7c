"""The learner's side as the judge sees it: functions that can be asked, and nothing that comes back believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backprop_helpers.checks.attempt import Attempt, read
from backprop_helpers.checks.notebook import sentence_about
from backprop_helpers.checks.observe import FINAL, Elsewhere, NotThere, Observation, measured, seen_in
from backprop_helpers.checks.spec import Case, Driven, Exercise
from backprop_helpers.checks.travel import packed, unpacked
from backprop_helpers.grading.sandbox import Box, CallOutcome
from backprop_helpers.grading.wire import Handle, Unsendable

_ATTEMPTS = "from backprop_helpers.checks.attempt import answer\nresult = answer(learner, asked)"
# What the names of a test cell are: missing, something to call, or a value.
_KINDS = """
from backprop_helpers.checks.travel import packed, plain
result = {}
for name in names:
    if name not in learner:
        result[name] = ["missing"]
    elif callable(learner[name]):
        result[name] = ["function"]
    else:
        result[name] = ["value", packed(plain(learner[name]))]
"""
_RELEASE = """
import importlib
module = importlib.import_module(where)
exec(compile(source, module.__file__, "exec"), module.__dict__)
"""
BATCH_SECONDS = 5.0  # of a batch of attempts, besides what each may take


class Raised(Exception):
    """What a learner's function raised, or why it gave nothing: the text is a sentence for the learner."""


class Side:
    """One submission's process.

    box: the sandbox in use; another one takes its place where a call has ended it (see `judge_notebook`).
    """

    def __init__(self, box: Box) -> None:
        self.box = box

    @property
    def alive(self) -> bool:
        return self.box.alive

    def script(self, source: str, inputs: Mapping[str, Any], seconds: float | None = None) -> CallOutcome:
        """Run the course's own text beside the learner's names."""
        return self.box.script(source, inputs, seconds=seconds)

    def kinds(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """What the learner's notebook has under some names: ["missing"], ["function"], or ["value", value]."""
        outcome = self.script(_KINDS, {"names": list(names)})
        found = outcome.value if outcome.status == "ok" and isinstance(outcome.value, dict) else {}
        return {name: _kind(found.get(name)) for name in names}

    def release(self, module: str, source: str) -> None:
        """Give the learner's side a function of the course whose exercise has been judged."""
        self.script(_RELEASE, {"where": f"backprop_helpers.{module}", "source": source})


def _kind(found: Any) -> list[Any]:
    if (
        isinstance(found, list)
        and found
        and found[0] in ("function", "value")
        and len(found) == 1 + (found[0] == "value")
    ):
        return [found[0], *map(unpacked, found[1:])]
    return ["missing"]


class RemoteFunction(Elsewhere):
    """A learner's function, by its name in their notebook.

    A check asks `observe`, which makes all attempts of a check with one question. Called like a function, as an instructor's own
    `assert f(3) == 9` does, it gives back an exact copy of plain values.
    """

    def __init__(self, side: Side, name: str) -> None:
        self._side = side
        self.__name__ = self.__qualname__ = name
        self.__module__ = "the learner's notebook"

    def __repr__(self) -> str:
        return f"<the learner's {self.__name__}>"

    def observe(self, exercise: Exercise, cases: Sequence[Case], forward: Any) -> list[Observation]:
        """See Elsewhere. Raises NotThere with a sentence where the notebook has no such function."""
        run = exercise.run
        if not isinstance(run, Driven):
            raise TypeError(
                f"the exercise {exercise.name} can't be judged from outside: its run is no Driven"
            )
        asked = self._question(exercise, run, cases, forward)
        seconds = exercise.seconds * len(cases) + BATCH_SECONDS
        outcome = self._side.script(_ATTEMPTS, {"asked": asked}, seconds)
        if outcome.status != "ok":
            return [seen_in(exercise, _nothing(exercise, outcome))]
        return self._read(exercise, cases, outcome.value)

    def _question(
        self, exercise: Exercise, run: Driven, cases: Sequence[Case], forward: Any
    ) -> dict[str, Any]:
        wanted = {q.name for q in exercise.quantities}
        spare = [i for i, name in enumerate(exercise.returns) if name not in wanted]
        return {
            "drive": f"{run.drive.__module__}:{run.drive.__name__}",
            "name": exercise.name,
            "returns": list(exercise.returns),
            "fn": self.__name__,
            "forward": packed(forward or exercise.forward, _name_of),
            "cases": _packed_cases(run, cases),
            "seconds": exercise.seconds,
            "spare": spare if run.spare and len(exercise.returns) > 1 else [],
        }

    def _read(self, exercise: Exercise, cases: Sequence[Case], value: Any) -> list[Observation]:
        """What came back, as observations: one for each case, or up to one after which there is no use in another."""
        if isinstance(value, dict) and "missing" in value:
            raise NotThere(self._sentence(exercise, value))
        try:
            found = [read(written) for written in value["attempts"]]
        except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as problem:
            return [seen_in(exercise, _no_answer(exercise, f"{type(problem).__name__} while reading it"))]
        seen = [measured(exercise, case, one) for case, one in zip(cases, found, strict=False)]
        if len(found) != len(cases) and not (
            found and len(found) < len(cases) and found[-1].problem in FINAL
        ):
            seen.append(seen_in(exercise, _no_answer(exercise, f"{len(found)} of {len(cases)} calls")))
        return seen

    def _sentence(self, exercise: Exercise, value: Mapping[str, Any]) -> str:
        if value["missing"] is True:
            names = value.get("callables")
            known = [n for n in names if isinstance(n, str)] if isinstance(names, list) else []
            return sentence_about(self.__name__, known)
        kind = value.get("type")
        return (
            f"{self.__name__} is a {kind[:100] if isinstance(kind, str) else 'thing'}, not a function: was the name given "
            "to something else further down in the notebook?"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it on copies of plain values. Raises Raised with a sentence for everything that goes wrong."""
        try:
            outcome = self._side.box.call(self.__name__, args, kwargs)
        except Unsendable as problem:
            raise Raised(f"{self.__name__} can't be called with this: {problem}.") from None
        if outcome.status == "ok":
            return only_plain(self.__name__, outcome.value)
        raise _translated(self.__name__, outcome)


_packed: dict[int, tuple[Sequence[Case], Any]] = {}


def _packed_cases(run: Driven, cases: Sequence[Case]) -> Any:
    """The cases as they travel: the same for a whole class, so kept for as long as the list of cases is the same one."""
    known = _packed.get(id(cases))
    if known is None or known[0] is not cases:
        if len(_packed) >= 300:
            _packed.clear()
        travels = [[packed(case.args), packed(run.handed_over(case))] for case in cases]
        known = _packed[id(cases)] = cases, travels
    return known[1]


def _name_of(value: Any) -> str | None:
    return value.__name__ if isinstance(value, RemoteFunction) else None


def only_plain(name: str, value: Any) -> Any:
    """The value, where all of it is here. Raises Raised where a part of it had to stay in the sandbox."""
    if isinstance(value, Handle):
        raise Raised(
            f"{name} returned something that is neither a number, a text, an array nor a list, tuple or dictionary of "
            "them, and nothing else can be looked at from outside."
        )
    if isinstance(value, list | tuple):
        return type(value)(only_plain(name, part) for part in value)
    if isinstance(value, dict):
        return {key: only_plain(name, part) for key, part in value.items()}
    return value


_BUILTIN: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (
        *(
            ArithmeticError,
            AssertionError,
            AttributeError,
            FloatingPointError,
            IndexError,
            KeyError,
            LookupError,
        ),
        *(
            NotImplementedError,
            OverflowError,
            RuntimeError,
            StopIteration,
            TypeError,
            ValueError,
            ZeroDivisionError,
        ),
    )
}


def _translated(name: str, outcome: CallOutcome) -> Exception:
    """What a test cell gets to see of an exception: Python's own kind where it is one, so that `except ValueError` works."""
    text = " ".join(outcome.evalue.split())[:300]
    if outcome.status == "error":
        where = f" in its line `{outcome.line.strip()[:120]}`" if outcome.line.strip() else ""
        kind = _BUILTIN.get(outcome.ename, Raised)
        if outcome.ename == "NotImplementedError":
            return kind(f"{name} is still empty: write its body.")
        return kind(f"{name} stopped with {outcome.ename}{f': {text}' if text else ''}{where}.")
    if outcome.status == "timeout":
        return Raised(f"{name} did not come back in time and was stopped. Is there a loop that never ends?")
    if outcome.status == "unsendable":
        return Raised(f"What {name} returned can't be read back: {text}.")
    return Raised(f"{name} ended the process it ran in. {text}")


def _nothing(exercise: Exercise, outcome: CallOutcome) -> Attempt:
    """An attempt of which nothing came back, because the process as a whole gave no answer."""
    text = " ".join(outcome.evalue.split())[:300]
    if outcome.status == "timeout":
        return Attempt(problem="too long")
    if outcome.status == "killed":
        return Attempt(
            problem="gone",
            sentence=f"{exercise.name} could not be judged: {text[:1].lower()}{text[1:]}"
            if text
            else f"{exercise.name} ended the process it ran in: it crashed, left Python, or used too much memory.",
        )
    if outcome.status == "unsendable":
        return Attempt(problem="gone", sentence=f"What {exercise.name} returned can't be read back: {text}.")
    return _no_answer(exercise, outcome.ename)


def _no_answer(exercise: Exercise, why: str) -> Attempt:
    return Attempt(
        problem="gone",
        sentence=(
            f"{exercise.name} could not be judged: what came back is no answer to the check ({why[:100]}). "
            "Does the notebook change Python or NumPy themselves?"
        ),
    )
