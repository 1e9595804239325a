# One verb for each thing one does here; each calls the script or preset that does it.
SHELL = bash
.PHONY: all check full bench fuzz format

all:
	cmake --preset dev && cmake --build --preset dev

check:
	./check.sh

full:
	./check.sh --full

bench:
	bench/run.sh

fuzz:
	fuzz/run.sh --runs 1000000

format:
	git ls-files '*.[ch]' ':!include' | xargs clang-format -i
	. scripts/env.sh && cd contracts && forge fmt
