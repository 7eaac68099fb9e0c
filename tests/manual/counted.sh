#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each block of README.md and docs/ is followed by a test, or is named with a reason in blocks.list: one that
# is in neither fails, as does a line of the list that has no block or no test.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=tests/manual/blocks.sh
. tests/manual/blocks.sh

list=tests/manual/blocks.list
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# named: FILE and NUMBER of each block that the list names, and that its test takes.
named() {
	local file words who number

	while IFS='|' read -r file words who; do
		[[ $file && $file != '#'* ]] || continue
		file=${file% } words=${words# } words=${words% } who=${who# }
		number=$(number "$file" "$words") || die "$list: see above"
		echo "$file block $number"
		case $who in
		'- '?*) ;;
		tests/*) grep -F -- "$file" "$who" | grep -qF -- "$words" || die "$who does not follow $file, '$words'" ;;
		*) die "$list: of $file, '$words': neither a test nor '-' and a reason" ;;
		esac
	done <"$list"
}

for file in README.md docs/*.md; do
	blocks "$file" | sed -n "s|^\([0-9]*\)<.*|$file block \1|p"
done | sort >"$work/blocks"
named >"$work/named"
sort -c -u <(sort "$work/named") 2>/dev/null || die "$list names twice: $(sort "$work/named" | uniq -d)"
sort "$work/named" | comm -23 "$work/blocks" - >"$work/missing"
while read -r file _ number; do
	echo "$file, \"$(blocks "$file" | sed -n "s/^$number\t//p" | head -n 1)…\": no test follows it, and $list does not name it"
done <"$work/missing"
[[ ! -s $work/missing ]] || exit 1
echo "$(wc -l <"$work/blocks") blocks: $(grep -c '| tests/' "$list") followed by tests, $(grep -c '| - ' "$list") named with a reason"
