# `make demo` and `make test` set up everything they need. Another interpreter: PYTHON=python3.8 make test
PYTHON ?= python3
NAME := $(notdir $(PYTHON))
VENV := .venv$(if $(filter-out python3,$(NAME)),-$(NAME))
RUN := $(VENV)/bin/python

# A worker for each core and one more, as some wait for a browser or a process; up to eight, as each may hold a network of
# full size.
WORKERS := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((n < 8 ? n + 1 : 8)))
# What is compiled is kept even where the shell forbids it, or every process that a test starts compiles it all again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest --dist loadgroup --numprocesses $(WORKERS)

.PHONY: demo test test-all lint gpu clean

demo: $(VENV)/.ready-demo
	$(RUN) main.py --demo

# What every change needs, in minutes; test-all leaves nothing out.
test: $(VENV)/.ready-test
	$(PYTEST)

test-all: $(VENV)/.ready-test
	$(PYTEST) -m ''

lint: $(VENV)/.ready-test
	$(RUN) -m ruff check .
	$(RUN) -m mypy .
	$(VENV)/bin/lint-imports --no-logo

# On a machine with a CUDA card: the tests that need one, then times and memory, into benchmarks/results/.
gpu: $(VENV)/.ready-test
	@$(RUN) -m benchmarks.gpu

# A stamp per requirements file: the venv is made once and touched again only when they change.
$(VENV)/.ready-demo: requirements.txt
$(VENV)/.ready-test: requirements.txt requirements-dev.txt
$(VENV)/.ready-%:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not ((3, 10) <= v <= (3, 13) or v == (3, 8)))' || \
		{ echo "$(PYTHON) is `$(PYTHON) -V 2>&1`; Python 3.8 or 3.10 to 3.13 is needed: PYTHON=python3.11 make $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "no virtual environment could be made; on Debian and Ubuntu: apt install $(NAME)-venv" >&2; exit 2; }
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $(if $(filter %-test,$@),requirements-dev.txt,requirements.txt)
	@$(RUN) -c 'import cv2' || \
		{ echo "OpenCV does not load; on Debian and Ubuntu: apt install libgl1 libglib2.0-0" >&2; exit 2; }
	@touch $@

clean:
	rm -rf .venv .venv-*
