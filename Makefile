# Every target makes .venv ready first (bootstrap.py) and needs nothing but Python 3.11, 3.12 or 3.13.
PYTHON ?= $(firstword $(foreach name,python3 python3.12 python3.13 python3.11 python,$(if $(shell command -v $(name) 2>/dev/null),$(name))) python3)
BOOT = @$(PYTHON) bootstrap.py --with embedded
DEV = $(BOOT) --with dev --

.PHONY: help setup run dev test coverage test-browser test-services check messages bench clean

help:
	@echo "make setup          install what the targets below need (SYSTEM=1: Debian packages too)"
	@echo "make run            start Almia on http://localhost:8000 (PORT, ALMIA_HOME)"
	@echo "make dev            the same, restarted when code changes; pages and styles without"
	@echo "make test           run the suite on SQLite, without a browser"
	@echo "make coverage       run it, and print what it does not reach"
	@echo "make test-browser   run the browser tests in Chromium"
	@echo "make test-services  run the suite on PostgreSQL and Redis"
	@echo "make check          lint, types, layers, migrations, templates, scripts, translations"
	@echo "make messages       bring the catalogues of translations up to date with the code"
	@echo "make bench          run all benchmarks and write bench/RESULTS.md"
	@echo "make clean          remove .venv and caches; var/ (your data) stays"

setup:
	$(DEV) $(if $(SYSTEM),-m tools.system,-c "")

run:
	$(BOOT) -- manage.py serve

dev:
	$(DEV) -m tools.dev $(ARGS)

test:
	$(DEV) -m tools.tests unit $(ARGS)

coverage:
	$(DEV) -m tools.tests coverage $(ARGS)

test-browser:
	$(DEV) -m tools.tests browser $(ARGS)

test-services:
	$(DEV) -m tools.tests services $(ARGS)

check:
	$(DEV) -m tools.check $(ARGS)

messages:
	$(DEV) -m tools.translations update

bench:
	$(DEV) -m bench --all

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .grimp_cache
