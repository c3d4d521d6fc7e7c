"""The secret that hidden checks draw their inputs from: made once for each course, never shown."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from backprop_helpers.checks.runner import SECRET_SEED

# What the checks read is what the grader sets: one name, written in one place.
VARIABLE = SECRET_SEED


def secret_seed(path: Path) -> str:
    """Read the seed of a course, making it first where it is missing.

    path: the file that holds it, as ``.backprop/secret_seed``; readable by its owner alone. Two graders who start at
    once get the same seed. Raises RuntimeError with a sentence when the file is there and empty.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path, secrets.token_hex(16))
    seed = path.read_text(encoding="utf-8").strip()
    if not seed:
        raise RuntimeError(
            f"The file of the secret seed, {path}, is empty. Put the course's seed back into it, or delete it to get a "
            "new one (hidden checks then use other numbers than before)."
        )
    return seed


def _create(path: Path, seed: str) -> None:
    """Write the seed into a new file; whoever comes second keeps the first one's."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as stream:
        stream.write(seed + "\n")
    try:
        # A hard link appears whole and fails where the name is taken: no reader ever sees half a seed.
        os.link(part, path)
    except FileExistsError:
        pass
    except OSError:
        part.replace(path)  # a file system without hard links
        return
    part.unlink()
