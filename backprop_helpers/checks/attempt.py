"""One call of a learner's function, and everything that is to be known about it afterwards.

This half of a check runs beside the learner's code: in the notebook, and in the sandbox where a class is graded. It knows
no answer; what it reports is judged elsewhere.

NumPy and the standard library only, and the files of this folder that say the same.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from backprop_helpers.checks.copies import copied, unchanged
from backprop_helpers.checks.leftover import left_standing
from backprop_helpers.checks.limits import TookTooLong, alarm, captured_prints
from backprop_helpers.checks.travel import Alien, counted, packed, plain, type_name, unpacked

LONGEST = 120  # characters of a line that are quoted


class Wrong(Exception):
    """What a check raises when the learner's result can't be read at all: the sentence for the learner."""


@dataclass(frozen=True)
class Changing:
    """What a drive returns when the learner's function changed something besides its arguments in place."""

    raw: Any
    names: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """What a drive has to go by.

    name: of the exercise, for sentences; returns: names of what the function returns; fn: the learner's function;
    forward: the forward function of a backward pass; args: of the case; extra: what else the case hands over.
    """

    name: str
    returns: tuple[str, ...]
    fn: Callable[..., Any]
    forward: Callable[..., Any] | None
    args: tuple[Any, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Raised:
    """An exception, in words.

    kind: its type's name; kinds: the names of all of Python's own exceptions that it is one of; text: what it says; line: the
    last line of the learner's that it went through; inner: the function in which it was raised; depth: through how
    many frames of the learner's it went; left: "above" or "below" where a `raise NotImplementedError()` stands beside code, else "".
    """

    kind: str
    kinds: tuple[str, ...] = ()
    text: str = ""
    line: str = ""
    inner: str = ""
    depth: int = 0
    left: str = ""


@dataclass(frozen=True)
class Attempt:
    """What one call did.

    raw: what the drive made of it; problem: why there is nothing ("unwritten", "raised", "too long", "unreadable", "gone") or
    ""; sentence: of an unreadable result; raised: the exception; changed: positions of arguments that came back
    changed; inside: names of other things that did; printed: number of characters; warned: first NumPy warning.
    """

    raw: Any = None
    problem: str = ""
    sentence: str = ""
    raised: Raised | None = None
    changed: tuple[int, ...] = ()
    inside: tuple[str, ...] = ()
    printed: int = 0
    warned: str = ""


def attempt(
    work: Callable[[tuple[Any, ...], dict[str, Any]], Any],
    args: tuple[Any, ...],
    extra: Mapping[str, Any],
    limit: contextlib.AbstractContextManager[None],
) -> Attempt:
    """Do `work` with copies of args and extra, within a limit of time. Never raises for anything that work does."""
    mine, given = copied(args), copied(dict(extra))
    raw: Any = None
    problem = sentence = ""
    raised = None
    with warnings.catch_warnings(record=True) as caught, captured_prints() as printed:
        warnings.simplefilter("always")
        try:
            with limit:
                raw = work(mine, given)
        except NotImplementedError as exc:
            problem, raised = "unwritten", in_words(exc)
        except TookTooLong:
            problem = "too long"
        except Wrong as wrong:
            problem, sentence = "unreadable", str(wrong)
        except KeyboardInterrupt:
            raise
        except BaseException as exc:  # a learner's SystemExit must not end the kernel either
            problem, raised = "raised", in_words(exc)
    inside: tuple[str, ...] = ()
    if isinstance(raw, Changing):
        raw, inside = raw.raw, raw.names
    return Attempt(
        raw=raw,
        problem=problem,
        sentence=sentence,
        raised=raised,
        changed=tuple(
            i for i, (was, now) in enumerate(zip(args, mine, strict=True)) if not unchanged(was, now)
        ),
        inside=inside,
        printed=printed.count,
        warned=next((str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)), ""),
    )


def in_words(exc: BaseException) -> Raised:
    """What there is to say about an exception."""
    try:
        text = " ".join(str(exc).split()).rstrip(".")
    except Exception:
        text = ""
    frames = traceback.extract_tb(exc.__traceback__)
    mine = learner_frames(frames)
    return Raised(
        kind=type(exc).__name__,
        kinds=tuple(k.__name__ for k in type(exc).__mro__ if k.__module__ == "builtins"),
        text=text,
        line=_line(mine),
        inner=frames[-1].name if frames else "",
        depth=len(mine),
        left=left_standing(exc) if mine and frames[-1] is mine[-1] else "",
    )


def _line(mine: Sequence[traceback.FrameSummary]) -> str:
    """The learner's line that is to be looked at: of a helper that refuses what it is given, the one that calls it."""
    lines = [(frame.line or "").strip() for frame in mine]
    calls = [line for line in lines if not re.match(r"raise\b", line)] or lines
    return "" if not calls else calls[-1] if len(calls[-1]) <= LONGEST else f"{calls[-1][: LONGEST - 1]}…"


def learner_frames(frames: Sequence[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Those of code that is neither an installed package nor this one."""
    return [f for f in frames if "site-packages" not in f.filename and "backprop_helpers" not in f.filename]


def named(name: str, names: Sequence[str], returned: Any) -> dict[str, Any]:
    """Give the values of a return statement their names; raises Wrong where the count is off."""
    never_an_exception(name, returned)
    if returned is None:
        raise Wrong(f"{name} returned None. Does it end with `return {', '.join(names)}`?")
    if len(names) == 1:
        return {names[0]: returned}
    if not isinstance(returned, tuple | list):
        raise Wrong(
            f"{name} returned {_kind(returned)}; expected {len(names)} things, ({', '.join(names)}). "
            f"Look at its last line: `return {', '.join(names)}`."
        )
    if len(returned) != len(names):
        raise Wrong(
            f"{name} returned {counted(len(returned), 'things')}; expected {len(names)}, ({', '.join(names)}). "
            f"Look at its last line: `return {', '.join(names)}`."
        )
    return dict(zip(names, returned, strict=True))


def never_an_exception(name: str, returned: Any) -> None:
    """Raises Wrong where an exception was returned like a value: then nobody is stopped by it."""
    kind = returned if isinstance(returned, type) else type(returned)
    if isinstance(returned, Alien) and returned.exception:
        name_of_kind = returned.type_name
    elif issubclass(kind, BaseException):
        name_of_kind = kind.__name__
    else:
        return
    raise Wrong(
        f"{name} returned a {name_of_kind} like a value, so whoever called it goes on with it. "
        f"Refusing is done with `raise {name_of_kind}(...)`, not with `return`."
    )


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"one array of shape {shape}" if shape else "one number"
    return f"one {type_name(value)}"


# --- the learner's end of a check that is judged elsewhere ------------------------------------------------------------


def answer(learner: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make the attempts that a judge asks for, in plain values both ways.

    learner: the names of the learner's notebook; asked: drive ("module:function"), name and returns of the exercise, fn (the
    learner's name of it), forward (packed), cases (packed args and extra), seconds a case, spare (positions in what is
    returned that nobody looks at).
    After a case that is still unwritten or never ended no further one is tried.
    """
    if asked["fn"] not in learner:
        return {
            "missing": True,
            "callables": [n for n, v in learner.items() if callable(v) and n[:1] != "_"][:500],
        }
    fn = learner[asked["fn"]]
    if not callable(fn):
        return {"missing": False, "type": type(fn).__name__}
    module, _, function = asked["drive"].partition(":")
    drive = getattr(importlib.import_module(module), function)
    forward = unpacked(asked["forward"], learner)
    found = []
    for args, extra in asked["cases"]:

        def work(args: tuple[Any, ...], extra: dict[str, Any]) -> Any:
            return drive(Task(asked["name"], tuple(asked["returns"]), fn, forward, args, extra))

        one = attempt(work, unpacked(args, learner), unpacked(extra, learner), alarm(asked["seconds"]))
        found.append(_written(one, tuple(asked["spare"])))
        if one.problem in ("unwritten", "too long"):
            break
    return {"attempts": found}


def _written(one: Attempt, spare: tuple[int, ...]) -> dict[str, Any]:
    raw = one.raw
    if spare and isinstance(raw, tuple | list):
        raw = (
            type(raw)(None if i in spare else part for i, part in enumerate(raw))
            if type(raw) in (tuple, list)
            else raw
        )
    try:
        content = packed(plain(raw))
    except Exception as problem:  # an object that resists being looked at
        content = None
        one = Attempt(problem="raised", raised=in_words(problem), printed=one.printed)
    written = {**{key: value for key, value in vars(one).items() if key != "raised"}, "raw": content}
    written["raised"] = asdict(one.raised) if one.raised else None
    return written


def read(written: Any) -> Attempt:
    """An attempt out of what came back: whoever sent it may have sent anything. Raises TypeError, ValueError or KeyError."""
    raised = written["raised"]
    problem = _text(written["problem"])
    if problem not in ("", "unwritten", "raised", "too long", "unreadable"):
        raise ValueError("an attempt has a problem that does not exist")
    return Attempt(
        raw=unpacked(written["raw"]),
        problem=problem,
        sentence=_text(written["sentence"], 1000),
        raised=None
        if raised is None
        else Raised(
            kind=_text(raised["kind"]),
            kinds=tuple(_text(kind) for kind in raised["kinds"][:30]),
            text=_text(raised["text"], 1000),
            line=_text(raised["line"]),
            inner=_text(raised["inner"]),
            depth=min(max(0, int(raised["depth"])), 10**6),
            left=_text(raised["left"]),
        ),
        changed=tuple(sorted({int(i) for i in written["changed"][:100]})),
        inside=tuple(_text(name) for name in written["inside"][:10]),
        printed=min(max(0, int(written["printed"])), 10**12),
        warned=_text(written["warned"]),
    )


def _text(value: Any, most: int = 200) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value[:most]
