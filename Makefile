# The whole project in a few words; `make` alone prints them.
# Everything is installed into .venv, nothing outside this folder is touched.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
PYTHON_HERE := $(VENV)/bin/python
READY := $(VENV)/.ready
PYTEST_WORKERS ?= 2
# IPython makes its folder wherever it runs: here, not in the home folder.
IPYTHONDIR ?= $(CURDIR)/$(VENV)/.ipython
export IPYTHONDIR

# An environment that was made in another folder, or whose Python is gone, is made again.
ifneq ($(shell [ -x $(PYTHON_HERE) ] && [ "$$(cat $(READY) 2>/dev/null)" = "$$(pwd -P)" ] && echo usable),usable)
.PHONY: $(READY)
endif

.PHONY: help lab demo test check unit lessons browser doctor outputs picture clean

help:  ## Print this list
	@echo "dhcpkit: a course on DHCP failover, and the lab under it"
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

lab: $(READY)  ## Open the lessons in JupyterLab (sets everything up first)
	@$(PYTHON_HERE) -m dhcpkit lab

demo: $(READY)  ## Play the guide's demonstration in this terminal, in under 30 seconds
	@$(PYTHON_HERE) -m dhcpkit demo

test: check unit lessons browser  ## Run everything that CI runs (sets everything up first)

check: $(READY)  ## Style, types and the rule that imports point downwards
	$(PYTHON_HERE) -m ruff check .
	$(PYTHON_HERE) -m ruff format --check .
	$(PYTHON_HERE) -m mypy
	$(VENV)/bin/lint-imports

unit: $(READY)  ## Tests of the package, on both wires, with real DHCP clients
	$(PYTHON_HERE) -m pytest -n $(PYTEST_WORKERS) --dist loadfile --ignore=tests/lessons --ignore=tests/browser

lessons: $(READY)  ## Run every lesson with nbval, on both wires
	$(PYTHON_HERE) -m pytest -n $(PYTEST_WORKERS) tests/lessons

browser: $(READY)  ## Drive a lesson in a real browser
	$(PYTHON_HERE) -m pytest tests/browser

doctor: $(READY)  ## Say whether this machine can run the lab in network namespaces
	@$(PYTHON_HERE) -m dhcpkit doctor

outputs: $(READY)  ## Run every lesson in memory and store its outputs (for who changes lessons)
	$(PYTHON_HERE) tools/store_outputs.py

picture: $(READY)  ## Make the README's picture of the running lesson anew
	$(PYTHON_HERE) -m pytest tests/browser/test_picture.py --picture=assets/lesson.png

clean:  ## Remove the environment and everything that was generated
	rm -rf $(VENV) .jupyter .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml uv.lock assets/jupyter/overrides.json tools/setup.sh
	@sh tools/setup.sh $(VENV)
