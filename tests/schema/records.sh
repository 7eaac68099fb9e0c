#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What record-validate takes for a record: what migpop writes, and nothing that differs from it in one
# place. Usage: records.sh MIGPOP RECORD-VALIDATE
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
command -v jq >/dev/null || skip "jq is not installed"
migpop=$1 validate=$2 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# holds FILE
holds() {
	"$validate" "$1" 2>"$work/why" || { echo "FAIL: $1: $(<"$work/why")" && failed=1; }
}

# refused FILTER REASON: the record changed so is none, for that reason.
refused() {
	jq "$1" "$work/record.json" >"$work/changed.json"
	! cmp -s "$work/record.json" "$work/changed.json" || { echo "FAIL: changes nothing: $1" && failed=1; }
	if "$validate" "$work/changed.json" 2>"$work/why"; then
		echo "FAIL: is taken for a record: $1" && failed=1
	elif ! grep -qF -- "$2" "$work/why"; then
		echo "FAIL: $1: $(<"$work/why"), not: $2" && failed=1
	fi
}

# Records of the first schema, as they are written today.
for old in "$top"/tests/unit/records/*.json; do
	"$migpop" report --format json "$old" >"$work/record.json"
	holds "$work/record.json"
done
jq . "$work/record.json" >"$work/pretty.json" && mv "$work/pretty.json" "$work/record.json"

refused '.schema = "migpop.record/1"' 'schema: is not "migpop.record'
refused 'del(.host)' 'has no host'
refused 'del(.host.boot_id)' 'host: has no boot_id'
refused '.extra = 1' 'has a member extra, which the schema does not know'
refused '.callsites[0].frames[0].x = 1' 'callsites[0].frames[0]: has a member x'
refused '.started_at = "yesterday"' 'started_at: yesterday is no time of RFC 3339'
refused '.started_at = "2026-11-30 06:12:47Z"' 'is no time of RFC 3339'
refused '.mode = "magic"' 'mode: "magic" is no word of the list'
refused '.callsites[0].access = null' 'callsites[0].access: null is no word of the list'
refused '.migration.outcome = "fine"' 'migration.outcome: "fine" is no word'
refused '.migration.total_ms = -1' 'migration.total_ms: -1 is below 0'
refused '.migration.total_ms = 1.5' 'migration.total_ms: number instead of one of'
refused '.totals.faults = "1"' 'totals.faults: string instead of one of'
refused '.host.page_size = 4294967296' 'host.page_size: 4294967296 is above 4294967295'
refused '.targets = {}' 'targets: object instead of array'
refused '.targets[0].cmdline = [3]' 'targets[0].cmdline[0]: integer instead of one of'
refused '.target.uid = -1' 'target.uid: -1 is below 0'
refused '.lost.kinds.x = -1' 'lost.kinds.x: -1 is below 0'
refused '.lost.room = [{"table": "unwind-rows", "pages": 1}]' 'lost.room[0]: has no module'
refused '.overhead.ns_per_event = -0.5' 'overhead.ns_per_event: -0.5 is below 0'
refused '.window.opened_by = "attach, the migration was under way"' 'window.opened_by: '
refused '[.]' 'holds no record'

# Inside of what other commands write.
jq '{schema: "migpop.verify/1", stock: {source: {record: .}}}' "$work/record.json" >"$work/verdict.json"
holds "$work/verdict.json"
jq '.stock.source.record.mode = 3' "$work/verdict.json" >"$work/changed.json"
! "$validate" "$work/changed.json" 2>/dev/null || { echo "FAIL: the record of a verdict" && failed=1; }
jq '.migration = null | .window.start_ns = 18446744073709551615' "$work/record.json" >"$work/changed.json"
! "$validate" "$work/changed.json" 2>/dev/null || { echo "FAIL: no migration at all" && failed=1; }
exit $failed
