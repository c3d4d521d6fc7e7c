"""Checks that name the bug: `check(name, fn)` for a page, `diagnose(name, fn)` for a program.

What an exercise must satisfy is data, one file a lesson; see `spec.Exercise`.
"""

from backprop_helpers.checks.notebook import explain_missing_names
from backprop_helpers.checks.registry import exercise_named, exercises
from backprop_helpers.checks.result import CheckFailed, CheckResult
from backprop_helpers.checks.runner import check, diagnose

__all__ = ["CheckFailed", "CheckResult", "check", "diagnose", "exercise_named", "exercises"]

explain_missing_names()
