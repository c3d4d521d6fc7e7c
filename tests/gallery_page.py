"""A notebook with every experiment in it, as a course of its own that a real JupyterLab opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

NAME = "00_gallery"


def gallery_course(folder: Path, sources: Sequence[str]) -> Path:
    """A course folder whose only lesson has one code cell for each of `sources`."""
    path = folder / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    notebook = new_notebook(
        cells=[new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)],
        metadata={
            "kernelspec": {
                "name": "python3",
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
            }
        },
    )
    nbformat.write(notebook, path)
    return folder
