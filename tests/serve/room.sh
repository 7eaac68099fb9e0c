#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service over many updates of the emulator: each build has call frame information of its own,
# and that of builds which are gone makes room for those that come. What is too much for the table at
# one time is said, in a record with its share, and is over when others are gone.
# Arguments: MIGPOP QMP-CLI NEIGHBOUR
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/serve/builds.sh
. "$(dirname "${BASH_SOURCE[0]}")/builds.sh"
neighbour=$(realpath "$3")

# whole NAME: both ends' chains are, and the zero pages are known for what they are.
whole() {
	local bad

	bad=$(jq -r 'select(any(.callsites[]; .chain_end != null and .chain_end != "complete" and
			.chain_end != "no-cfi" and .populated_pages > 0) or
		([.callsites[] | select(.category == "zero-page" or .category == "zero-detect") |
			.zero_populated_pages] | add // 0) < '$((guest_memory / 4096 - 144))')
		| "\(input_filename): \([.callsites[] | [.category, .chain_end, .populated_pages]]) \(.lost)"' \
		"$records"/*-"$1"-*.json)
	[[ ! $bad ]] || failed "$bad"
}

start_service
# Some 200,000 rows each beside those of the libraries, which are the same ones.
size=$(metric 'migpop_table_size{table="unwind-rows"}')
builds=$((${size:-1310720} / 200000 + 2))
for ((i = 1; i <= builds; i++)); do
	start_build "$i" "build$i"
	wait_known "build$i"
	end_guest "build$i"
	rm "$built"
	wait_until 20 has_forgotten || failed "build $i is held on to"
done
build $((builds + 1))
migrate after completed
whole after
! grep "no room for the call frame information" "$work/service.log" || failed "there was no room"
echo "$builds builds of QEMU one after another in ${size:-a table of} rows: chains of the next are whole"

files=()
for ((i = 1; i <= builds; i++)); do
	build "$i"
	files+=("$built")
done
"$neighbour" maps "${files[@]}" &
echo $! >"$work/maps.pid"
echo "pid $!: watched" >>"$work/started"
said() { grep -qE "$1" "$work/service.log"; }
wait_until 60 said "^migpop: no room for the call frame information of $work/qemu-system-build[0-9]* .*: call chains of pid $(<"$work/maps.pid") end" ||
	failed "it was not said that there is no room: $(cat "$work/service.log")"

build $((builds + 2))
start_guest stays.s stays
start_guest stays.d1 stays -incoming "unix:$work/stays.stream1"
wait_known stays.s stays.d1
qmp stays.s migrate "{\"uri\": \"unix:$work/stays.stream1\"}"
qmp stays.s --wait-migration completed
wait_until 60 has_records stays || failed "no records"
lacks=$(jq -c '[(.lost.verdict, .lost.events), (.lost.room[] | select(.module == "'"$built"'") |
	.table, .pages >= '$((guest_memory / 4096))'),
	([.callsites[] | select(.chain_end == "no-room") | .populated_pages] | add) == .lost.chainless_pages,
	([.callsites[] | select(.category == "zero-page")] == [])]' "$records"/*-stays-source.json)
[[ $lacks == '["chains",0,"unwind-rows",true,true,true]' ]] ||
	failed "the record says $lacks: $(jq -c .lost "$records"/*-stays-source.json)"
"$migpop" report "$records"/*-stays-source.json >"$work/text"
grep -q "no room in the table of unwind-rows for ${built##*/}: [0-9,]* pages ([19][0-9.]* %)" "$work/text" ||
	failed "the text says: $(tail -n 5 "$work/text")"
! grep -q "lost nothing" "$work/text" || failed "the text says that nothing was lost"
said "^migpop: pid $(<"$work/stays.s.pid"): no whole call chain for [0-9,]* of [0-9,]* pages \\([19][0-9.]* %\\): no room in the table of unwind-rows for $built\$" ||
	failed "the log says: $(cat "$work/service.log")"
(($(metric 'migpop_errors_total{kind="room"}') >= 2)) || failed "no room is no error"

end_guest maps stays.s
wait_until 20 has_forgotten || failed "what is gone is held on to"
rm "$records"/*-stays-*.json
start_guest stays.d2 stays -incoming "unix:$work/stays.stream2"
wait_known stays.d2
qmp stays.d1 migrate "{\"uri\": \"unix:$work/stays.stream2\"}"
qmp stays.d1 --wait-migration completed
wait_until 60 has_records stays || failed "no records of the second"
[[ $(jq -c '[.lost.verdict, .lost.chainless_pages, .lost.room]' "$records"/*-stays-*.json | sort -u) == '["nothing",0,[]]' ]] ||
	failed "with room again: $(jq -c .lost "$records"/*-stays-*.json)"
end_guest stays.d1 stays.d2
echo "$builds builds at once: no room for another, and for ${lacks:+all its pages} no whole chain; it gets room when they are gone"
stop_service
