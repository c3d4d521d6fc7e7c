"""nbgrader's own `generate_feedback` and formgrader's button write this course's page instead of a copy of the notebook."""

from __future__ import annotations

from typing import Any

from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook

from backprop_helpers.feedback.content import feedback_of
from backprop_helpers.feedback.page import page
from backprop_helpers.feedback.write import by_hand
from backprop_helpers.grading.course import Course, GradeError, course_of
from backprop_helpers.grading.gradebook import Writer
from backprop_helpers.grading.master import read_master
from backprop_helpers.grading.results import Results


class FeedbackExporter(HTMLExporter):  # type: ignore[misc]
    """Set as `c.GenerateFeedback.exporter_class`. What another grader graded keeps nbgrader's own page."""

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[str, Any]:
        """The page of the result that this graded notebook shows."""
        found = self._page(nb, (resources or {}).get("nbgrader", {}))
        output, resources = super().from_notebook_node(nb, resources, **kw)
        return found or output, resources

    def _page(self, nb: Any, about: Any) -> str:
        key = nb.metadata.get("backprop", {}).get("key", "")
        lesson, learner = about.get("assignment", ""), about.get("student", "")
        if not (key and lesson and learner):
            return ""
        try:
            course: Course = course_of(self.parent.coursedir)
            result = Results(course.private).find(lesson, learner, key)
            master = read_master(course, lesson)
        except GradeError:
            return ""
        if result is None:
            return ""
        # a share of all that was earned, and a person may have given points since
        with Writer(course) as writer:
            writer.punish(lesson, learner)
        with Gradebook(course.db_url, course.course_id) as gradebook:
            hands, penalty = by_hand(gradebook, lesson, learner)
        return page(feedback_of(master, result, hands, penalty))
