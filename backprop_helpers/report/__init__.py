"""What a class handed in, at a glance: marks, which ideas are not understood yet, and what to teach tomorrow."""
