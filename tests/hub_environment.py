"""`make hub-test`: JupyterHub and its proxy beside the course in .build/hub, installed by the commands of docs/instructors.md, and the
tests that need them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.term import commands

ROOT = Path(__file__).resolve().parent.parent
HUB = ROOT / ".build" / "hub"
PLACES = {"/srv/jupyter": str(HUB), "/srv/backprop": str(ROOT)}


def main(arguments: list[str]) -> int:
    """Install what is missing, then test; returns pytest's exit code."""
    missing = [name for name in ("git", "npm") if shutil.which(name) is None]
    if missing:
        print(
            f"JupyterHub's proxy is installed with npm, and {' and '.join(missing)} is not here: install it first."
        )
        return 1
    for words in commands("A shared server with JupyterHub"):
        installs = words[0] in ("python3", "npm") or words[0].endswith("/pip")
        if installs and not (words[0] == "python3" and (HUB / "bin" / "python").exists()):
            for place, here in PLACES.items():
                words = [word.replace(place, here) for word in words]
            words[0] = sys.executable if words[0] == "python3" else words[0]
            print(" ".join(words), flush=True)
            done = subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
            if done.returncode:
                return done.returncode
    tests = ["-m", "pytest", "-n0", "-q", "-rs", "tests/test_jupyterhub.py", *arguments]
    return subprocess.run([sys.executable, *tests], cwd=ROOT, env=os.environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
