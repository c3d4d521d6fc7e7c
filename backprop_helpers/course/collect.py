"""nbgrader's `collect`, which takes a submission only from the one whose name it has.

Everybody may put files into the exchange, under any name. nbgrader's own collect warns where a file's owner is another, and takes
it all the same, in place of what its learner handed in; and a name that it can't read ends the run for the whole class.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect


class CollectFromOwners(ExchangeCollect):  # type: ignore[misc]
    """Set as `c.ExchangeFactory.collect`.

    With `c.ExchangeCollect.check_owner = False`, for a server on which all learners share one account, it is nbgrader's own.
    """

    def init_src(self) -> None:
        """Choose what is collected: of each learner the newest, or with --before-duedate the newest before it."""
        if not self.check_owner or os.name != "posix":
            super().init_src()
            return
        lesson, wanted = self.coursedir.assignment_id, self.coursedir.student_id
        if not self.coursedir.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = str(Path(self.root, self.coursedir.course_id, "inbound"))
        if not os.access(self.inbound_path, os.R_OK | os.X_OK):
            self.fail(f"{self.inbound_path} is missing, or you can't read it: release a lesson first.")
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                self.duedate = gradebook.find_assignment(lesson).duedate
            except MissingEntry:
                self.duedate = None
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for path in sorted(Path(self.inbound_path).iterdir()):
            record = self._record(path, lesson)
            if record is not None and wanted in ("", "*", record["username"]):
                found[record["username"]].append(record)
        self.src_records = [self._chosen(records) for records in found.values()]

    def _record(self, path: Path, lesson: str) -> dict[str, Any] | None:
        """What nbgrader keeps of a submission; None for another lesson's, and for what its learner did not put there."""
        parts = path.name.rsplit("+", 3)
        if len(parts) < 3 or parts[1] != lesson:
            return None
        why = _problem(path, parts[0])
        if not why:
            try:
                record: dict[str, Any] = self._path_to_record(str(path))
                return record
            except (ValueError, OverflowError):
                why = "has no time in its name that can be read"
        self.log.error("%s %s; it was not collected.", ascii(path.name), why)
        return None

    def _chosen(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        newest: list[dict[str, Any]] = self._sort_by_timestamp(records)
        if self.duedate is not None and self.before_duedate:
            return next((r for r in newest if r["timestamp"] <= self.duedate), newest[0])
        return newest[0]


def _problem(path: Path, learner: str) -> str:
    """Why a submission can't be this learner's; "" where it is."""
    import pwd

    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "is no folder"
    try:
        owner = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        owner = f"user number {found.st_uid}"
    return "" if owner == learner else f"claims to be {learner!a}'s and was put there by {owner}"
