"""The judge: test cells run here, where no learner code runs; what they call is somewhere else.

`judge_notebook(cells, box, seed=…, given=…)` is the whole of it; `verdict` holds what goes in and what comes out.
"""

from __future__ import annotations

from backprop_helpers.grading.judge.notebook import judge_notebook
from backprop_helpers.grading.judge.verdict import CellVerdict, CheckRecord, JobCell, Judged

__all__ = ["CellVerdict", "CheckRecord", "JobCell", "Judged", "judge_notebook"]
