"""What a notebook shows of a check: its card, also where the function does not exist (yet, or under that name)."""

from __future__ import annotations

import difflib
import linecache
import os
import re
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from backprop_helpers.checks.result import CheckFailed, CheckResult

_CALL = re.compile(r"^\s*check\(\s*[\"'](\w+)[\"']\s*,\s*(\w+)")

# Of the exception's line below a card: JupyterLab breaks it inside words, and makes its background red.
_WORDS = ".jp-OutputArea-child:has(.bp-check)+.jp-OutputArea-child pre{word-break:normal}"
_PLAIN = (
    ".jp-OutputArea-child:has(.bp-empty)+.jp-OutputArea-child{--jp-rendermime-error-background:transparent}"
)


def show(result: CheckResult) -> None:
    """Display the card of a check that holds; its plain text where there is no notebook."""
    if _shell() is None:
        print(result)
        return
    from IPython.display import display

    display(result)


def failure(result: CheckResult) -> CheckFailed:
    """What to raise for a check that does not hold; where somebody reads the notebook, its card is displayed first.

    nbgrader passes on only the exception of a cell it runs: there the whole message has to be in that.
    """
    read = hasattr(_shell(), "kernel") and "NBGRADER_EXECUTION" not in os.environ
    if read:
        from IPython.display import display

        display({"text/html": _above_an_exception(result), "text/plain": str(result)}, raw=True)
    return CheckFailed(result, shown=read)


def _above_an_exception(result: CheckResult) -> str:
    """The card, and how the line below it looks."""
    style, kind = (_WORDS + _PLAIN, "bp-check bp-empty") if result.empty else (_WORDS, "bp-check")
    return f"<style>{style}</style><div class='{kind}'>{result._repr_html_()}</div>"


def _shell() -> Any:
    """IPython's shell, None in plain Python."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def explain_missing_names() -> None:
    """Inside IPython, let a NameError in a line `check("name", name)` say what is missing and what is there."""
    shell = _shell()
    if shell is not None:
        shell.set_custom_exc((NameError,), _missing)


def _missing(
    shell: Any, etype: type[BaseException], exc: NameError, tb: TracebackType, tb_offset: int | None = None
) -> list[str] | None:
    sentence = sentence_for(exc, tb, shell.user_ns)
    if sentence is None:
        shell.showtraceback((etype, exc, tb), tb_offset=tb_offset)
        return None
    lines = failure(CheckResult(exc.name or "", False, sentence))._render_traceback_()
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
