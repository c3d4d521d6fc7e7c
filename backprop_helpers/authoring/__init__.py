"""From a lesson's text to the notebook an instructor reads and the notebook a learner works in.

``lessons/NN_name.py``  → executed →  ``solutions/NN_name/NN_name.ipynb``
                        → ``nbgrader generate_assignment`` →  ``notebooks/NN_name/NN_name.ipynb``

The text is the only place where a lesson is edited; an edit made to a solution in JupyterLab is carried back into
its text. Run it as ``make lessons`` or ``python -m backprop_helpers.authoring``.
"""
