#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What tracing costs is measured for every hook: a target that only makes system calls, which populate
# nothing, is charged for them. The kernel's own statistics of these programs, switched on for a moment, say what
# one of them takes; they and the record are of one magnitude. Too few events to tell: null.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

command -v bpftool >/dev/null || skip "bpftool is not installed"
switch=/proc/sys/kernel/bpf_stats_enabled
[[ -w $switch ]] || skip "no $switch"
calls=200000

# What runs of the tracer's programs for system calls have taken: "RUNS NANOSECONDS".
runs() {
	local id

	bpf_of "$tracer" | sed -n 's/^prog //p' | while read -r id; do
		bpftool -j prog show id "$id" 2>/dev/null || true
	done | jq -rs '[.[] | select(.name == "common__sys_enter" or .name == "common__sys_exit")]
		| "\(map(.run_cnt) | add // 0) \(map(.run_time_ns) | add // 0)"'
}

# read() calls of the target so far.
reads() {
	sed -n 's/^syscr: //p' "/proc/$dd/io"
}

has_read() {
	(($(reads) >= $1))
}

statistics() {
	echo "$1" >"$switch"
}

at_end=(statistics "$(<"$switch")")
statistics 1
start target dd if=/dev/zero of=/dev/null bs=1 count=1000000000
dd=$pid
trace calls -p "$dd"
until_true "the target makes $calls calls" has_read $(($(reads) + calls))
kill -STOP "$dd"
read -r count ns < <(runs)
"${at_end[@]}"
kill -INT "$tracer"
finish "$tracer"
kill -KILL "$dd"
equal "exit status" "$status" 0
((count > calls)) || failed "the kernel counts $count runs"
# Each call is entered and left, and reads are half of dd's.
bad=$(jq -r --argjson calls "$calls" --argjson kernel "$((ns / count))" '.overhead as $o |
	if $o.events < 4 * $calls then "\($o.events) events"
	elif $o.bpf_ns == null or $o.share_of_window == null then "not measured"
	elif $o.ns_per_event < $kernel / 4 or $o.ns_per_event > $kernel * 4
	then "\($o.ns_per_event) ns an event, \($kernel) by the kernel"
	elif ($o.bpf_ns / $o.events - $o.ns_per_event | fabs) > 0.01 then "\($o.bpf_ns) of \($o.events) events"
	elif ($o.bpf_ns / (.window.end_ns - .window.start_ns) - $o.share_of_window | fabs) > 0.001
	then "a share of \($o.share_of_window)"
	else empty end' calls.json)
[[ ! $bad ]] || failed "$bad"

start sleeper sleep 1000
trace few -p "$pid"
kill -INT "$tracer"
finish "$tracer"
equal "few: cost" "$(ask few '.overhead | [.bpf_ns, .ns_per_event, .share_of_window] | tostring')" '[null,null,null]'

passed "$(ask calls .overhead.ns_per_event) ns an event of system calls, $((ns / count)) by the kernel's statistics"
