# Every target makes its virtual environment if it is missing. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-models validation docs figures sample-model

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.user ## audit the two checkpoints that come with the package
	$(BIN)/dejavu-audit demo

test: $(VENV)/.dev ## run the tests, in two processes
	$(BIN)/python -m pytest -n 2 --dist loadfile --durations 15

check: $(VENV)/.dev ## lint, format, types, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/typos

bench: $(VENV)/.dev ## the benchmarks, as ratios within one run
	$(BIN)/python -m benchmarks

bench-models: $(VENV)/.user ## train 40 small encoders with planted memorization into .bench/ (about an hour)
	$(BIN)/python -m dejavu_audit.bench.grid_training

validation: bench-models ## every study of the bench at full size, and docs/validation.md
	$(BIN)/dejavu-audit bench coverage alarms bias lists shares power gates encoders --audits 1000 --out docs/validation --page docs/validation.md

docs: $(VENV)/.docs ## build the site into site/
	$(BIN)/mkdocs build --strict

figures: $(VENV)/.dev ## train, audit and write docs/figures.md: the papers' figures on scenes (about an hour)
	$(BIN)/python -m benchmarks.figures all

sample-model: $(VENV)/.user ## train the two sample checkpoints again (about 20 minutes on two cores)
	$(BIN)/python -m dejavu_audit.bench.train --out dejavu_audit/samples

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.user: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.user

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@
