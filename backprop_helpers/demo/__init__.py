"""A made-up class that hands in lesson 02 in twelve different ways, graded with nbgrader: `make demo`."""
