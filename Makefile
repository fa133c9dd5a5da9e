# Two commands do everything on a fresh machine: `make proofs` and `make test`.
VENV ?= .venv
BIN  := $(VENV)/bin
PY   ?= python3

.PHONY: proofs test nightly check format bench clean

proofs: $(VENV)/run.stamp            ## install, and check every expectation written in models/
	$(BIN)/cowspec check models/

test: $(VENV)/test.stamp             ## install what the tests need, and run them
	$(BIN)/python -m pytest -n auto

nightly: $(VENV)/test.stamp          ## more random models, larger scopes, new hostile inputs
	COWSPEC_NIGHTLY=1 $(BIN)/python -m pytest -n auto tests/differential tests/fuzz

check: $(VENV)/test.stamp            ## what must be green before every commit
	$(BIN)/ruff format --check compiler tests
	$(BIN)/ruff check compiler tests
	$(BIN)/mypy
	$(BIN)/cowspec fmt --check spec models
	$(BIN)/python -m pytest -n auto

format: $(VENV)/test.stamp
	$(BIN)/ruff format compiler tests
	$(BIN)/ruff check --fix compiler tests
	$(BIN)/cowspec fmt spec models

bench: $(VENV)/test.stamp            ## the figures of the README, measured anew
	$(BIN)/python tests/bench/run.py

clean:
	rm -rf $(VENV) .cowspec .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PY) -m venv $(VENV)

$(VENV)/run.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -e .
	touch $@

$(VENV)/test.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -e '.[test]'
	touch $@ $(VENV)/run.stamp
