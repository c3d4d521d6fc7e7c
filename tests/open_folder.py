"""A folder that everybody may read, with everything above it.

Pytest's own folders are private and pytest closes them again whenever one of the tests runs pytest; a sandbox that runs learner
code as somebody else would then be tested no more (it refuses to start), and the tests would be skipped without a word.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="backprop-open-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
