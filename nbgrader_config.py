"""This folder is an nbgrader course: `nbgrader autograde 01_forward_pass` and its siblings work from here."""

from pathlib import Path

from backprop_helpers.course.settings import configure

c = get_config()  # noqa: F821 - nbgrader gives this name to its configuration files
configure(c, Path(__file__).resolve().parent)

c.CourseDirectory.course_id = "backprop"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
