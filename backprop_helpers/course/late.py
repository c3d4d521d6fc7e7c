"""What being late costs: a share of the marks for every day begun, up to a limit."""

from __future__ import annotations

import math
from typing import Any

from nbgrader.plugins import BasePlugin
from traitlets import Float

DAY = 86_400.0


class PercentPerDay(BasePlugin):  # type: ignore[misc]
    """An nbgrader late-submission plugin; course.toml's [late] sets it."""

    percent = Float(0.0, help="points lost for each day begun, in percent of what was earned").tag(
        config=True
    )
    most = Float(100.0, help="the most that is lost, in percent of what was earned").tag(config=True)
    grace_hours = Float(0.0, help="hours after the due date in which nothing is lost").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Points to take off, or None for none; nbgrader calls it with the points earned and the seconds late."""
        late = total_seconds_late - 3600.0 * self.grace_hours
        if late <= 0 or self.percent <= 0:
            return None
        return penalty(score, late, self.percent, self.most)


def penalty(score: float, seconds: float, percent: float, most: float) -> float:
    """Points lost when `seconds` late: `percent` of the score for each day begun, never more than `most` percent."""
    return score * min(percent * math.ceil(seconds / DAY), most) / 100.0


def use(c: Any, percent: float, most: float, grace_hours: float) -> None:
    """Set it in nbgrader's configuration."""
    c.AssignLatePenalties.plugin_class = PercentPerDay
    c.PercentPerDay.percent = percent
    c.PercentPerDay.most = most
    c.PercentPerDay.grace_hours = grace_hours
