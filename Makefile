# The tasks of this project. Every one does its own set-up: on a fresh machine `make demo` or `make test` is enough.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .muniment/venv/bin
UV := .muniment/uv/bin/uv
FOLDERS := producers stream_apps projections schemas api infra
# Pure code first, in processes that nothing else disturbs: a slip shows within two minutes.
PURE := $(wildcard tests/architecture tests/history tests/unit)
# Three processes share the files of the others, each with parts of its own. What takes long goes first and the shortest
# files last, so that all end together. The tests that share a stack all go to one process (tests/support/one_stack.py),
# and it ends with the last of them.
LIVE := $(wildcard tests/crash tests/end_to_end tests/integration tests/contract)

.PHONY: help setup up demo test unit bench replay-offline check format types schemas settings lock clean chaos soak screenshots kit registry-peers

help:  ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(firstword $(MAKEFILE_LIST))

setup:  ## install everything into .muniment/
	@bash infra/setup/bootstrap.sh

up: setup  ## run the stack until Ctrl-C
	@$(BIN)/muniment up

demo: setup  ## take in real documents, ask ten questions, print the answers (KEEP=1 leaves the stack running)
	@$(BIN)/python -m muniment.infra.demo

test: setup  ## all checks and tests
	@bash infra/setup/browser.sh & $(MAKE) --no-print-directory check; wait $$!
	@$(BIN)/pytest -q -n 2 --dist loadfile $(PURE)
	@$(BIN)/pytest --cache-clear -n 3 --dist loadfile --no-loadscope-reorder $(LIVE) || $(BIN)/python tests/support/again.py $$?

unit: setup  ## unit tests only: no process, no socket
	@$(BIN)/pytest -q tests/unit

bench: setup  ## speed and memory against an in-process floor (PART=name: that alone; DOCUMENTS=n)
	@$(BIN)/python -m muniment.infra.bench $(if $(PART),--only $(PART)) $(if $(DOCUMENTS),--documents $(DOCUMENTS))

chaos: setup  ## kill -9 everything, again and again, and look whether anything is lost (SEEDS=n FIRST=k)
	@PYTHONPATH=tests $(BIN)/python -m chaos --seeds $(or $(SEEDS),5) --first $(or $(FIRST),1)

soak: setup  ## light load and kills for long, and watch memory, file handles, lag and disk (HOURS=h, 1 if not said)
	@PYTHONPATH=tests $(BIN)/python -m chaos.soak --hours $(or $(HOURS),1)

screenshots: setup  ## take the pictures that the docs show from a stack with real documents, into docs/screenshots/
	@bash infra/setup/browser.sh
	@PYTHONPATH=tests $(BIN)/python -m support.screenshots

replay-offline: setup  ## rebuild every read model with no network, no keys and no model, and compare with live
	@$(BIN)/python -m muniment.infra.offline

check: setup types  ## lint, format, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/muniment schemas check

kit: setup  ## build the wheel for programs that read the topics with a client of their own, into dist/
	@$(BIN)/python -m muniment.infra.kit dist

registry-peers: setup  ## try the schema registry with ClickHouse and Java, and an outside one with Apicurio (fetches 350 MB)
	@bash infra/setup/peers.sh
	@MUNIMENT_TEST_PEERS=1 $(BIN)/pytest tests/contract/registry

format: setup  ## let ruff put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Type checkers run no import hooks: they need to see the folders under the name that they are imported by.
types:
	@mkdir -p .typing/muniment
	@for folder in $(FOLDERS); do ln -sfn ../../$$folder .typing/muniment/$$folder; done

schemas: setup  ## write schema, id and golden bytes of every newly declared event, and the AsyncAPI document
	@$(BIN)/python -m muniment.schemas.export
	@$(BIN)/python -m muniment.infra.catalogue

settings: setup  ## write docs/settings.md from the settings class
	@mkdir -p docs
	@$(BIN)/python -m muniment.infra.settings.page > docs/settings.md

lock: setup  ## resolve the dependencies anew into requirements.lock
	@$(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-emit-index-url --no-emit-find-links --extra embedded --extra analytics --group dev -o requirements.lock

clean:  ## stop the stack and remove all that was made or stored here (programs that apt installed stay)
	@bash infra/setup/clean.sh
