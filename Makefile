# Two commands matter: `make serve` and `make test`. Both set up everything they need from a fresh clone
# with Python 3.11+, pip, venv and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
CLIENTS := .venv-clients
ARGS ?=
QUIETLY := --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
# Two processes share the tests out where there are two processors; ARGS="-n 0" has them in one.
SHARED_OUT = $(if $(filter-out 1,$(shell getconf _NPROCESSORS_ONLN)),-n 2)
# Node trusts the system's certificates, as pip does.
export NODE_USE_SYSTEM_CA ?= 1

.DEFAULT_GOAL := help
.PHONY: help serve test test-clients lint types bench bench-peers soak docs dist lock clean assets setup setup-test

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.run: requirements/run.txt pyproject.toml
	@echo "Setting up Python packages (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt
	@echo "Setting up test packages (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

setup: $(VENV)/.run assets

setup-test: $(VENV)/.test $(VENV)/.node assets

$(VENV)/.node: tests/node/package-lock.json | $(VENV)/.test
	@echo "Setting up Node packages for the tests (once) ..."
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix tests/node --ignore-scripts $(QUIETLY)
	@touch $@

assets: $(VENV)/.run
	@$(BIN)/python hatch_build.py

serve: setup ## run the gateway: make serve ARGS="--port 9000 --data-dir D"
	@$(BIN)/entrepot serve $(ARGS)

test: setup-test lint types ## everything CI runs
	@$(BIN)/python -m pytest $(SHARED_OUT) $(ARGS)
	@echo "Skipped: real clients (SDKs, frameworks, codex, Claude Code ...); \`make test-clients\` installs and runs them (2.3 GB, about 15 minutes)"

test-clients: $(CLIENTS)/.done assets ## the clients that people use, against a running gateway
	@$(BIN)/python -m pytest tests/clients -m clients $(ARGS)

$(CLIENTS)/.done: tests/clients/requirements.txt tests/clients/older.txt tests/clients/package-lock.json | $(VENV)/.test
	@echo "Setting up real clients (once, about 2.3 GB) ..."
	@test -x $(CLIENTS)/older/bin/python || { $(PYTHON) -m venv $(CLIENTS) && $(PYTHON) -m venv $(CLIENTS)/older; }
	@$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/clients/requirements.txt
	@$(CLIENTS)/older/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/clients/older.txt
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix tests/clients --ignore-scripts $(QUIETLY)
	@touch $@

lint: $(VENV)/.test ## style
	@$(BIN)/ruff check src tests bench
	@$(BIN)/ruff format --check src tests bench

types: $(VENV)/.test ## strict types
	@$(BIN)/mypy

bench: setup-test ## requests/s, latency added, CPU per request and per chunk
	@$(BIN)/python -m bench $(ARGS)

bench-peers: $(PEERS)/.done ## LiteLLM, sglang-router and Portkey, as columns for `make bench`

$(PEERS)/.done: $(VENV)/.test bench/peers/requirements.txt bench/peers/package-lock.json
	@echo "Setting up what to compare with (once, about 1 GB) ..."
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r bench/peers/requirements.txt
	@cp bench/peers/package.json bench/peers/package-lock.json $(PEERS)
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $(PEERS) --omit=dev --ignore-scripts $(QUIETLY)
	@touch $@

soak: setup-test ## the long runs
	@$(BIN)/python -m pytest -m soak -rP $(ARGS)

docs: setup-test ## write the generated reference pages under docs/
	@$(BIN)/python -m entrepot.cli.reference docs

dist: $(VENV)/.test ## a wheel that serves with no network, no node and no build tool
	@$(BIN)/python -m build --no-isolation --wheel --outdir dist .

lock: ## refresh the pinned versions (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header requirements/build.in -o requirements/build.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -c requirements/run.txt --group test --group upstreams -o requirements/test.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header bench/peers/requirements.in -o bench/peers/requirements.txt
	cd tests/clients && for of in requirements older; do uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header $$of.in -o $$of.txt; done
	npm install --prefix tests/clients --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
	npm install --prefix bench/peers --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

clean: ## remove what was built
	rm -rf $(VENV) $(PEERS) $(CLIENTS) dist build src/entrepot/web/static/built web/node_modules tests/node/node_modules tests/clients/node_modules
