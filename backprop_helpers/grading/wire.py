"""What crosses between the judge and a sandbox: plain values, arrays as raw bytes, and never a pickle.

A message is a small typed header (msgpack, checked against the classes below while it is read) followed by a payload
of raw bytes. The header says what each value is; the bytes of arrays, long texts and long integers stand in the
payload in the order in which the header names them. Whoever reads knows every length before memory is taken.

Both sides use this file. The judge treats what it reads as hostile: whatever is not exactly a message of the expected
class with every byte accounted for raises `WireError`, and nothing else can.

Standard library, NumPy and msgspec only: the sandbox loads this file without the rest of the package.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar, Union

import msgspec
import numpy as np

FRAME = struct.Struct("<IQ")  # length of the header, length of the payload
HEADER_BYTES = 1 << 18  # of one message from a sandbox; smallest node of a header is two bytes
REQUEST_BYTES = 1 << 24  # of the header of a message to a sandbox
PAYLOAD_BYTES = 1 << 26
DEPTH = 24  # containers within containers
NODES = 60_000  # values within one value
DIMENSIONS = 32
SHORT_TEXT = 200  # characters; longer ones travel in the payload
LONG_INTEGER = 1024  # bytes: 2,466 digits, which Python still prints
JOINED = 1 << 18  # bytes: a smaller message is written in one piece
RUN = 8  # a list of at least so many numbers of one type travels as raw bytes

# Native types of fixed size, and little-endian: a structured or object type has no name here.
DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
_NAME_OF = {dtype: name for name, dtype in DTYPES.items()}
_SCALARS: dict[type, str] = {dtype.type: name for name, dtype in DTYPES.items()}


class WireError(Exception):
    """What came is not a message: a sentence says what is wrong with it."""


class Unsendable(Exception):
    """A value that cannot cross, however it is split: a sentence says why."""


@dataclass(frozen=True, slots=True)
class Handle:
    """Stands for an object that stays in the sandbox; may be passed in again."""

    number: int


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of an earlier request of the same batch, or a part of it.

    request: its index in the batch; path: indices and keys that lead to the part, as (1, "w").
    """

    request: int
    path: tuple[int | str, ...] = ()


Plain: TypeAlias = (
    Any  # None | bool | int | float | complex | str | ndarray | NumPy scalar | list | tuple | dict[str, …]
)
Value: TypeAlias = Any  # Plain with Handle (and, in a request, Ref) anywhere in it


class Array(msgspec.Struct, array_like=True, tag="a", frozen=True):
    dtype: str
    shape: tuple[int, ...]


class Scalar(msgspec.Struct, array_like=True, tag="s", frozen=True):
    dtype: str


class Complex(msgspec.Struct, array_like=True, tag="c", frozen=True):
    real: float
    imag: float


class Items(msgspec.Struct, array_like=True, tag="l", frozen=True):
    of: Literal["list", "tuple"]
    items: list[Node]


class Map(msgspec.Struct, array_like=True, tag="d", frozen=True):
    keys: list[Node]
    items: list[Node]


class Run(msgspec.Struct, array_like=True, tag="r", frozen=True):
    """A list or tuple of numbers of one type: Python's float or int, or one kind of NumPy scalar."""

    of: Literal["list", "tuple"]
    kind: str
    count: int


class Long(msgspec.Struct, array_like=True, tag="i", frozen=True):
    size: int


class Text(msgspec.Struct, array_like=True, tag="x", frozen=True):
    size: int


class HandleNode(msgspec.Struct, array_like=True, tag="h", frozen=True):
    number: int


class RefNode(msgspec.Struct, array_like=True, tag="q", frozen=True):
    request: int
    path: list[int | str]


Node: TypeAlias = Union[  # noqa: UP007 - msgspec resolves the name at run time
    bool, int, float, str, Array, Scalar, Complex, Items, Map, Run, Long, Text, HandleNode, RefNode, None
]


class Message(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """number: an answer carries that of its question."""

    number: int


class Start(Message, tag="start", frozen=True):
    """The first message: what a forked child must not share with its siblings."""

    seed: int


class RunCells(Message, tag="run", frozen=True):
    sources: list[Node]
    seconds: float  # for one cell
    output_bytes: int  # kept of one cell


class CallRequest(msgspec.Struct, array_like=True, frozen=True):
    target: str | HandleNode | RefNode
    attribute: str
    args: list[Node]
    keys: list[str]
    kwargs: list[Node]
    seconds: float
    keep: bool


class Calls(Message, tag="calls", frozen=True):
    requests: list[CallRequest]


class Script(Message, tag="script", frozen=True):
    source: Node
    inputs: Node
    seconds: float


Question: TypeAlias = Union[Start, RunCells, Calls, Script]  # noqa: UP007


class Ready(Message, tag="ready", frozen=True):
    """Hardened, and waiting for learner code."""


class Output(msgspec.Struct, array_like=True, frozen=True):
    kind: Literal["stream", "execute_result", "display_data"]
    name: str  # of a stream
    keys: list[str]  # mime types; "text" for a stream
    texts: list[Node]


class CellDone(Message, tag="cell", frozen=True):
    index: int
    status: Literal["ok", "error", "timeout"]
    ename: str
    evalue: Node
    traceback: Node
    outputs: list[Output]
    seconds: float


class CallDone(Message, tag="call", frozen=True):
    index: int
    status: Literal["ok", "error", "timeout", "unsendable"]
    value: Node
    ename: str
    evalue: Node
    line: Node
    changed: list[int]
    printed: int
    warned: Node
    seconds: float


Answer: TypeAlias = Union[Ready, CellDone, CallDone]  # noqa: UP007
_Message = TypeVar("_Message", bound=Message)

# Built when first used: the classes above name each other.
_encoder = msgspec.msgpack.Encoder()


class Packer:
    """Turns values into nodes of a header and gathers the bytes of its payload.

    keep: is given each part that is not plain and returns the number of its handle; without it such a part raises
    Unsendable.
    """

    def __init__(self, keep: Callable[[object], int] | None = None, most: int = PAYLOAD_BYTES) -> None:
        self.chunks: list[bytes | memoryview] = []
        self._keep = keep
        self._left = most
        self._nodes = NODES

    def node(self, value: Value, depth: int = 0) -> Node:
        """The node of one value. Raises Unsendable with a sentence."""
        self._nodes -= 1
        if self._nodes < 0:
            raise Unsendable(f"the value has more than {NODES:,} parts")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value  # type: ignore[no-any-return]
        if kind is int:
            return self._integer(value)
        if kind is str:
            return self._text(value)
        if kind is np.ndarray:
            return self._array(value)
        if kind in _SCALARS:
            return self._scalar(value)
        if depth < DEPTH and (kind is list or kind is tuple):
            return self._items(value, depth)
        if depth < DEPTH and kind is dict and all(type(key) is str for key in value):
            return Map([self._text(k) for k in value], [self.node(v, depth + 1) for v in value.values()])
        if kind is complex:
            return Complex(value.real, value.imag)
        return self._other(value)

    def _other(self, value: object) -> Node:
        if isinstance(value, Handle):
            return HandleNode(value.number)
        if isinstance(value, Ref):
            return RefNode(value.request, list(value.path))
        if self._keep is None:
            raise Unsendable(f"a {type(value).__name__} cannot be sent")
        return HandleNode(self._keep(value))

    def _add(self, raw: bytes | memoryview) -> int:
        size = raw.nbytes if isinstance(raw, memoryview) else len(raw)
        self._left -= size
        if self._left < 0:
            raise Unsendable("the value is too large")
        if size:
            self.chunks.append(raw)
        return size

    def _integer(self, value: int) -> Node:
        if -(2**63) <= value < 2**63:
            return value
        size = value.bit_length() // 8 + 1
        if size > LONG_INTEGER:
            return self._other(value)
        return Long(self._add(value.to_bytes(size, "little", signed=True)))

    def _text(self, value: str) -> Node:
        if len(value) <= SHORT_TEXT and value.isascii():
            return value
        # half a character has no UTF-8; a reader sees which one it was
        return Text(self._add(value.encode("utf-8", "backslashreplace")))

    def _array(self, value: Any) -> Node:
        name = _NAME_OF.get(value.dtype)
        if name is None or value.ndim > DIMENSIONS:
            return self._other(value)
        # A copy, so that what is sent is what was returned, also when the array is changed afterwards.
        self._add(memoryview(value.tobytes()))
        return Array(name, value.shape)

    def _scalar(self, value: Any) -> Node:
        self._add(value.tobytes())
        return Scalar(_SCALARS[type(value)])

    def _items(self, value: list[Any] | tuple[Any, ...], depth: int) -> Node:
        of: Literal["list", "tuple"] = "list" if type(value) is list else "tuple"
        if len(value) >= RUN:
            kinds = set(map(type, value))
            if len(kinds) == 1:
                run = self._run(of, kinds.pop(), value)
                if run is not None:
                    return run
        if len(value) > self._nodes:
            raise Unsendable(f"the value has more than {NODES:,} parts")
        return Items(of, [self.node(item, depth + 1) for item in value])

    def _run(self, of: Literal["list", "tuple"], kind: type, value: Sequence[Any]) -> Node:
        if kind is float:
            name, dtype = "float", DTYPES["float64"]
        elif kind is int and all(-(2**63) <= item < 2**63 for item in value):
            name, dtype = "int", DTYPES["int64"]
        elif kind in _SCALARS:
            name = _SCALARS[kind]
            dtype = DTYPES[name]
        else:
            return None
        self._add(np.array(value, dtype).tobytes())
        return Run(of, name, len(value))


class Unpacker:
    """Turns nodes back into values; every byte of the payload must be used, in order.

    resolve: is given each HandleNode and RefNode and returns what it stands for (default: Handle and Ref).
    Raises WireError for anything that does not add up.
    """

    def __init__(
        self, payload: memoryview, resolve: Callable[[HandleNode | RefNode], object] | None = None
    ) -> None:
        self._payload = payload
        self._at = 0
        self._nodes = NODES
        self._resolve = resolve or _named

    def value(self, node: Node, depth: int = 0) -> Value:
        self._nodes -= 1
        if self._nodes < 0 or depth > DEPTH + 1:
            raise WireError("a value has too many parts")
        if node is None or isinstance(node, bool | int | float | str):
            return node
        return _READ[type(node)](self, node, depth)

    def text(self, node: Node) -> str:
        """A value that must be a text."""
        value = self.value(node)
        if not isinstance(value, str):
            raise WireError("a text was expected")
        return value

    def end(self) -> None:
        """Raises WireError where bytes are left over."""
        if self._at != len(self._payload):
            raise WireError("the payload holds more than the header names")

    def _take(self, size: int) -> memoryview:
        if size < 0 or size > len(self._payload) - self._at:
            raise WireError("the payload is shorter than the header says")
        piece = self._payload[self._at : self._at + size]
        self._at += size
        return piece

    def _array(self, node: Array, depth: int) -> Any:
        dtype = _dtype(node.dtype)
        if len(node.shape) > DIMENSIONS or any(n < 0 for n in node.shape):
            raise WireError("a shape is not one")
        # an empty array may not have absurd sides either: whoever makes one like it would run out of memory
        if math.prod(max(n, 1) for n in node.shape) > PAYLOAD_BYTES:
            raise WireError("an array is too large")
        raw = self._take(math.prod(node.shape) * dtype.itemsize)
        if dtype.kind == "b":
            _check_booleans(raw)
        return np.frombuffer(raw, dtype).reshape(node.shape).copy()

    def _scalar(self, node: Scalar, depth: int) -> Any:
        dtype = _dtype(node.dtype)
        raw = self._take(dtype.itemsize)
        if dtype.kind == "b":
            _check_booleans(raw)
        return np.frombuffer(raw, dtype)[0]

    def _complex(self, node: Complex, depth: int) -> complex:
        return complex(node.real, node.imag)

    def _items(self, node: Items, depth: int) -> list[Any] | tuple[Any, ...]:
        items = [self.value(item, depth + 1) for item in node.items]
        return items if node.of == "list" else tuple(items)

    def _map(self, node: Map, depth: int) -> dict[str, Any]:
        keys = [self.text(key) for key in node.keys]
        if len(keys) != len(node.items) or len(set(keys)) != len(keys):
            raise WireError("a dictionary's keys do not fit its values")
        return {key: self.value(item, depth + 1) for key, item in zip(keys, node.items, strict=True)}

    def _run(self, node: Run, depth: int) -> list[Any] | tuple[Any, ...]:
        plain = node.kind in ("float", "int")
        dtype = DTYPES[f"{node.kind}64"] if plain else _dtype(node.kind)
        if node.count < 0:
            raise WireError("a list is not one")
        raw = self._take(node.count * dtype.itemsize)
        if dtype.kind == "b":
            _check_booleans(raw)
        numbers = np.frombuffer(raw, dtype)
        items = numbers.tolist() if plain else list(numbers)
        return items if node.of == "list" else tuple(items)

    def _long(self, node: Long, depth: int) -> int:
        if node.size > LONG_INTEGER:
            raise WireError("an integer is too long")
        return int.from_bytes(self._take(node.size), "little", signed=True)

    def _text_of(self, node: Text, depth: int) -> str:
        try:
            return str(self._take(node.size), "utf-8")
        except UnicodeDecodeError as problem:
            raise WireError("a text is not UTF-8") from problem

    def _reference(self, node: HandleNode | RefNode, depth: int) -> object:
        return self._resolve(node)


_READ: dict[type, Callable[[Unpacker, Any, int], Any]] = {
    Array: Unpacker._array,
    Scalar: Unpacker._scalar,
    Complex: Unpacker._complex,
    Items: Unpacker._items,
    Map: Unpacker._map,
    Run: Unpacker._run,
    Long: Unpacker._long,
    Text: Unpacker._text_of,
    HandleNode: Unpacker._reference,
    RefNode: Unpacker._reference,
}


def _named(node: HandleNode | RefNode) -> object:
    if isinstance(node, RefNode):
        raise WireError("an answer refers to a request")
    if node.number < 0:
        raise WireError("a handle is not one")
    return Handle(node.number)


def _dtype(name: str) -> np.dtype[Any]:
    dtype = DTYPES.get(name)
    if dtype is None:
        raise WireError("an array has a type that does not cross")
    return dtype


def _check_booleans(raw: memoryview) -> None:
    """Raises WireError where a byte is neither 0 nor 1: NumPy would reckon with it in strange ways."""
    if len(raw) and np.frombuffer(raw, np.uint8).max() > 1:
        raise WireError("a truth value is neither true nor false")


def frame(message: Message, chunks: Sequence[bytes | memoryview], most: int) -> list[bytes | memoryview]:
    """A message ready to be written. Raises Unsendable when its header is longer than `most` bytes."""
    header = _encoder.encode(message)
    if len(header) > most:
        raise Unsendable("the value has too many parts")
    size = sum(len(c) if isinstance(c, bytes) else c.nbytes for c in chunks)
    pieces = [FRAME.pack(len(header), size) + header, *chunks]
    # many small arrays are sent faster as one piece; a large one is not copied once more
    return [b"".join(pieces)] if size < JOINED else pieces


def lengths(
    prefix: bytes | bytearray, most_header: int, most_payload: int = PAYLOAD_BYTES
) -> tuple[int, int]:
    """Lengths of header and payload from the first FRAME.size bytes. Raises WireError when one is too large."""
    header, payload = FRAME.unpack(prefix)
    if header > most_header or payload > most_payload:
        raise WireError("a message is too long")
    return header, payload


class Reader:
    """Decodes headers into one of the expected classes, and nothing else."""

    def __init__(self, expected: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(expected)

    def read(self, header: bytes | bytearray | memoryview) -> Any:
        """The message. Raises WireError for anything that is not exactly one."""
        try:
            return self._decoder.decode(header)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError) as problem:
            raise WireError(f"a message has the wrong form ({type(problem).__name__})") from None


if sys.byteorder != "little":
    raise ImportError("The wire between judge and sandbox needs a little-endian machine.")
