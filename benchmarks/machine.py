"""What a figure was measured on, in the words every page of docs/benchmarks uses."""

from __future__ import annotations

import os
import platform


def machine() -> str:
    """As "Python 3.11.7 on x86_64, 2 cores, Linux"."""
    return f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
