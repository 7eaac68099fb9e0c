#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page of a real migration's record in Chromium: no error, no request but for itself; the search
# finds where the zero pages came from, a click on it zooms, the table names the same.
# Usage: migration.sh MIGPOP RECORDS OUT       RECORDS has {source,destination}.json of migrate.sh
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/lib.sh
. "$here/../../scripts/lib.sh"
# shellcheck source=tests/browser/webdriver.sh
. "$here/webdriver.sh"

migpop=$1 records=$2 out=$3
failed=0
[[ -s $records/source.json && -s $records/destination.json ]] || skip "there is no record of a migration"
rm -rf "$out" && mkdir -p "$out"
out=$(realpath "$out")
trap browser_stop EXIT
browser_start "$out"

# same WHAT EXPECTED ACTUAL
same() {
	[[ $2 == "$3" ]] && echo "ok: $1" && return
	echo "FAIL: $1: expected $2, got $3"
	failed=1
}

# look END CATEGORY ANCESTOR: where its zero pages came from.
look() {
	local end=$1 category=$2 ancestor=$3 record=$records/$1.json zero width

	"$migpop" report "$record" --format html -o "$out/$end.html"
	visit "$out/$end.html"
	zero=$(jq '.totals.zero_populated_pages' "$record")
	same "$end: the verdict has the record's figure" true "$(js "return document.body.innerText.replaceAll(',', '')
		.includes('$zero')")"
	keys "//*[@id='search']" "$ancestor"
	same "$end: the search finds it" true "$(js "return document.querySelectorAll('.node.hit').length > 0")"
	# Nearly all of the pages are below it.
	same "$end: and says how much matched" true "$(js "return document.getElementById('matched')
		.textContent.match(/[\\d.]+/)[0] > 99")"
	click "//*[@id='graph']/div[starts-with(@aria-label, '$ancestor ')]"
	width=$(js "return [...document.querySelectorAll('.node')].find(e => e.textContent === '$ancestor')
		.getBoundingClientRect().width / document.getElementById('graph').getBoundingClientRect().width")
	same "$end: a click zooms to full width" 1 "$(printf '%.0f' "$width")"
	screenshot "$end"
	click "//*[@id='reset']"
	same "$end: the first call site is of $category" true "$(js "return document
		.querySelector('#callsites tbody tr').textContent.includes('$category')")"
	same "$end: no console message" '[]' "$(log browser)"
	same "$end: no request but for the page" "file://$out/$end.html" "$(requests)"
}

look source zero-detect qemu_savevm_state_iterate
look destination zero-page qemu_loadvm_state_main
exit "$failed"
