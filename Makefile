# FairStream: each target explains itself with `make help`. Extra flags go through ARGS=.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv
READY := $(VENV)/.ready-$(shell cat pyproject.toml requirements/build.txt requirements/dev.txt | cksum | tr -d ' ')
LOCK := $(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
# More processes than processors: most of them wait for servers most of the time (tests/support/sharing.py).
TEST := $(BIN)/python -m pytest -n 5 --dist loadfile --no-loadscope-reorder
PURE := tests/unit tests/property tests/contract $(wildcard stream_app producers dashboards fairstream)

# A container may forbid to keep compiled modules; then each of thousands of processes compiles what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-pythons coverage nightly lint style format typing layers docs dashboards release lock clean \
	bench bench-peers bench-detect bench-replay page-check web-check chaos detection-check replay-check secure-check audit-check audit sbom

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(READY) ## create .venv with everything that running, testing and building needs

demo: $(READY) ## broker, worker and producers on this machine: a drift is injected and detected (ARGS="--exit-on-alert")
	$(BIN)/fairstream demo $(ARGS)

# Checks of a change

test: $(READY) ## run all tests, against a real Kafka (ARGS="-k topics")
	$(TEST) $(ARGS)

test-pythons: $(READY) ## run the tests that need no server on each other Python 3.11 to 3.13 that is installed
	$(BIN)/python -m tests.programs.other_pythons $(PURE) $(ARGS)

coverage: $(READY) ## branch coverage of the tests that need no server: 100 % of core, a floor for the rest
	@rm -rf build/coverage && mkdir -p build/coverage
	$(BIN)/coverage run -m pytest -q -n 2 --dist loadfile --timeout=1500 $(PURE) $(ARGS)
	$(BIN)/python -m tests.programs.coverage_floors

lint: style typing layers ## style, types and the direction of imports

style: $(READY) ## rules of style and form, without a change
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(READY) ## correct style and form where a program can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

typing: $(READY) ## types, strictly
	$(BIN)/mypy

layers: $(READY) ## the direction of imports
	$(BIN)/lint-imports --no-cache

docs: $(READY) ## build the documentation site into build/site; a broken link or reference is an error
	PYTHONPATH=. $(BIN)/mkdocs build --strict --site-dir build/site $(ARGS)

# Longer checks, measurements and releases

nightly: $(READY) ## new seeds, which are printed, and the long checks: about two hours (ARGS="SEED")
	.ci/nightly $(ARGS)

chaos: $(READY) ## kill workers and broker at random moments; every count must be exact (ARGS="--seed 7")
	$(BIN)/python -m tests.programs.chaos $(ARGS)

detection-check: $(READY) ## a fair million raises no alarm, a drift one: also sent twice, late, through kills (ARGS=--short)
	$(BIN)/python -m tests.programs.detection $(ARGS)

replay-check: $(READY) ## a million events through rebalances and a crash: live and replay must be equal (ARGS="--events 50000")
	$(BIN)/python -m tests.programs.chaos.replay_check $(ARGS)

page-check: $(READY) ## notifications about breaches, real servers, default windows, 15 min (ARGS="--quick": 1 min)
	$(BIN)/python -m tests.programs.page_check $(ARGS)

web-check: $(READY) ## a browser and a real demo: sliders, the breach in 10 s, accessibility, pictures (ARGS=--short)
	$(BIN)/python -m tests.programs.web_check $(ARGS)

secure-check: $(READY) ## a Kafka with TLS, SCRAM and rights: each role does its job and nothing else (ARGS="--events 12000")
	$(BIN)/python -m tests.programs.secure_check $(ARGS)

audit-check: $(READY) ## the audit log: changed, cut, rewritten, killed 500 times, on a full disk (ARGS="--kills 50 --seed N")
	$(BIN)/python -m tests.programs.audit_check $(ARGS)

bench: $(READY) ## events per CPU-second compared with the Python peers (ARGS="--json FILE")
	$(BIN)/python -m benchmarks compare $(ARGS)

bench-peers: $(READY) ## the same compared with Quix Streams, Bytewax and Kafka Streams
	$(BIN)/python -m benchmarks compare --all $(ARGS)

bench-detect: $(READY) ## false alarms and delays of the detectors, simulated and judged (ARGS="--quick --json FILE")
	$(BIN)/python -m benchmarks detect $(ARGS)

bench-replay: $(READY) ## replay compared with live ingest, and with json and pandas (ARGS="--long-events 0")
	$(BIN)/python -m benchmarks replay $(ARGS)

audit: $(READY) ## known vulnerabilities of what is locked (network) and insecure code (ARGS=--code-only)
	$(BIN)/python -m tests.programs.audit $(ARGS)

sbom: $(READY) ## CycloneDX list of what an installation contains, as build/sbom.json (ARGS="--python PYTHON")
	$(BIN)/python -m tests.programs.sbom $(ARGS)

release: $(READY) ## check version, changelog and tree, build wheel and sdist, run the wheel; uploads nothing
	$(BIN)/python -m tests.programs.release $(ARGS)

dashboards: $(READY) ## write dashboards/json from the code (ARGS=--check only compares)
	$(BIN)/python -m dashboards $(ARGS)

lock: $(READY) ## renew the hash-pinned requirement files from pyproject.toml
	$(LOCK) --upgrade --group build --output-file requirements/build.txt
	$(LOCK) --upgrade pyproject.toml --extra local --extra data --extra otlp --extra web-config \
		--extra web --extra oidc --extra postgresql --extra avro --extra protobuf --output-file requirements/run.txt
	$(LOCK) --upgrade pyproject.toml --all-extras --group build --group lint --group test --group bench --group docs \
		--group audit --output-file requirements/dev.txt
	@! grep -nE 'https?://|--(extra-)?index-url|--find-links' requirements/*.txt

clean: ## remove what make created; the cache of downloads stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

# The name of the stamp contains a checksum of what the environment is made from, so a changed lock renews it.
$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'FairStream needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo 'Python cannot create a virtual environment here (Debian: apt install python3-venv)' >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/build.txt
	$(UV) pip sync --quiet --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-* && touch $@
