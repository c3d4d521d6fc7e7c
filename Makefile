# Every target sets up its own .venv on a fresh machine; without make, `python3 tools/bootstrap.py lab` does the
# same (Windows: `py tools/bootstrap.py lab`). Options go into ARGS: make lab ARGS="03 --no-browser"
# What each one does stands in tools/commands.py; `make` alone lists them.

PYTHON ?= python3
ARGS ?=

.PHONY: help lab demo test quick lessons docs pictures mutants sweep judge-sweep kill-sweep term hub-test bench-grading bench-gradcheck bench-checks bench-sandbox bench-capstone bench-sliders bench-step pins setup
help lab demo test quick lessons docs pictures mutants sweep judge-sweep kill-sweep term hub-test bench-grading bench-gradcheck bench-checks bench-sandbox bench-capstone bench-sliders bench-step pins setup:
	@$(PYTHON) tools/bootstrap.py $@ $(ARGS)
