"""Settings of every test, those of the solutions under nbval included."""

import os

# A progress bar prints times, which no two runs share; the solutions were executed without bars too.
os.environ.setdefault("TQDM_DISABLE", "1")
