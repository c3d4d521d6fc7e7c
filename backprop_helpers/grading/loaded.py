"""Imported for what it loads: the checks, misconceptions and measures of every lesson, once for all workers forked from here."""

from __future__ import annotations

from backprop_helpers import gradcheck, misconceptions
from backprop_helpers.checks import exercises

__all__ = ["gradcheck"]

misconceptions.all()
exercises()
