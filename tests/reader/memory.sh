#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A library whose symbols take more memory than a reader may have: it is named once and has no names, and
# the program has its own. Debug information that claims to inflate to 8 GiB costs nothing but itself. The
# tracer itself grows by neither.
# Arguments: MIGPOP VICTIM LIBRARY HUGE
# shellcheck source=tests/reader/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
! sanitized || skip "AddressSanitizer has no limit of memory"
command -v objcopy >/dev/null || skip "objcopy is not installed"

library=$work/$(basename "$3")
# trace_with HOW: one trace of a victim with such a library; $grown is what the tracer grew to, in KiB.
trace_with() {
	cp "$3" "$library"
	[[ $1 != inflate ]] || objcopy --compress-debug-sections=zlib-gabi "$library"
	"$4" "$1" "$library"
	start_victim "$2" "$library"
	start_tracer
	populate
	grown=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$tracer/status")
	end_tracer
	kill -KILL "$victim"
	exec 3>&-
	victim=''
	rm -r "${work:?}/bin" "$work/in" "$work/out" "$library"
}

trace_with symbols "$2" "$3" "$4"
(($(unreadable) == 1)) || failed "$(unreadable) files are said to be unreadable"
# On a busy machine its time is up before its memory is.
grep -qE "^migpop: cannot read names of $work/bin/$(basename "$3"), which pid [0-9]* executes: reading it takes too (much memory|long): " \
	"$work/log" || failed "the log does not name it"
(($(pages populate_in_program) == 400)) || failed "the program has $(pages populate_in_program) pages"
(($(pages populate_in_library) == 0)) || failed "the library was read: this test is blind"
jq -e --arg library "/$(basename "$3")" '[.callsites[] | select(.chain_end == "complete")
	| select((.frames[0].module // "") | endswith($library)) | .populated_pages] | add == 300' "$work/record.json" >/dev/null ||
	failed "pages of the library lack their chain: $(jq -c '[.callsites[] | [.chain_end, .populated_pages]]' "$work/record.json")"
symbols=$grown

trace_with inflate "$2" "$3" "$4"
(($(unreadable) == 0)) || failed "compressed sections make a file unreadable"
(($(pages populate_in_program) == 400 && $(pages populate_in_library) == 300)) ||
	failed "$(pages populate_in_program) and $(pages populate_in_library) pages"
((grown < 512 << 10 && symbols < 512 << 10)) || failed "the tracer itself took $symbols and $grown KiB"
echo "the tracer took $((symbols >> 10)) and $((grown >> 10)) MiB"
