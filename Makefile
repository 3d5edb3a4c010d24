# Every target sets up what it needs: a virtual environment with the pinned versions of constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup demo test lint bench stress clean

setup: $(STAMP)

$(STAMP): pyproject.toml trainlint/pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable trainlint --editable '.[dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/trainlint run --no-ledger trainlint/examples/broken_loop.py
	$(BIN)/ris demo

test: lint
	$(BIN)/python -m pytest -n 2
	cd trainlint && ../$(BIN)/python -m pytest -n 2

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

stress: $(STAMP)
	$(BIN)/python -m pytest -m stress
	$(BIN)/python benchmarks/fuzz_readers.py --inputs 100000

bench: $(STAMP)
	for file in simulate speed music_grid finite_snapshots order_threshold train; do $(BIN)/python benchmarks/$$file.py || exit 1; done
	$(BIN)/python trainlint/benchmarks/watch_cost.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
