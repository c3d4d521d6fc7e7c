"""A real formgrader for a course, and its pages."""

from __future__ import annotations

import html
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from backprop_helpers.authoring.release import nbgrader_environment


@contextmanager
def formgrader(course: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of formgrader for this course, while its server runs; `?token=secret` lets one in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", f"--port={port}", "--allow-root"]
    command += ["--IdentityProvider.token=secret", f"--ServerApp.root_dir={course}"]
    with subprocess.Popen(
        command,
        cwd=course,
        env=nbgrader_environment() | dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            yield f"http://127.0.0.1:{port}/formgrader"
        finally:
            server.terminate()


def fetch(url: str) -> str:
    """A page of a server that may still be starting."""
    deadline = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return html.unescape(answer.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
