# ruff: noqa: PTH100, PTH120, PTH123, RUF005, UP024
"""Start here on any machine: checks the Python version, then sets up `.venv` and runs a command of the course.

    python3 tools/bootstrap.py lab      (Windows: py tools/bootstrap.py lab)

This file is written so that every Python since 2.7 can read it: only then can an old one say what is missing.
The work is done by the other files here, which may use today's language; it begins in commands.py.
"""

import os
import subprocess
import sys

NEEDED = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
CHECK = "import sys; sys.exit(sys.version_info < (3, 11))"


def newer_python():
    """A command that starts a Python new enough, or None."""
    commands = [[name] for name in NEWER]
    if os.name == "nt":
        commands.insert(0, ["py", "-3"])
    for command in commands:
        with open(os.devnull, "w") as nowhere:
            try:
                if subprocess.call(command + ["-c", CHECK], stdout=nowhere, stderr=nowhere) == 0:
                    return command
            except (OSError, IOError):
                pass
    return None


def main():
    if sys.version_info < NEEDED:
        command = newer_python()
        if command is not None:
            try:
                return subprocess.call(command + [os.path.abspath(__file__)] + sys.argv[1:])
            except KeyboardInterrupt:
                return 130
        have = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write(
            "This course needs Python 3.11 or newer and found only "
            + have
            + " ("
            + sys.executable
            + "): install a newer one from https://www.python.org/downloads/ "
            + "or your system's packages, then run the same command again.\n"
        )
        return 1
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from tools import commands

    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
