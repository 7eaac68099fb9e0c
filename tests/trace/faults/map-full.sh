#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# More call sites, or more backings, than there is room for: what is not counted is counted as lost,
# and said. Counted and lost together are what there was.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

# full NAME OPTIONS -- ACTION...: traces a target that takes an action in memory it has warmed.
full() {
	local name=$1 options=()

	shift
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	start "$name-target" "$target" warm warm say ready wait "$@" say "done" wait
	await "$name-target" ready
	trace "$name" "${options[@]}" -p "$said"
	go "$said"
	await "$name-target" "done"
	kill -INT "$tracer"
	finish "$tracer"
	go "$said"
	equal "$name: exit status" "$status" 0
	counted=$(ask "$name" '[.callsites[] | .faults + .populated_pages + .released_pages] | add')
	lost=$(ask "$name" .lost.events)
	traced=$(populated_of_memfds "$name")
	"$migpop" report "$name.json" >"$name.txt"
}

loss_is_said() {
	((lost > 0)) || failed "$1: nothing lost, $traced pages counted"
	grep -q "lost [0-9,]* events" "$1.txt" || failed "$1: the text does not say what was lost"
	! grep -q "lost nothing" "$1.txt" || failed "$1: the text says that nothing was lost"
}

# Room enough: nothing is lost, and each of the 256 pages is a fault and a page.
full roomy -- sites
equal "roomy: lost" "$lost" 0
equal "roomy: pages" "$traced" 256
all=$counted

full sites --max-sites 16 -- sites
loss_is_said sites
equal "sites: counted $counted and lost $lost events" $((counted + lost)) "$all"
equal "sites: what the books are off by, twice" $((2 * $(residual_of_memfds sites))) \
	"$((2 * (256 - traced)))"
said_sites="$lost of $all"

full files --max-sites 16 -- files 200
loss_is_said files
((traced + lost / 2 >= 200)) || failed "files: $traced pages counted and $lost events lost of 200 pages"
equal "files: pages the books are off by" "$(residual_of_memfds files)" $((200 - traced))

# More memfds than the table of backings takes.
full backings --max-sites 100000 -- files 20000
loss_is_said backings
equal "backings: pages" "$traced" 20000

passed "$said_sites events lost with 16 call sites, counted and lost add up;" \
	"20,000 memfds: $traced pages counted, $lost times no room for one"
