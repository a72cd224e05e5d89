# Each command sets itself up: it makes .venv, installs what it needs, and runs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check reproduce help clean

help:
	@echo "make demo    learn built-in sprites for seven minutes, draw new ones with DDPM and DDIM"
	@echo "make test    all checks and all tests"
	@echo "make check   style, types and the quick tests"
	@echo "make reproduce   the FID of the original notebook's recipe (docs/reproduce.md; hours on a CPU)"
	@echo "make clean   remove the environment and all caches; runs/ stays"

demo: .venv/installed
	@if [ -f runs/demo/config.json ]; then \
		$(BIN)/spritelab train --resume --out runs/demo; \
	else \
		$(BIN)/spritelab train --data builtin --preset small --max-minutes 7 --out runs/demo; \
	fi

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -m ""

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

# make reproduce EPOCHS=1 N=300 is a rehearsal; WEIGHTS names the Inception weights, if they are not
# to be downloaded, and FLAGS holds further flags, such as --set training.seed=1.
EPOCHS = 40
N = 3000
OUT = runs/seed
WEIGHTS =
FLAGS =

reproduce: .venv/installed
	$(BIN)/python benchmarks/reproduce.py --out $(OUT) --epochs $(EPOCHS) -n $(N) \
		$(if $(WEIGHTS),--weights $(WEIGHTS)) $(FLAGS)

# The stamps are written last, so that an installation that broke off is made again.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "spritelab needs Python 3.11 or later: make PYTHON=python3.12 …" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
