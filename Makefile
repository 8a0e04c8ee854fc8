# Everything a developer, CI or a curious clinic needs. Nothing has to be installed first but Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
# hospitals often have a certificate authority of their own
UV := $(BIN)/uv --system-certs
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate
# what WeasyPrint draws text with; without it the papers are HTML alone
PANGO := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
DEMO := build/demo-clinic
PICTURES := build/pictures
KERNEL := src/reliefpath/recovery/_kernel

# without bytecode kept, every process of the tests compiles all anew
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-long coverage lint fix bench docs lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/ready $(KERNEL)/kernel.so ## Make .venv with the reliefpath command installed

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ReliefPath needs Python 3.11 or later; choose one with: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@command -v $${CC:-cc} >/dev/null || \
		$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements-compiler.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import weasyprint' >/dev/null 2>&1 || \
		{ test "$$(id -u)" = 0 && apt-get update --quiet --quiet && apt-get install --quiet --quiet --yes $(PANGO); } >/dev/null 2>&1 || \
		echo "No PDF can be made before this is installed: $(PANGO)" >&2
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
		{ test "$$(id -u)" = 0 && apt-get update --quiet --quiet && apt-get install --quiet --quiet --yes chromium; } >/dev/null 2>&1 || \
		echo "Tests of the web pages are skipped before this is installed: chromium" >&2
	@touch $@

$(KERNEL)/kernel.so: hatch_build.py $(wildcard $(KERNEL)/*.[ch]) | .venv/ready
	$(BIN)/python hatch_build.py

demo: setup ## Fill the chart of a demo clinic, show one patient's story, and serve it on this computer
	$(BIN)/reliefpath demo $(DEMO) --patients 60 --force
	rm -f $(DEMO).chart*
	$(BIN)/reliefpath chart init $(DEMO).chart
	$(BIN)/reliefpath chart import $(DEMO).chart $(DEMO)
	$(BIN)/reliefpath assess $(DEMO).chart
	$(BIN)/reliefpath explain $(DEMO).chart demo-0001
	@if test -t 1; then exec $(BIN)/reliefpath serve $(DEMO).chart --demo; \
		else echo "See it in a browser: $(BIN)/reliefpath serve $(DEMO).chart --demo"; fi

# what is tested: make test T=tests/recovery
T ?= tests
TEST := $(BIN)/pytest -q --dist=worksteal --durations=20
# what reads a lot at random reads less of it
FEWER := RELIEFPATH_PLANS=300 RELIEFPATH_COURSES=300 RELIEFPATH_DAMAGES=8
# what starts commands, servers and databases, or draws many random cases
SLOW := cli store web care/test_plain_plans.py care_log/test_bad_files.py care_log/test_deidentify.py \
	care_log/test_present_and_read.py care_log/test_terms.py docs/test_reference.py documents/test_claim_of_note.py \
	documents/test_command.py documents/test_letter.py documents/test_pages.py knowledge/test_value.py \
	pathway/test_editing.py pathway/test_laws.py pathway/test_own_episodes.py pathway/test_random_courses.py \
	pathway/test_what_if.py recovery/test_agreement.py recovery_arena/test_statuses.py
FAST := -m "not (browser or postgresql or long)" $(addprefix --ignore=tests/,$(SLOW))

test: setup ## Run every test, or those of T, and name the slowest twenty
	mkdir -p $(PICTURES)
	$(TEST) -n 3 --pictures=$(PICTURES) $(T)

test-fast: setup ## Run what starts no command, server, database or browser, with fewer random cases
	$(FEWER) $(TEST) -n 2 $(FAST) $(T)

coverage: setup ## Tell which lines below the surfaces test-fast never runs, and refuse too many
	$(FEWER) COVERAGE_CORE=ctrace $(BIN)/coverage run -m pytest -q -p no:cacheprovider $(FAST) tests
	$(BIN)/coverage report

test-long: setup ## What takes hours: a million plans, 100,000 courses and damages, and 300 mutants of what decides
	RELIEFPATH_PLANS=1000000 $(BIN)/pytest -q tests/reference/therapies/injection/test_laws.py
	RELIEFPATH_COURSES=100000 $(BIN)/pytest -q tests/pathway/test_random_courses.py
	RELIEFPATH_DAMAGES=100000 $(BIN)/pytest -q tests/care_log/test_damage.py
	RELIEFPATH_FLIPS=10000 $(BIN)/pytest -q tests/store/test_integrity.py
	$(BIN)/python -m tests.mutants --sample 300

lint: setup ## Check style, types, and the recipe of the container
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Containerfile

fix: setup ## Put style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/bench ## Measure speed and the recovery model against named peers
	$(BIN)/python benchmarks/assess_clinic.py
	$(BIN)/python -m benchmarks.chart
	$(BIN)/python -m benchmarks.web
	$(BIN)/python -m benchmarks.recovery

.venv/bench: .venv/ready requirements-bench.lock
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements-bench.lock
	@touch $@

docs: setup $(PICTURES) ## Build the documentation into build/docs
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build -q -W -b html docs build/docs

$(PICTURES): | .venv/ready # what the tests of the web pages see
	mkdir -p $@
	$(BIN)/pytest -q -m pictured tests/web --pictures=$@

lock: setup ## Resolve the dependencies anew
	$(COMPILE) --group dev pyproject.toml --output-file requirements.lock
	$(COMPILE) --group compiler --output-file requirements-compiler.lock
	$(COMPILE) --group bench --constraint requirements.lock pyproject.toml --output-file requirements-bench.lock

clean: ## Remove everything that was made
	rm -rf .venv build $(KERNEL)/kernel.so
