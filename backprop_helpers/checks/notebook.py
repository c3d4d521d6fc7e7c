"""A kind sentence where a check is called with a function that does not exist (yet, or under that name)."""

from __future__ import annotations

import difflib
import linecache
import re
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from backprop_helpers.checks.result import CheckFailed, CheckResult

_CALL = re.compile(r"^\s*check\(\s*[\"'](\w+)[\"']\s*,\s*(\w+)")


def explain_missing_names() -> None:
    """Inside IPython, let a NameError in a line `check("name", name)` say what is missing and what is there."""
    if "IPython" not in sys.modules:
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((NameError,), _missing)


def _missing(
    shell: Any, etype: type[BaseException], exc: NameError, tb: TracebackType, tb_offset: int | None = None
) -> list[str] | None:
    sentence = sentence_for(exc, tb, shell.user_ns)
    if sentence is None:
        shell.showtraceback((etype, exc, tb), tb_offset=tb_offset)
        return None
    failed = CheckFailed(CheckResult(exc.name or "", False, sentence))
    lines = failed._render_traceback_()
    shell._showtraceback(etype, exc, lines)
    return lines


def sentence_for(exc: NameError, tb: TracebackType | None, names: dict[str, Any]) -> str | None:
    """What to say about a NameError, or None when it does not come from the call of a check itself."""
    frames = []
    while tb is not None:
        frames.append(tb)
        tb = tb.tb_next
    code = frames[-1].tb_frame.f_code if frames else None
    line = linecache.getline(code.co_filename, frames[-1].tb_lineno) if code else ""
    call = _CALL.match(line)
    wanted = exc.name
    if not call or wanted is None or call.group(2) != wanted:
        return None
    return sentence_about(wanted, [n for n, v in names.items() if callable(v) and not n.startswith("_")])


def sentence_about(wanted: str, there: Sequence[str]) -> str:
    """What to say about a function that is missing, where others are there."""
    near = difflib.get_close_matches(wanted, there, n=1, cutoff=0.75)
    if near:
        return f"There is no function {wanted} here, but there is {near[0]}: give it the name {wanted} and run its cell again."
    return f"There is no function {wanted} here: run the cell that defines it (look whether it stopped with an error), then this one."
