"""The judge's end of a sandbox: whole messages or none, by an absolute deadline, from somebody who may send anything."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Sequence

from backprop_helpers.grading import wire

_PIECE = 1 << 16


class Silence(Exception):
    """The deadline passed before a whole message had come."""


class Gone(Exception):
    """The other side closed its end."""


class Channel:
    """A stream socket for messages, and a pipe with whatever the sandbox writes to its standard output."""

    def __init__(self, sock: socket.socket, pipe: int, most_output: int) -> None:
        self._sock = sock
        self._pipe: int | None = pipe
        self._most_output = most_output
        self._printed = bytearray()
        sock.setblocking(False)
        os.set_blocking(pipe, False)

    def close(self) -> None:
        self._sock.close()
        self._close_pipe()

    def quiet(self) -> bool:
        """Whether nothing waits to be read: a sandbox speaks only when it is asked."""
        return not select.select([self._sock], [], [], 0)[0]

    def send(self, pieces: Sequence[bytes | memoryview], deadline: float) -> None:
        """Write all of it. Raises Silence at the deadline, Gone when the other side is closed."""
        for piece in pieces:
            view = memoryview(piece).cast("B")
            while view:
                try:
                    view = view[self._sock.send(view) :]
                except BlockingIOError:
                    self._wait(deadline, select.POLLOUT)
                except OSError as problem:
                    raise Gone from problem

    def receive(self, deadline: float, most: int) -> tuple[memoryview, memoryview]:
        """Header and payload of the next message, the payload not longer than `most` bytes.

        Raises Silence, Gone, or wire.WireError when the lengths are not allowed; memory is taken after that.
        """
        prefix = self._exactly(wire.FRAME.size, deadline)
        header, payload = wire.lengths(bytes(prefix), wire.HEADER_BYTES, most)
        return self._exactly(header, deadline), self._exactly(payload, deadline)

    def _exactly(self, size: int, deadline: float) -> memoryview:
        buffer = memoryview(bytearray(size))
        at = 0
        while at < size:
            try:
                count = self._sock.recv_into(buffer[at:])
            except BlockingIOError:
                self._wait(deadline, select.POLLIN)
                continue
            except OSError as problem:
                raise Gone from problem
            if not count:
                raise Gone
            at += count
            if at < size and time.monotonic() > deadline:
                raise Silence  # a message that trickles in counts as none
        return buffer

    def _wait(self, deadline: float, event: int) -> None:
        """Until the socket is ready, emptying the pipe meanwhile. Raises Silence at the deadline."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Silence
            poll = select.poll()
            poll.register(self._sock, event)
            if self._pipe is not None:
                poll.register(self._pipe, select.POLLIN)
            ready = [fd for fd, _ in poll.poll(min(left, 60.0) * 1000)]
            if self._pipe in ready:
                self._drain(1)
            if self._sock.fileno() in ready:
                return

    def printed(self) -> str:
        """What was written past Python since the last time, as text."""
        self._drain(64)
        text = self._printed.decode("utf-8", "replace")
        self._printed.clear()
        return text

    def _drain(self, pieces: int) -> None:
        """Read what is there. Beyond the limit the pipe is closed: the sandbox is told that nobody listens."""
        while self._pipe is not None and pieces:
            pieces -= 1
            try:
                piece = os.read(self._pipe, _PIECE)
            except BlockingIOError:
                return
            self._printed += piece[: max(0, self._most_output - len(self._printed))]
            if not piece or len(self._printed) >= self._most_output:
                self._close_pipe()

    def _close_pipe(self) -> None:
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                os.close(self._pipe)
            self._pipe = None
