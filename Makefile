# Every target sets up what it needs. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PYTHON := $(VENV)/bin/python
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
# Of two compilers that may be about, the one of rust-toolchain.toml.
unexport RUSTUP_TOOLCHAIN

.PHONY: help setup demo up down plan test test-exhaustive bench bench-autoscale backtest deploy clean

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 18

setup: $(VENV)/.ready ## Install what the other targets need: Debian packages where missing, and tools into .venv.

$(VENV)/.ready: requirements.txt constraints.txt tests/local-cloud/packages.sh
	@tests/local-cloud/packages.sh
	@echo "Tools for .venv, as requirements.txt and constraints.txt pin them"
	@python3 -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

demo: setup ## Tell the whole life of a cache, on this machine, with production's own commands.
	@$(PYTHON) tests/local-cloud/demo.py

up: setup ## Start the local cloud with the stack deployed, and print how to use it.
	@$(PYTHON) tests/local-cloud/up.py

down: setup ## Stop what `make up` started.
	@$(PYTHON) tests/local-cloud/down.py

plan: setup ## Tell what a change would do, and do nothing: make plan STACK=cachewarden SET="RedisNodeType=cache.m7g.large"
	@$(PYTHON) tools/plan.py "$(or $(STACK),cachewarden)" $(SET) $(if $(RESOURCE),--resource "$(RESOURCE)") $(if $(DELETE),--delete)

# Each look of thousands reads days of metrics. An allocator that gave their pages back between two looks would double its time.
test test-exhaustive: export MIMALLOC_PURGE_DELAY := -1

test: setup ## Check everything: formatting, lints, templates, unit and scenario tests, documentation, local cloud.
	@tests/local-cloud/checks.sh

test-exhaustive: setup ## Run every flow with every mishap at every call of it; `make test` runs one case of forty-eight, and of each some.
	@cargo test --workspace --locked --quiet --test exhaust -- --all

bench: setup ## Measure cold start, memory and size of the functions beside a bare one, the simulator, and sweeps over a thousand and ten thousand groups.
	@cargo run --locked --release --quiet -p bench
	@cargo run --locked --profile simulator --quiet -p bench --bin simulator
	@cargo run --locked --profile simulator --quiet -p bench --bin sweep

# Loads by seed, as many seeds as are named, and those of a folder of CSV files: SEEDS="2 3" TRACES=my-traces.
SEEDS ?= 1
bench-autoscale: ## Measure how good the sizes of autoscale are, against a clairvoyant and what others do: SEEDS="1 2", TRACES=folder of CSV files, CURVES=1 (each set to more and to less), ABLATIONS=1 (ours without each part), STRESS=1 (harder worlds).
	@cargo run --locked --profile simulator --quiet -p bench-autoscale -- $(if $(TRACES),--traces $(TRACES)) $(if $(CURVES),--curves) $(if $(ABLATIONS),--ablations) $(if $(STRESS),--stress) $(SEEDS)

# A CSV file of what a group was asked for (tools/backtest/src/past.rs says which columns) and what it had; without one, the week of an example.
backtest: ## Tell what autoscale would have decided over a past: make backtest TRACE=file.csv TYPE=cache.r7g.large REPLICAS=1 [ENGINE=valkey] [MIN=1] [MAX=5] [MINUTE=dollars] [MISSES=percent] [FAMILIES=m7g,r7g] [PICTURE=backtest.svg]
	@cargo run --locked --profile simulator --quiet -p backtest -- $(if $(TRACE),--trace "$(TRACE)" $(if $(TYPE),--type "$(TYPE)") \
	    $(if $(REPLICAS),--replicas "$(REPLICAS)"),--trace examples/week.csv --type "$(or $(TYPE),cache.m7g.2xlarge)" --replicas "$(or $(REPLICAS),2)") \
	    $(if $(ENGINE),--engine "$(ENGINE)") $(if $(MIN),--min "$(MIN)") $(if $(MAX),--max "$(MAX)") $(if $(MINUTE),--minute "$(MINUTE)") \
	    $(if $(MISSES),--misses "$(MISSES)") $(if $(FAMILIES),--families "$(FAMILIES)") $(if $(PICTURE),--picture "$(PICTURE)")

deploy: setup ## Deploy to AWS; sam asks for the parameters.
	@cargo lambda build --release --locked --package provision --package rotate --package snapshot --package autoscale
	@sam build
	@sam deploy --guided

clean: down ## Remove what was built and started here.
	@rm -rf .aws-sam .local-cloud $(VENV) target
