"""Keep a learner's function within bounds: time, and what it prints."""

from __future__ import annotations

import _thread
import contextlib
import io
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType


class TookTooLong(Exception):
    """The function did not come back within its time."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong when the body runs longer than `seconds`.

    A timer thread interrupts the main thread as Ctrl+C would, which works on every system and inside a
    kernel. It repeats, so a bare `except:` in a loop can't swallow it for ever. A program started in the background
    ignores Ctrl+C: for the time of the body it does not. Outside the main thread nothing can be interrupted, and the
    body runs unlimited.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()
    fired = threading.Event()

    def interrupt() -> None:
        wait = seconds
        while not over.wait(wait):
            fired.set()
            _thread.interrupt_main()
            wait = 0.2

    watch = threading.Thread(target=interrupt, daemon=True)
    before = signal.getsignal(signal.SIGINT)
    deaf = before in (signal.SIG_IGN, signal.SIG_DFL)  # then an interrupt would do nothing
    if deaf:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    watch.start()
    try:
        yield
    except KeyboardInterrupt:
        if fired.is_set():
            raise TookTooLong(f"{seconds:g} seconds") from None
        raise  # the learner pressed Stop
    finally:
        # An interrupt may arrive between the body's end and here; it belongs to the body.
        while True:
            try:
                over.set()
                watch.join()
                if deaf:
                    signal.signal(signal.SIGINT, before)
                break
            except KeyboardInterrupt:
                continue


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """The same without a thread, where the system has alarms and this is the main thread; else `time_limit`.

    For many short calls one after the other: a thread beside each would take longer than they do.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        with time_limit(seconds):
            yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"{seconds:g} seconds")

    begun = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    # again and again, should a bare `except:` swallow it; somebody else's alarm goes on afterwards
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        while True:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
                break
            except TookTooLong:
                continue
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(1e-3, left - (time.monotonic() - begun)), interval)


class Printed(io.TextIOBase):
    """Takes what is printed, counts it and keeps nothing."""

    def __init__(self) -> None:
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.count += len(text)
        return len(text)


@contextlib.contextmanager
def captured_prints() -> Iterator[Printed]:
    """Collect stdout and stderr of the body instead of showing them."""
    printed = Printed()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield printed
