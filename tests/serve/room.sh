#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service over many updates of the emulator: each build has call frame information of its own,
# and that of builds which are gone makes room for those that come.
# Arguments: MIGPOP QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/serve/builds.sh
. "$(dirname "${BASH_SOURCE[0]}")/builds.sh"

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
size=$(metric 'migpop_table_size{table="rows"}')
builds=$((${size:-1310720} / 200000 + 2))
for ((i = 1; i <= builds; i++)); do
	start_build "$i" "build$i"
	wait_known "build$i"
	end_guest "build$i"
	rm "$built"
	wait_until 20 let_go || failed "build $i is held on to"
done
build $((builds + 1))
migrate after completed
whole after
[[ $(metric 'migpop_errors_total{kind="room"}') == 0 ]] || failed "$(grep room "$work/service.log")"
echo "$builds builds of QEMU one after another in ${size:-a table of} rows: chains of the next are whole"
stop_service
