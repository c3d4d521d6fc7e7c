"""The grader: submissions taken in, run in a sandbox, judged in another process, and entered into nbgrader's gradebook."""
