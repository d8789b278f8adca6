# Everything the project does. `make` lists it.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check
export UV_PYTHON_DOWNLOADS := never
# Trust the certificates this machine trusts, as pip does.
export UV_SYSTEM_CERTS := true
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lock asvs diagrams goldens clean chromium clamav readability fuzz-ledger fuzz-payments stripe-sandbox-smoke

help: ## list what can be made
	@grep -hE '^[a-zA-Z_%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

setup: .venv/ok ## install everything, from hashed pins

.venv/ok: requirements.lock uv.requirements stripe.requirements pyproject.toml
	@scripts/ensure-python $(PYTHON)
	@scripts/ensure-fonts
	$(PYTHON) -m venv .venv
	@# uv installs in seconds; pip, the fallback where uv itself cannot be installed, takes about a minute
	@if $(PIP) --require-hashes -r uv.requirements && $(BIN)/uv --version >/dev/null; then \
	  $(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock \
	  && $(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  echo "uv cannot be installed here; using pip"; \
	  $(PIP) --require-hashes -r requirements.lock && $(PIP) --no-deps --no-build-isolation -e . ; \
	fi
	@# Stripe's published specification for the tests: data read by path, without what the package wants to import
	$(PIP) --require-hashes --no-deps -r stripe.requirements
	@touch $@

demo: setup ## open the running product with sample families
	$(BIN)/reunify demo

# Tests wait for the database, a browser and other processes a quarter of their time: one worker more than cores.
test: setup chromium clamav ## run every test, browser tests included
	@$(BIN)/python -m compileall -q reunify flows
	$(BIN)/python -m pytest -q -n $$($(BIN)/python -c 'import os; print(min(os.cpu_count() + 1, 5))') --dist loadfile

chromium: setup
	@scripts/ensure-chromium

clamav:
	@scripts/ensure-clamav

check: setup ## style, types, the map of the house, generated pictures
	$(BIN)/ruff check .
	$(BIN)/ruff format --check -q .
	$(BIN)/mypy -n 2
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.architecture.diagrams --check
	$(BIN)/python -m tests.web.access_matrix --check

asvs: setup ## write docs/asvs.md again from the marks on the tests
	$(BIN)/python -m tests.architecture.asvs

diagrams: setup ## draw docs/states again from the tables of moves
	$(BIN)/python -m tests.architecture.diagrams
	$(BIN)/python -m tests.web.access_matrix

readability: setup ## measure how easily all that families read is read; writes docs/readability.md
	$(BIN)/python -m tests.readability

goldens: setup ## draw the pages of every paper again; look at each that changed before you keep it
	$(BIN)/python -m tests.goldens

bench-%: setup ## run one benchmark, e.g. make bench-submit; writes build/bench/
	$(BIN)/python -m tests.benchmarks.bench_$*

fuzz-ledger: setup ## look for a history of the ledger that breaks a rule, for an hour or so
	REUNIFY_FUZZ=$${REUNIFY_FUZZ:-300} $(BIN)/python -m pytest -q tests/integration/test_ledger_machine.py

fuzz-payments: setup ## kill the payment worker everywhere, with every trouble at Stripe: SECONDS=600
	SECONDS=$(or $(SECONDS),600) $(BIN)/python -m tests.integration.crash.matrix

stripe-sandbox-smoke: setup ## pay one dollar in a real Stripe test account: REUNIFY_SMOKE_KEY=sk_test_...
	$(BIN)/python -m tests.stripe_sandbox_smoke

lock: .venv/ok ## resolve the pins again
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements.lock

clean: ## remove the environment, what was built, and the data of the demo and the tests; never your own
	rm -rf .venv build .reunify/demo .reunify/headless .reunify/test
