# A thin front: the work is in tools/setup, tools/test, meson and ninja.

NODEMEM = build/src/nodemem

.PHONY: all setup build demo test bench install clean

all: build

setup:
	@tools/setup build

build: setup
	@test -f build/build.ninja || meson setup build -Dtests=false
	@ninja -C build

# The program runs out of heap within a minute, as it should: Node.js then ends with code 134.
demo: build
	$(NODEMEM) run -- node --max-old-space-size=1000 examples/heap-growth.js; test $$? -eq 134

test:
	@tools/test

bench: build
	meson test -C build --benchmark --verbose

install: build
	meson install -C build

clean:
	rm -rf build build-clang build-asan build-tsan
