#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tracers that come, go and have no time while a migration is under way, and targets that go: each
# migration is in a record all the same, and every record balances.
# Arguments: MIGPOP QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# pair NAME [OPTIONS…]: a source, whose threads have names, and a destination.
pair() {
	local name=$1

	start_guest "$name.s" "$name,debug-threads=on"
	start_guest "$name.d" "$name.d" -incoming defer
	qmp "$name.s" --wait-ready
	qmp "$name.d" --wait-ready
	qmp "$name.d" migrate-incoming "{\"uri\": \"unix:$work/$name.stream\"}"
}

# go FROM BANDWIDTH [STREAM]: a migration of it, under way.
go() {
	qmp "$1" migrate-set-parameters "{\"max-bandwidth\": $2}"
	qmp "$1" migrate "{\"uri\": \"unix:$work/${3:-${1%.*}}.stream\"}"
}
slowly=4000 at_once=107374182400

gone() {
	kill -KILL "$(<"$work/$1.pid")" 2>/dev/null || true # it may have gone by itself
	wait "$(<"$work/$1.pid")" 2>/dev/null || true
	rm "$work/$1.pid"
}

watched() {
	wait_until 60 known "$1" || failed "$1 is not taken in: $(cat "$work/service.log")"
}

# has NAME-ROLE N: so many records of it are there.
has() {
	(($(find "$records" -name "*-$1.json" | wc -l) == $2))
}

# is WHAT FILTER EXPECTED FILE…
is() {
	local got

	got=$(jq -c "$2" "${@:4}")
	[[ $got == "$3" ]] || failed "$1: $2 is $got, not $3: $(jq -c '.window, .accounting' "${@:4}")"
	echo "ok  $1  $got"
}

balances='[.accounting[] | select(.residual_pages != null and
	(.residual_pages | fabs) > .uncertainty_pages)]'

# The service is told to go, or killed; the next one finds a migration under way.
for signal in TERM KILL; do
	name=restart-$signal
	records=$work/records-$signal
	start_service
	pair "$name"
	watched "$name.s"
	go "$name.s" $slowly
	qmp "$name.s" --wait-migration active
	if [[ $signal == TERM ]]; then
		stop_service
		is "$name: of the first" '.window.closed_by_text' '"stop of the tracer, migration unknown"' \
			"$records"/*-"$name-source.json"
		is "$name: it balances" "$balances" '[]' "$records"/*-"$name-source.json"
		rm "$records"/*
	else
		kill -KILL "$service"
		wait "$service" 2>/dev/null || true
	fi
	start_service
	watched "$name.s"
	qmp "$name.s" migrate-set-parameters "{\"max-bandwidth\": $at_once}"
	qmp "$name.s" --wait-migration completed
	wait_until 60 has "$name-source" 1 || failed "$name: no record: $(cat "$work/service.log")"
	is "$name: of the next" '.window.opened_by_text, .window.closed_by_text' \
		'"attach, the migration was under way"
"end of QEMU'"'"'s migration thread, migration completed"' "$records"/*-"$name-source.json"
	is "$name: it balances" "$balances" '[]' "$records"/*-"$name-source.json"
	is "$name: most of the guest was still to come" \
		".totals.zero_populated_pages > $((guest_memory / 4096 / 2))" true "$records"/*-"$name-source.json"
	stop_service
	gone "$name.s"
	gone "$name.d"
done

# A service that gets no time: of two migrations, the second of which began before the first was
# read, there are two records, the second from where it was found.
records=$work/records-busy
start_service
pair busy
watched busy.s
kill -STOP "$service"
go busy.s $slowly
qmp busy.s --wait-migration active
qmp busy.s migrate_cancel
qmp busy.s --wait-migration cancelled
gone busy.d
start_guest again.d again.d -incoming "unix:$work/again.stream"
qmp again.d --wait-ready
go busy.s $slowly again
qmp busy.s --wait-migration active
kill -CONT "$service"
wait_until 60 has busy-source 1 || failed "busy: no record of the first: $(cat "$work/service.log")"
is "busy: of the first" '.window.closed_by_text' \
	'"end of QEMU'"'"'s migration thread, migration cancelled"' "$records"/*-busy-source.json
rm "$records"/*-busy-source.json
qmp busy.s migrate-set-parameters "{\"max-bandwidth\": $at_once}"
qmp busy.s --wait-migration completed
wait_until 60 has busy-source 1 || failed "busy: no record of the second: $(cat "$work/service.log")"
is "busy: of the second" '.window.opened_by_text, .window.closed_by_text' \
	'"attach, the migration was under way"
"end of QEMU'"'"'s migration thread, migration completed"' "$records"/*-busy-source.json
is "busy: it balances" "$balances" '[]' "$records"/*-busy-source.json
stop_service
gone busy.s

# One that came here before there was a tracer is seen to leave.
out=$work/leaves.json
qmp again.d --wait-migration completed
start_guest last.d last.d -incoming "unix:$work/last.stream"
qmp last.d --wait-ready
"$migpop" trace -p "$(<"$work/again.d.pid")" --phase auto --format json -o "$out" 2>"$work/leaves.log" &
service=$!
wait_line "$work/leaves.log" '^tracing ' $service 60 || failed "leaves: $(cat "$work/leaves.log")"
go again.d $at_once last
wait $service || failed "leaves: $(cat "$work/leaves.log")"
is "leaves" '.window.opened_by_text, .window.closed_by_text' \
	'"creation of QEMU'"'"'s migration thread"
"end of QEMU'"'"'s migration thread, migration completed"' "$out"
is "leaves: it balances" "$balances" '[]' "$out"
qmp last.d --wait-migration completed

# A target that goes while its migration is waited for, and under way.
for when in before in; do
	rm -f "$out" "$work/goes.log"
	pair "goes-$when"
	"$migpop" trace -p "$(<"$work/goes-$when.s.pid")" --phase auto --format json -o "$out" 2>"$work/goes.log" &
	service=$!
	wait_line "$work/goes.log" '^tracing ' $service 60 || failed "goes: $(cat "$work/goes.log")"
	if [[ $when == in ]]; then
		go "goes-$when.s" $slowly
		qmp "goes-$when.s" --wait-migration active
	fi
	gone "goes-$when.s"
	status=0
	wait $service || status=$?
	if [[ $when == before ]]; then
		((status == 4)) || failed "goes before: status $status"
		grep -qx 'migpop: no migration was seen until the end of the target' "$work/goes.log" ||
			failed "goes before: $(cat "$work/goes.log")"
		[[ ! -e $out ]] || failed "goes before: there is a record"
		echo "ok  goes before  $status"
	else
		((status == 0)) || failed "goes in: status $status: $(cat "$work/goes.log")"
		is "goes in" '.window.closed_by_text' '"end of the process, migration killed"' "$out"
		is "goes in: it balances" "$balances" '[]' "$out"
	fi
done
service=''
