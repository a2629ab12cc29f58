# One entrance: `make help` tells the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint format e2e faults bench wheel lock clean

help:  ## this list
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The environment comes from a lock with hashes; the project itself is linked, so that edits take effect at once.
$(VENV)/run.stamp: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	touch $@

run: $(VENV)/run.stamp  ## play the demonstration, then serve it on 127.0.0.1:8000 (DEMO="--no-serve" ends by itself)
	$(BIN)/yingfan demo $(DEMO)

test: $(VENV)/dev.stamp  ## every test, with branch coverage: floors 0 to 3 and notifications 100 %, all 95 %
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 --include='engine/errors.py,engine/clock.py,engine/paths.py,engine/vault.py,engine/access.py,engine/workdays/*,engine/audit/*,engine/definitions/*,engine/settings.py,engine/cases/*,engine/roster/*,notifications/*'

lint: $(VENV)/dev.stamp  ## format, rules, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp  ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp  ## floor and subject side by side, one JSON line a figure
	$(BIN)/python -m tests.benchmarks

wheel: $(VENV)/dev.stamp  ## build the wheel, install it in a clean environment, play the demonstration there
	rm -rf dist build/clean
	$(BIN)/python -m hatchling build -t wheel
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock
	build/clean/bin/python -m pip --disable-pip-version-check install --quiet --no-deps dist/*.whl
	cd build && clean/bin/yingfan demo --no-serve

lock:  ## resolve the locks anew (needs uv)
	uv pip compile pyproject.toml --group build --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml --group build --group dev --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header -c requirements.lock -o requirements-dev.lock

clean:  ## remove what can be made again
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
