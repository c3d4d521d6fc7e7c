"""What a sandbox may import under the name `backprop_helpers`: the course without its answers.

`prepare(lesson, page, folder)` writes it for one lesson, by this rule:

* A function or class that is the reference of an exercise belongs to that exercise's lesson. Those of earlier lessons are
  given, as the pages promise; those of this lesson and of later ones are left out, with everything that uses them.
* Where the page speaks of one of this lesson's own ("layers.affine_forward is the course's"), a locked stand-in is there
  instead. The judge unlocks it when the learner's own has been judged (`Release`), not before.
* What answers an exercise under another name is listed in `filtered.ANSWERS`, and belongs to that lesson in the same way.
* What a page shows and no mark depends on (experiments, cards) is a quiet stand-in (`quiet.Quiet`).
* Of the checks there is what runs beside a learner's function (`attempt`, `drives`), which knows no answer.

Misconceptions, measures, cases, the capstone and everything else of the package is not there at all.
"""

from backprop_helpers.grading.given.build import PRELOAD, Given, Release, given_for, prepare

__all__ = ["PRELOAD", "Given", "Release", "given_for", "prepare"]
