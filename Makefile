# Each command sets itself up: it makes .venv, installs what it needs, and runs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check soak audit docs engines reproduce bench bench-quality help clean

help:
	@echo "make demo    draw sprites with the models that come along, teach one of them built-in ones"
	@echo "             for seven minutes, draw new ones with DDPM and DDIM, set all beside real ones"
	@echo "make test    all checks and all tests"
	@echo "make check   style, types and the quick tests"
	@echo "make soak    broken on purpose for an hour or more: damaged files, kills (docs/trust.md)"
	@echo "make audit   what is known against the packages that are tested (needs the network)"
	@echo "make docs    the guides and the reference as one site, in build/site/"
	@echo "make site    the same, and the page that draws in the browser, in build/site/play/"
	@echo "make engines what is written, opened in the engines that are installed (docs/export.md)"
	@echo "make reproduce   the FID of the original notebook's recipe (docs/reproduce.md; hours on a CPU)"
	@echo "make bench   speed and memory, beside other code (docs/benchmarks.md; some 20 minutes)"
	@echo "make bench-quality   quality against minutes of training (hours; can be interrupted)"
	@echo "make clean   remove the environment and all caches; runs/ stays"

demo: .venv/installed
	@$(BIN)/python -m tools.demo

test: .venv/installed-dev
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/mypy
	$(BIN)/pytest -m "" --numprocesses auto --maxprocesses 8 --dist loadfile

check: .venv/installed-dev
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/mypy
	$(BIN)/pytest

# The same tests as in make test, with more of everything and another seed every time.
INPUTS = 1000000
SECONDS = 3600
KILLS = 100

soak: .venv/installed-dev
	SPRITELAB_SOAK=$(INPUTS) SPRITELAB_SOAK_SECONDS=$(SECONDS) SPRITELAB_SOAK_KILLS=$(KILLS) \
		SPRITELAB_SOAK_SEED=$$(date +%s) $(BIN)/pytest -s -m "" tests/fuzz tests/faults

# By itself pip-audit calls a success what it could not look up.
audit: .venv/audit/installed
	.venv/audit/bin/python -m tools.audit --pip-audit .venv/audit/bin/pip-audit

# The variable stills a notice of the theme about another program.
docs: .venv/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# RUNTIME is where npm has put onnxruntime-web, if it is not to be fetched.
RUNTIME =

site: .venv/installed-dev
	$(BIN)/python -m tools.site $(if $(RUNTIME),--runtime $(RUNTIME))

# Chromium, Godot 3, Tiled and node come from the system; tests of what is missing are skipped.
engines: .venv/engines/installed
	$(BIN)/pytest -m engine tests/engines tests/web tests/app tests/tools

# make reproduce EPOCHS=1 N=300 is a rehearsal; WEIGHTS names the Inception weights, if they are not
# to be downloaded, and FLAGS holds further flags, such as --set training.seed=1.
EPOCHS = 40
N = 3000
OUT = runs/notebook
WEIGHTS =
FLAGS =

reproduce: .venv/installed
	$(BIN)/python -m benchmarks.quality.reproduce --out $(OUT) --epochs $(EPOCHS) -n $(N) \
		$(if $(WEIGHTS),--weights $(WEIGHTS)) $(FLAGS)

# Give the machine nothing else to do meanwhile. FLAGS holds flags for all of them, such as
# --threads 1; each script takes more by itself (python -m benchmarks.speed.NAME --help).
bench: .venv/installed-dev
	$(BIN)/python -m benchmarks.speed.startup $(FLAGS)
	$(BIN)/python -m benchmarks.speed.sampling $(FLAGS)
	$(BIN)/python -m benchmarks.speed.throughput $(FLAGS)
	$(BIN)/python -m benchmarks.speed.evaluating $(FLAGS)

bench-quality: .venv/installed-dev
	$(BIN)/python -m benchmarks.quality.time_to_quality $(FLAGS)

# The stamps are written last, so that an installation that broke off is made again.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "spritelab needs Python 3.11 or later: make PYTHON=python3.12 …" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]'
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,docs]'
	@touch $@

.venv/engines/installed: .venv/installed-dev $(wildcard tests/engines/*.txt tests/engines/*.json)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--requirement tests/engines/requirements.txt
	mkdir -p .venv/engines
	cp tests/engines/package.json tests/engines/package-lock.json .venv/engines/
	npm ci --silent --no-audit --no-fund --prefix .venv/engines
	@touch $@

.venv/audit/installed:
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install --quiet pip-audit==2.10.1
	@touch $@

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
