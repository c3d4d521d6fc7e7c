"""One submission's process, after it has been hardened: reads questions, runs cells, makes calls, answers.

Learner code shares this process and may change anything in it. All it can win is that its own answers are wrong.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from ... import wire
from .kind import explained, speak
from .shell import Shell, own_line, run_cell

_MOST_HANDLES = 20_000
_QUESTIONS = wire.Reader(wire.Question)


class OutOfTime(BaseException):
    """The time of a cell or a call is over. Not an Exception, so that `except Exception` does not swallow it."""


class _Clock:
    """Interrupts Python code that takes too long, by a signal; code that does not come back is the judge's to kill."""

    def __init__(self) -> None:
        self._armed = False
        self._seconds = 0.0
        signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, number: int, frame: object) -> None:
        if self._armed:
            raise OutOfTime(
                f"It took longer than {self._seconds:g} s and was stopped. Is there a loop that never ends?"
            )

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        self._seconds = seconds
        self._armed = True
        # rings again for code that swallowed the first one
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), 0.5)
        try:
            yield
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)


class Cell:
    """Serves one judge over one socket until it is closed."""

    def __init__(self, sock: socket.socket, shell: Shell, config: dict[str, Any]) -> None:
        self._sock = sock
        self._shell = shell
        self._most_reply: int = config["most_reply"]
        self._memory_mb: int = config["limits"]["memory_mb"]
        self._files = config["tier"] != "plain"
        self._handles: list[object] = []
        self._clock = _Clock()

    def serve(self) -> None:
        """Answer questions until the judge closes the socket."""
        while True:
            prefix = self._read(wire.FRAME.size)
            if not prefix:
                return
            header, payload = wire.lengths(prefix, wire.REQUEST_BYTES, 1 << 30)
            question = _QUESTIONS.read(self._read(header))
            body = wire.Unpacker(memoryview(self._read(payload)), self._resolve)
            if isinstance(question, wire.Start):
                self._start(question)
            elif isinstance(question, wire.RunCells):
                self._run(question, body)
            elif isinstance(question, wire.Calls):
                self._call_all(question, body)
            else:
                self._script(question, body)

    def _read(self, size: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            piece = self._sock.recv(min(size - len(pieces), 1 << 20))
            if not piece:
                os._exit(0)
            pieces += piece
        return bytes(pieces)

    def _send(self, message: wire.Message, chunks: list[bytes | memoryview]) -> None:
        pieces = wire.frame(message, chunks, wire.HEADER_BYTES)
        for piece in pieces:
            self._sock.sendall(piece)

    def _start(self, question: wire.Start) -> None:
        speak(files=self._files)
        random.seed(question.seed)
        np.random.seed(question.seed % 2**32)
        self._send(wire.Ready(number=question.number), [])

    # --- cells

    def _run(self, question: wire.RunCells, body: wire.Unpacker) -> None:
        sources = [body.text(source) for source in question.sources]
        for index, source in enumerate(sources):
            problem: BaseException | None = None
            begun = time.perf_counter()
            try:
                with self._clock.limit(question.seconds):
                    problem = run_cell(self._shell, source, question.output_bytes)
            except BaseException as late:
                problem = late
            packer = wire.Packer()
            seconds = time.perf_counter() - begun
            done = self._cell_done(question, index, problem, packer, seconds)
            self._send(done, packer.chunks)

    def _cell_done(
        self,
        question: wire.RunCells,
        index: int,
        problem: BaseException | None,
        packer: wire.Packer,
        seconds: float,
    ) -> wire.CellDone:
        outputs = [
            wire.Output(kind, name, list(data), [packer.node(text) for text in data.values()])  # type: ignore[arg-type]
            for kind, name, data in self._shell.outputs.finish()
        ]
        ename, evalue = _name(problem), self._message(problem)
        # the order of the payload is that in which the judge reads it
        texts = wire.Packer()
        trace = self._shell.error_text[-question.output_bytes :] if problem is not None else ""
        done = wire.CellDone(
            number=question.number,
            index=index,
            status=_status(problem),
            ename=ename,
            evalue=texts.node(evalue),
            traceback=texts.node(trace),
            outputs=outputs,
            seconds=seconds,
        )
        packer.chunks[:0] = texts.chunks
        return done

    def _message(self, problem: BaseException | None) -> str:
        """The text of an exception, which may itself raise, and what a learner can do about it."""
        if problem is None:
            return ""
        try:
            text = str(problem)[:4000]
        except BaseException as worse:
            return f"(the text of this exception cannot be read: {type(worse).__name__})"
        more = explained(problem, self._memory_mb)
        return f"{text.rstrip('.')}. {more}" if text and more else text or more

    # --- calls

    def _resolve(self, node: wire.HandleNode | wire.RefNode) -> object:
        if isinstance(node, wire.HandleNode):
            return self._handles[node.number]
        return wire.Ref(node.request, tuple(node.path))

    def _keep(self, value: object) -> int:
        if len(self._handles) >= _MOST_HANDLES:
            raise wire.Unsendable("too many objects were returned that are not plain data")
        self._handles.append(value)
        return len(self._handles) - 1

    def _call_all(self, question: wire.Calls, body: wire.Unpacker) -> None:
        # All arguments are unpacked first: they stand in the payload in this order.
        unpacked = []
        for request in question.requests:
            target = request.target if isinstance(request.target, str) else body.value(request.target)
            args = [body.value(arg) for arg in request.args]
            kwargs = {k: body.value(v) for k, v in zip(request.keys, request.kwargs, strict=True)}
            unpacked.append((request, target, args, kwargs))
        earlier: list[Any] = []
        for index, (request, target, args, kwargs) in enumerate(unpacked):

            def work(
                request: wire.CallRequest = request,
                target: Any = target,
                args: list[Any] = args,
                kwargs: dict[str, Any] = kwargs,
            ) -> tuple[Any, tuple[int, ...]]:
                given = [_filled(a, earlier) for a in args]
                named = {k: _filled(v, earlier) for k, v in kwargs.items()}
                fn = self._target(target, request.attribute, earlier)
                every = [*given, *named.values()]
                before = [_snapshot(a) for a in every]
                value = fn(*given, **named)
                after = (_snapshot(a) for a in every)
                changed = tuple(i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b)
                return value, changed[:256]

            earlier.append(self._answer(question.number, index, request.seconds, work, request.keep))

    def _target(self, target: Any, attribute: str, earlier: list[Any]) -> Callable[..., Any]:
        if isinstance(target, str):
            if target not in self._shell.user_ns:
                raise NameError(f"name '{target}' is not defined")
            found = self._shell.user_ns[target]
        else:
            found = _filled(target, earlier)
        return getattr(found, attribute) if attribute else found  # type: ignore[no-any-return]

    def _script(self, question: wire.Script, body: wire.Unpacker) -> None:
        source = body.text(question.source)
        inputs = body.value(question.inputs)

        def work() -> tuple[Any, tuple[int, ...]]:
            names = {"__name__": "script", "np": np, "learner": self._shell.user_ns, **inputs}
            exec(compile(source, "<script>", "exec"), names)
            return names.get("result"), ()

        self._answer(question.number, 0, question.seconds, work, False)

    def _answer(
        self,
        number: int,
        index: int,
        seconds: float,
        work: Callable[[], tuple[Any, tuple[int, ...]]],
        keep: bool,
    ) -> Any:
        """Do the work within its time, send what came of it, and return the value for later requests."""
        outputs = self._shell.outputs
        outputs.clear(0)
        problem: BaseException | None = None
        value: Any = _FAILED
        changed: tuple[int, ...] = ()
        packer = wire.Packer(self._keep, self._most_reply)
        status: Literal["ok", "error", "timeout", "unsendable"] = "ok"
        node: wire.Node = None
        warned = ""
        begun = time.perf_counter()
        try:
            with self._clock.limit(seconds), warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                value, changed = work()
                warned = next((str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)), "")
                node = wire.HandleNode(self._keep(value)) if keep else packer.node(value)
        except wire.Unsendable as reason:
            problem, status, node, packer = reason, "unsendable", None, wire.Packer()
        except BaseException as reason:
            problem, status, node, packer = reason, _status(reason), None, wire.Packer()
        seconds_used = time.perf_counter() - begun
        for last in (False, True):
            done = wire.CallDone(
                number=number,
                index=index,
                status=status,
                value=node,
                ename=_name(problem),
                evalue=packer.node(self._message(problem)),
                line=packer.node(own_line(problem, self._shell) if problem is not None else ""),
                changed=list(changed),
                printed=outputs.printed,
                warned=packer.node(str(warned)[:500]),
                seconds=seconds_used,
            )
            try:
                self._send(done, packer.chunks)
                break
            except wire.Unsendable as reason:
                if last:
                    raise
                problem, status, node, packer = reason, "unsendable", None, wire.Packer()
        return value


_FAILED = object()


def _filled(value: Any, earlier: list[Any]) -> Any:
    """The value with every Ref in it replaced by what it refers to."""
    if isinstance(value, wire.Ref):
        if not 0 <= value.request < len(earlier) or earlier[value.request] is _FAILED:
            raise LookupError("an earlier call, whose result is needed here, returned nothing")
        found = earlier[value.request]
        for step in value.path:
            found = found[step]
        return found
    if type(value) is list or type(value) is tuple:
        return type(value)(_filled(item, earlier) for item in value)
    if type(value) is dict:
        return {key: _filled(item, earlier) for key, item in value.items()}
    return value


def _snapshot(value: Any, depth: int = 0) -> Any:
    """Something to compare later: the contents of arrays, also within lists, tuples and dicts."""
    if type(value) is np.ndarray:
        if value.dtype.hasobject:
            return None
        return value.dtype.str, value.shape, value.tobytes()
    if depth < 5 and (type(value) is list or type(value) is tuple):
        return [_snapshot(item, depth + 1) for item in value[:1000]]
    if depth < 5 and type(value) is dict:
        return [(key, _snapshot(item, depth + 1)) for key, item in list(value.items())[:1000]]
    return value if type(value) in (int, float, str, bool) else None


def _status(problem: BaseException | None) -> Literal["ok", "error", "timeout"]:
    if problem is None:
        return "ok"
    return "timeout" if isinstance(problem, OutOfTime) else "error"


def _name(problem: BaseException | None) -> str:
    return "" if problem is None else str(type(problem).__name__)[:200]
