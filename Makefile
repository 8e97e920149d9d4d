# `make demo` shows what nslab does; `make test` proves it. Neither needs root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

ifneq ($(words $(CURDIR)),1)
$(error no script can begin with a path that has a blank in it: move this folder out of "$(CURDIR)")
endif

.PHONY: demo test test-slow torture check bench pictures clean

$(VENV)/.demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check .
	touch $@

$(VENV)/.test: pyproject.toml requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

demo: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps .
	PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(VENV)/.test
	sh tests/prepare.sh
	rm -rf dist
	$(BIN)/python -m build --quiet --wheel --no-isolation
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/*.whl
	$(BIN)/python -m pytest

test-slow: $(VENV)/.test
	sh tests/prepare.sh
	PYTHONPATH=src $(BIN)/python -m pytest -m slow

torture: $(VENV)/.test
	sh tests/prepare.sh
	PYTHONPATH=src $(BIN)/python -m tests.torture

check: $(VENV)/.test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports

bench: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	$(PYTHON) bench/run.py --python $(CURDIR)/$(BIN)/python

pictures: $(VENV)/.test
	PYTHONPATH=src $(BIN)/python -m tests.docs.pictures

clean:
	rm -rf $(VENV) dist build
