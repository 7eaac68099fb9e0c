#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The first migration of a guest whose emulator nobody has seen before, as soon as it answers. Its
# code was not read by then: the stacks that it had meanwhile are unwound afterwards.
# Arguments: MIGPOP QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/serve/builds.sh
. "$(dirname "${BASH_SOURCE[0]}")/builds.sh"

guest_memory=$((128 << 20)) guest_pages=$((128 << 8))
hogs=()
end_hogs() {
	((!${#hogs[@]})) || kill "${hogs[@]}"
	hogs=()
}

# migrate_at_once NAME: out of this host, as soon as its monitor answers.
migrate_at_once() {
	qmp "$1" --wait-ready
	qmp "$1" migrate '{"uri": "exec:cat >/dev/null"}'
	qmp "$1" --wait-migration completed
}

# check NAME: all pages but one in a thousand have whole chains, and what is late is told.
check() {
	local name=$1

	# shellcheck disable=SC2317 # called through wait_until
	seen() { compgen -G "$records/*-$name-source.json" >/dev/null; }
	wait_until 60 seen || failed "$name: no record; $(cat "$work/service.log")"
	jq -r --arg name "$name" --argjson pages "$guest_pages" '
		([.callsites[].populated_pages] | add) as $all |
		([.callsites[] | select(.chain_end == "complete") | .populated_pages] | add // 0) as $whole |
		"\($name): \($whole) of \($all) pages have whole chains; begins \(.window.late_ns / 1e6) ms late, \(.window.late_pages) pages came before",
		if $whole < $all * 0.999 or .window.late_pages == null or
			.totals.zero_populated_pages + .window.late_pages < $pages - 144 or
			any(.accounting[]; .residual_pages != null and (.residual_pages | fabs) > .uncertainty_pages) or
			.lost.events != 0 or .lost.stacks != 0
		then "FAIL: \(.window) \(.totals) \(.accounting) \(.lost) \([.callsites[] | select(.chain_end != "complete") | [.chain_end, .populated_pages]])" else empty end' \
		"$records"/*-"$name"-source.json | tee "$work/said"
	! grep -q FAIL "$work/said" || failed "$name"
	end_guest "$name"
}

start_service
# A guest that waits for its stream keeps the service counting.
start_guest waits "$vm"waits -incoming defer
wait_known waits

# The service is held: nothing of the newcomer is read until its migration is over.
start_build 1 held
kill -STOP "$service"
migrate_at_once held
kill -CONT "$service"
check held

# On a busy machine.
for ((i = 0; i < $(nproc) * 2; i++)); do
	(while :; do :; done) &
	hogs+=($!)
	echo $! >"$work/hog$i.pid"
done
start_build 2 busy
migrate_at_once busy
end_hogs
check busy

# And where the service was at rest until the newcomer came.
end_guest waits
start_build 3 alone
migrate_at_once alone
check alone

# Killed when the service comes to look at it first: while its memory is torn down, which takes long, it
# has no command line any more. Its record has its name all the same.
guest_memory=$((1 << 30))
start_guest killed "$vm"killed -object memory-backend-memfd,id=more,share=off,prealloc=on,size=512M
wait_until 60 known killed || failed "killed is not taken in"
kill -STOP "$service"
qmp killed --wait-ready
qmp killed migrate-set-parameters '{"max-bandwidth": 4000}'
qmp killed migrate '{"uri": "exec:cat >/dev/null"}'
qmp killed --wait-migration active
kill -KILL "$(<"$work/killed.pid")"
kill -CONT "$service"
named() { compgen -G "$records/*-$1-source.json" >/dev/null; }
wait_until 60 named "$vm"killed || failed "killed: no record by its name; $(ls "$records")"
end_guest killed
echo "killed: its record has its name"
stop_service
