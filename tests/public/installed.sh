#!/bin/bash
# installed.sh BUILD SOURCE CC PREFIX: a program of a user's, made with what `meson install` puts in
# place and with pkg-config, against the shared and against the static library.
set -euo pipefail
build=$1 source=$2 prefix=$4
read -ra compiler <<<"$3"

if ! command -v pkg-config >/dev/null; then
	echo "pkg-config is not installed"
	exit 77
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
meson install -C "$build" --no-rebuild --quiet --destdir "$place"
there=$place$prefix
pc=$(find "$place" -name nodemem.pc)
export PKG_CONFIG_PATH=${pc%/*}
settings() {
	pkg-config --define-variable=prefix="$there" "$@" nodemem
}
lib=$(settings --variable=libdir)

# say WHAT PROGRAM: it runs and, asked for a process that is none, says so.
say() {
	local out
	out=$(LD_LIBRARY_PATH=$lib "$2" 4194303 2>&1) && exit 1
	[[ $out == *"no process 4194303"* ]] || { echo "$1: $out"; exit 1; }
	echo "$1: ok"
}

# shellcheck disable=SC2046 # flags are words
"${compiler[@]}" -std=c11 -Wall -Wextra -Wpedantic -Werror "$source/examples/memory-usage.c" \
	$(settings --cflags --libs) -o "$place/shared"
say "shared library" "$place/shared"
objdump -p "$place/shared" | grep -q 'NEEDED *libnodemem.so.0$'
# A program needs libnodemem alone: its own libraries are not the program's.
[ "$(settings --libs-only-l | wc -w)" -eq 1 ]

# The linker takes the archive where there is no shared library beside it.
rm "$lib"/libnodemem.so*
# shellcheck disable=SC2046
"${compiler[@]}" -std=c11 "$source/examples/memory-usage.c" \
	$(settings --static --cflags --libs) -o "$place/static"
say "static library" "$place/static"

"$there/bin/nodemem" --version
