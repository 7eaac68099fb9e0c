#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service over many updates of the emulator: each build has call frame information of its own,
# and that of builds which are gone makes room for those that come.
# Arguments: MIGPOP QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v readelf >/dev/null || skip "readelf is not installed"
stock=$(command -v qemu-system-x86_64)
build_id=$(readelf -n "$stock" 2>/dev/null | awk '/Build ID/ {print $3}')
[[ $build_id ]] || skip "$stock has no build-id"
# A copy of it elsewhere finds neither its accelerator nor its firmware by itself.
QEMU_MODULE_DIR=$(dirname "$(find /usr/lib* -path '*/qemu/accel-tcg-x86_64.so' | head -n 1)")
export QEMU_MODULE_DIR
note_at=$(LC_ALL=C grep -obUaP "$(sed 's/../\\x&/g' <<<"$build_id")" "$stock" | head -n 1 | cut -d: -f1)

# build N: guests run a QEMU that is another build by its build-id from now on, $built.
build() {
	built=$work/qemu-system-build$1
	qemu=("$built" -L /usr/share/qemu -L /usr/share/seabios)
	cp "$stock" "$built"
	printf '%08x' "$1" | xxd -r -p | dd of="$built" bs=1 seek="$note_at" conv=notrunc status=none
}

# start_build N NAME [OPTIONS…]: a guest of that build.
start_build() {
	build "$1"
	start_guest "$2" "$2" "${@:3}"
}

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
