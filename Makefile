# One entrance: `make help` tells the rest.
PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO ?=
GOAL ?=

# Floors 0 to 3 of the engine and the ground floor: every branch of these is tested (tests/house compares this list).
PURE := engine/errors.py,engine/clock.py,engine/paths.py,engine/vault.py,engine/workdays/*,engine/audit/*,engine/settings.py,engine/access.py,engine/definitions/*,engine/cases/*,engine/roster/*,notifications/*
# These start programs, stop them hard or measure them, and have targets of their own.
APART := benchmarks e2e

.DEFAULT_GOAL := help
.PHONY: help run test lint format e2e bench faults wheel lock clean

help:  ## this list
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The environment comes from a lock with hashes; the project itself is linked, so that edits take effect at once.
# The lock carries the build tools too, because a build of its own would fetch them without hashes.
$(VENV)/run.stamp: requirements.lock pyproject.toml
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
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
	$(BIN)/coverage run -m pytest -q -n auto $(APART:%=--ignore=tests/%)
	$(BIN)/python -m tests.cases.said_no
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 --include='$(PURE)'

lint: $(VENV)/dev.stamp  ## format, rules, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp  ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# In order: each journey goes on where the one before it left its town. There are two towns, each in a process of its own.
e2e: $(VENV)/dev.stamp  ## journeys in a real Chromium (Debian: chromium fonts-wqy-microhei); pictures in build/e2e
	rm -rf build/e2e
	$(BIN)/python -m pytest -q -n 2 -p no:randomly tests/e2e

bench: $(VENV)/dev.stamp  ## floor and subject side by side, one JSON line a figure (GOAL="G3 G4": only these)
	@$(BIN)/python -m tests.benchmarks $(GOAL)

faults: $(VENV)/dev.stamp  ## the fault tests at full length: every crash point, long kill loops, many random cases (minutes)
	FAULTS=all $(BIN)/python -m pytest -q tests/faults tests/stories

wheel: $(VENV)/dev.stamp  ## build the wheel, install it in a clean environment, play the stories and the demonstration there
	rm -rf dist build/clean
	$(BIN)/python -m hatchling build -t wheel
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock
	build/clean/bin/python -m pip --disable-pip-version-check install --quiet --no-deps dist/*.whl
	cd build/clean && bin/yingfan workflow play > stories.txt && tail -n 1 stories.txt
	cd build/clean && bin/yingfan demo --no-serve --json > demo.json && bin/python -m json.tool demo.json >/dev/null

lock:  ## resolve the locks anew (needs uv)
	$(UV) pip compile pyproject.toml --group build --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header -o requirements.lock
	$(UV) pip compile pyproject.toml --group build --group dev --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header -c requirements.lock -o requirements-dev.lock

clean:  ## remove what can be made again
	rm -rf $(VENV) build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
