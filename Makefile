# Two commands do everything on a fresh machine: `make talk` and `make test`.
# Each builds what it needs: a virtual environment in .venv with the versions of constraints.txt.

# On Linux, `make talk INDEX=https://download.pytorch.org/whl/cpu` installs torch without CUDA: 200 MB instead of 3 GB.

PYTHON ?= python3
INDEX ?=
PIP = $(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt $(addprefix --extra-index-url ,$(INDEX))
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TESTABLE := $(VENV)/.testable

.PHONY: help talk test soak lint types corpus bundle scores docs pictures clean

help:            ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

talk: $(INSTALLED)    ## install, then talk with the bot that ships
	@$(BIN)/chatbot talk

test: $(TESTABLE) lint types    ## install, then lint, types and tests
	$(BIN)/python -m pytest -n auto

soak: $(TESTABLE)    ## what takes longer: runs killed at random moments, full disks, dying processes, ten million pairs
	$(BIN)/python benchmarks/soak/kills.py
	$(BIN)/python benchmarks/soak/disks.py
	$(BIN)/python benchmarks/soak/ranks.py
	$(BIN)/python benchmarks/soak/millions.py
	$(BIN)/python benchmarks/soak/transcripts.py

lint: $(TESTABLE)    ## ruff: lint and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TESTABLE)    ## mypy on the package
	$(BIN)/mypy

corpus: $(INSTALLED)    ## compile the topics into corpora/dialog.tsv and corpora/dialog.ko.tsv
	$(BIN)/chatbot corpus expand corpora/dialog
	$(BIN)/chatbot corpus expand corpora/dialog.ko

bundle: $(INSTALLED)    ## train the bundles that ship, on the CPU
	$(BIN)/chatbot train corpora/dialog.tsv --out models/small-talk --lowercase --fresh --known-replies --attention none --hidden 200 --embedding 128 --epochs 6 --batch-tokens 2048 --learning-rate 0.0045 --unsure "Sorry, I'm a small program and did not quite follow. Could you say it another way?" --device cpu --threads 2
	$(BIN)/chatbot train corpora/dialog.ko.tsv --out models/small-talk.ko --lowercase --history 1 --attention general --pairs 0 --hidden 216 --embedding 136 --epochs 24 --known-replies --unsure '잘 이해하지 못했어요. 다르게 한 번 더 말해 줄래요?' --device cpu --threads 1 --fresh

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "chatbot needs Python 3.11 or newer: make PYTHON=python3.11 talk")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): some 250 MB to download, or 3 GB where torch comes with CUDA"
	$(PIP) -e .
	@touch $@

$(TESTABLE): $(INSTALLED)
	$(PIP) -e '.[dev]'
	@touch $@

scores: $(INSTALLED)    ## score the bundles that ship, for the tables of the pages
	$(BIN)/chatbot evaluate corpora/dialog.tsv --model small-talk --neighbour --json > benchmarks/results/small-talk.json
	$(BIN)/chatbot evaluate corpora/dialog.ko.tsv --model small-talk.ko --neighbour --json > benchmarks/results/small-talk.ko.json

docs: $(INSTALLED)    ## write docs/reference.md, and fill in the pages' tables of scores and what the bots that ship say
	$(BIN)/python docs/write_reference.py
	$(BIN)/python docs/fill_in.py

pictures: $(INSTALLED)    ## draw the pictures of the README from the real screen and the bundle that ships
	$(BIN)/python docs/draw_pictures.py

clean:           ## remove what was made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
