#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# zero-written.sh MIGPOP QMP-CLI: multifd with the postcopy capability on QEMU 11.1 makes the zero pages
# that it receives by memset(), without looking first. They are zero pages all the same: the record says
# so by their content, and verify does not call the guest sparse.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

migpop=$1 qmp=$2
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || :; rm -rf "$work"' EXIT
cd "$work"

qemu=$("$top/scripts/qemu11.sh") || skip "${qemu#SKIP: }"
((EUID == 0)) || skip "not root"
! awk 'NR > 1 { found = 1 } END { exit !found }' /proc/swaps || skip "the machine has swap, and memory is not looked at"

capabilities='{"capabilities":[{"capability":"multifd","state":true},{"capability":"postcopy-ram","state":true}]}'

# starts NAME OPTION…
starts() {
	local name=$1

	shift
	"$qemu" -accel tcg -S -nodefaults -display none -m 64 -machine pc,memory-backend=ram0 \
		-object '{"qom-type":"memory-backend-memfd","id":"ram0","size":67108864,"share":true}' "$@" \
		-qmp "unix:$name.qmp,server=on,wait=off" >"$name.out" 2>&1 &
	pids+=($!)
	"$qmp" -p $! "$name.qmp" --wait-ready >/dev/null || die "$name: $(<"$name.out")"
	"$qmp" "$name.qmp" migrate-set-capabilities "$capabilities" >/dev/null
}

starts source
starts destination -incoming defer
destination=$!
"$migpop" trace -p "$destination" --format json -o record.json 2>trace.err &
tracer=$!
pids+=("$tracer")
wait_until 60 grep -q '^tracing' trace.err || die "$(<trace.err)"
"$qmp" destination.qmp migrate-incoming "{\"uri\":\"unix:$work/stream\"}" >/dev/null
"$qmp" source.qmp migrate "{\"uri\":\"unix:$work/stream\"}" >/dev/null
"$qmp" -t 120000 source.qmp --wait-migration completed >/dev/null
kill -INT "$tracer"
wait "$tracer" || die "$(<trace.err)"

jq -c '.totals, .backing[0]' record.json
# All of it is zero, but for what firmware wrote; a sample says less by its error.
jq -e '.backing[0] | .ram_block == "ram0" and .zero_populated_pages < 100 and .populated_pages > 16000 and
	.zero_written_pages > 8192 and .zero_written_pages <= .populated_pages and .looked_pages > 0' record.json >/dev/null ||
	die "the zero pages are not told"
status=0
"$migpop" verify record.json record.json >verdict.txt || status=$?
tail -n 1 verdict.txt
((status == 1)) || die "verify ended with status $status"
# Anonymous memory of a QEMU in the midst of its life is another matter (unbalanced): sparse it is not.
grep -q 'by writing zeros' verdict.txt || die "verify does not say why: $(<verdict.txt)"
grep -Eq '^verdict: (not-fixed|unbalanced)$' verdict.txt || die "verify says otherwise"
