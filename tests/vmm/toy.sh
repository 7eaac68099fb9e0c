#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A VMM that has one row and one file of rules is watched as QEMU is: migpop serve records the
# migration of toyvmm, under its guest's name, to the page, in the categories of its own rules. A QEMU
# beside it is recorded as ever.
# Arguments: MIGPOP, with the row, and QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../serve/lib.sh"
[[ -x /usr/bin/python3 ]] || skip "python3 is not installed"

# start_toy NAME GUEST: its commands go to descriptor $commands.
start_toy() {
	mkfifo "$work/$1.commands"
	"$(dirname "${BASH_SOURCE[0]}")/toyvmm" --name "$2" --memory 32 <"$work/$1.commands" >"$work/$1.log" 2>&1 &
	echo $! >"$work/$1.pid"
	exec {commands}>"$work/$1.commands"
}
# shellcheck disable=SC2317 # called through wait_until
counts() {
	local before

	before=$(hooks)
	sleep 0.2
	[[ $before != "$resting" && $(hooks) == "$before" ]]
}
has_record() { record=$(find "$records" -name "*-$1-source.json" 2>/dev/null | head -n 1) && [[ $record ]]; }
pages=$((32 << 8))

start_service
start_toy toy "${vm}toy"
wait_until 30 known toy || failed "the toy is not taken in: $(<"$work/service.log")"
"$migpop" doctor >"$work/doctor" || true
grep -q "^emulator  *pid $(<"$work/toy.pid") toyvmm: toy by its name$" "$work/doctor" ||
	failed "doctor says: $(grep toyvmm "$work/doctor")"

echo migrate >&"$commands"
wait_until 30 counts || failed "the thread has its name, and nothing counts"
echo go >&"$commands"
done_sending() { grep -qx "done $pages" "$work/toy.log"; }
wait_until 60 done_sending || failed "the toy: $(<"$work/toy.log")"
wait_until 30 has_record "${vm}toy" || failed "no record: $(<"$work/service.log")"
jq -e --argjson pages "$pages" --arg guest "${vm}toy" '
	def populated(f): [.callsites[] | select(f) | .populated_pages] | add;
	.targets[0].vmm.name == "toy" and .targets[0].guest == $guest and
	.targets[0].ram_bytes == $pages * 4096 and
	.window.opened_by == "thread-name" and .window.closed_by == "thread-end" and
	.migration.role == "source" and
	# What came before the hooks were attached is known by its number alone.
	.totals.zero_populated_pages + .window.late_pages == $pages - 1 and
	.totals.zero_populated_pages > 0 and
	populated(.category == "toy-copy") == .totals.zero_populated_pages and
	populated(.syscall == "read") == 1 and
	all(.callsites[] | select(.syscall == "read"); .category == "other")' "$record" >/dev/null ||
	failed "the toy: $(jq -c '.targets, .window, .migration, .totals, [.callsites[] | [.category, .syscall, .populated_pages]]' "$record")"
echo "ok  toy: $pages pages, $(jq -c '[.callsites | group_by(.category)[] | {(.[0].category): map(.populated_pages) | add}] | add' "$record")"

start_guest qemu "${vm}qemu"
wait_known qemu
qmp qemu migrate '{"uri": "exec:cat >/dev/null"}'
qmp qemu --wait-migration completed
wait_until 30 has_record "${vm}qemu" || failed "no record of the QEMU"
jq -e '.targets[0].vmm.name == "QEMU" and any(.callsites[]; .category == "zero-detect")' "$record" >/dev/null ||
	failed "the QEMU: $(jq -c '.targets, [.callsites[] | [.category, .populated_pages]]' "$record")"
echo "ok  QEMU beside it"
stop_service
