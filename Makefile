# Xunjian. `make run` and `make test` do all the set-up themselves; everything else is a part of those two.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app wsgi

.PHONY: run test check soak test-engines lint types floors bench bench-scale messages pictures lock clean

run: $(VENV)/.installed static/vendor/.copied webapp/translations/.compiled
	@deploy/system-packages.sh run
	@deploy/run.sh

test: $(VENV)/.installed-test static/vendor/.copied webapp/translations/.compiled
	@deploy/system-packages.sh test
	@tests/run.sh all

check: $(VENV)/.installed-test static/vendor/.copied webapp/translations/.compiled
	@tests/run.sh quick

# The outbox against a line that lies, with kills of browser and server; bounded by SOAK_SECONDS, repeated with SOAK_SEED
soak: $(VENV)/.installed-test static/vendor/.copied webapp/translations/.compiled
	@deploy/system-packages.sh test
	@$(BIN)/python -m tests.soak

# The core journey without network in Firefox and WebKitGTK
test-engines: $(VENV)/.installed-test static/vendor/.copied webapp/translations/.compiled
	@deploy/system-packages.sh engines
	@$(BIN)/python -m tests.engines

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed-test: requirements-test.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@ $(VENV)/.installed

node_modules/.installed: package.json package-lock.json
	npm ci --silent --no-audit --no-fund
	@touch $@

static/vendor/.copied: node_modules/.installed
	@mkdir -p static/vendor
	cp node_modules/htmx.org/dist/htmx.min.js static/vendor/htmx.min.js
	cp node_modules/signature_pad/dist/signature_pad.min.js static/vendor/signature_pad.js
	cp node_modules/client-zip/index.js static/vendor/client-zip.js
	mkdir -p static/vendor/qr && cp node_modules/qr/*.js static/vendor/qr/
	@touch $@

webapp/translations/.compiled: $(wildcard webapp/translations/*/LC_MESSAGES/messages.po) | $(VENV)/.installed
	$(BIN)/pybabel -q compile -d webapp/translations
	@touch $@

# Collects all texts into the catalogues; then fill in what is new in webapp/translations/*/LC_MESSAGES/messages.po
messages: $(VENV)/.installed
	$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output --omit-header -k _l -o webapp/translations/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --omit-header -i webapp/translations/messages.pot -d webapp/translations
	@rm webapp/translations/messages.pot

# Pictures of all pages in var/pictures; the few that the README shows go to docs/pictures
SHOWN := checklist-abnormal-phone-light sheet-tablet-light month-desk-light
pictures: $(VENV)/.installed-test static/vendor/.copied webapp/translations/.compiled
	@deploy/system-packages.sh test
	@mkdir -p var/pictures docs/pictures
	PICTURES=var/pictures $(BIN)/python -m pytest -m browser tests/browser/test_pages.py
	@cp $(SHOWN:%=var/pictures/%.png) docs/pictures/

# Measures the budgets on this machine; `make bench WRITE=1` renews the table in docs/benchmarks.md, ONLY=phone,documents some parts
bench: $(VENV)/.installed-test static/vendor/.copied webapp/translations/.compiled
	@deploy/system-packages.sh test
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(RUNS),--runs $(RUNS)) $(if $(WRITE),--write)

# Month page and overview with 12 million inspections beside 10 thousand, on a PostgreSQL of its own; fewer with SCALE_ROWS.
# Then list, book, board and figures with 100 thousand faults; fewer with SCALE_FAULTS
bench-scale: $(VENV)/.installed-test static/vendor/.copied webapp/translations/.compiled
	@deploy/system-packages.sh test
	@$(BIN)/python -m tests.postgres $(BIN)/python -m tests.bench.scale
	@$(BIN)/python -m tests.postgres $(BIN)/python -m tests.bench.faults

lock:
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --extra test pyproject.toml -o requirements-test.lock

clean:
	rm -rf $(VENV) node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis
