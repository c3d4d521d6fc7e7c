"""An IPython shell without a terminal, a history or a kernel: what a notebook's cells need, warmed up once."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from .kind import no_program
from .outputs import KEPT_TYPES, Hook, Outputs, Publisher, Stream

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")

# Each line takes a path through IPython for the first time, which later costs nothing: a value, a text, a display,
# the errors, the definitions, a picture.
WARM_UP = (
    "import numpy as np\nnp.ones((2, 2))",
    "print('x'); 'text'",
    "display({'a': 1}); x = 1; [x for x in range(3)]",
    "def f(a):\n    return a\nclass A:\n    pass\nf(1)",
    "1 / 0",
    "def g(:",
    "raise ValueError('x')",
    "np.random.default_rng(0).normal(size=3) @ np.ones(3)",
    "%matplotlib inline",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(); ax.plot([1, 2], label='a'); ax.legend(); ax.set_title('t')",
    "plt.close('all'); import warnings; warnings.warn('x')",
)


class Shell(InteractiveShell):  # type: ignore[misc]
    """Gathers outputs and errors instead of printing them."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)

    def __init__(self, **options: Any) -> None:
        self.outputs = Outputs()
        self.error_text = ""
        super().__init__(**options)

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        self.error_text = _ESCAPES.sub("", "\n".join(stb))

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window to show anything in."""

    def init_history(self) -> None:
        super().init_history()
        self.history_manager.enabled = False

    def ask_exit(self) -> None:
        """`exit` and `quit` end nothing: the next cell still runs."""

    system = system_raw = system_piped = getoutput = no_program


def make_shell() -> Shell:
    """A shell that has run WARM_UP and forgotten it."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"
    config.InteractiveShell.history_length = 0
    config.InteractiveShell.autocall = 0
    shell: Shell = Shell.instance(config=config)
    shell.display_formatter.active_types = list(KEPT_TYPES)  # the others would be made and dropped
    sys.stdout, sys.stderr = Stream("stdout", shell.outputs), Stream("stderr", shell.outputs)
    for source in WARM_UP:
        run_cell(shell, source, 1000)
    forget(shell)
    return shell


def forget(shell: Shell) -> None:
    """Empty the namespace and the counters, as after a restart."""
    import random

    import numpy as np

    shell.reset(new_session=True)
    shell.execution_count = 1
    shell.outputs.clear(0)
    random.seed(0)
    np.random.seed(0)


def run_cell(shell: Shell, source: str, most: int) -> BaseException | None:
    """Run one cell; its outputs are in `shell.outputs`, the text of its error in `shell.error_text`."""
    shell.outputs.clear(most)
    shell.error_text = ""
    result = shell.run_cell(source, store_history=True)
    problem: BaseException | None = result.error_before_exec or result.error_in_exec
    return problem


def own_line(problem: BaseException, shell: Shell) -> str:
    """The last line of a notebook's cell that an exception came through; "" when there is none."""
    import linecache

    found = ""
    trace: TracebackType | None = problem.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("<ipython-input-") or "ipykernel_" in Path(name).name:
            found = linecache.getline(name, trace.tb_lineno).strip() or found
        trace = trace.tb_next
    return found[:500]
