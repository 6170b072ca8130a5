VENV ?= .venv
PYTHON ?= python3
PIP = $(VENV)/bin/python -m pip install --disable-pip-version-check --quiet

.PHONY: help forecast test check lint clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@echo "make forecast   train the sales forecaster on ten seeds, with table and figure"
	@echo "make test       run the tests"
	@echo "make check      format, lint, types, then the tests"
	@echo "make clean      remove .venv and caches"

forecast: $(VENV)/runtime.stamp
	$(VENV)/bin/python examples/sales_forecast.py --neurons 8 --epochs 3000

test: $(VENV)/dev.stamp
	$(VENV)/bin/python -m pytest -n 2 --dist loadgroup
	KERAS_BACKEND=jax $(VENV)/bin/python -m pytest -n 2 tests/test_training*.py

check: lint test

lint: $(VENV)/dev.stamp
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy rnnlab

clean:
	rm -rf .venv .hypothesis .pytest_cache .mypy_cache .ruff_cache dist
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/runtime.stamp: requirements.txt pyproject.toml | $(VENV)/bin/pip
	@echo "Installing into $(VENV): once, a few minutes"
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt pyproject.toml | $(VENV)/bin/pip
	@echo "Installing into $(VENV): once, a few minutes"
	$(PIP) -r requirements-dev.txt
	@touch $(VENV)/runtime.stamp $@

# Not bin/python: a venv that was cut short has that, but no pip.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("rnnlab needs Python 3.11 or newer; $(PYTHON) is " \
	  + sys.version.split()[0] + ". Name a newer one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
