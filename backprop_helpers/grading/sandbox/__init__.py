"""Learner code, run where it can harm nobody. Linux only; docs/sandbox.md says what it holds off and what not."""

from backprop_helpers.grading.sandbox.box import Box
from backprop_helpers.grading.sandbox.host import Sandbox
from backprop_helpers.grading.sandbox.outcomes import (
    BoxClosed,
    CallOutcome,
    CellOutcome,
    Limits,
    Request,
    SandboxUnavailable,
    Tier,
)
from backprop_helpers.grading.wire import Handle, Ref, Value

__all__ = [
    "Box",
    "BoxClosed",
    "CallOutcome",
    "CellOutcome",
    "Handle",
    "Limits",
    "Ref",
    "Request",
    "Sandbox",
    "SandboxUnavailable",
    "Tier",
    "Value",
]
