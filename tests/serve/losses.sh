#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is lost of one process is in its own record: a guest's says that nothing was, whatever its
# neighbour under the same service does meanwhile, and before.
# Arguments: MIGPOP QMP-CLI NEIGHBOUR
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
neighbour=$(realpath "$3")

# start_neighbour NAME ARGS…
start_neighbour() {
	"$neighbour" "${@:2}" &
	echo $! >"$work/$1.pid"
	echo "pid $!: watched" >>"$work/started"
	wait_until 60 known "$1" || failed "$1 is not taken in"
}

# acts NAME: until its record is there, in $record.
acts() {
	local pid

	pid=$(<"$work/$1.pid")
	kill -USR1 "$pid"
	acted() {
		record=$(grep -lE "^ *\"pid\": $pid,\$" "$records"/*.json 2>/dev/null | head -n 1)
		[[ $record ]]
	}
	wait_until 60 acted || failed "no record of $1: $(cat "$work/service.log")"
}

# is WHAT FILTER EXPECTED FILE…
is() {
	local got

	got=$(jq -c "$2" "${@:4}" | sort -u)
	[[ $got == "$3" ]] || failed "$1: $2 is $got, not $3: $(jq -c .lost "${@:4}")"
	echo "ok  $1  $got"
}

lost_nothing='[.lost | .verdict, .events, .stacks, .truncated_stacks, .chainless_pages, .unwind_errors, .room]'
nothing='["nothing",0,0,0,0,{},[]]'

start_service

# Both are under way at once.
start_guest honest.s honest
start_guest honest.d honest -incoming "unix:$work/honest.stream"
wait_known honest.s honest.d
start_neighbour chainless chainless 5000
qmp honest.s migrate-set-parameters '{"max-bandwidth": 4000}'
qmp honest.s migrate "{\"uri\": \"unix:$work/honest.stream\"}"
qmp honest.s --wait-migration active
acts chainless
qmp honest.s migrate-set-parameters '{"max-bandwidth": 100000000000}'
qmp honest.s --wait-migration completed
wait_until 60 has_records honest || failed "no records of the guest"
is "chains that the guest's have of others" '.lost.unwind_errors' '{}' "$records"/*-honest-*.json
is "the neighbour's chains" '[.lost.verdict, .lost.chainless_pages, .lost.unwind_errors["no-cfi"]]' \
	'["chains",5000,5000]' "$record"
is "the guest's, at both ends" "$lost_nothing" "$nothing" "$records"/*-honest-*.json
"$migpop" report "$records"/*-honest-source.json | grep -q "lost nothing" || failed "the text says otherwise"
"$migpop" report "$record" | grep -q "no whole call chain for 5,000 of 5,0" || failed "$("$migpop" report "$record")"
sum() { curl -sf "$url/metrics" | awk -v series="$1" 'index($0, series) == 1 { sum += $NF } END { print sum + 0 }'; }
[[ $(sum 'migpop_chainless_pages_total{guest="honest"') == 0 ]] || failed "metrics of the guest"
[[ $(sum 'migpop_chainless_pages_total{guest="pid ') == 5000 ]] || failed "metrics of the neighbour"
end_guest honest.s honest.d chainless

stop_service

# More call sites than there is room for: said while it goes on, and in the record.
"$neighbour" sites 400 &
echo $! >"$work/sites.pid"
"$migpop" trace -p $! --phase auto --max-sites 64 --format json -o "$work/sites.json" 2>"$work/sites.log" &
service=$!
wait_line "$work/sites.log" '^tracing ' $service 60 || failed "sites: $(cat "$work/sites.log")"
kill -USR1 "$(<"$work/sites.pid")"
wait $service || failed "sites: $(cat "$work/sites.log")"
service=''
is "events without room" '[.lost.verdict, .lost.events > 0, [.lost.room[].table]]' \
	'["events",true,["callsites","chains"]]' "$work/sites.json"
is "counted and lost" '[.callsites[] | .faults + .populated_pages] + [.lost.events] | add >= 800' true "$work/sites.json"
for said in "call sites: so far [0-9]* events are in no count" "call chains: so far [0-9]* pages have no call chain"; do
	grep -q "^migpop: no room in the table of $said, of pid $(<"$work/sites.pid")\$" "$work/sites.log" ||
		failed "it was not said: $(cat "$work/sites.log")"
done
