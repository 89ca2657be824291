# The whole project in a few words; `make` alone prints them.
# Everything is installed into .venv, nothing outside this folder is touched.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_WORKERS ?= 2

.PHONY: help lab demo test check unit lessons browser doctor clean

help:  ## Print this list
	@echo "dhcpkit: a course on DHCP failover, and the lab under it"
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

lab: $(READY)  ## Open the lessons in JupyterLab (sets everything up first)
	@$(BIN)/python -m dhcpkit lab

demo: $(READY)  ## Play the guide's demonstration in this terminal, in under 30 seconds
	@$(BIN)/python -m dhcpkit demo

test: check unit lessons browser  ## Run everything that CI runs (sets everything up first)

check: $(READY)  ## Style, types and the rule that imports point downwards
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(READY)  ## Tests of the package, on both wires, with real DHCP clients
	$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadgroup --ignore=tests/lessons --ignore=tests/browser

lessons: $(READY)  ## Run every lesson with nbval, on both wires
	$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadfile tests/lessons

browser: $(READY)  ## Drive a lesson in a real browser
	$(BIN)/pytest tests/browser

doctor: $(READY)  ## Say whether this machine can run the lab in network namespaces
	@$(BIN)/python -m dhcpkit doctor

clean:  ## Remove the environment and everything that was generated
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml uv.lock assets/jupyter/overrides.json tools/setup.sh
	@sh tools/setup.sh $(VENV)
	@touch $@
