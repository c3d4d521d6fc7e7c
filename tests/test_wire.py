"""The wire: everything plain crosses exactly, and whatever a hostile process sends is a message or a WireError."""

from __future__ import annotations

import math
import tracemalloc

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_helpers.grading import wire

ANSWERS = wire.Reader(wire.Answer)
QUESTIONS = wire.Reader(wire.Question)
SMALL = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

numbers = st.one_of(
    st.booleans(),
    st.integers(-(2**200), 2**200),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    hnp.arrays(
        st.sampled_from(list(wire.DTYPES.values())),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    ),
    st.sampled_from([np.float32(0.1), np.int8(-3), np.bool_(True), np.complex128(1j), np.float64(2)]),
)
values = st.recursive(
    st.none() | numbers | st.text() | st.lists(st.floats(allow_nan=False)) | st.lists(st.integers(-(2**70), 2**70)),
    lambda inner: st.lists(inner, max_size=12) | st.lists(inner, max_size=12).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


def _done(node, **others):
    fields = {"number": 1, "index": 0, "status": "ok", "ename": "", "evalue": "", "line": "", "changed": []}
    return wire.CallDone(**fields | {"printed": 0, "warned": "", "seconds": 0.0, "value": node} | others)


def _through(value, keep=None):
    packer = wire.Packer(keep)
    raw = b"".join(wire.frame(_done(packer.node(value)), packer.chunks, wire.HEADER_BYTES))
    return _read(raw)


def _read(raw: bytes):
    header, payload = wire.lengths(raw[: wire.FRAME.size], wire.HEADER_BYTES)
    body = memoryview(raw)[wire.FRAME.size :]
    answer = ANSWERS.read(body[:header])
    reader = wire.Unpacker(body[header : header + payload])
    value = reader.value(answer.value)
    reader.end()
    return value


def _same(a, b) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(_same(a[k], b[k]) for k in a)
    return a == b


@SMALL
@given(values)
def test_plain_values_cross_exactly(value):
    try:
        back = _through(value)
    except wire.Unsendable:
        pytest.fail("a plain value was refused")
    assert _same(back, value)


@pytest.mark.parametrize(
    "value", [math.nan, np.float64("nan"), np.array([math.nan, -0.0]), [math.nan] * 20], ids=str
)
def test_not_a_number_crosses_too(value):
    assert repr(_through(value)) == repr(value)


def test_arrays_that_are_not_in_one_piece_arrive_in_one():
    a = np.arange(24.0).reshape(4, 6)[::2, ::-1].T
    assert np.array_equal(_through(a), a)
    assert np.array_equal(_through(np.asfortranarray(a)), a)


def test_what_arrives_is_a_copy_that_can_be_written_to():
    back = _through(np.zeros(3))
    back[0] = 1
    assert back.flags.owndata


class _Array(np.ndarray):
    pass


class _Float(float):
    pass


STRANGE = [
    object(), {1}, b"bytes", np.zeros(2).view(_Array), _Float(1), np.array([None]), np.zeros(1, "f8,f8"), np.array(["a"]),
    {1: 2}, 10**3000, np.longdouble(1), range(3), np.dtype("f8"), float, lambda: 0, np.zeros(3, ">f8"),
]  # fmt: skip


@pytest.mark.parametrize("value", STRANGE, ids=lambda v: type(v).__name__)
def test_everything_else_stays_where_it_is(value):
    kept = []

    def keep(one):
        kept.append(one)
        return len(kept) - 1

    assert _through(["a", value], keep) == ["a", wire.Handle(0)]
    assert kept[0] is value
    with pytest.raises(wire.Unsendable):
        wire.Packer().node(value)


def test_half_a_character_becomes_readable():
    assert _through("\ud800") == "\\ud800"


def test_a_value_in_itself_and_a_very_deep_one_end_somewhere():
    loop: list = []
    loop.append(loop)
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    kept = []
    for value in (loop, deep):
        wire.Packer(lambda one: kept.append(one) or 0).node(value)
    assert len(kept) == 2


@pytest.mark.parametrize(
    "value",
    [[None, "a"] * 40_000, [[i] for i in range(40_000)], np.zeros(10_000_000)],
    ids=["long", "wide", "large"],
)
def test_too_much_is_refused_with_a_sentence(value):
    with pytest.raises(wire.Unsendable, match=r"parts|large"):
        wire.frame(_done(wire.Packer().node(value)), [], wire.HEADER_BYTES)


HOSTILE_NODES = {
    "negative side": wire.Array("float64", (-1,)),
    "two negative sides": wire.Array("uint8", (-2, -2)),
    "terabyte": wire.Array("float64", (1 << 40,)),
    "overflow": wire.Array("uint8", (1 << 63, 2, 1 << 63)),
    "empty with absurd sides": wire.Array("float64", (0, 1 << 62)),
    "object dtype": wire.Array("object", (1,)),
    "dtype with fields": wire.Array("f8,O", (1,)),
    "dtype by code": wire.Array("<f8", (0,)),
    "many sides": wire.Array("float64", (1,) * 1000),
    "scalar of no type": wire.Scalar("O"),
    "no bytes": wire.Scalar("float64"),
    "negative text": wire.Text(-1),
    "long text": wire.Text(1 << 60),
    "negative integer length": wire.Long(-5),
    "giant integer": wire.Long(1 << 40),
    "negative run": wire.Run("list", "float", -1),
    "giant run": wire.Run("list", "int", 1 << 60),
    "run of objects": wire.Run("tuple", "object", 1),
    "reference": wire.RefNode(0, []),
    "negative handle": wire.HandleNode(-1),
    "keys without values": wire.Map(["a"], []),
    "same key twice": wire.Map(["a", "a"], [1, 2]),
    "number as key": wire.Map([1], [2]),
}


@pytest.mark.parametrize("name", HOSTILE_NODES)
def test_a_node_that_does_not_add_up_is_refused(name):
    with pytest.raises(wire.WireError):
        _read(b"".join(wire.frame(_done(HOSTILE_NODES[name]), [], 1 << 30)))


@pytest.mark.parametrize(("dtype", "raw"), [("bool", b"\x02"), ("bool", b"\xff")])
def test_a_truth_value_is_zero_or_one(dtype, raw):
    with pytest.raises(wire.WireError, match="truth value"):
        _read(b"".join(wire.frame(_done(wire.Array(dtype, (1,))), [raw], 1 << 30)))


def test_bytes_that_nobody_named_are_refused():
    with pytest.raises(wire.WireError, match="more than the header"):
        _read(b"".join(wire.frame(_done(1), [b"x"], 1 << 30)))


def test_a_bomb_of_nested_lists_costs_little():
    nested = b"\x9a" * (wire.HEADER_BYTES - 1)
    tracemalloc.start()
    with pytest.raises(wire.WireError):
        ANSWERS.read(nested)
    node: wire.Node = 1
    for _ in range(300):
        node = wire.Items("list", [node])
    with pytest.raises(wire.WireError):
        _read(b"".join(wire.frame(_done(node), [], 1 << 30)))
    wide = wire.Items("list", [wire.Items("list", [])] * 60_000)
    with pytest.raises((wire.WireError, wire.Unsendable)):
        _read(b"".join(wire.frame(_done(wide), [], wire.HEADER_BYTES)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20


def test_lengths_are_looked_at_before_memory_is_taken():
    for header, payload in ((wire.HEADER_BYTES + 1, 0), (1, wire.PAYLOAD_BYTES + 1), (2**32 - 1, 2**64 - 1)):
        with pytest.raises(wire.WireError, match="too long"):
            wire.lengths(wire.FRAME.pack(header, payload), wire.HEADER_BYTES)


@pytest.mark.parametrize(
    "change",
    [{"status": "excellent"}, {"extra": 1}, {"index": "0"}, {"printed": None}, {"changed": 3}],
    ids=str,
)
def test_a_header_of_another_form_is_refused(change):
    plain = msgspec.to_builtins(_done(1)) | {"type": "call"} | change
    with pytest.raises(wire.WireError, match="wrong form"):
        ANSWERS.read(msgspec.msgpack.encode(plain))


@SMALL
@given(st.binary(max_size=300))
def test_random_bytes_are_no_message(raw):
    for reader in (ANSWERS, QUESTIONS):
        try:
            reader.read(raw)
        except wire.WireError:
            continue
        pytest.fail("random bytes were taken for a message")


@SMALL
@given(values, st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_message_is_a_value_or_a_wire_error(value, changes):
    packer = wire.Packer()
    raw = bytearray(b"".join(wire.frame(_done(packer.node(value)), packer.chunks, wire.HEADER_BYTES)))
    for at, byte in changes:
        raw[at % len(raw)] = byte
    try:
        back = _read(bytes(raw))
    except wire.WireError:
        return
    assert _plain(back)


def _plain(value) -> bool:
    if type(value) in (list, tuple):
        return all(map(_plain, value))
    if type(value) is dict:
        return all(type(k) is str and _plain(v) for k, v in value.items())
    if type(value) is np.ndarray or isinstance(value, np.generic):
        return value.dtype in wire.DTYPES.values()
    return value is None or type(value) in (bool, int, float, complex, str, wire.Handle)
