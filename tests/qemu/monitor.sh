#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# trace --qmp: whose monitor it is, what it says of a migration that is over, under way, not yet begun, or
# came and went while nobody looked, of a QEMU that ends, and of a monitor that another client holds.
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

memory=$((64 << 20)) pages=$((memory / 4096))
# qmp VM MONITOR ARGS…
qmp() { "$cli" -t 60000 -p "${pid[$1]}" "$work/$1.$2" "${@:3}" >/dev/null; }
# guest VM OPTIONS…: its threads have no names that tell what they are for.
guest() {
	qemu-system-x86_64 -S -display none -nodefaults -no-user-config -accel tcg \
		-object "memory-backend-memfd,id=ram0,share=on,size=$memory" -machine pc,memory-backend=ram0 \
		-m $((memory >> 20))M -qmp "unix:$work/$1.drive,server=on,wait=off" \
		-qmp "unix:$work/$1.watch,server=on,wait=off" "${@:2}" >"$work/$1.log" 2>&1 &
	pid[$1]=$!
	qmp "$1" drive --wait-ready
}
guest one
guest other

# trace VM LINE: in the background, until it has said so. No -p: the monitor is asked.
trace() {
	"$migpop" trace --qmp "$work/$1.watch" -o "$work/$1.json" --format json 2>"$work/$1.said" &
	pid[trace-$1]=$!
	wait_line "$work/$1.said" "$2" "${pid[trace-$1]}" 60 || failed "$1: $(<"$work/$1.said")"
}

# traced VM STATUS: it has ended, and so.
traced() {
	local status=0

	wait "${pid[trace-$1]}" || status=$?
	unset "pid[trace-$1]"
	[[ $status == "$2" ]] || failed "$1: trace ended with $status: $(<"$work/$1.said")"
}

# holds VM FILTER: its record balances, is of that process, and is so.
holds() {
	jq -r '"\(.totals.zero_populated_pages) zero pages; \(.migration)"' "$work/$1.json"
	jq -e --argjson pid "${pid[$1]}" --argjson pages "$pages" "
		.target.pid == \$pid and
		all(.accounting[]; .residual_pages == null or (.residual_pages | fabs) <= .uncertainty_pages) and
		($2)" "$work/$1.json" >/dev/null ||
		failed "$1: $(jq -c '.window, .migration, .totals, .accounting' "$work/$1.json")"
}
figures='all(.migration | .total_ms, .setup_ms, .downtime_ms, .transferred_bytes, .rounds; . != null and . >= 0)'

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
"$cli" -t 60000 -p "${pid[other]}" "$work/other.watch" --wait-migration completed >/dev/null 2>&1 &
pid[holds]=$!
is_held() { grep -c "$work/other.watch\$" /proc/net/unix | grep -qx '[2-9]'; }
wait_until 30 is_held || failed "nobody holds the monitor"
says 2 'another client holds the monitor' -p "${pid[other]}" --qmp "$work/other.watch"
kill -KILL "${pid[holds]}"
wait "${pid[holds]}" || true
unset 'pid[holds]'

# One that cannot connect has moved nothing, and QEMU says why.
trace other 'waiting for one'
qmp other drive migrate '{"uri": "unix:/nonexistent/stream"}' || true
traced other 4
grep -q 'failed before anything was sent: .*No such file' "$work/other.said" || failed "$(<"$work/other.said")"
[[ ! -s $work/other.json ]] || failed "a record of no migration"

# One that comes and goes while the tracer gets no time is in the record.
trace one 'waiting for one'
kill -STOP "${pid[trace-one]}"
qmp one drive migrate '{"uri": "exec:cat >/dev/null"}'
qmp one drive --wait-migration completed
kill -CONT "${pid[trace-one]}"
traced one 0
holds one ".window.opened_by == \"thread-argument\" and .window.closed_by == \"thread-end\" and
	.totals.zero_populated_pages >= \$pages - 144 and .migration.role == \"source\" and
	.migration.outcome == \"completed\" and $figures"

says 4 'no migration was seen until the duration' --qmp "$work/one.watch" -d 1
grep -q 'its last migration is over: waiting for the next one' "$work/said" || failed "$(<"$work/said")"

# slowly FROM TO: a migration that takes a minute, if it is not hurried.
slowly() {
	qmp "$2" drive migrate-incoming "{\"uri\": \"unix:$work/stream\"}"
	qmp "$1" drive migrate-set-parameters '{"max-bandwidth": 4000}'
	qmp "$1" drive migrate "{\"uri\": \"unix:$work/stream\"}"
	qmp "$1" drive --wait-migration active
	qmp "$2" drive --wait-migration active
}

# Under way, by a thread without a name, and into one whose stream has long begun: QEMU says so.
guest to -incoming defer
slowly other to
for vm in other to; do
	trace "$vm" 'a migration is under way: what it did before is not traced'
done
qmp other drive migrate-set-parameters '{"max-bandwidth": 100000000000}'
for vm in other to; do
	traced "$vm" 0
done
said='.window.opened_by == "under-way" and .window.closed_by == "migration-end" and
	.migration.outcome == "completed" and .totals.zero_populated_pages > 1000'
holds other "$said and .migration.role == \"source\" and $figures"
holds to "$said and .migration.role == \"destination\""

# QEMU is killed in its midst, and before there was any.
guest leaves
guest comes -incoming defer
trace leaves 'no migration of it has begun: waiting for one'
slowly leaves comes
kill -KILL "${pid[leaves]}"
traced leaves 0
holds leaves '.migration.outcome == "killed" and .window.closed_by == "process-end" and .totals.zero_populated_pages > 0'
rm "$work/to.json"
trace to 'its last migration is over: waiting for the next one'
kill -KILL "${pid[to]}"
traced to 4
grep -q 'no migration was seen until the' "$work/to.said" || failed "$(<"$work/to.said")"
[[ ! -s $work/to.json ]] || failed "a record of no migration"
echo "PASS: --qmp says how the migration stands, and its record is that of the kernel's window"
