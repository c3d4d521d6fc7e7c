# Every target sets up its own .venv on a fresh machine; without make, `python3 tools/bootstrap.py lab` does the
# same (Windows: `py tools/bootstrap.py lab`). Options go into ARGS: make lab ARGS="03 --no-browser"

PYTHON ?= python3
ARGS ?=

.PHONY: help lab test lessons demo docs pictures mutants sweep judge-sweep kill-sweep term bench-grading bench-sandbox bench-gradcheck bench-checks bench-capstone bench-sliders bench-step pins setup
help: ## this list
	@echo "make lab      work through the lessons in JupyterLab"
	@echo "make test     style, types and every test"
	@echo "make lessons  rebuild solutions/ and notebooks/ from lessons/"
	@echo "make demo     grade a made-up class"
	@echo "make docs     rebuild the generated pages of docs/, and all of it as a site in .build/site"
	@echo "make pictures photograph the course in a browser for the README"
	@echo "make mutants  can the checks fail? every mutant of every reference"
	@echo "make sweep    thousands of random inputs for every right and wrong solution"
	@echo "make judge-sweep  does the grader say of every wrong solution what the notebook says?"
	@echo "make kill-sweep  kill a grading run at 30 random moments, and resume it"
	@echo "make term     a made-up class of 120 through six lessons, by the commands of docs/instructors.md"
	@echo "make bench-grading, bench-sandbox, bench-gradcheck, bench-checks, bench-capstone, bench-sliders, bench-step   measurements, written to docs/benchmarks/"
	@echo "make setup    make .venv with everything and stop"
	@echo "make pins     compile requirements.txt from pyproject.toml"

lab test lessons demo docs pictures mutants sweep judge-sweep kill-sweep term bench-grading bench-sandbox bench-gradcheck bench-checks bench-capstone bench-sliders bench-step pins setup:
	@$(PYTHON) tools/bootstrap.py $@ $(ARGS)
