# Everything sets itself up: a virtual environment in .venv, from the lock file, when it changed.

PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c \
	'import sys; print("$(p)") if sys.version_info >= (3, 11) else None' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
# where real posts for the benchmarks are, when there are any
DATA ?=

# compiled modules are kept, also where the environment says otherwise: the stages, the commands and the tests start
# hundreds of processes, and each would compile its libraries again
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage check chaos soak bench bench-topics bench-board bench-refit bench-digest bench-encoder bench-live bench-stream bench-knee up down lock clean

help: ## this list
	@echo "Top Topics. No Docker and no account needed; the first call of any target sets everything up."
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(READY) ## install everything into .venv

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or run make PYTHON=/path/to/python3"; exit 1; }
	@echo "==> virtual environment in $(VENV) ($$($(PYTHON) --version))"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "==> installing the locked packages (about 5 GB with torch; minutes on the first time, seconds from the cache)"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet uv==$(UV_VERSION)
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $(READY)

demo: setup ## three weeks of demo posts through real Kafka and Faust, ending with the digests (KEEP=1 stays up)
	@$(BIN)/toptopics demo $(if $(KEEP),--keep)

check: setup ## ruff, mypy strict, import rules
	@echo "==> ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy" && $(BIN)/mypy
	@echo "==> import-linter" && $(BIN)/lint-imports
	@echo "==> known vulnerabilities"
	@$(BIN)/python -m tests.audit

test: check ## all checks and all tests, on a real broker and Redis
	@echo "==> pytest" && $(PYTEST)

coverage: setup ## the tests with the lines and branches that they reach: measuring more than doubles their processor time
	@$(PYTEST) --cov --cov-report=term

chaos: setup ## 200 faults while 16,000 posts flow, then an audit of every post (SEED=2 ARGS="--faults 20 --posts 2000")
	@$(BIN)/python -m tests.integration.faults.chaos --seed $(or $(SEED),1) $(ARGS)

soak: setup ## 10 minutes at 80 % of the measured throughput: lag and memory (ARGS="--minutes 2 --encoder hash")
	@$(BIN)/python -m tests.integration.faults.soak $(ARGS)

bench: bench-stream bench-topics bench-encoder bench-refit bench-digest bench-live ## every measurement of tests/benchmarks/README.md

bench-stream: setup ## the whole stream and replay beside a bare consumer
	@$(BIN)/python -m tests.benchmarks.bench_stream $(if $(DATA),--data $(DATA))

bench-knee: setup ## the load at which embed, assign, view and the API stop keeping up (ARGS="--posts 5000 --encoder hash")
	@$(BIN)/python -m tests.benchmarks.bench_knee $(ARGS)

bench-topics: setup ## online topics beside river, BERTopic and nearest centroid
	@$(BIN)/python -m tests.benchmarks.bench_topics $(if $(DATA),--data $(DATA))
	@$(BIN)/python -m tests.benchmarks.bench_languages

bench-board: setup ## the live board on real streams; DATA: a folder with data/, gold/ and tools/
	@$(BIN)/python -m tests.benchmarks.bench_board --data $(DATA)

bench-encoder: setup ## posts/s and quality of every encoder path
	@$(BIN)/python -m tests.benchmarks.bench_encoder $(if $(DATA),--data $(DATA))

bench-refit: setup ## the weekly refit beside plain BERTopic
	@$(BIN)/python -m tests.benchmarks.bench_refit $(if $(DATA),--data $(DATA))

bench-digest: setup ## what the weekly digest carries of listed stories (DATA=/path with data/ and gold/), and the check of an editor's claims
	@$(BIN)/python -m tests.benchmarks.bench_claims
	@$(BIN)/python -m tests.benchmarks.bench_digest $(if $(DATA),--data $(DATA))
	@$(if $(DATA),$(BIN)/python -m tests.benchmarks.digest_choices --data $(DATA))

bench-live: setup ## server-sent events under load, and how long a post takes to the API
	@$(BIN)/python -m tests.benchmarks.bench_live
	@$(BIN)/python -m tests.benchmarks.bench_delay

up: setup ## start the local Kafka and Redis
	@$(BIN)/toptopics up

down: setup ## stop them
	@$(BIN)/toptopics down

lock: setup ## resolve requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile --universal --python-version 3.11 --group dev pyproject.toml --no-emit-index-url \
		--generate-hashes --quiet --custom-compile-command "make lock" --output-file requirements.lock

clean: ## remove the virtual environment, caches and local data (stops the local services first)
	@test ! -x $(BIN)/toptopics || $(BIN)/toptopics down
	rm -rf $(VENV) .toptopics .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* *.egg-info
