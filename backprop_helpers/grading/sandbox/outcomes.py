"""What a sandbox is asked for and what it answers, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from backprop_helpers.grading.wire import Handle, Ref, Value


class Tier(StrEnum):
    """How strictly learner code is kept apart; docs/sandbox.md says what each one holds off."""

    STRONG = "strong"
    PLAIN = "plain"
    UNSAFE = "unsafe"


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Seconds are wall time unless they say otherwise."""

    seconds_cell: float = 30.0
    seconds_call: float = 5.0
    seconds_total: float = 120.0
    cpu_seconds: int = 120
    memory_mb: int = 512  # over what the warm process already holds
    output_bytes: int = 100_000  # kept of one cell; the rest is counted and dropped
    file_mb: int = 32  # everything written, together
    processes: int = 64  # threads, where processes are forbidden
    open_files: int = 64
    reply_mb: int = 64  # of one value that comes back


class SandboxUnavailable(RuntimeError):
    """No sandbox of the wanted strength can be made here; the sentence says what is missing and how to get it."""


class BoxClosed(RuntimeError):
    """A box was used after it had been left."""


CellStatus = Literal["ok", "error", "timeout", "killed"]
CallStatus = Literal["ok", "error", "timeout", "killed", "unsendable"]


@dataclass(frozen=True)
class CellOutcome:
    """One cell that ran. Everything in it was written by a learner: escape it before it is shown.

    status: "timeout" took too long, "killed" never finished because the process was gone; outputs: dicts as in a
    notebook (stream, execute_result, display_data) with text/plain and image/png alone; traceback: plain text.
    """

    status: CellStatus
    ename: str = ""
    evalue: str = ""
    traceback: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class CallOutcome:
    """What became of one call, or of a script.

    value: plain data, with a Handle for each part that is not; line: the learner's own source line that raised;
    changed: indices of arguments whose arrays differ after the call (positional first, then by keyword), as the
    sandbox says: a hint that a learner could forge; printed: characters; warned: the first RuntimeWarning.
    """

    status: CallStatus
    value: Value = None
    ename: str = ""
    evalue: str = ""
    line: str = ""
    changed: tuple[int, ...] = ()
    printed: int = 0
    warned: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Request:
    """One call of a batch.

    target: a name of the notebook, or a Handle or Ref to something callable; attribute: a method of the target;
    args, kwargs: plain values, Handles, and Refs to results of earlier requests of the same batch; seconds: default
    the box's `seconds_call`; keep: the whole value stays in the sandbox and comes back as one Handle.
    """

    target: str | Handle | Ref
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = field(default_factory=dict)
    attribute: str = ""
    seconds: float | None = None
    keep: bool = False
