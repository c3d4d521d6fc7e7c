# ---
# jupyter:
#   backprop:
#     title: Start here
#     minutes: 15
#     question: Does my machine work, and how does a lesson work?
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 00 · Start here
#
# > **Does my machine work, and how does a lesson work?**
#
# After this page you will be able to
#
# - run cells, move an experiment and read what it says,
# - tell that everything the course needs is in place, or mend what is not,
# - write an exercise, read what its check says, and hand in your work.
#
# **Time:** 15 minutes. **You need:** some Python, nothing else. Everything here runs on your own machine; nothing is sent
# anywhere.

# %% [markdown]
# ## Run your first cell
#
# A page is made of *cells*: text like this, and code like the grey box below. Click into the box, then press
# **Shift + Enter**. Python runs the cell, shows the result below it and moves on to the next one.
#
# A number such as `[1]` beside the box says that the cell has run, and `[*]` that it is still running.

# %%
import numpy as np

from backprop_helpers import check, diagnose, progress
from backprop_helpers.environment import environment_check
from backprop_helpers.experiments import training_run

print("Python is here, and so is the course.")

# %% [markdown]
# <details><summary>It says “ModuleNotFoundError”</summary>
#
# The page is running on another Python than the one the course was installed for. Close it, stop JupyterLab, and start again
# with `make lab` or `backprop learn` in the course's folder. Both use the right Python.
#
# </details>
#
# <details><summary>It says “NameError: name 'check' is not defined”</summary>
#
# The cell that makes this name has not run. On every page the first grey box brings in what the others use: run it first, also when
# you come back on another day or have restarted the kernel, because Python then starts with an empty memory.
# **Run → Run All Above Selected Cell** runs everything up to where you are.
#
# </details>
#
# <details><summary>I want to begin again</summary>
#
# In the menu choose **Kernel → Restart Kernel…** and run the cells from the top. Python then forgets every value it was
# given; what you have typed stays.
#
# </details>

# %% [markdown]
# ## Is everything in place?
#
# The next cell looks at your Python, the packages, the folder and the widgets (the sliders and buttons of this course).
# A line with ✗ comes with its mend.

# %% tags=["nbval-ignore-output"]
environment_check()

# %% [markdown]
# ## What you are going to build
#
# Below, a small network learns to tell two kinds of points apart. You will write every part of such a network yourself, so it
# is fine if you can't say yet how it works. Four words for now: the *weights* are the numbers inside the network, at first
# random; an *epoch* is one round over all the points; the *loss* is one number that says how wrong the answers are; and the
# *gradients* say how the loss changes when a weight does. Run the cell, **answer the question first**, then move the slider.
#
# Blue circles are points of one kind, orange squares of the other. The background is what the network answers at each place: blue
# for the first kind, orange for the second, paler the less sure it is; where it changes its mind runs the black or white line, the
# *boundary*. You can drag the slider, or click on it and use the arrow keys. The sentence under the picture says what it shows.

# %%
training_run()

# %% [markdown]
# Each step of the slider is one epoch: the network saw all 200 points once and then changed its weights a little. Every epoch
# runs through the same four steps, and this course takes them one at a time.
#
# | step | the question it answers | lesson |
# |---|---|---|
# | forward pass | What does the network predict? | 01 |
# | loss | How wrong is that, in one number? | 02 |
# | backward pass | Which number in the network is to blame, and how much? | 03 and 04 |
# | weight update | Which way should each number move? | 05 |
#
# Lesson 06 repeats the four until it is time to stop. The third step is called **backpropagation**, and it is what this course
# is about.

# %% [markdown]
# ## What you should already know
#
# Three questions to find out. Decide on an answer, then open it. Nobody marks them.
#
# **1 · What does this function give for `f(3)`?**
#
# ```python
# def f(x):
#     y = x + 1
#     return 2 * y
# ```
#
# <details><summary>7</summary>
#
# Not this. 7 would be `2 * 3 + 1`. The function adds first and doubles afterwards.
#
# </details>
# <details><summary>8</summary>
#
# Yes. `y` is 4, and the function hands back twice that.
#
# </details>
# <details><summary>Nothing, because it prints nothing</summary>
#
# Not this. A function *returns* its value to whoever called it, printed or not. All exercises here return their result.
#
# </details>

# %% [markdown]
# **2 · `a` is an array of shape (2, 3). What is the shape of `a * a`?**
#
# <details><summary>(2, 2)</summary>
#
# Not this. Two rows and two columns would come from the matrix product `a @ a.T`. The sign `*` multiplies entry by entry.
#
# </details>
# <details><summary>(2, 3)</summary>
#
# Yes. `*` takes each entry times the entry in the same place, so the shape stays.
#
# </details>
# <details><summary>An error, the shapes don't fit</summary>
#
# Not this. That is what the matrix product `a @ a` would say. Entry by entry, two arrays of one shape always fit.
#
# </details>

# %% [markdown]
# **3 · The curve y = x² at x = 0: how steep is it?**
#
# <details><summary>Not at all, its slope is 0</summary>
#
# Yes. The curve comes down from the left, turns at 0 and goes up again. At the turning point it is level.
#
# </details>
# <details><summary>Its slope is 2</summary>
#
# Not this. 2 would be the slope of the straight line y = 2x, which is equally steep everywhere. The parabola is not.
#
# </details>
# <details><summary>It has no slope there</summary>
#
# Not this. That is true of a corner, as in |x|. The parabola is smooth at its lowest point, and level.
#
# </details>

# %% [markdown]
# If one of them felt strange, refresh it now and come back: functions in the
# [Python tutorial](https://docs.python.org/3/tutorial/controlflow.html#defining-functions), arrays in
# [NumPy: the absolute basics](https://numpy.org/doc/stable/user/absolute_beginners.html), slopes in
# [OpenStax Calculus, volume 1, chapter 3](https://openstax.org/details/books/calculus-volume-1).

# %% [markdown]
# ## How an exercise works
#
# Each lesson asks you to write small functions. We practise with one that this course will need again and again: a **slope**.
#
# The slope of a curve says how far y moves for a small step in x, per unit of step. For y = x², take a small step h to the right and do it in
# three lines:
#
# 1. The change in y is (x + h)² − x² = 2xh + h². *(multiply out)*
# 2. Per unit of x this is (2xh + h²) / h = 2x + h. *(divide by the step)*
# 3. As h shrinks towards 0, what stays is **2x**. *(the h goes away; 2x does not contain it)*
#
# Line 2 is the slope of the straight line through two points of the curve, a *secant*; line 3 is the slope of the curve itself.
# Line 2 can be tried out. At x = 3 it promises 6 + h:

# %%
x = 3.0
for h in (1.0, 0.1, 0.01):
    print(f"h = {h:<5}  slope about {((x + h) ** 2 - x**2) / h:.2f}")

# %% [markdown]
# ### First, a check that fails
#
# A check runs your function on numbers that are random, but always the same, and compares. Before you write anything, see
# what it says about a wrong answer. Somebody has mixed up the *height* of the curve with its *slope*:

# %%
def mixed_up(x):
    return x**2


diagnose("slope", mixed_up)

# %% [markdown]
# Read the card from the top. The first line says **what** is wrong. *Where* shows the entry that is furthest off: what came back
# and what was expected. *Look* says what to think about next. (One of the entries is right by luck: the numbers hold a 0, and
# at x = 0 height and slope are equal, as they are at x = 2.)
#
# Many checks of this course recognise the mistake itself. When one does not, it says so and shows where the numbers part.

# %% [markdown]
# ### Now you
#
# **Exercise · `slope`** (1 point). Write the slope of x² at every entry of an array `x`: the curve's own, as in line 3, with no
# step h in it. Leave `x` itself as it was.
#
# Replace the line `raise NotImplementedError()` by your own code, run the cell, then run the check below it. You may try as
# often as you like.

# %% exercise="slope"
def slope(x):
    """The slope of x², entry by entry.

    x: array of any shape
    returns out: array of the same shape as x
    """
    ### BEGIN SOLUTION
    out = 2 * x
    ### END SOLUTION
    return out

# %% [markdown]
# <details><summary>Hint 1 · where to look</summary>
#
# The three lines above end with a formula for the slope at x.
#
# </details>
# <details><summary>Hint 2 · the idea</summary>
#
# NumPy does arithmetic with a whole array at once, entry by entry. What works for one number works for all of them.
#
# </details>
# <details><summary>Hint 3 · the shape of the answer</summary>
#
# One line is enough. It gives the name `out` to a new array, as large as `x`. For x = [1, −2, 0] it holds [2, −4, 0].
#
# </details>

# %% check="slope" points=1
check("slope", slope)
### BEGIN HIDDEN TESTS
check("slope", slope, hidden=True)
### END HIDDEN TESTS

# %% [markdown]
# ○ on a card with a grey edge says that `slope` is still empty. That is no mistake: it waits for you. ✗ and a red edge say that
# something does not hold yet, ✓ and a green edge that all of it does. Below a card that is not green stands one line that
# points to it: Python stops at such a cell, so that *Run All* and a grader notice.
#
# ## Save, validate, hand in
#
# - **Save** with Ctrl + S (⌘ + S on a Mac). Your copy of a lesson is yours: no update of the course ever overwrites it.
# - **Validate** runs the whole page from the top, as a grader will. Use the *Validate* button above the page before you hand in.
#   A page that works only because of a cell you have since deleted is found that way. An exercise that is still empty counts as
#   one that fails there, with ✗; you may hand in all the same, and get the points of what you have done.
# - **Hand in** the way your instructor told you; the file is this notebook. If you learn on your own there is nothing to hand
#   in: the checks tell you all a grader would.
#
# A grader runs the same checks with other random numbers. Code that does what the exercise says holds there too.

# %% [markdown]
# ## Quick questions
#
# **1 · A check fails and names a mistake. What should you do first?**
#
# <details><summary>Read its first line and look at the entry it names</summary>
#
# Yes. It says what came back, what was expected and where. That is usually enough to find the line.
#
# </details>
# <details><summary>Open all the hints</summary>
#
# Not first. Hints are there before you know what to write. The check already speaks about *your* code.
#
# </details>
# <details><summary>Ask for another set of random numbers until it holds</summary>
#
# Not this. If a function is wrong on one set of numbers, it is wrong. A check here always uses the same numbers, so that you can
# compare one try with the next.
#
# </details>

# %% [markdown]
# **2 · You changed `slope`, ran the check again, and it says the same as before. What is the likeliest reason?**
#
# <details><summary>The check is broken</summary>
#
# Possible, but look at the other two first.
#
# </details>
# <details><summary>The cell with the function was not run again</summary>
#
# Yes. Python knows the function as it was when its cell last ran. Run the changed cell, then the check.
#
# </details>
# <details><summary>Python needs a moment to notice the change</summary>
#
# Not this. Python never reads a cell by itself; it runs what you tell it to run, when you tell it.
#
# </details>

# %% [markdown]
# ## What you now know
#
# - Run a cell with Shift + Enter; restart the kernel when in doubt.
# - An exercise is a function to write, a check directly below it, and up to three hints.
# - Predict first, then move the slider: that is how the pictures teach.

# %%
progress("00_start_here")

# %% [markdown]
# **Next: [01 · Forward pass](../01_forward_pass/01_forward_pass.ipynb).** How does a network turn numbers into a prediction?
