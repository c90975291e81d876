# Python >= 3.11 and make are all that is needed. `make help` lists what there is.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory

PORT ?= 8000
ORDERS ?=
# `double` lets a double of Stripe stand in for it in the demo; no money moves.
STRIPE ?=
ARGS ?=
# A whole run is spread over the cores, a file staying together and files in their order, so that long
# ones do not come last; a part of it runs in one process.
WORKERS ?= $(if $(ARGS),0,auto)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# The first interpreter that is new enough and can make a virtual environment; or say PYTHON=...
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3
PYTHON ?=

# A step is done when its stamp exists; the stamp's name carries a checksum of what the step read,
# so an unchanged step costs nothing and a changed lock file is installed again.
checksum = $(shell cat $(1) 2>/dev/null | cksum | tr -d ' ')
VENV_MADE := $(STAMPS)/venv-$(shell pwd -P | cksum | tr -d ' ')
RUNTIME := $(STAMPS)/demo-$(call checksum,requirements/demo.txt)
BUILD := $(STAMPS)/build-$(call checksum,requirements/build.txt)
DEV := $(STAMPS)/dev-$(call checksum,requirements/dev.txt)
LOCK := $(STAMPS)/lock-$(call checksum,requirements/lock.txt)
PROJECT := $(STAMPS)/project-$(call checksum,pyproject.toml)

PIP := PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip -qq --no-input
# Only what the file pins and hashes, built by nobody on this machine.
INSTALL := $(PIP) install --no-deps --require-hashes --only-binary :all: --progress-bar off --no-warn-script-location

##@ Run

.PHONY: demo
demo: setup ## set everything up and serve a programme on a year of real orders (PORT=8000, ORDERS=FILE, STRIPE=double)
	@exec $(if $(filter double,$(STRIPE)),$(BIN)/python -m tests.support.stripe_double.beside )$(BIN)/loyalty demo --port $(PORT) $(if $(ORDERS),--orders '$(ORDERS)')

.PHONY: setup
setup: $(RUNTIME) $(PROJECT) ## install what the programme needs into .venv

##@ Prove

.PHONY: test
test: setup-dev ## run every proof whose tools are here, on samples (ARGS="tests/ledger -k expire")
	@$(PYTEST) $(ARGS)

.PHONY: check
check: lint types contracts test ## all that must be green: lint, types, contracts, tests

.PHONY: lint
lint: setup-dev ## style and form
	@echo "· lint" && $(BIN)/ruff check --quiet .
	@echo "· format" && $(BIN)/ruff format --quiet --check .

.PHONY: types
types: setup-dev ## types, strict
	@echo "· types" && $(BIN)/mypy --no-error-summary $(wildcard ledger tiers benefits loyalty api admin tests)

.PHONY: contracts
contracts: setup-dev ## which room may import which
	@echo "· contracts" && $(BIN)/lint-imports --no-logo

.PHONY: prove
prove: setup-dev ## run every proof in full and write docs/proofs.md (long)
	@LOYALTY_PROVE=1 $(PYTEST) $(ARGS)
	@$(if $(ARGS),,$(BIN)/python -m tests.support.proofs docs/proofs.md)

.PHONY: bench
bench: setup ## measure the budgets, beside pgbench in the same run (ARGS="--json FILE")
	@$(BIN)/loyalty bench $(ARGS)

##@ Keep

.PHONY: setup-dev
setup-dev: setup $(DEV) ## install what tests, lint and types need as well

.PHONY: format
format: setup-dev ## put every file into form
	@$(BIN)/ruff check --quiet --fix-only . ; $(BIN)/ruff format --quiet .

.PHONY: reference
reference: setup-dev ## write docs/reference/ anew from the code
	@$(BIN)/python -m tests.support.reference

.PHONY: lock
lock: $(LOCK) ## write requirements/*.txt anew from pyproject.toml (ARGS=--upgrade takes the newest)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh requirements/lock.sh $(ARGS)

.PHONY: clean
clean: ## remove the virtual environment and caches; a database in .loyalty stays
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks .cache .coverage
	@find . -name __pycache__ -type d -not -path './.loyalty/*' -prune -exec rm -rf {} +

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The steps.

$(VENV_MADE):
	@python=; for candidate in $(if $(PYTHON),'$(PYTHON)',$(PYTHONS)); do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	  then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer with its venv module is needed; looked for: $(or $(PYTHON),$(PYTHONS))." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3 python3-venv. Or name one: make PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	echo "· virtual environment from $$("$$python" -c 'import sys; print("Python", sys.version.split()[0])')"; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV) && mkdir -p $(STAMPS)
	@touch $@

$(RUNTIME): | $(VENV_MADE)
	@echo "· libraries" && $(INSTALL) -r requirements/demo.txt && touch $@

$(BUILD): | $(VENV_MADE)
	@$(INSTALL) -r requirements/build.txt && touch $@

$(PROJECT): | $(BUILD) $(RUNTIME)
	@echo "· this project" && $(PIP) install --no-deps --no-build-isolation --editable . && touch $@

$(DEV): | $(VENV_MADE) $(RUNTIME)
	@echo "· test tools" && $(INSTALL) -r requirements/dev.txt && touch $@

$(LOCK): | $(VENV_MADE)
	@echo "· lock tool" && $(INSTALL) -r requirements/lock.txt && touch $@
