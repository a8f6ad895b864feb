# Everything that people run. What each needs, it installs.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: help demo drill test soak bench screenshots check lock format clean

help:
	@echo "make demo    a whole Evenkeel on this machine; Ctrl-C ends it   (ARGS='--port 8001')"
	@echo "make drill   replays the outage of 2019 in about 9 minutes; its report: var/drill/   (ARGS='--seconds 60')"
	@echo "make test    all tests: unit, integration, faults, browser; on SQLite and PostgreSQL"
	@echo "make soak    the long tests; what they ran and lost adds up in docs/soak-ledger.jsonl   (ARGS=models)"
	@echo "make bench   the figures of speed, each beside its floor or rival   (ARGS='--strict')"
	@echo "make screenshots   a picture of every screen in every main state, in var/screenshots"
	@echo "make check   format, lint, types, catalogs, import rules, migrations, deploy check"

demo: .venv/base
	@$(BIN)/python manage.py demo $(ARGS)

drill: .venv/base
	@$(BIN)/python manage.py drill outage --report var/drill $(ARGS)

test: .venv/dev
	@sh tests/chromium.sh
	@sh tests/nginx.sh
	@$(BIN)/python -m tests $(ARGS)

soak: .venv/dev
	@sh tests/chromium.sh
	@sh tests/nginx.sh
	@$(BIN)/python -m tests.soak $(ARGS)

bench: .venv/dev
	@$(BIN)/python -m tests.bench $(ARGS)

screenshots: .venv/dev
	@sh tests/chromium.sh
	@$(BIN)/python -m tests.screenshots $(ARGS)

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy clinic realtime manage.py
	$(BIN)/python manage.py catalogs check
	$(BIN)/python -m pytest -q -p no:randomly tests/test_architecture.py tests/test_project.py

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The lock files carry hashes and name no registry. What is locked stays, unless ARGS says --upgrade-package NAME.
lock: .venv/dev
	$(BIN)/pip-compile $(LOCK) $(ARGS) --output-file requirements/base.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) $(ARGS) --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt pyproject.toml

LOCK := --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	--strip-extras --no-header --allow-unsafe

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Evenkeel needs Python 3.11 or newer. Name it: make demo PYTHON=python3.12"; exit 1; }
	@echo 'making .venv' >&2
	@$(PYTHON) -m venv .venv

.venv/base: requirements/base.txt | .venv/bin/python
	@echo 'installing requirements/base.txt' >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt >&2
	@touch $@

.venv/dev: requirements/dev.txt | .venv/bin/python
	@echo 'installing requirements/dev.txt' >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt >&2
	@touch $@

clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache
