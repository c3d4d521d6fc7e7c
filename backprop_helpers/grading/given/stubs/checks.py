"""In the sandbox a check says nothing: it is made elsewhere."""

from backprop_helpers.quiet import Quiet

check = Quiet("what a check says")
diagnose = Quiet("what a check says")


class CheckFailed(AssertionError):
    """Never raised here."""
