"""A submission in which a cell was copied is graded like any other, instead of ending the run of the whole class."""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors import DeduplicateIds


class ForgetDuplicateIds(DeduplicateIds):  # type: ignore[misc]
    """nbgrader's own step, which empties the metadata of all but the last cell of one id, and then refuses the empty rest.

    Here the empty rest is taken out too, so that a copy is an ordinary cell of the learner's.
    """

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        nb, resources = super().preprocess(nb, resources)
        for cell in nb.cells:
            if cell.metadata.get("nbgrader") == {}:
                del cell.metadata["nbgrader"]
        return nb, resources
