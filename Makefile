# SPDX-License-Identifier: Apache-2.0
# A thin layer over meson and tools/: `make run` and `make check` are all a newcomer needs. Both
# install what is missing (Debian 12, as root or with sudo), build, and run.
SHELL = /bin/bash
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 300
MINUTES ?= 30
export JOBS FUZZ_SECONDS

.PHONY: all build run check check-windows gates fuzz fp bench endurance coverage format install clean
all: build

build:
	@tools/install-packages build
	@[ -f build/build.ninja ] || meson setup build
	@ninja -j$(JOBS) -C build

run:
	@tools/install-packages build
	@tools/run

check:
	@tools/install-packages build check windows
	@tools/check

check-windows:
	@tools/install-packages build check windows
	@tools/check windows

gates:
	@tools/install-packages build check
	@[ -f build/build.ninja ] || meson setup build >/dev/null
	@ninja -j$(JOBS) -C build >/dev/null
	@tools/gates

fuzz:
	@tools/install-packages build fuzz
	@tools/fuzz $(TARGETS)

fp: build
	@tools/install-packages build check
	@nice -n 10 tests/rules/fp build/ward rules /usr /etc /opt

bench:
	@tools/install-packages build bench
	@[ -f build-release/build.ninja ] || meson setup build-release --buildtype=release -Dtests=false
	@ninja -j$(JOBS) -C build-release
	@for b in bench/* bench/*/*; do [ ! -x $$b ] || [ -d $$b ] || BUILD=build-release $$b || exit 1; done

# As root. MINUTES=10 for less.
endurance: build
	@tools/install-packages build check
	@tests/endurance/run --minutes $(MINUTES) --build build

coverage:
	@tools/install-packages build coverage
	@[ -f build-coverage/build.ninja ] || meson setup build-coverage -Db_coverage=true
	@ninja -j$(JOBS) -C build-coverage
	@meson test -C build-coverage --no-rebuild
	@gcovr --root . --filter src/ --exclude '.*/(test|fuzz)-.*' --txt build-coverage/coverage.txt \
		--html-details build-coverage/coverage.html build-coverage
	@tail -n 3 build-coverage/coverage.txt

format:
	@find src tests fuzz bench -name '*.[ch]' 2>/dev/null | xargs clang-format-14 -i

install: build
	@meson install -C build --no-rebuild

clean:
	@rm -rf build build-asan build-mingw build-fuzz build-tsan build-coverage build-release
