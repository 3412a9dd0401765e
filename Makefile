# Two commands matter: `make devnet` and `make test`. Each installs what it needs first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install devnet test fuzz coverage check format size abi picture lock clean \
	verifier-calibration keeper-chaos

ARGS ?=
CLIP ?=
KEEP ?=
SEED ?=
CHEAT ?=
JOBS ?= 2
PYTHON_CODE := $(wildcard keepers verifier devnet) scripts tools

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export VVM_BINARY_PATH := $(CURDIR)/.venv/vvm
# ape-vyper's settings class warns about itself on every start.
export PYTHONWARNINGS := ignore::UserWarning:pydantic_settings.sources.utils

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1|/' | column -t -s '|'

install:  ## .venv and node_modules with the pinned packages; nothing if they are there
	@tools/install.sh

devnet: install  ## the whole network on real video; CLIP=file.mp4 KEEP=1 SEED=7 CHEAT=black
	@CLIP='$(CLIP)' KEEP='$(KEEP)' SEED='$(SEED)' CHEAT='$(CHEAT)' ape run devnet $(ARGS)

# One thread each: with a test in every process, more threads only wait for each other.
test: export OMP_NUM_THREADS = 1
test: install  ## all tests; ARGS="tests/unit -q -k bond" for some, JOBS=0 for one process
	@ape test -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

verifier-calibration: install  ## limits against honest and cheating encodes; SIZE=small RECORD=1
	@python -m verifier.calibration --size '$(or $(SIZE),full)' $(if $(RECORD),--record) $(ARGS)

keeper-chaos: export OMP_NUM_THREADS = 1
keeper-chaos: install  ## keepers in trouble, in ten minutes; ARGS="--tenths 1 --only rewards"
	@python -m tests.chaos $(ARGS)

fuzz: install  ## the stateful tests with the nightly budget (hours)
	@HYPOTHESIS_PROFILE=nightly ape test tests/stateful $(ARGS)

coverage: install  ## tests in process, then the lines of Vyper they ran; fails under 95 %
	@VYPER_COVERAGE=1 ape test -q -m 'unit or stateful' $(ARGS)

check: install  ## linters, types, contract sizes
	@tools/check.sh

format: install  ## rewrite Python and Vyper files in the house format
	@ruff check --fix --quiet . ; ruff format --quiet . ; mamushi --line-length 100 $$(git ls-files '*.vy')

size: install  ## runtime size of every contract
	@python -m tools.size_table

abi: install  ## write keepers/abi/*.json from the contracts
	@ape run export_abi

picture: install  ## draw docs/system.svg
	@python -m tools.draw_system

lock: install  ## write constraints.txt from .venv after changing a pin
	@python -m tools.lock

clean:  ## remove what was built; .venv and node_modules stay
	@rm -rf build .build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -not -path './node_modules/*' -prune -exec rm -rf {} +
