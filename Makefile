# `make demo` and `make test` do all the set-up; everything stays below this folder.

PYTHON ?= python3
BIN := .venv/bin
DEMO := demo
SAMPLES := 1500
MINUTES := 4
SITE := build/site
export OMP_NUM_THREADS ?= 2

.PHONY: demo test test-all docs lint types clean

.venv/installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; say make PYTHON=python3.12 ...")'
	@echo "Installing into .venv: about 4 minutes and 6 GB. pip says nothing meanwhile."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

.venv/docs-installed: .venv/installed
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[dev,docs]'
	touch $@

.venv/all-installed: .venv/docs-installed
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[dev,docs,all]'
	touch $@

demo: .venv/installed  ## draw pictures, build, train, predict, report
	rm -rf $(DEMO)
	$(BIN)/depthmask sample-data $(DEMO)/pictures
	$(BIN)/depthmask build-dataset --fg $(DEMO)/pictures/objects --bg $(DEMO)/pictures/scenes \
	    --out $(DEMO)/shards --objects 1 3 --size 128 --samples $(SAMPLES) --val-fraction .25 \
	    --samples-per-shard 250
	$(BIN)/depthmask stats $(DEMO)/shards
	$(BIN)/depthmask train --shards $(DEMO)/shards --out $(DEMO)/run --size 96 --minutes $(MINUTES)
	$(BIN)/depthmask evaluate $(DEMO)/run/best.pt --shards $(DEMO)/shards
	$(BIN)/depthmask render $(DEMO)/shards val 0 --out $(DEMO)/sample --overlay
	$(BIN)/depthmask predict $(DEMO)/run/best.pt --image $(DEMO)/sample/image.png \
	    --background $(DEMO)/sample/background.jpg --out $(DEMO)/prediction
	$(BIN)/depthmask report $(DEMO)/shards --out $(DEMO)/shards.html
	$(BIN)/depthmask report $(DEMO)/run --out $(DEMO)/run.html
	@echo "Look at $(DEMO)/prediction/*.png, $(DEMO)/shards.html and $(DEMO)/run.html."
	@echo "Next: source .venv/bin/activate, then docs/first-steps.md with your own pictures."

test: .venv/installed  ## the tests that every change must pass
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not slow" --numprocesses 2 --dist worksteal

test-all: .venv/all-installed  ## the same, those that take minutes, and those of the extras
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist worksteal

docs: .venv/docs-installed  ## the manual as a site; warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir $(SITE)
	@echo "Look at $(SITE)/index.html."

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/installed
	$(BIN)/mypy

clean:
	rm -rf .venv $(DEMO)
