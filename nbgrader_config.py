"""This folder is an nbgrader course: `nbgrader autograde 01_forward_pass` and its siblings work from here."""

c = get_config()  # noqa: F821 - nbgrader gives this name to its configuration files

c.CourseDirectory.course_id = "backprop"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"

# What stands where a solution was.
c.ClearSolutions.code_stub = {
    "python": "# Your code goes here, in place of the next line.\nraise NotImplementedError()"
}
c.ClearSolutions.text_stub = "*Write your answer here, in place of this line.*"
# A mark scheme stands in a locked cell below its question: nbgrader shows a grader only the text of locked cells.
c.ClearMarkScheme.enforce_metadata = False
c.IncludeHeaderFooter.enabled = False
