# One verb for each thing one does here; each calls the script or preset that does it.
.PHONY: all check full bench fuzz format

all:
	cmake --preset dev && cmake --build --preset dev

check:
	./check.sh

full:
	./check.sh --full

bench:
	cmake --preset release -D DSTACK_P2P_BUILD_BENCH=ON && cmake --build --preset release && bench/run.sh

fuzz:
	fuzz/run.sh --runs 1000000

format:
	git ls-files '*.[ch]' ':!include' | xargs clang-format -i && cd contracts && forge fmt
