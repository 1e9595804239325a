# One verb for each thing one does here; each calls the script or preset that does it.
SHELL = bash
.PHONY: all check full deep bench cluster fuzz soak format

all:
	cmake --preset dev && cmake --build --preset dev

check:
	./check.sh

full:
	./check.sh --full

deep:
	./check.sh --deep

bench:
	bench/run.sh

cluster:
	bench/cluster.sh 3 20 100

fuzz:
	fuzz/run.sh --runs 1000000

soak:
	cmake --preset release && cmake --build --preset release --target chaos
	build/release/tests/chaos/chaos --seed $$RANDOM --changes 100000 --nodes 1 --reorganise
	build/release/tests/chaos/chaos --seed $$RANDOM --changes 100000 --nodes 2 --reorganise

format:
	git ls-files '*.[ch]' ':!include' | xargs clang-format -i
	. scripts/env.sh && cd contracts && forge fmt
