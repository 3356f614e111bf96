# FairStream: each target explains itself with `make help`. Extra flags go through ARGS=.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv
READY := $(VENV)/.ready-$(shell cat pyproject.toml requirements/build.txt requirements/dev.txt | cksum | tr -d ' ')
LOCK := $(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench bench-peers bench-detect bench-replay chaos detection-check replay-check dashboards docs lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## make .venv with everything that running, testing and building needs

demo: $(READY) ## broker, worker and producers on this machine: watch a drift being found (ARGS="--exit-on-alert")
	$(BIN)/fairstream demo $(ARGS)

test: $(READY) ## run all tests, against a real Kafka (ARGS="-k topics")
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(READY) ## style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(READY) ## events per CPU-second beside the Python peers (ARGS="--json FILE")
	$(BIN)/python -m benchmarks compare $(ARGS)

bench-peers: $(READY) ## the same beside Quix Streams, Bytewax and Kafka Streams
	$(BIN)/python -m benchmarks compare --all $(ARGS)

bench-detect: $(READY) ## false alarms and delays of the detectors, simulated and judged (ARGS="--quick --json FILE")
	$(BIN)/python -m benchmarks detect $(ARGS)

chaos: $(READY) ## kill workers and broker at random moments; every count must be exact (ARGS="--seed 7")
	$(BIN)/python -m tests.programs.chaos $(ARGS)

detection-check: $(READY) ## a fair million raises no alarm, a drift one: also sent twice, late, through kills (ARGS=--short)
	$(BIN)/python -m tests.programs.detection $(ARGS)

replay-check: $(READY) ## a million events through rebalances and a crash: live and replay must be equal (ARGS="--events 50000")
	$(BIN)/python -m tests.programs.chaos.replay_check $(ARGS)

bench-replay: $(READY) ## replay beside live ingest, and beside json and pandas (ARGS="--long-events 0")
	$(BIN)/python -m benchmarks replay $(ARGS)

dashboards: $(READY) ## write dashboards/json from the code (ARGS=--check only compares)
	$(BIN)/python -m dashboards $(ARGS)

docs: $(READY) ## build the documentation site into build/site; any warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict $(ARGS)

lock: $(READY) ## renew the hash-pinned requirement files from pyproject.toml
	$(LOCK) --upgrade --group build --output-file requirements/build.txt
	$(LOCK) --upgrade pyproject.toml --extra local --extra data --output-file requirements/run.txt
	$(LOCK) --upgrade pyproject.toml --all-extras --group build --group lint --group test --group bench --group docs \
		--output-file requirements/dev.txt
	@! grep -nE 'https?://|--(extra-)?index-url|--find-links' requirements/*.txt

clean: ## remove what make made; the cache of downloads stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

# The name of the stamp holds a checksum of what the environment is made from, so a changed lock renews it.
$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'FairStream needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo 'Python cannot make a virtual environment here (Debian: apt install python3-venv)' >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/build.txt
	$(UV) pip sync --quiet --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-* && touch $@
