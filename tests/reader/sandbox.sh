#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel says of the reader of a trace: no capability, no new privileges, a filter of system
# calls, limits; no descriptor but its socket, /dev/null and the files that it reads; none of the maps of
# the tracer's programs, neither open nor mapped.
# Arguments: MIGPOP VICTIM LIBRARY
# shellcheck source=tests/reader/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_victim "$2" "$3"
start_tracer
populate
wait_reader

# status FIELD: what /proc says.
status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$reader/status"; }
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	[[ $(status $set) =~ ^0+$ ]] || failed "$set is $(status $set)"
done
[[ $(status NoNewPrivs) == 1 ]] || failed "it can gain privileges"
[[ $(status Seccomp) == 2 ]] || failed "it has no filter of system calls"
[[ $(status Threads) == 1 ]] || failed "it has $(status Threads) threads"
limit() { awk -v name="$1" 'index($0, name) == 1 { print $(NF - 1) }' "/proc/$reader/limits"; }
[[ $(limit "Max cpu time") == 60 ]] || failed "its CPU time is limited to $(limit "Max cpu time")"
[[ $(limit "Max core file size") == 0 ]] || failed "it leaves a core"
if [[ $(limit "Max address space") != 1073741824 ]]; then
	sanitized || failed "its address space is limited to $(limit "Max address space")"
fi
[[ $(<"/proc/$reader/oom_score_adj") == 1000 ]] || failed "others are ended before it"
while read -r open; do
	case $open in
	/dev/null | socket:* | "$work"/bin/* | /*.so* | /*ld-linux*) ;;
	*) failed "it has open: $open" ;;
	esac
done < <(find "/proc/$reader/fd" -mindepth 1 -printf '%l\n')
! grep -q "anon_inode\|rw-s" "/proc/$reader/maps" ||
	failed "it has mapped: $(grep "anon_inode\|rw-s" "/proc/$reader/maps")"
find "/proc/$tracer/fd" -printf '%l\n' | grep -q bpf || failed "the tracer has no BPF descriptor: this test is blind"
end_tracer
(($(pages populate_in_program) == 400 && $(pages populate_in_library) == 300)) ||
	failed "$(pages populate_in_program) and $(pages populate_in_library) pages"
wait_until 10 is_over "$reader" || failed "the reader is still there"
