#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that is an ordinary file, where a hook is refused: what cannot be known is null. Without the one
# that sees the page cache filled a row says by how much it grew; without the one that sees the disk
# read, pages are counted, and how many were holes is not known.
#
#	file-unknown.sh MIGPOP MODE DIR     DIR: where the build left routes and without_hook.so

# shellcheck disable=SC2016 # names with a dollar are jq's

[ $# -eq 3 ] || { echo "usage: $0 MIGPOP MODE DIR" >&2 && exit 2; }
migpop=$1 mode=$2 dir=$3
[ "$(id -u)" = 0 ] || { echo "SKIP: not root" && exit 77; }
export TMPDIR="${TMPDIR:-/var/tmp}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# without HOOK FILTER: is it so of the record of 3,048 pages of a hole that are read?
without() {
	WITHOUT_HOOK=common__$1 LD_PRELOAD=$dir/without_hook.so "$migpop" trace --mode "$mode" --stack none \
		--format json -o "$work/record.json" -- "$dir/file-read-hole" >"$work/out" 2>"$work/err"
	! grep '^skip ' "$work/out" | sed 's/^skip/SKIP:/' | grep . || exit 77
	jq -e "(.accounting[] | select(.kind == \"file\")) as \$books | $2" "$work/record.json" >/dev/null && return
	echo "FAIL: without $1 the record says otherwise:"
	jq -c '.totals, (.accounting[] | select(.kind == "file"))' "$work/record.json"
	exit 1
}

without mm_filemap_add '$books.kernel_pages == 3048 and $books.traced_pages == null and
	$books.residual_pages == null'
without block_bio_queue '$books.kernel_pages == 3048 and $books.residual_pages == 0 and
	.totals.zero_populated_pages == null and .totals.populated_pages >= 3048'
without none '$books.residual_pages == 0 and .totals.zero_populated_pages == 3048'
echo "PASS: null where it is not known"
