"""A small lesson that has one of everything, for the tests of the pipeline."""

from __future__ import annotations

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

SAMPLE = '''\
# ---
# jupyter:
#   backprop:
#     title: A sample
#     minutes: 5
#     question: How steep is a parabola?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 90 · A sample
#
# Prose with a formula: $w \\\\leftarrow w - \\\\eta\\\\, \\\\partial L/\\\\partial w$.

# %%
import numpy as np

from backprop_helpers import check

print("mean:", np.arange(4.0).mean())

# %% tags=["raises-exception"]
1 / 0

# %% exercise="slope"
def slope(x):
    """The slope of x², entry by entry.

    x: array of any shape
    returns out: array of the same shape as x
    """
    ### BEGIN SOLUTION
    out = 2 * x + 0 * x
    ### END SOLUTION
    return out

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The slope doubles when x does.
#
# </details>

# %% check="slope" points=2
check("slope", slope)
### BEGIN HIDDEN TESTS
check("slope", slope, hidden=True)
### END HIDDEN TESTS

# %% [markdown] answer="why_steep" points=4
# **In words.** Why does a parabola get steeper?
#
# <!-- BEGIN SOLUTION -->
# Because its slope 2x grows with x.
# <!-- END SOLUTION -->
#
# <!-- BEGIN MARK SCHEME -->
# - 2 points: names the slope
# - 2 points: says that it grows
# <!-- END MARK SCHEME -->

# %% [markdown]
# The end.
'''.replace("\\\\", "\\")


def make_course(folder: Path, **lessons: str) -> Path:
    """A course folder with this course's configuration and the given lessons (name → text)."""
    (folder / "lessons").mkdir(parents=True)
    (folder / "tests").mkdir()
    shutil.copy(REPOSITORY / "nbgrader_config.py", folder)
    shutil.copy(REPOSITORY / "tests" / "nbval_sanitize.cfg", folder / "tests")
    for name, text in (lessons or {"90_sample": SAMPLE}).items():
        (folder / "lessons" / f"{name.lstrip('_')}.py").write_text(text, encoding="utf-8")
    return folder
