# SPDX-License-Identifier: GPL-2.0-or-later
# What is written to a file: a migration, a snapshot while the guest runs, savevm; and memory that is
# unplugged meanwhile. Sourced by scenario.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317 # variables are scenario.sh's, which calls scenarios by their names

# --- files ---

scenario_to_file() {
	prepare
	begin source
	parameters source "$unthrottle"
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
	parameters source "$unthrottle"
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
	parameters source "$unthrottle"
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
