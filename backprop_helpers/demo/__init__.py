"""A made-up class that hands in lesson 02 in twelve different ways, and its grading: `make demo`."""
