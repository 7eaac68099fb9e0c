#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The semantic patch for QEMU on stand-in files of our own: it changes what expected.diff says and
# nothing else, and what comes out passes a compiler's checks with the files that go with it.
# Usage: semantic-patch.sh [--update]    writes what it does to expected.diff
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
command -v spatch >/dev/null || skip "spatch (coccinelle) is not installed"

stand_ins=$top/tests/adopt/qemu-stand-ins expected=$top/tests/adopt/qemu-stand-ins/expected.diff
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work"/{a,b,tree}
cp "$stand_ins"/*.[ch] "$work/a"
cp "$stand_ins"/*.[ch] "$work/b"

# One at a time, as README.md says: a rule that matches in one file would count for all of them.
for file in "$work"/b/*.[ch]; do
	spatch --very-quiet --no-includes --in-place --sp-file "$top/fix/qemu/migfix.cocci" \
		--macro-file "$stand_ins/cocci-macro-file.h" "$file" \
		>/dev/null 2>>"$work/log" || die "spatch: $(tail -n 5 "$work/log")"
done
[[ ! -s $work/log ]] || die "spatch said: $(tail -n 5 "$work/log")"
cd "$work"
{ diff -U 2 -r a b || (($? == 1)); } | sed 's/^\(---\|+++\) \([^\t]*\)\t.*/\1 \2/; /^diff /d' >"$work/got.diff"
if [[ ${1:-} == --update ]]; then
	cp "$work/got.diff" "$expected"
else
	diff "$expected" "$work/got.diff" >&2 || die "the patch does not do what expected.diff says"
fi

# QEMU's headers: all of them are the declarations.
for header in qemu/osdep.h qemu/cutils.h qemu/error-report.h qemu/rcu.h system/memory.h \
	system/ramblock.h system/runstate.h migration/colo.h migration.h options.h ram.h; do
	mkdir -p "$work/tree/$(dirname "$header")"
	echo '#include "declarations.h"' >"$work/tree/$header"
done
cp "$top"/fix/qemu/ram-migfix.[ch] "$work/b"
for cc in gcc clang; do
	for file in "$work"/b/*.c; do
		"$cc" -std=gnu11 -fsyntax-only -Wall -Wextra -Wshadow -Wno-unused-parameter -Werror \
			-I "$work/tree" -I "$work/b" -I "$top/fix/include" "$file" ||
			die "${file##*/} with the patch does not compile"
	done
done
# The names that the patch writes are those that ram-migfix.h declares, each at least once.
grep -ohE '\bram_migfix_[a-z_]+\(' "$top/fix/qemu/ram-migfix.h" | sort -u >"$work/declared"
grep -E '^\+' "$work/got.diff" | grep -ohE '\bram_migfix_[a-z_]+\(' | sort -u |
	diff "$work/declared" - >&2 || die "ram-migfix.h and the patch name different functions"
echo "$(grep -c '^@@' "$work/got.diff") places in $(grep -c '^+++' "$work/got.diff") files"
