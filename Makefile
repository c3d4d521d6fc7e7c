# Every target sets up its own .venv on a fresh machine; without make, `python3 tools/bootstrap.py lab` does the
# same (Windows: `py tools/bootstrap.py lab`). Options go into ARGS: make lab ARGS="03 --no-browser"

PYTHON ?= python3
ARGS ?=

.PHONY: help lab test lessons demo pins
help: ## this list
	@echo "make lab      work through the lessons in JupyterLab"
	@echo "make test     style, types and every test"
	@echo "make lessons  rebuild solutions/ and notebooks/ from lessons/"
	@echo "make demo     grade a made-up class"
	@echo "make pins     compile requirements.txt from pyproject.toml"

lab test lessons demo pins:
	@$(PYTHON) tools/bootstrap.py $@ $(ARGS)
