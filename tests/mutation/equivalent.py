"""Mutants that can't fail because they compute the same, each with the proof.

Keys are `exercise | changed line`, as the report prints them.
"""

EQUIVALENT: dict[str, str] = {}
