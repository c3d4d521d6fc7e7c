"""In the sandbox the environment is the grader's."""

from backprop_helpers.quiet import Quiet

environment_check = Quiet("the environment check")
