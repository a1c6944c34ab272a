# Spiral. `make` alone lists what can be done; the work itself is in tools/.
# A part of the installation is done once per lock file: its stamp carries the checksum of the lock and of the place.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
BIN := .venv/bin
PY := $(BIN)/python
ARGS ?=

RUN_STAMP := .venv/.run-$(shell { pwd; cat requirements/run.txt; } | cksum | tr ' ' '-')
DEV_STAMP := .venv/.dev-$(shell { pwd; cat requirements/run.txt requirements/dev.txt; } | cksum | tr ' ' '-')
EDITOR_STAMP := static/vendor/.editor-$(shell cat editor/package-lock.json editor/build.mjs editor/src/*.js | cksum | tr ' ' '-')
PO := $(wildcard translations/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: $(RUN_STAMP) $(MO) $(EDITOR_STAMP) ## install what is missing, then serve (PORT=, SPIRAL_VAR=, SPIRAL_DEMO=0)
	@exec $(PY) -m wiki.serve

test: $(DEV_STAMP) $(MO) $(EDITOR_STAMP) ## every test, on SQLite and PostgreSQL, with a real browser (ARGS="-k words")
	@$(PY) -m tools.machine
	@exec $(PY) -m pytest -n logical --dist worksteal $(ARGS)

soak: $(DEV_STAMP) $(MO) $(EDITOR_STAMP) ## the long forms of the reliability and security tests (PASSED=file: in pieces)
	@$(PY) -m tools.machine
	@exec env SOAK=1 $(PY) -m pytest -n logical --dist worksteal --timeout 3600 $(ARGS)

dist: $(RUN_STAMP) $(EDITOR_STAMP) ## one archive with wheels and the bundled editor, for machines without a network
	@exec $(PY) -m tools.dist

check: $(DEV_STAMP) ## format, lint, types, import rules, translations, tree
	@exec $(PY) -m tools.check

bench: $(DEV_STAMP) $(MO) ## the benchmarks, as one table (ARGS="name …", BIG=1)
	@exec $(PY) -m benchmarks $(ARGS)

format: $(DEV_STAMP) ## write the code in the house's format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

translations: $(DEV_STAMP) ## collect the strings of code and templates into translations/*.po
	@exec $(PY) -m tools.translations update

lock: $(DEV_STAMP) ## write requirements/*.txt anew from requirements/*.in
	@exec $(PY) tools/lock.py

clean: ## remove what was installed and made; var/ stays
	rm -rf .venv dist test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf editor/node_modules static/vendor
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f translations/*/LC_MESSAGES/messages.mo

$(RUN_STAMP):
	@sh tools/setup run "$@"

$(DEV_STAMP): | $(RUN_STAMP)
	@sh tools/setup dev "$@"

$(EDITOR_STAMP): | $(RUN_STAMP)
	@$(PY) tools/bundle.py "$@"

$(MO): $(PO) | $(RUN_STAMP)
	@$(PY) -m tools.translations compile

.PHONY: help run test soak dist check bench format translations lock clean
