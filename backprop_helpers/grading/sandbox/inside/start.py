"""Run as a script (`start.py FD` or `start.py layers`): loads this folder without the package around it.

So no reference implementation comes along.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Give the folders names of their own, start the warm process, and let nothing else be found through them."""
    packages = []
    for name, folder in (("grader", HERE.parent.parent), ("grader.sandbox", HERE.parent)):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
        packages.append(package)
    asked_for_layers = sys.argv[1] == "layers"
    module = importlib.import_module(f"grader.sandbox.inside.{'layers' if asked_for_layers else 'zygote'}")
    packages.append(sys.modules["grader.sandbox.inside"])
    for package in packages:
        package.__path__ = []
    if asked_for_layers:
        module.main()
    else:
        module.main(int(sys.argv[1]))


if __name__ == "__main__":
    main()
