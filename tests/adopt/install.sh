#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libmigfix as others get it: installed into a root of its own, the example compiled against that by
# pkg-config and by CMake, shared and static, and run; header, exported symbols and manual page name
# the same functions. Usage: install.sh BUILD
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
cmake --install "$build" --component migfix --prefix "$root" >"$work/log" ||
	die "cmake --install failed: $(tail -n 3 "$work/log")"
pc=$(find "$root" -name migfix.pc)
lib=$(dirname "$(dirname "$pc")")
loader=$root/share/doc/migfix/loader.c
[[ -f $loader && -f $lib/libmigfix.a ]] || die "something was not installed: $(find "$root")"

# Two pages of content of which one becomes zero again, and zero pages that nobody wrote.
run() {
	local got

	got=$(printf '%s\n' '0 hello' '4096 zero' '8192 world' '0 zero' '16384 zero' |
		LD_LIBRARY_PATH=$lib "$1") || die "$1 failed"
	[[ $got == $'before: 0 of 16384 pages populated\nafter: 1 of 16384 pages populated' ]] ||
		die "$1 said: $got"
}

# needs_library PROGRAM yes|no: is the shared library what it runs with?
needs_library() {
	local needed=no

	! readelf -d "$1" | grep -q 'NEEDED.*libmigfix\.so\.0' || needed=yes
	[[ $needed == "$2" ]] || die "$1: needs the shared library: $needed, not $2"
}

export PKG_CONFIG_PATH=${pc%/*}
strict=(-std=c11 -Wall -Wextra -Wpedantic -Werror)
read -ra flags <<<"$(pkg-config --cflags --libs migfix)"
version=$(pkg-config --modversion migfix)
for cc in gcc clang; do
	"$cc" "${strict[@]}" "$loader" "${flags[@]}" -o "$work/shared"
	needs_library "$work/shared" yes
	run "$work/shared"
	read -ra static <<<"$(pkg-config --static --cflags --libs migfix)"
	"$cc" -static "${strict[@]}" "$loader" "${static[@]}" -o "$work/static"
	needs_library "$work/static" no
	run "$work/static"
done

# The header on its own, in C++ as well.
echo '#include <migfix.h>' >"$work/alone.c"
read -ra flags <<<"$(pkg-config --cflags migfix)"
clang -x c++ "${flags[@]}" -Wall -Wextra -Werror -fsyntax-only "$work/alone.c"
gcc "${strict[@]}" "${flags[@]}" -fsyntax-only "$work/alone.c"

cmake -S "$top/tests/adopt/consumer" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$root" \
	-DLOADER="$loader" -DMIGFIX_VERSION="$version" >"$work/log" 2>&1 ||
	die "find_package(migfix): $(tail -n 5 "$work/log")"
cmake --build "$work/consumer" >"$work/log" 2>&1 || die "CMake: $(tail -n 5 "$work/log")"
for kind in migfix:yes migfix_static:no; do
	needs_library "$work/consumer/loader-${kind%:*}" "${kind#*:}"
	run "$work/consumer/loader-${kind%:*}"
done

# same WHAT: a list of names on stdin, against what the header declares.
grep -v '^ \*' "$root/include/migfix.h" | tr '\n' ' ' | grep -oE 'MIGFIX_API[^;]*;' |
	grep -oE 'migfix_[a-z_]+\(' | tr -d '(' | sort >"$work/declared"
same() {
	sort | diff "$work/declared" - >"$work/diff" ||
		die "$1 (>) and the header (<) differ: $(grep '^[<>]' "$work/diff" | tr '\n' ' ')"
}
[[ -s $work/declared ]] || die "no declarations found in the header"
sed 's/$/@@MIGFIX_0.1/' "$work/declared" >"$work/versioned"
nm -D --defined-only "$lib/libmigfix.so" | awk '$2 != "A" { print $3 }' >"$work/exported"
sed 's/@.*//' "$work/exported" | same "the shared library"
sort "$work/exported" | diff "$work/versioned" - >/dev/null || die "a symbol has not version MIGFIX_0.1"
sed -nE 's/^\t\t([a-z_]+);$/\1/p' "$top/fix/src/migfix.map" | same "migfix.map"
sed -nE 's/^\.B(I|) .*(migfix_[a-z_]+)\(.*/\2/p' "$root/share/man/man3/migfix.3" | same "the synopsis"
for name in $(<"$work/declared"); do
	grep -q "BR $name ()" "$root/share/man/man3/migfix.3" || die "migfix(3) does not describe $name()"
	[[ $(<"$root/share/man/man3/$name.3") == '.so man3/migfix.3' ]] || die "no page $name(3)"
done
# Nothing of the static library can clash with names of who links it: its own begin with mfx_.
nm --defined-only --extern-only "$lib/libmigfix.a" | awk 'NF == 3 && $3 !~ /^(migfix|mfx)_/ { print $3 }' |
	diff /dev/null - >&2 || die "the static library defines names that others may have"
[[ $(nm -D --undefined-only "$lib/libmigfix.so" | grep -vc '@GLIBC_\|_ITM_\|__gmon_start__') == 0 ]] ||
	die "the shared library needs more than libc"
groff -ww -man -Tutf8 -z "$root/share/man/man3/migfix.3" 2>"$work/log"
[[ ! -s $work/log ]] || die "migfix(3): $(<"$work/log")"
echo "libmigfix $version: $(wc -l <"$work/declared") functions, example by pkg-config and CMake, shared and static"
