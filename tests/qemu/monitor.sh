#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# trace --qmp: whose monitor it is, what it says of a migration that is over, not yet begun, or came and
# went while nobody looked, and a monitor that another client holds.
# Arguments: MIGPOP QMP-CLI
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

migpop=$(realpath "$1") cli=$(realpath "$2")
((EUID == 0)) || skip "not root"
for program in qemu-system-x86_64 jq; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
"$migpop" trace -q -o /dev/null -- true 2>/dev/null || skip "nothing can be traced here"
work=$(mktemp -d /dev/shm/monitor.XXXXXX)
declare -A pid=()
cleanup() {
	exec 2>/dev/null
	((!${#pid[@]})) || kill -KILL "${pid[@]}" || true
	wait || true
	rm -rf "$work"
}
trap cleanup EXIT
failed() {
	echo "FAIL: $*"
	exit 1
}

memory=$((64 << 20))
for vm in one other; do
	qemu-system-x86_64 -S -display none -nodefaults -no-user-config -accel tcg \
		-object "memory-backend-memfd,id=ram0,share=on,size=$memory" -machine pc,memory-backend=ram0 \
		-m $((memory >> 20))M -qmp "unix:$work/$vm.drive,server=on,wait=off" \
		-qmp "unix:$work/$vm.watch,server=on,wait=off" >"$work/$vm.log" 2>&1 &
	pid[$vm]=$!
done
# qmp VM MONITOR ARGS…
qmp() { "$cli" -t 60000 -p "${pid[$1]}" "$work/$1.$2" "${@:3}" >/dev/null; }
qmp one drive --wait-ready
qmp other drive --wait-ready

# says STATUS TEXT ARGS…: what trace with these says, and how it ends.
says() {
	local status=0

	"$migpop" trace -o "$work/none.json" --format json "${@:3}" 2>"$work/said" || status=$?
	[[ $status == "$1" ]] || failed "trace ${*:3} ended with $status: $(<"$work/said")"
	grep -q "$2" "$work/said" || failed "trace ${*:3}: $(<"$work/said")"
	echo "ok  $(tail -n 1 "$work/said")"
}
says 2 "is the monitor of pid ${pid[other]}, which is not traced" -p "${pid[one]}" --qmp "$work/other.watch"
says 4 'no migration was seen until the duration' -p "${pid[one]}" --qmp "$work/one.watch" -d 1
grep -q 'no migration of it has begun: waiting for one' "$work/said" || failed "$(<"$work/said")"

# Another client holds it: one that waits for a migration which never comes.
qmp other watch --wait-migration completed &
pid[holds]=$!
holds() { grep -c "$work/other.watch\$" /proc/net/unix | grep -qx '[2-9]'; }
wait_until 30 holds || failed "nobody holds the monitor"
says 2 'another client holds the monitor' -p "${pid[other]}" --qmp "$work/other.watch"
kill -KILL "${pid[holds]}"
unset 'pid[holds]'

# One that comes and goes while the tracer gets no time is in the record. No -p: the monitor is asked.
"$migpop" trace --qmp "$work/one.watch" -o "$work/quick.json" --format json 2>"$work/said" &
pid[trace]=$!
wait_line "$work/said" 'waiting for one' "${pid[trace]}" 60 || failed "$(<"$work/said")"
sleep 0.7
kill -STOP "${pid[trace]}"
qmp one drive migrate '{"uri": "exec:cat >/dev/null"}'
qmp one drive --wait-migration completed
kill -CONT "${pid[trace]}"
wait "${pid[trace]}" || failed "trace ended with $?: $(<"$work/said")"
unset 'pid[trace]'
jq -r --argjson pid "${pid[one]}" --argjson pages $((memory / 4096)) '
	"\(.totals.zero_populated_pages) zero pages; \(.migration)",
	if .totals.zero_populated_pages < $pages - 144 or .target.pid != $pid or
		.migration.role != "source" or .migration.outcome != "completed" or
		any(.migration | .total_ms, .setup_ms, .downtime_ms, .transferred_bytes, .rounds; . == null or . < 0) or
		any(.accounting[]; .residual_pages != null and (.residual_pages | fabs) > .uncertainty_pages)
	then "FAIL: \(.window) \(.totals) \(.accounting)" else empty end' "$work/quick.json" | tee "$work/checked"
! grep -q FAIL "$work/checked" || failed "a quick migration"

says 4 'no migration was seen until the duration' --qmp "$work/one.watch" -d 1
grep -q 'its last migration is over: waiting for the next one' "$work/said" || failed "$(<"$work/said")"
