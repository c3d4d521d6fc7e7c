"""The part of the sandbox that runs inside: nothing here knows an answer, and nobody believes what it says.

Loaded under the name `grader.sandbox.inside`, without the course's package around it (see start.py).
"""
