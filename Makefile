# Two commands are enough: `make run` and `make test`. Everything else serves these two.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PAGES := api/pages
SEED ?= 1
COUNT ?=

.PHONY: run test check format pages lock bench clean
.DEFAULT_GOAL := run

run: $(VENV)/.ready $(PAGES)/dist/.ready  ## start everything on http://127.0.0.1:8000
	@exec $(BIN)/circle serve

test: $(VENV)/.ready $(PAGES)/dist/.ready browser  ## all tests
	$(BIN)/python -m pytest $(ARGS)
	cd $(PAGES) && PATH="$(NODE_PATH):$$PATH" node --test tests/

check: $(VENV)/.ready  ## format, lint, types, import contracts, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_docs.py -q

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

show-%: $(VENV)/.ready  ## counts as JSON: make show-NAME SEED=…
	@$(BIN)/python -m tests.show.$* --seed $(SEED) $(COUNT)

# The virtual environment. A bare Debian lacks ensurepip until python3-venv is installed.
$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh tools/install.sh python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Node from the system where it is new enough, else from PyPI.
NODE_PATH = $(abspath $(VENV)/node/bin)

$(VENV)/node/bin/node: $(VENV)/.ready
	@sh tools/node.sh $(VENV)

pages: $(PAGES)/dist/.ready  ## build the pages

$(PAGES)/dist/.ready: $(VENV)/node/bin/node $(shell find $(PAGES)/src $(PAGES)/public $(PAGES)/*.html $(PAGES)/*.js $(PAGES)/package-lock.json -type f 2>/dev/null)
	cd $(PAGES) && PATH="$(NODE_PATH):$$PATH" npm ci --silent && PATH="$(NODE_PATH):$$PATH" npm run --silent build
	@touch $@

browser:  ## what the browser tests need
	@sh tools/install.sh chromium fonts-noto-cjk

lock: $(VENV)/.ready  ## renew requirements.lock from pyproject.toml
	$(BIN)/pip-compile -q --all-extras --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host --no-header -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) $(PAGES)/node_modules $(PAGES)/dist build *.egg-info
