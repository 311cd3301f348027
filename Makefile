# One way in: `make help` lists the doors.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto
# Where it is set, every process that the demo or a test starts compiles the whole provider anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

.PHONY: run
run: $(VENV)/.run ## The provider with a demo school and two apps; RESET=1 starts anew, Ctrl-C ends everything
	@$(BIN)/yima demo $(if $(RESET),--reset --yes)

.PHONY: test
test: $(VENV)/.dev clients ## The whole suite; ONLY=path runs a part of it
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ONLY)

.PHONY: check
check: format-check lint types imports test ## Format, lint, types, direction of imports, then the whole suite

.PHONY: bench
bench: $(VENV)/.dev clients ## What we claim about speed, measured here; ONLY=name runs one part
	$(BIN)/python -m bench $(ONLY)

.PHONY: format
format: $(VENV)/.dev ## Puts every file into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: format-check
format-check: $(VENV)/.dev
	$(BIN)/ruff format --check .

.PHONY: lint
lint: $(VENV)/.dev
	$(BIN)/ruff check .

.PHONY: types
types: $(VENV)/.dev
	$(BIN)/mypy

.PHONY: imports
imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache

.PHONY: translations
translations: $(VENV)/.dev ## Collects new messages into the catalogues and compiles them
	$(BIN)/python -m tools.translations

.PHONY: migration
migration: $(VENV)/.dev ## Writes the migration from the schema's last state to the tables: NAME="what changes"
	$(BIN)/python -m tools.migration "$(NAME)"

.PHONY: clean
clean: ## Removes everything that was installed or built; keeps var/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/clients/node_modules phone/node_modules tests/clients/.venv tests/clients/cmpp_gateway/target tests/clients/gmsm/target tests/screenshots

.PHONY: clients
clients: tests/clients/node_modules/.installed phone/node_modules/.installed tests/clients/.venv/.installed tests/clients/cmpp_gateway/target/.installed tests/clients/gmsm/target/.installed

# --- What the doors need -------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Yima needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "This Python lacks its venv module. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml $(wildcard idp/i18n/locales/*/LC_MESSAGES/*.po) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(wildcard idp/i18n/locales/*/LC_MESSAGES/*.po) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.run

# Without npm the tests that need it say so themselves.
tests/clients/node_modules/.installed: tests/clients/package-lock.json
	@if command -v npm >/dev/null; then cd tests/clients && npm ci --silent && touch node_modules/.installed; fi

# What the signing app is built from: to build it again and compare, and to run its protocol.
phone/node_modules/.installed: phone/package-lock.json
	@if command -v npm >/dev/null; then cd phone && npm ci --silent && touch node_modules/.installed; fi

tests/clients/.venv/.installed: tests/clients/requirements.txt
	$(PYTHON) -m venv tests/clients/.venv
	tests/clients/.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Without Maven or a JDK the tests that need it say so themselves.
tests/clients/cmpp_gateway/target/.installed: tests/clients/cmpp_gateway/pom.xml tests/clients/cmpp_gateway/Gateway.java
	@if command -v mvn >/dev/null && command -v javac >/dev/null; then cd tests/clients/cmpp_gateway \
		&& mvn -q -B dependency:copy-dependencies -DoutputDirectory=target/libs \
		&& javac -d target/classes -cp 'target/libs/*' Gateway.java && touch target/.installed; fi

# Without Go the tests that need it say so themselves.
tests/clients/gmsm/target/.installed: tests/clients/gmsm/go.mod tests/clients/gmsm/go.sum tests/clients/gmsm/main.go
	@if command -v go >/dev/null; then cd tests/clients/gmsm && CGO_ENABLED=0 go build -mod=readonly -o target/gmsm . && touch target/.installed; fi
