"""Stand-ins for what a page shows and no mark depends on: quiet in the sandbox where a submission is graded.

These files are copied into the package that a sandbox sees; they are not imported here.
"""
