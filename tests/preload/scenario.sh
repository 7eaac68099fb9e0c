#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What else is done with a QEMU's memory than one plain migration, with libmigfix-preload.so at both
# ends: scenario.sh NAME --build DIR --out DIR [--stock] [--qemu PATH | --qemu10] [--preload FILE], where
# NAME is a scenario_… here and --qemu10 means the one of scripts/qemu10.sh. The guest is the churning
# one, so what each byte must hold is known.
# shellcheck disable=SC2317 # scenarios are called by their names
set -euo pipefail

# shellcheck source=tests/qemu/emulators.sh
. "$(dirname "${BASH_SOURCE[0]}")/../qemu/emulators.sh"

scenario=${1//-/_} stock=0 disk_format=raw
shift
memory=256M timeout=60
while (($#)); do
	case $1 in
	--stock) stock=1 && shift && continue ;;
	--qemu10) qemu=10 && shift && continue ;;
	esac
	case $1 in
	--build) build=$2 ;;
	--out) out=$2 ;;
	--qemu) qemu=$2 ;;
	--preload) preload=$2 ;;
	esac
	shift 2
done
if [[ $qemu == 10 ]]; then
	qemu=$("$(dirname "${BASH_SOURCE[0]}")/../../scripts/qemu10.sh") || { echo "$qemu" && exit 77; }
fi
tool=$build/tests/qemu/guest-memory
: "${preload:=$build/fix/libmigfix-preload.so}"
((!stock)) || preload=''

# What the guest writes to; and what firmware does, in huge pages.
churned_kb=$((99 * 1024)) firmware_kb=$((8 * 1024))

ok() {
	echo "ok    $*"
}

# --- QEMU ---

# begin END [OPTIONS…]: one end, ready, that has the churning guest's disk.
begin() {
	local end=$1

	shift
	if [[ ! -e $work/$end.disk ]]; then
		"$tool" boot-sector "$work/$end.raw"
		qemu-img convert -f raw -O $disk_format "$work/$end.raw" "$work/$end.disk"
	fi
	MIGFIX_STATS=$out/statistics.%p start "$end" \
		-drive "if=ide,format=$disk_format,file=$work/$end.disk" "$@"
	qmp "$end" drive --wait-ready
	[[ ! $preload ]] || grep -q '^libmigfix [0-9.]*: .*; destination hooked;' "$out/$end.log" ||
		die "$end: not hooked: $(head -n 1 "$out/$end.log")"
	locate "$end"
}

# both [OPTIONS…]
both() {
	begin source "$@"
	begin destination -incoming defer "$@"
}

# monitor END COMMAND: of the human's monitor; what it says.
monitor() {
	qmp "$1" drive human-monitor-command "{\"command-line\": \"$2\"}" | jq -r .
}

# host_address END GUEST-ADDRESS
host_address() {
	monitor "$1" "gpa2hva $2" | sed -n 's/.* is \(0x[0-9a-f]*\).*/\1/p'
}

# Of the guest's memory, an end.
declare -A address
locate() {
	address[$1]=$(host_address "$1" 0)
	[[ ${address[$1]} ]] || die "$1: where is its memory?"
}

# enable CAPABILITY: at both ends.
enable() {
	negotiate source "$1"
	negotiate destination "$1"
}

parameters() {
	qmp "$1" drive migrate-set-parameters "$2" >/dev/null
}

# state END [JQ-FILTER]: of query-migrate.
state() {
	qmp "$1" drive query-migrate | jq -r "${2:-.status}"
}

is() {
	[[ $(state "$1" "$2") == true ]]
}

# Is it so, or will it never be?
is_settled() {
	ended "${pid[$1]}" || is "$1" "($2) or .status == \"failed\""
}

await() {
	wait_until "$timeout" is_settled "$1" "$2" || true
	alive "${pid[$1]}" || die "$1: QEMU has ended: $(tail -n 2 "$out/$1.log")"
	is "$1" "$2" || die "$1: not reached: $2: $(state "$1" .) $(tail -n 2 "$out/$1.log")"
}

# Rounds are as long as the guest needs to write all of its memory again, and none is the last one.
throttle='{"max-bandwidth": 100663296, "downtime-limit": 1}'
let_go='{"max-bandwidth": 107374182400, "downtime-limit": 60000}'

# --- the guest ---

passes() {
	"$tool" passes "${pid[$1]}" "${address[$1]}"
}

has_passed() {
	(($(passes "$1") >= $2))
}

# run END [PASSES]: let it go over its memory so often, again.
run() {
	local wanted=$(($(passes "$1") + ${2:-2}))

	qmp "$1" drive cont >/dev/null
	wait_until "$timeout" has_passed "$1" $wanted || die "$1: the guest does not get on: pass $(passes "$1")"
}

halt() {
	qmp "$1" drive stop >/dev/null
}

# dump END NAME: of a guest that stands still.
dump() {
	"$tool" dump "${pid[$1]}" "${address[$1]}" "$size" "$work/$2"
}

# whole END: does each byte hold what the guest must have left there?
whole() {
	local said

	dump "$1" "$1.now"
	said=$("$tool" churned "$work/$1.now") || die "$1: the guest's memory is not whole: $said"
	ok "$1: whole: $said"
}

# same NAME NAME: two dumps.
same() {
	cmp "$work/$1" "$work/$2" ||
		die "$1 and $2 differ in $(cmp -l "$work/$1" "$work/$2" | wc -l) bytes"
	ok "$1 and $2: all bytes are the same"
}

equal() {
	dump source source.memory
	dump destination destination.memory
	same source.memory destination.memory
	whole destination
}

# mapping END ADDRESS kb|inode: how much of what is mapped there is resident; which file it is, or 0.
# Nothing where nothing is mapped.
mapping() {
	awk -v address="$(($2))" -v what="$3" '
	function number(hex,   n, i) {
		for (i = 1; i <= length(hex); i++)
			n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
		return n
	}
	/^[0-9a-f]+-/ {
		split($1, range, "-")
		here = number(range[1]) <= address && address < number(range[2])
		if (here)
			inode = $5
	}
	here && /^(Rss|Shared_Hugetlb|Private_Hugetlb):/ { kb += $2 }
	END { if (inode != "") print what == "kb" ? kb + 0 : inode }' "/proc/${pid[$1]}/smaps"
}

# resident END: of the guest's memory, in kB.
resident() {
	mapping "$1" "${address[$1]}" kb
}

# Does the source of this QEMU read each page before the library is asked?
reads_before() {
	[[ $1 == source ]] && grep -q '^libmigfix.* reads each page before' "$out/source.log"
}

# sparse END…: no more of it is there than was written to.
sparse() {
	local end kb

	for end; do
		! reads_before "$end" || continue
		kb=$(resident "$end")
		((kb <= churned_kb + firmware_kb)) || die "$end: $kb kB of the guest's memory are there"
		ok "$end: $((kb >> 10)) of $((size >> 20)) MiB are there"
	done
}

# full END…: all of it is there.
full() {
	local end kb

	for end; do
		kb=$(resident "$end")
		((kb == size / 1024)) || die "$end: $kb kB of the guest's memory are there"
		ok "$end: all $((kb >> 10)) MiB are there"
	done
}

# --- precopy ---

# listen URI, send URI
listen() {
	qmp destination drive migrate-incoming "{\"uri\": \"$1\"}" >/dev/null
}

send() {
	qmp source drive migrate "{\"uri\": \"$1\"}" >/dev/null
}

connect() {
	listen "unix:$work/stream"
	send "unix:$work/stream"
}

# Up to where the dirty pages were synchronised so often, which is one more than rounds.
go_rounds() {
	await source ".ram[\"dirty-sync-count\"] >= $1 or .status == \"completed\""
	is source '.status == "active"' || die "the migration was over before"
}

# The guest runs for three rounds.
precopy() {
	parameters source "$throttle"
	run source
	connect
	go_rounds 4
	parameters source "$let_go"
	await source '.status == "completed"'
	await destination '.status == "completed"'
	ok "$(state source '"\(.ram["dirty-sync-count"] - 1) rounds, " +
		"\(.ram.duplicate) zero pages, \(.ram.normal) others"')"
}

# rounds CAPABILITY PARAMETERS CONDITION: precopy with it, and was it used?
rounds() {
	prepare
	both
	enable "$1"
	parameters source "$2"
	parameters destination "$2"
	precopy
	is source "$3" || die "$1 was not used: $(state source .)"
	equal
	sparse source destination
}

scenario_multifd() {
	rounds multifd '{"multifd-channels": 4}' '.ram["multifd-bytes"] > 0'
}

scenario_compress() {
	rounds compress '{"compress-threads": 4, "decompress-threads": 4}' '.compression.pages > 0'
}

scenario_xbzrle() {
	rounds xbzrle '{"xbzrle-cache-size": 134217728}' '.["xbzrle-cache"].pages > 0'
}

# --- kinds of memory ---

# kind BACKING: precopy of such memory.
kind() {
	backing=$1
	prepare
	both
	precopy
	equal
	sparse source destination
}

scenario_memfd() {
	kind memfd
}

scenario_ram() {
	kind ram
}

scenario_memfd_private() {
	kind memfd-private
}

scenario_file() {
	kind file
}

scenario_file_private() {
	kind file-private
}

# Huge pages cannot be asked: as without.
scenario_hugetlb() {
	backing=hugetlb
	prepare
	both
	precopy
	equal
	full destination
}

# paid PROPERTIES [OPTIONS…]: memory that is all there from the start, and has to stay.
paid() {
	memory_properties=$1
	shift
	prepare
	both "$@"
	full source destination
	precopy
	equal
	full source destination
}

scenario_prealloc() {
	paid ,prealloc=on
}

scenario_mem_lock() {
	local locked

	paid '' -overcommit mem-lock=on
	locked=$(awk '/^VmLck:/ { print $2 }' "/proc/${pid[destination]}/status")
	((locked >= size / 1024)) || die "destination: $locked kB are locked"
	ok "destination: and locked"
}

# --- postcopy ---

# Switched over when all that the guest writes to was sent as zero in precopy. The guest has not run before, so all
# that it comes to at the destination are such pages, which are never sent again.
switch_idle() {
	memory=512M
	prepare
	both
	enable postcopy-ram
	# A zero page takes 9 bytes: 128 MiB of them take a second, and what then is left 13.
	parameters source '{"max-bandwidth": 300000, "max-postcopy-bandwidth": 65536}'
	connect
	await source '.ram.duplicate > 32768'
	switch
}

switch() {
	qmp source drive migrate-start-postcopy >/dev/null
	await source '.status == "postcopy-active"'
	await destination '.status == "postcopy-active"'
}

# The guest goes on from there, and is right.
completes() {
	parameters source '{"max-postcopy-bandwidth": 0}'
	await source '.status == "completed"'
	await destination '.status == "completed"'
	run destination
	halt destination
	whole destination
}

scenario_postcopy() {
	switch_idle
	run destination 2
	is source '.status == "postcopy-active"' || die "postcopy was over before"
	ok "the guest gets on during postcopy: pass $(passes destination)"
	completes
}

waits_for_a_page() {
	grep -qx handle_userfault "/proc/${pid[$1]}/task/"*/wchan
}

# Of a library that leaves such pages out, this is what has to be seen: while many others arrive, the
# guest waits for one that was received long ago.
scenario_postcopy_absent() {
	local sent

	preload=$build/tests/preload/libmigfix-absent.so
	switch_idle
	qmp destination drive cont >/dev/null
	wait_until "$timeout" waits_for_a_page destination || die "the guest waits for nothing"
	sent=$(state source .ram.duplicate)
	parameters source '{"max-postcopy-bandwidth": 131072}'
	await source ".ram.duplicate > $((sent + 32768))"
	waits_for_a_page destination || die "the guest does not wait any more"
	is source '.status == "postcopy-active"' || die "postcopy was over before"
	(($(passes destination) == 0)) || die "the guest has got on: pass $(passes destination)"
	ok "32768 pages arrived and the guest waits: pass $(passes destination)"
}

# A running guest, in its third round.
switch_running() {
	prepare
	both
	enable postcopy-ram
	parameters source "$throttle"
	run source
	connect
	go_rounds 3
	parameters source '{"max-postcopy-bandwidth": 4194304}'
	switch
	qmp destination drive cont >/dev/null
}

scenario_postcopy_rounds() {
	switch_running
	completes
}

scenario_postcopy_recover() {
	switch_running
	qmp source drive migrate-pause >/dev/null
	await source '.status == "postcopy-paused"'
	await destination '.status == "postcopy-paused"'
	ok "the connection is broken in postcopy"
	qmp destination drive migrate-recover "{\"uri\": \"unix:$work/again\"}" >/dev/null
	qmp source drive migrate "{\"uri\": \"unix:$work/again\", \"resume\": true}" >/dev/null
	await source '.status == "postcopy-active" or .status == "completed"'
	completes
}

# --- files ---

scenario_to_file() {
	prepare
	begin source
	parameters source "$let_go"
	run source
	send "exec:cat >$work/stream"
	await source '.status == "completed"'
	from_file
	equal
	sparse source destination
}

from_file() {
	begin destination -incoming defer
	listen "exec:cat $work/stream"
	await destination '.status == "completed"'
}

# The guest runs on meanwhile; the file has it as it was.
scenario_background_snapshot() {
	prepare
	begin source
	negotiate source background-snapshot
	parameters source "$let_go"
	run source
	send "exec:cat >$work/stream"
	await source '.status == "completed"'
	run source
	halt source
	whole source
	from_file
	whole destination
	sparse destination
	run destination
	halt destination
	whole destination
}

scenario_background_snapshot_ram() {
	backing=ram
	scenario_background_snapshot
}

scenario_savevm() {
	local said

	disk_format=qcow2
	prepare
	begin source
	run source
	halt source
	dump source saved
	said=$(monitor source 'savevm one')
	[[ ! $said ]] || die "savevm: $said"
	run source 3
	halt source
	whole source
	said=$(monitor source 'loadvm one')
	[[ ! $said ]] || die "loadvm: $said"
	dump source loaded
	same saved loaded
	run source
	halt source
	whole source
	quit source
	begin source -loadvm one
	dump source reloaded
	same saved reloaded
	sparse source
}

# --- unplugged memory ---

# record WHAT CONDITION: of the source's, and what was told from outside.
record() {
	jq -e --argjson pages $((size / 4096)) --argjson written "$written" --argjson inode "$inode" \
		--argjson lacking "${lacking:-0}" '
		[.callsites[] | select(.category == "bg-snapshot")] as $snapshot |
		[.accounting[] | select(.kind == "page-tables") | .kernel_pages][0] as $tables |
		'"$2" "$out/source.json" >/dev/null || die "not so: $1: $(<"$out/source.txt")"
	ok "$1"
}

# A background snapshot makes QEMU read all of memory, traced here. The guest has written all that it
# ever will, and a memory device beside is unplugged, all of it.
unplugged() {
	local device at kb

	prepare
	find_migpop
	device=$(memory_object device)
	device=${device/id=ram0,size=$size/id=unplugged,size=512M}
	begin source -m maxmem=1G -object "$device" \
		-device virtio-mem-pci,memdev=unplugged,requested-size=0
	at=$(qmp source drive query-memory-devices | jq '.[0].data.memaddr')
	at=$(host_address source "$at")
	negotiate source background-snapshot
	parameters source "$let_go"
	run source
	written=$(($(resident source) / 4)) inode=$(mapping source "${address[source]}" inode)
	attach source
	wait_attached source
	send "exec:cat >$work/stream"
	await source '.status == "completed"'
	collect source
	kb=$(mapping source "$at" kb)
	[[ $kb == 0 ]] || die "$kb kB of unplugged memory are there"
	ok "nothing is there of what is unplugged"
}

# 512 MiB have 256 page tables.
# shellcheck disable=SC2016 # jq's names
scenario_unplugged_memfd() {
	lacking=256
	unplugged
	record "the rest of the guest's memory is populated, and nothing else, by reading" '
		($snapshot | map(.populated_pages) | add) == $pages - $written and
		($snapshot | map(.zero_populated_pages) | add) == $pages - $written and
		($snapshot | map(.backing[] | .inode) | unique) == [$inode]'
	record "its books balance" '
		[.accounting[] | select(.inode == $inode) | .kernel_pages, .residual_pages] ==
			[$pages - $written, 0]'
	# QEMU 7.2 write-protects the device too, and the kernel marks in page tables what is not there.
	[[ $("$qemu" --version) == *version\ 7.* ]] || lacking=0
	record "page tables: what the guest's memory lacked, and $lacking for unplugged memory" '
		$tables > $lacking and $tables <= $lacking + $pages / 512 + 6'
}

# There the huge page of zeros is mapped, and what is not there needs no mark.
# shellcheck disable=SC2016 # jq's names
scenario_unplugged_ram() {
	backing=ram
	unplugged
	record "nothing is populated" '$snapshot | map(.populated_pages) | add // 0 == 0'
	record "page tables for the guest's memory at most" '$tables <= $pages / 512 + 6'
}

# --- migrations that come to nothing ---

# killed END: without the shell's announcing it.
killed() {
	kill -KILL "${pid[$1]}"
	wait "${pid[$1]}" 2>/dev/null || true
	unset "pid[$1]"
}

# Its own way of ending, with the reason in its log: no crash.
destination_fails() {
	local status=0

	wait "${pid[destination]}" || status=$?
	unset 'pid[destination]'
	((status == 1)) || die "the destination ended with status $status: $(<"$out/destination.log")"
	ok "the destination said: $(tail -n 1 "$out/destination.log")"
}

underway() {
	prepare
	both
	parameters source "$throttle"
	run source
	connect
	go_rounds 2
}

again() {
	begin destination -incoming defer
	precopy
	equal
	sparse source destination
}

scenario_cancelled() {
	underway
	qmp source drive migrate_cancel >/dev/null
	await source '.status == "cancelled"'
	destination_fails
	rm -f "$work/stream"
	again
}

scenario_source_killed() {
	underway
	killed source
	destination_fails
}

scenario_destination_killed() {
	underway
	killed destination
	await source '.status == "failed"'
	run source
	halt source
	whole source
	sparse source
	rm -f "$work/stream"
	again
}

declare -F "scenario_$scenario" >/dev/null || die "no such scenario: $scenario"
[[ $out ]] || die "where to? --out"
mkdir -p "$out"
rm -f "$out"/statistics.*
"scenario_$scenario"
