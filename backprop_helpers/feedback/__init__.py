"""What a learner gets back: one page for each graded lesson, made from what the grader found."""
