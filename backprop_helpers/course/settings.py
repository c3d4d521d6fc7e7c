"""nbgrader's configuration for a course of these lessons, in one place: a course's nbgrader_config.py calls `configure`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde
from nbgrader.preprocessors import DeduplicateIds, Execute

from backprop_helpers._lessons import ANSWER_STUB, CODE_STUB
from backprop_helpers.course.collect import CollectFromOwners
from backprop_helpers.feedback.exporter import FeedbackExporter
from backprop_helpers.grading.duplicates import ForgetDuplicateIds
from backprop_helpers.grading.execute import SeededExecute


def configure(c: Any, root: Path, *, engine: bool = True) -> None:
    """Set what every course needs.

    c: from nbgrader's get_config(); root: the course's folder; engine: whether nbgrader's autograding goes through
    `backprop grade`, which keeps learner code in a sandbox (Linux).

    What stands below the call in nbgrader_config.py is an instructor's own and wins.
    """
    c.ClearSolutions.code_stub = {"python": CODE_STUB}
    c.ClearSolutions.text_stub = ANSWER_STUB
    # A mark scheme stands in a locked cell below its question: nbgrader shows a grader only the text of locked cells.
    c.ClearMarkScheme.enforce_metadata = False
    c.IncludeHeaderFooter.enabled = False
    _grading(c, root, engine)
    # `nbgrader generate_feedback` and formgrader's button give learners the page that `backprop feedback` writes.
    c.GenerateFeedback.exporter_class = FeedbackExporter
    # `nbgrader collect` takes what a learner put into the exchange, and not what somebody else put there under their name.
    c.ExchangeFactory.collect = CollectFromOwners


def _grading(c: Any, root: Path, engine: bool) -> None:
    # `nbgrader autograde` and formgrader's button go through `backprop grade`, which keeps learner code in a sandbox.
    # Elsewhere nbgrader's own autograding runs, learner code then has your rights, and what follows is its setting.
    if engine and sys.platform == "linux":
        from backprop_helpers.grading.autograde import install

        install()
    # Autograding runs a submission with the course's secret seed, which the hidden checks draw their inputs from. It is
    # made on the first run and stays in a file that git ignores: keep it as long as marks may have to be repeated.
    c.Autograde.autograde_preprocessors = [
        SeededExecute if preprocessor is Execute else preprocessor
        for preprocessor in Autograde.autograde_preprocessors.default()
    ]
    # A copied cell must not end the run of the whole class.
    c.Autograde.sanitize_preprocessors = [
        ForgetDuplicateIds if preprocessor is DeduplicateIds else preprocessor
        for preprocessor in Autograde.sanitize_preprocessors.default()
    ]
    c.SeededExecute.seed_file = str(root / ".backprop" / "secret_seed")
    # How long a cell may run is decided cell by cell: grading/execute.py.
    c.Execute.error_on_timeout = {
        "ename": "CellTimeoutError",
        "evalue": "",
        "traceback": [
            "This cell did not finish in time and was stopped. Look for a loop that never ends, such as a `while` whose "
            "condition never changes."
        ],
    }
