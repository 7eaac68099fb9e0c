#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many windows of one process and migrations of many: when they are over, each table of the tracer has
# as many entries in use as before, to the last. What the windows counted is more than the tables hold.
# Arguments: MIGPOP QMP-CLI NEIGHBOUR WINDOWS MIGRATIONS
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
neighbour=$(realpath "$3") windows=$4 migrations=$5

tables() {
	curl -sf "$url/metrics" | sed -nE 's/^migpop_table_entries\{table="(.*)"\} ([0-9]+)$/\1 \2/p'
}
# as_before: the tables have as many entries as $before, to the last. A thread that waits may have kept
# its last chain by then, or not yet.
as_before() {
	now=$(tables)
	[[ $now == "$before" || $now == "$(awk '/^chain/ { $2++ } 1' <<<"$before")" ]]
}
# Others' emulators on this host have entries of their own, which come and go.
back() {
	wait_until 30 as_before && echo "ok  $1" && return
	(($(foreign) == foreign)) || { echo "others' emulators came meanwhile: $1 is not judged" && return; }
	failed "$1: $(diff <(echo "$before") <(echo "$now"))"
}
room() { awk -v table="$2" '$1 == table { print $2 }' <<<"$1"; }

start_service
"$neighbour" sites 3000 &
echo $! >"$work/sites.pid"
echo "pid $!: watched" >>"$work/started"
wait_until 60 known sites || failed "the neighbour is not taken in"
recorded() { (($(grep -lE "^ *\"pid\": $(<"$work/sites.pid"),\$" "$records"/*.json 2>/dev/null | wc -l) == $1)); }
acts() {
	kill -USR1 "$(<"$work/sites.pid")"
	wait_until 60 recorded "$1" || failed "no record of window $1: $(cat "$work/service.log")"
}
# The first window leaves what its process is from then on: the main thread that waits.
acts 1
# Room comes back once a second, and is published a second later.
sleep 2.5
before=$(tables) foreign=$(foreign)
[[ $(room "$before" chains) ]] || failed "no tables: $before"
for ((i = 2; i <= windows; i++)); do
	acts "$i"
done
back "$windows windows of one process, 3,000 call sites each"
lost=$(jq -s '[.[].lost | .events + .stacks] | add' "$records"/*.json)
mapfile -t own < <(grep -lE "^ *\"pid\": $(<"$work/sites.pid"),\$" "$records"/*.json)
bad=$(jq -r 'select((.totals.populated_pages < 3000 and .window.late_ns == 0) or .totals.populated_pages > 3100 or .lost.verdict != "nothing")
	| "\(input_filename): \(.totals.populated_pages) pages, \(.lost)"' "${own[@]}")
[[ ! $bad ]] || failed "$bad"
end_guest sites
wait_until 20 has_forgotten || failed "the neighbour is held on to"

migrate warm completed
wait_until 20 has_forgotten || failed "guests that are gone are held on to"
sleep 2.5
before=$(tables) foreign=$(foreign)
how=(completed cancelled source-killed destination-killed)
for ((i = 0; i < migrations; i++)); do
	migrate "$vm$i" "${how[i % 4]}"
done
wait_until 20 has_forgotten || failed "guests that are gone are held on to"
back "$migrations migrations"
check_records
echo "${lost:-0} events lost; $(tr '\n' ' ' <<<"$before")"
stop_service
