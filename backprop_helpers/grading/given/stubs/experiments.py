"""In the sandbox nobody moves a slider."""

from backprop_helpers.quiet import Quiet


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    return Quiet("an experiment")
