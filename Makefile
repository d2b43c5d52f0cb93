# The one front door: people, docs and CI call the same targets. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
RUN := .venv/bin/python -m
export PYTHONPATH := $(CURDIR)/services:$(CURDIR)
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help up down status logs order archive demo doctor test check format docs lock clean test-mutations test-sabotage test-compose audit test-resilience fault faults practice test-practice load load-ui bench

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  MODE=compose|native chooses how it runs; without it, Docker where an engine answers."

up: .venv/ready ## start the shop, Collector, Jaeger and MongoDB
	@$(RUN) tools.up

down: .venv/ready ## stop everything; orders and traces stay
	@$(RUN) tools.down

status: .venv/ready ## what runs, and is it healthy
	@$(RUN) tools.status

logs: .venv/ready ## the end of the logs: make logs NAME=order
	@$(RUN) tools.logs $(NAME)

order: .venv/ready ## place one order, print its trace: make order SKU=unicorn METHOD=pm_card_declined QUANTITY=2
	@$(RUN) tools.order $(if $(SKU),--sku $(SKU)) $(if $(QUANTITY),--quantity $(QUANTITY)) $(if $(METHOD),--method $(METHOD))

archive: .venv/ready ## keep the trace of an incident when Jaeger forgets the others: make archive TRACE=its id
	@$(RUN) tools.archive "$(TRACE)"

demo: .venv/ready ## start everything, place one order of every kind, print each trace as a tree
	@$(RUN) tools.up
	@$(RUN) tools.demo

doctor: .venv/ready ## find out why no traces arrive, hop by hop: make doctor JSON=1
	@$(RUN) tools.doctor $(if $(JSON),--json)

fault: .venv/ready ## switch a fault on: make fault NAME=payment-slow SEAT=seat-7 VARIANT=very; OFF=1 switches off
	@$(RUN) tools.fault $(if $(NAME),--name $(NAME)) $(if $(SEAT),--seat $(SEAT)) $(if $(VARIANT),--variant $(VARIANT)) $(if $(OFF),--off)

faults: .venv/ready ## what faults there are, and which are on
	@$(RUN) tools.faults

test: .venv/ready ## all tests but the long ones; builds what it needs the first time
	@.venv/bin/python deploy/native/build.py --gateway $(if $(TEST_MONGODB_URL),--no-mongo)
	@$(RUN) pytest tests

check: .venv/ready ## format, lint, types
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

format: .venv/ready ## format the code
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

test-mutations: .venv/ready ## break telemetry and saga, one thing at a time; a test must notice each
	@$(RUN) tests.mutations

test-sabotage: .venv/ready ## break what survives faults; a resilience test must notice each
	@$(RUN) tests.sabotage

audit: .venv/ready ## prove that nothing is lost or charged twice: make audit WAIT=30 JSON=1
	@$(RUN) tools.audit $(if $(WAIT),--wait $(WAIT)) $(if $(JSON),--json)

test-resilience: .venv/ready ## kills, stops, floods, with the audit: FULL=1 the whole, SEED=n the same again
	@SPANSHOP_RESILIENCE_TESTS=1 FULL=$(FULL) SEED=$(SEED) $(RUN) pytest -v -s --timeout 1800 tests/resilience

test-compose: .venv/ready ## the compose file on a real Docker engine; ENGINE=install brings one (root, Debian)
	@$(RUN) tests.compose

practice: .venv/ready ## measure what docs/practice says, in full: ONLY=name of a page or an experiment, PAGES=1 only writes
	@$(RUN) tests.practice $(if $(ONLY),--only $(ONLY)) $(if $(PAGES),--pages)

test-practice: .venv/ready ## make a claim of docs/practice untrue, one at a time; a test must notice each
	@$(RUN) tests.practice.untrue

bench: .venv/ready .venv-bench/ready ## what tracing costs an order, in an hour: ROUNDS=6 ONLY="off|100 %" LEVERS=1 PROFILE=1 PAGE=1
	@$(RUN) loadtest.bench$(if $(PROFILE),.profile) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ORDERS),--orders $(ORDERS)) $(if $(DURATION),--seconds $(DURATION)) \
	  $(if $(RATE),--rate $(RATE)) $(if $(ONLY),--only "$(ONLY)") $(if $(LEVERS),--levers) $(if $(PAGE),--page)

LOAD = $(foreach setting,USERS RATE SHAPE THINK WORKERS DURATION,$(if $($(setting)),--$(shell echo $(setting) | tr A-Z a-z) $($(setting))))

load: .venv/ready .venv-load/ready ## customers for a while, then a report: USERS=10 DURATION=30 SHAPE=constant|stepped|spike|soak|open RATE=10 WORKERS=1
	@$(RUN) tools.load $(LOAD)

load-ui: .venv/ready .venv-load/ready ## Locust's own page, for load by hand; WORKERS=2
	@$(RUN) tools.load --ui $(LOAD)

docs: .venv/ready ## make docs/telemetry.md from the contract
	@$(RUN) tools.docs

clean: .venv/ready ## stop everything and forget orders, traces and logs
	@$(RUN) tools.down --forget

lock: .venv/ready ## resolve the dependencies of pyproject.toml anew
	@for group in services dev bench; do \
	  .venv/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml \
	    $$([ $$group = services ] || echo --group $$group --constraint requirements/services.txt) \
	    -o requirements/$$group.txt; \
	done
	@.venv/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --group loadtest -o requirements/loadtest.txt
	@echo uv==0.13.9 | .venv/bin/uv pip compile -q --generate-hashes --no-header - -o requirements/uv.txt

.venv/ready: requirements/uv.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@echo "Installing the Python packages into .venv …"
	@[ -x .venv/bin/python ] || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@.venv/bin/uv pip sync -q --require-hashes requirements/dev.txt
	@touch $@

# The system's Python, if it is new enough: distributions build theirs with optimisation, as that of the images is. pyenv
# does not unless told to, and such a one takes a seventh more for an order.
BENCH_PYTHON ?= $(shell /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo $(PYTHON))

.venv-bench/ready: .venv/ready requirements/bench.txt
	@[ -x .venv-bench/bin/python ] || $(BENCH_PYTHON) -m venv --without-pip .venv-bench
	@.venv/bin/uv pip sync -q --require-hashes --python .venv-bench/bin/python requirements/bench.txt
	@touch $@

# Locust rewrites Python's sockets and threads, so it lives by itself.
.venv-load/ready: .venv/ready requirements/loadtest.txt
	@echo "Installing Locust into .venv-load …"
	@[ -x .venv-load/bin/python ] || $(PYTHON) -m venv .venv-load
	@.venv/bin/uv pip sync -q --require-hashes --python .venv-load/bin/python requirements/loadtest.txt
	@touch $@
