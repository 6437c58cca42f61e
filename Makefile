# Everything a user or a contributor runs. The virtual environment .venv is made once, with what the target needs;
# stamp files remember what is installed in it, and setup.py is what makes them old.

PYTHON  ?= python3
ENGINE  ?= tensorflow
ARGS    ?=
WORKERS ?= auto
VENV    := .venv
PY      := $(VENV)/bin/python
PIP     := $(PY) -m pip install --quiet --disable-pip-version-check
NATIVE  := $(wildcard keras/backend/cntk/native/*)
LINUX   := $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m))

.DEFAULT_GOAL := help
.PHONY: help quickstart test check conformance docs bench missing clean
.DELETE_ON_ERROR:

help:  ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo
	@echo 'make quickstart ENGINE=numpy    another engine       make test ARGS="-k lstm"    some of the tests'
	@echo 'make PYTHON=python3.12 ...      another Python (3.11 or newer)'

quickstart: $(VENV)/.engine-$(ENGINE)  ## train a network on real digits, save it, reopen it on another engine
	$(PY) examples/quickstart.py --engine $(ENGINE) $(ARGS)

test: $(VENV)/.all  ## the whole test suite, on every engine (WORKERS=0: in one process, for a debugger)
	$(PY) -m pytest --numprocesses=$(WORKERS) --maxprocesses=8 --dist=worksteal $(ARGS)

conformance: $(VENV)/.all  ## every primitive on every engine (ARGS=--engine=NAME for one)
	$(PY) -m pytest tests/conformance $(ARGS)

check: $(VENV)/.all  ## format, lint and types
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

docs: $(VENV)/.all  ## regenerate docs/primitives.md and docs/ops.md from the sources
	$(PY) docs/make_primitives.py
	$(PY) docs/make_ops.py

missing: $(VENV)/.all  ## what an engine implements itself, inherits, or lacks: make missing ENGINE=x
	$(PY) -m keras missing $(ENGINE)

bench: $(VENV)/.all .venv-keras3/.made  ## speed against Keras 3, as ratios (ARGS=--quick); writes docs/benchmarks.md
	$(PY) benchmarks/run.py --keras3 .venv-keras3/bin/python $(ARGS)

clean:  ## remove the environments and what the tools left behind
	rm -rf .venv .venv-keras3 out build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis

# ---- environments. `keras` itself is in the first pip call of each: TensorFlow's requirement `keras>=3.12` is then met.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "This needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | tail -n 1)." >&2; \
	  echo "Name a newer one:  make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments. On Debian and Ubuntu:  apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.engine-%: $(VENV)/.made setup.py
	@echo "Installing keras with its engine '$*' into $(VENV) (once; takes a minute or two) ..."
	@$(PIP) --editable '.[$*,examples]'
	@$(if $(filter cntk,$*),$(PY) -m keras install cntk)
	@touch $@

$(VENV)/.all: $(VENV)/.made setup.py $(NATIVE)
	@echo "Installing keras with every engine into $(VENV) (once; takes a minute or two) ..."
	@$(PIP) --editable '.[engines,test,dev]'
	@$(if $(LINUX),$(PY) -m keras install cntk,echo "Without cntk, which needs Linux on x86-64: its tests will fail.")
	@touch $@

# This engine is compiled on the machine, in the user's cache folder, and compiled again when its sources change.
$(VENV)/.engine-cntk: $(NATIVE)

.venv-keras3/.made: benchmarks/keras3.txt $(VENV)/.made
	@echo "Installing Keras 3 into .venv-keras3, to compare with (once) ..."
	@$(PYTHON) -m venv --clear .venv-keras3
	@.venv-keras3/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/keras3.txt
	@touch $@
