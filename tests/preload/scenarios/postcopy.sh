# SPDX-License-Identifier: GPL-2.0-or-later
# Postcopy: of a guest that has not run, of one that runs, and after the connection broke. Sourced by
# scenario.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317 # variables are scenario.sh's, which calls scenarios by their names

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
