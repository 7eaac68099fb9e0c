#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# arrows.sh finds what is planted: a forbidden include, a circle, a folder that the table does not know, and a circle
# that is gone but still listed.

cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0

# found WHAT LINE: arrows.sh fails on the copy, and says the line.
found() {
	if tests/lint/arrows.sh "$work/src" >"$work/said"; then
		echo "FAIL: $1 is not found"
		status=1
	elif ! grep -qF "$2" "$work/said"; then
		echo "FAIL: $1 is found, but not said as \"$2\": $(cat "$work/said")"
		status=1
	fi
	rm -rf "$work/src"
	cp -r src "$work/src"
}

cp -r src "$work/src"
tests/lint/arrows.sh "$work/src" || exit 1
echo '#include "proc/system.h"' >>"$work/src/books/books.c"
found "an include that is forbidden" "src/books/books.c includes proc, which books may not"
echo '#  include  "books/books.h"' >>"$work/src/counters.h"
found "a circle" "include each other"
mkdir "$work/src/attic"
echo '#include "record.h"' >"$work/src/attic/attic.c"
found "a folder without a row" "attic has no row"
sed -i '/#include "vmm\//d' "$work"/src/symbol/*.[ch]
found "a circle that is gone" 'symbol does not include vmm any more'
exit $status
