#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes that had a target's memory mapped, or open, before the trace began, as a vhost-user daemon
# has: what they populate of it is counted and has their name, be they older or younger than the
# target. And what a target grows by without populating anything is said.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

pages=512

# of_others NAME PID: pages that the process populated in the target's memory, by its name.
of_others() {
	ask "$1" "[.callsites[] | select(.pid == $2 and .comm == \"target\") | .populated_pages] | add // 0"
}

# A number that no process has, lower than that of any that is started now.
lower_pid() {
	local n

	for ((n = 400; n < 100000; n++)); do
		[[ -e /proc/$n ]] || break
	done
	echo "$n"
}

# fills NAME HOW ACTIONS…: the parent is traced, its child does the actions and then fills.
fills() {
	local name=$1 how=$2 parent child

	shift 2
	start "$name.pair" "$target" share "$pages" say parent "$@" say child wait fill "$how" say "done" wait
	await "$name.pair" parent
	parent=$said
	await "$name.pair" child
	child=$said
	trace "$name" -p "$parent"
	go "$child"
	await "$name.pair" "done"
	kill -INT "$tracer"
	finish "$tracer"
	kill -KILL "$child" "$parent"
	record_is_sound "$name" "$pages"
	equal "$name: pages by process $child, by its name" "$(of_others "$name" "$child")" "$pages"
}

for how in read write readv; do
	fills "younger-$how" "$how" children 1 map
done
fills older read child-pid "$(lower_pid)" map
fills inherited write children 1
fills by-descriptor fallocate children 1

# A child that a process has while it is watched has the memory as well.
start family.pair "$target" share "$pages" say parent children 1 map say child wait children 1 fill read say "done" wait
await family.pair parent
parent=$said
await family.pair child
child=$said
trace family -p "$parent"
go "$child"
await family.pair "done"
kill -INT "$tracer"
finish "$tracer"
kill -KILL "$said" "$child" "$parent"
record_is_sound family "$pages"
equal "family: pages by the child's child" "$(of_others family "$said")" "$pages"

# Pages of a file that the target only reads are none of its memory, but it grows by them.
start reader.one "$target" say ready wait cached 3000 say "done" wait
await reader.one ready
reader=$said
trace reader -p "$reader"
go "$reader"
await reader.one "done"
kill -INT "$tracer"
finish "$tracer"
kill -KILL "$reader"
equal "reader: pages of files in the books" \
	"$(ask reader '[.accounting[] | select(.kind == "file") | .kernel_pages] | add // 0')" 0
equal "reader: pages that it grew by and did not populate: about 3,000" \
	"$(ask reader '.totals.mapped_pages | . >= 2800 and . <= 3200')" true
equal "reader: resident pages before and after" \
	"$(ask reader '.target | .rss_pages_after - .rss_pages_before >= 2900')" true

passed "$pages pages each by older and younger processes, 3,000 that were there already"
