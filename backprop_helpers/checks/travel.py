"""What may leave a learner's function: plain values, and a word for everything else.

A check looks at numbers, texts, exact arrays and lists, tuples and dictionaries of them. Whatever else a function
gives back stays where it is; an `Alien` says what it was. Where the function runs in a process of its own, `packed`
writes what has to travel besides plain values (generators, functions of the course) as plain values, and `unpacked`
reads it.

NumPy and the standard library only: this file runs beside a learner's code, also in a sandbox.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DEEP = 16  # lists within lists
LONG = 50_000  # entries of one list or dictionary
DIGITS = 4000  # bits of a whole number
MANY = 4_000_000  # entries of one array: nothing that is asked for has so many
KINDS = frozenset(
    (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
)


@dataclass(frozen=True)
class Alien:
    """Stands for something that is no plain value.

    type_name: of the object, or of the class itself where one was returned; phrase: what it is instead of numbers, as "a set";
    exception: whether it is an exception or a class of them; iterable: whether it could be looped over.
    """

    type_name: str
    phrase: str
    exception: bool = False
    iterable: bool = False


def type_name(value: Any) -> str:
    """The name of a value's type, also where only a word for it is here."""
    return value.type_name if isinstance(value, Alien) else type(value).__name__


def a_type(value: Any) -> str:
    """The name of a value's type with its article, as "a dict" and "an int"."""
    name = type_name(value)
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def counted(number: int, things: str) -> str:
    """A number of things in words, as "1 thing" and "2 things"; things: the plural with an s."""
    return f"{number:,} {things[:-1] if number == 1 else things}"


def as_numbers(value: Any) -> Array | str:
    """A plain float64 array of what a learner returned, or a phrase for what it is instead."""
    if value is None:
        return "None"
    if isinstance(value, Alien):
        return value.phrase
    if isinstance(value, str | bytes | dict | set) or callable(value):
        return f"a {type(value).__name__}"
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return f"a {type(value).__name__} whose rows have different lengths"
    if array.dtype.kind == "c":
        return "an array of complex numbers"
    if array.dtype.kind not in "fiub":
        return f"a {type(value).__name__} that does not hold numbers (dtype {array.dtype})"
    return np.array(array, dtype=np.float64, subok=False)


def plain(value: Any, depth: int = 0) -> Any:
    """The same value with nothing in it but exact plain types; an Alien for each part that has no plain form."""
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if isinstance(value, np.ndarray | np.generic):
        return _array(value)
    if isinstance(value, bool | int):
        return int(value) if int(value).bit_length() <= DIGITS else float("inf")
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list | tuple | dict):
        if depth >= DEEP or len(value) > LONG:
            return Alien(kind.__name__, f"a {kind.__name__} too deep or too long to be read")
        if isinstance(value, dict):
            return {str(k): plain(v, depth + 1) for k, v in value.items()}
        parts = [plain(part, depth + 1) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    return _alien(value)


def _array(value: Any) -> Any:
    """An exact array of a type that can travel, never a subclass; a single NumPy number is one of shape ()."""
    array = np.asarray(value)
    if array.size > MANY:
        return _too_many(array)
    if array.dtype.name in KINDS and array.dtype.isnative:
        return array
    if array.dtype.kind in "fiu":
        return array.astype(np.float64)
    if array.dtype.kind == "c":
        return array.astype(np.complex128)
    if array.dtype.kind == "U" and array.shape == ():
        return str(array)
    return Alien(
        type(value).__name__, f"a {type(value).__name__} that does not hold numbers (dtype {array.dtype})"
    )


def _too_many(array: Array) -> Alien:
    return Alien("ndarray", f"an array of {array.size:,} numbers, far more than were asked for")


def _alien(value: Any) -> Any:
    kind = value if isinstance(value, type) else type(value)
    found = as_numbers(value)
    if isinstance(found, str):
        return Alien(kind.__name__, found, issubclass(kind, BaseException), hasattr(value, "__iter__"))
    return _array(value)


# --- what travels to the learner's side and back, written in plain values -------------------------------------------

_KEY = "\0what"


def packed(value: Any, name_of: Callable[[Any], str | None] = lambda value: None) -> Any:
    """The same value in plain values alone; `unpacked` makes it again.

    name_of: what the learner's notebook calls a thing, None for everything that is not the learner's.
    Raises TypeError for what can't travel.
    """
    mine = name_of(value)
    if mine is not None:
        return {_KEY: "learner", "name": mine}
    if isinstance(value, np.random.Generator):
        return {_KEY: "generator", "state": repr(value.bit_generator.state)}
    if isinstance(value, Alien):
        return {_KEY: "alien", **vars(value)}
    if isinstance(value, list):
        return [packed(part, name_of) for part in value]
    if isinstance(value, tuple):
        return tuple(packed(part, name_of) for part in value)
    if isinstance(value, Mapping):
        return {key: packed(part, name_of) for key, part in value.items()}
    if callable(value):
        return {_KEY: "course", "module": value.__module__, "name": value.__qualname__}
    if value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic):
        return value
    raise TypeError(f"a {type(value).__name__} can't travel to a learner's function")


def unpacked(value: Any, learner: Mapping[str, Any] | None = None) -> Any:
    """What `packed` wrote. learner: the names of the learner's notebook; without them only aliens are made again."""
    if isinstance(value, list):
        return [unpacked(part, learner) for part in value]
    if isinstance(value, tuple):
        return tuple(unpacked(part, learner) for part in value)
    if isinstance(value, np.ndarray) and value.size > MANY and learner is None:
        return _too_many(value)
    if not isinstance(value, dict):
        return value
    kind = value.get(_KEY)
    if not isinstance(kind, str):
        return {key: unpacked(part, learner) for key, part in value.items()}
    if learner is None:
        return _alien_again(value)
    if kind == "generator":
        return _generator(value["state"])
    if kind == "course":
        return getattr(importlib.import_module(value["module"]), value["name"])
    return learner[value["name"]]


def _alien_again(value: Mapping[str, Any]) -> Alien:
    """Whoever sent it may have sent anything: every part is made what it has to be."""
    words = [str(value.get(key, ""))[:200] for key in ("type_name", "phrase")]
    return Alien(words[0], words[1], value.get("exception") is True, value.get("iterable") is True)


def _generator(state: str) -> np.random.Generator:
    import ast

    known = ast.literal_eval(state)  # from the judge, never from a learner
    bits = getattr(np.random, known["bit_generator"])()
    bits.state = known
    return np.random.Generator(bits)
