# Every target sets up what it needs: a virtual environment with the versions of constraints.txt. Files that are installed
# have the hashes of requirements/, but for torch: each index has its own builds of one version, for CPUs and for CUDA.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
HASHED := $(PIP) install --no-deps --require-hashes --requirement
RUNS := $(VENV)/.runs
STAMP := $(VENV)/.develops

.PHONY: setup demo test suites lint style types docs tables bench stress dist hashes release clean

setup: $(STAMP)

# What users need, and no tool of developers.
$(RUNS): pyproject.toml trainlint/pyproject.toml constraints.txt requirements/run.txt requirements/report.txt
	$(PYTHON) -m venv $(VENV)
	$(HASHED) requirements/report.txt
	$(PIP) install --constraint constraints.txt torch
	$(PIP) install --no-deps --no-build-isolation --editable trainlint --editable .
	$(PIP) check
	touch $(RUNS)

$(STAMP): $(RUNS) requirements/dev.txt
	$(HASHED) requirements/dev.txt
	$(PIP) check
	touch $(STAMP)

demo: $(RUNS)
	$(BIN)/trainlint run --no-ledger trainlint/examples/broken_loop.py
	$(BIN)/ris demo

# pyright takes minutes of one core alone, so the tests run beside it. They keep the modules that they compile: the workers
# and each program that a test starts would compile the same ones again. Three workers keep two cores busy: a fifth of the
# time of a test is waiting for processes.
test: style
	$(MAKE) --no-print-directory --jobs=2 types suites

suites: export PYTHONDONTWRITEBYTECODE =
suites: $(STAMP)
	$(BIN)/python -m pytest -n 3
	cd trainlint && ../$(BIN)/python -m pytest -n 3

lint: style types

style: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/pyright --pythonpath $(BIN)/python

# The pages of both packages, with warnings as errors: build/site/index.html, which opens without a server.
docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# The tables of figures in README and the pages of both packages, written from results/.
tables: $(STAMP)
	$(BIN)/ris report results --tables $$(grep -rl --include='*.md' '^<!-- table' README.md docs trainlint/docs)

# schemathesis judges `ris serve` from outside, in an environment of its own: as a plugin it would slow every other test.
JUDGE := build/schemathesis
stress: $(STAMP)
	$(PYTHON) -m venv $(JUDGE)
	$(JUDGE)/bin/python -m pip install --quiet --disable-pip-version-check schemathesis==4.32.5
	PATH="$(CURDIR)/$(JUDGE)/bin:$$PATH" $(BIN)/python -m pytest -m stress
	$(BIN)/python benchmarks/fuzz --inputs 100000
	$(BIN)/python benchmarks/faults --kills 300 --full 50
	$(BIN)/python benchmarks/workers.py
	$(BIN)/python benchmarks/many_scenes.py
	$(BIN)/python benchmarks/serve_load.py --batches 32 --clients 8 --requests 1000 --kills 3

bench: $(STAMP)
	for file in simulate speed music_grid finite_snapshots order_threshold train serve_load; do $(BIN)/python benchmarks/$$file.py || exit 1; done
	$(BIN)/python trainlint/benchmarks/watch_cost.py

# Wheels and sdists of both packages, each installed beside what they need, by its hashes, and tried; what was installed, as
# CycloneDX, and the digest of every file. The last line says so where they state no address of the project.
DIST := build/dist
CLEAN := build/clean
INTO_CLEAN := $(CLEAN)/bin/python -m pip install --quiet --disable-pip-version-check
TRY = $(CLEAN)/bin/ris --version && $(CLEAN)/bin/trainlint explain RT101 > build/explained.txt \
	&& $(CLEAN)/bin/ris bound --scenes 2 \
	&& $(CLEAN)/bin/ris simulate build/scenes.safetensors --force --sources 1 --scenes 2 \
	&& $(CLEAN)/bin/ris locate build/scenes.safetensors && $(CLEAN)/bin/ris locate build/scenes.safetensors --model reference
dist:
	rm -rf dist build
	$(PYTHON) -m venv $(DIST)
	$(DIST)/bin/python -m pip install --quiet --disable-pip-version-check build==1.6.1 cyclonedx-bom==7.5.0
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(DIST)/bin/python -m build --outdir dist trainlint
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(DIST)/bin/python -m build --outdir dist .
	$(PYTHON) -m venv $(CLEAN)
	$(INTO_CLEAN) --no-deps --require-hashes --requirement requirements/run.txt
	$(INTO_CLEAN) --constraint constraints.txt dist/*.whl
	$(TRY)
	$(DIST)/bin/cyclonedx-py environment --output-file dist/sbom.cdx.json $(CLEAN)/bin/python
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(INTO_CLEAN) --no-deps --force-reinstall dist/*.tar.gz
	$(TRY)
	cd dist && sha256sum * > SHA256SUMS
	$(PYTHON) tools/stated_address.py dist/*.whl

# The hashes of requirements/ anew, after a change of constraints.txt or of what a package needs; it asks the index.
HASHER := build/hasher
hashes: $(STAMP)
	$(PYTHON) -m venv $(HASHER)
	$(HASHER)/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/python tools/hashes.py $(HASHER)/bin/uv

# The version and the address of the project, wherever they stand: make release VERSION=0.2.0 URL=https://host/group/project
release:
	$(PYTHON) tools/new_version.py "$(VERSION)" "$(URL)"

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
