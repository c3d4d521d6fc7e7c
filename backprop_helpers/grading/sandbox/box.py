"""One submission in its sandbox, as the judge sees it: cells to run, functions to call, nothing believed."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import select
import signal
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backprop_helpers.grading import wire
from backprop_helpers.grading.sandbox.channel import Channel, Gone, Silence
from backprop_helpers.grading.sandbox.outcomes import (
    BoxClosed,
    CallOutcome,
    CellOutcome,
    Limits,
    Request,
    Tier,
)
from backprop_helpers.grading.wire import Handle, Value

SENDING = 10.0  # seconds that the sandbox may take to read a message
GRACE = 3.0  # seconds after a time limit that the sandbox has for saying so itself
_MOST_OUTPUTS = 600
_MOST_PIXELS = 40_000_000
_MOST_PICTURES = 4_000_000  # characters of base64 in one cell
_MOST_TEXT = 4_000  # characters of one error message, name or line
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
# Anchored at the beginning of a line, so that no text takes longer than its length.
# Where this machine keeps its libraries is nobody's business.
_LIBRARY = re.compile(r"(?m)^(  File )/[^\n]*/(?:(?:site|dist)-packages|lib/python3\.\d+)/")
_OWN_FRAME = re.compile(r"(?m)^  File /[^\n]*/sandbox/inside/[^\n]*\n(?:    [^\n]*\n)*\n?")
_ANSWERS = wire.Reader(wire.Answer)


class Box:
    """A forked, hardened process for one submission; a context manager that ends everything it started.

    alive: whether it can still answer; ended: why it cannot, as a sentence ("" while it can); left: seconds that its submission
    may still take.
    """

    def __init__(
        self,
        channel: Channel,
        pidfd: int,
        *,
        limits: Limits,
        tier: Tier,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self.tier = tier
        self.limits = limits
        self.ended = ""
        self._channel = channel
        self._pidfd: int | None = pidfd
        self._on_close = on_close
        self._number = 0
        self.left = limits.seconds_total

    @property
    def alive(self) -> bool:
        return not self.ended

    def fileno(self) -> int:
        """The descriptor of the process (a pidfd). Raises BoxClosed."""
        if self._pidfd is None:
            raise BoxClosed("This box was left already; open a new one.")
        return self._pidfd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill it and all it started. May be called again."""
        if self._pidfd is None:
            return
        self._end("The box was closed.")
        self._channel.close()
        os.close(self._pidfd)
        self._pidfd = None
        if self._on_close:
            self._on_close()

    def run(self, sources: Sequence[str], *, seconds: float | None = None) -> list[CellOutcome]:
        """Run cells in order, as a notebook would; a cell that fails does not stop the next.

        seconds: for each cell (default: `Limits.seconds_cell`). One outcome a source, whatever happens.
        """
        limit = self.limits.seconds_cell if seconds is None else seconds
        packer = wire.Packer()
        message = wire.RunCells(
            number=self._next(),
            sources=[packer.node(source) for source in sources],
            seconds=limit,
            output_bytes=self.limits.output_bytes,
        )
        outcomes: list[CellOutcome] = []
        for answer, payload, seconds_used in self._ask(
            message, packer, [limit] * len(sources), wire.CellDone
        ):
            outcomes.append(self._cell(answer, payload, seconds_used))
        outcomes += self._missing_cells(len(sources) - len(outcomes))
        # What was written past Python has no cell of its own.
        printed = _text(self._channel.printed(), self.limits.output_bytes)
        if printed and outcomes:
            outcomes[-1].outputs.append({"output_type": "stream", "name": "stdout", "text": printed})
        return outcomes

    def call(
        self,
        target: str | Handle,
        args: Sequence[Value] = (),
        kwargs: Mapping[str, Value] | None = None,
        *,
        seconds: float | None = None,
        attribute: str = "",
        keep: bool = False,
    ) -> CallOutcome:
        """Call one function of the notebook, or one that a Handle stands for."""
        request = Request(target, tuple(args), dict(kwargs or {}), attribute, seconds, keep)
        return self.call_many([request])[0]

    def call_many(self, requests: Sequence[Request]) -> list[CallOutcome]:
        """Make calls one after the other with one message; one outcome a request, whatever happens.

        Raises wire.Unsendable when an argument is not a Value.
        """
        packer = wire.Packer()
        limits = [self.limits.seconds_call if r.seconds is None else r.seconds for r in requests]
        packed = [_packed(r, packer, limit) for r, limit in zip(requests, limits, strict=True)]
        return self._calls(wire.Calls(number=self._next(), requests=packed), packer, limits)

    def script(
        self, source: str, inputs: Mapping[str, Value] | None = None, *, seconds: float | None = None
    ) -> CallOutcome:
        """Run the course's own text in the sandbox and fetch the `result` it defines.

        It sees `inputs` as names, NumPy as `np`, and the notebook's names in the dict `learner`. What it says is as
        little to be believed as any answer: it runs in the learner's process.
        """
        limit = self.limits.seconds_call if seconds is None else seconds
        packer = wire.Packer()
        message = wire.Script(
            number=self._next(),
            source=packer.node(source),
            inputs=packer.node(dict(inputs or {})),
            seconds=limit,
        )
        return self._calls(message, packer, [limit])[0]

    # --- how an answer is fetched

    def _next(self) -> int:
        self.fileno()
        self._number += 1
        return self._number

    def start(self, seed: int, deadline: float) -> None:
        """Tell a waiting child that it is the turn of its submission."""
        message = wire.Start(number=self._next(), seed=seed)
        for _ in self._ask(message, wire.Packer(), [deadline - time.monotonic()], wire.Ready):
            pass

    def _calls(self, message: wire.Message, packer: wire.Packer, limits: list[float]) -> list[CallOutcome]:
        outcomes: list[CallOutcome] = []
        for answer, payload, seconds in self._ask(message, packer, limits, wire.CallDone):
            outcomes.append(self._outcome(answer, payload, seconds))
        missing = len(limits) - len(outcomes)
        first = "timeout" if self._timed_out else "killed"
        rest = [CallOutcome("killed", evalue=self.ended)] * (missing - 1)
        return [*outcomes, *([CallOutcome(first, evalue=self.ended), *rest] if missing else [])]  # type: ignore[arg-type]

    _timed_out = False

    def _ask(
        self, message: wire.Message, packer: wire.Packer, limits: list[float], expected: type[Any]
    ) -> Any:
        """Send one message and yield its answers, one for each limit: (answer, its payload, seconds).

        Ends early, with the process killed, at the first thing that is not the expected answer. What is wrong with
        the insides of an answer is reported by the one who reads it, through `_distrust`.
        """
        self._timed_out = False
        if self.ended:
            return
        if not self._channel.quiet():
            self._end("The submission's process spoke without being asked, so nothing it says is used.")
            return
        room = self.limits.reply_mb << 20  # for all answers together
        frame = wire.frame(message, packer.chunks, wire.REQUEST_BYTES)
        try:
            sent = time.monotonic()
            try:
                self._channel.send(frame, sent + SENDING)
            except Silence:
                self._timed_out = True
                self._end("The submission's process no longer reads what it is sent.")
                return
            finally:
                self.left -= time.monotonic() - sent
            for index, limit in enumerate(limits):
                begun = time.monotonic()
                allowed = min(limit, self.left)
                try:
                    header, payload = self._channel.receive(begun + allowed + GRACE, room)
                finally:
                    self.left -= time.monotonic() - begun
                room -= len(payload)
                answer = _ANSWERS.read(header)
                if type(answer) is not expected or answer.number != message.number:
                    raise wire.WireError("another answer was expected")
                if getattr(answer, "index", index) != index:
                    raise wire.WireError("answers came out of order")
                # Answers may have waited here while the next cell ran, so the sandbox's own figure is the better
                # one where it can be true.
                yield answer, payload, _believable(answer, time.monotonic() - sent)
                if not self.alive:
                    return
        except Silence:
            self._timed_out = True
            self._end(_too_long(allowed, self.limits))
        except Gone:
            self._end(
                "The process of this submission ended in the middle: it crashed, ended itself, or used more "
                "memory or processor time than allowed."
            )
        except wire.WireError as problem:
            self._distrust(problem)

    def _distrust(self, problem: Exception) -> None:
        self._end(f"The submission's process sent something that is no answer ({problem}).")

    def _end(self, why: str) -> None:
        """Kill the process; the first reason is kept."""
        if not self.ended:
            self.ended = why
        if self._pidfd is not None:
            if self.tier is Tier.UNSAFE:  # elsewhere it cannot have started anything
                self._end_group()
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)  # type: ignore[attr-defined,unused-ignore]

    def _end_group(self) -> None:
        """End what an unhardened process started and left in its session. Its number is its own while it lives."""
        fd = self.fileno()
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if poll.poll(0):
            return  # it has ended: the number may be somebody else's
        pid = pid_of(fd)
        if pid > 1:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    # --- how an answer is read

    def _cell(self, answer: wire.CellDone, payload: memoryview, seconds: float) -> CellOutcome:
        try:
            reader = wire.Unpacker(payload)
            evalue = _text(reader.text(answer.evalue))
            trace = _text(reader.text(answer.traceback), self.limits.output_bytes)
            outputs = _outputs(answer.outputs, reader, self.limits.output_bytes)
            reader.end()
        except wire.WireError as problem:
            self._distrust(problem)
            return CellOutcome("killed", evalue=self.ended, seconds=seconds)
        trace = _LIBRARY.sub(r"\1", _OWN_FRAME.sub("", trace))
        return CellOutcome(answer.status, _text(answer.ename, 200), evalue, trace, outputs, seconds)

    def _missing_cells(self, count: int) -> list[CellOutcome]:
        if not count:
            return []
        first = CellOutcome("timeout" if self._timed_out else "killed", evalue=self.ended)
        return [first, *(CellOutcome("killed", evalue=self.ended) for _ in range(count - 1))]

    def _outcome(self, answer: wire.CallDone, payload: memoryview, seconds: float) -> CallOutcome:
        try:
            reader = wire.Unpacker(payload)
            value = reader.value(answer.value)
            evalue, line = _text(reader.text(answer.evalue)), _text(reader.text(answer.line), 500)
            warned = _text(reader.text(answer.warned), 500)
            reader.end()
            if len(answer.changed) > 256 or any(not 0 <= i < 256 for i in answer.changed):
                raise wire.WireError("arguments are named that were not sent")
        except wire.WireError as problem:
            self._distrust(problem)
            return CallOutcome("killed", evalue=self.ended, seconds=seconds)
        ename, changed = _text(answer.ename, 200), tuple(answer.changed)
        printed = max(0, min(answer.printed, 10**12))
        return CallOutcome(answer.status, value, ename, evalue, line, changed, printed, warned, seconds)


def _believable(answer: Any, elapsed: float) -> float:
    """The seconds an answer claims, where they are at least possible (also not a number is not)."""
    claimed = getattr(answer, "seconds", elapsed)
    return float(claimed) if 0 <= claimed <= elapsed else elapsed


def _packed(request: Request, packer: wire.Packer, seconds: float) -> wire.CallRequest:
    target = request.target if isinstance(request.target, str) else packer.node(request.target)
    if not isinstance(target, str | wire.HandleNode | wire.RefNode):
        raise TypeError(f"target must be a name, a Handle or a Ref, not {type(request.target).__name__}.")
    return wire.CallRequest(
        target,
        request.attribute,
        [packer.node(arg) for arg in request.args],
        list(request.kwargs),
        [packer.node(arg) for arg in request.kwargs.values()],
        seconds,
        request.keep,
    )


def pid_of(pidfd: int) -> int:
    """The number of the process that a pidfd stands for, as this process sees it; -1 when it has ended."""
    text = Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("Pid:")))


def _too_long(seconds: float, limits: Limits) -> str:
    if seconds < 1e-9:
        return f"The submission as a whole took longer than {limits.seconds_total:g} s."
    return f"It took longer than {seconds:.3g} s and was stopped. Is there a loop that never ends?"


def _text(text: str, most: int = _MOST_TEXT) -> str:
    """A text without escape sequences and control characters, and not longer than `most` characters."""
    longer = len(text) > most
    text = _CONTROLS.sub("", _ESCAPES.sub("", text[: most + 1]))[:most]
    return f"{text} …" if longer else text


def _outputs(sent: list[wire.Output], reader: wire.Unpacker, most: int) -> list[dict[str, Any]]:
    """A cell's outputs as in a notebook: `most` characters of text together, and a few megabytes of pictures."""
    if len(sent) > _MOST_OUTPUTS:
        raise wire.WireError("a cell has too many outputs")
    outputs = []
    text_left, picture_left = most + 500, _MOST_PICTURES  # a last line says what was dropped
    for one in sent:
        shown = _output(one, reader, max(text_left, 0), picture_left)
        data = shown.get("data", {})
        text_left -= len(shown.get("text", "")) + len(data.get("text/plain", ""))
        picture_left -= len(data.get("image/png", ""))
        outputs.append(shown)
    return outputs


def _output(output: wire.Output, reader: wire.Unpacker, most: int, most_picture: int) -> dict[str, Any]:
    """One output; of displayed data only text and pictures that are PNG are kept."""
    if len(output.keys) != len(output.texts) or len(output.keys) > 16:
        raise wire.WireError("an output's types do not fit its data")
    texts = {key: reader.text(node) for key, node in zip(output.keys, output.texts, strict=True)}
    if output.kind == "stream":
        name = "stderr" if output.name == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(texts.get("text", ""), most)}
    data = {"text/plain": _text(texts.get("text/plain", ""), most)}
    picture = _picture(texts.get("image/png"), most_picture)
    if picture:
        data["image/png"] = picture
    shown: dict[str, Any] = {"output_type": output.kind, "data": data, "metadata": {}}
    if output.kind == "execute_result":
        shown["execution_count"] = None
    return shown


def _picture(text: str | None, most: int) -> str | None:
    """A PNG as base64, encoded anew; None for whatever is not one or takes more than `most` characters."""
    if text is None or len(text) > most:
        return None
    try:
        raw = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return None
    if not raw.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") or len(raw) < 24:
        return None
    # A small file can unfold to a picture that no browser can show.
    wide, high = struct.unpack(">II", raw[16:24])
    return base64.b64encode(raw).decode("ascii") if 0 < wide * high <= _MOST_PIXELS else None
