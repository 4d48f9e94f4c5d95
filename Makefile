# Two commands do everything: `make up` and `make test`. The rest is what they are made of.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help up down clean-data deps build test test-unit test-engine test-e2e soak corpus corpus-real tidy format bench scan-report

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: *[^#]*## */\t/' | expand -t 16

up:              ## install what is missing, build, start Sigil, deploy two sample servers
	@scripts/up.sh

down:            ## stop Sigil and its containers; data stays
	@scripts/down.sh

clean-data:      ## forget everything: stop, remove our containers, networks, images and the data directory
	@scripts/down.sh --forget

deps:            ## fetch the pinned sources Debian has no package of
	@scripts/deps.sh

build:           ## release build in build/release
	@scripts/packages.sh build
	@scripts/deps.sh
	@cmake --preset release >/dev/null && cmake --build --preset release --target programs

test:            ## everything CI runs: tidy, unit tests with sanitizers, engine, database, e2e, conformance
	@scripts/test.sh

test-unit:       ## the unit tests alone
	@scripts/test.sh unit

test-engine:     ## the tests against the engine that SIGIL_DOCKER_SOCKET names
	@scripts/test.sh engine

test-e2e:        ## the real binaries with real MCP servers and clients
	@scripts/test.sh e2e

soak:            ## 100 deploy and delete rounds, 1,000 sessions, beside foreign things and a second Sigil
	@cd tests/e2e && SIGIL_BUILD=../../build/release python3 soak.py

corpus:          ## build and start the projects of tests/corpus, print the deploy rate
	@python3 tests/corpus/real.py --own --build build/release

corpus-real:     ## deploy published servers as they are, write docs/corpus-real.md (half an hour)
	@python3 tests/corpus/real.py --build build/release

tidy:            ## formatter and clang-tidy over every file
	@scripts/tidy.py

format:          ## clang-format in place
	@git ls-files '*.cc' '*.h' | xargs clang-format-14 -i

scan-report:     ## precision and recall of every code rule over the fixtures
	@scripts/packages.sh build test
	@scripts/deps.sh
	@cmake --preset release >/dev/null && cmake --build --preset release --target scan-report >/dev/null && build/release/builder/scan/code/scan-report

bench:           ## compare with nginx, haproxy and bare engine calls in the same run
	@scripts/packages.sh build bench
	@tests/bench/run.sh
