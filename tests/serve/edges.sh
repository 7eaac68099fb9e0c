#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Windows that begin and end in the midst of a real migration, at both ends at once, by tracers that
# are stopped at random moments: a duration, Ctrl-C, and windows of --phase auto that are cut short.
# The books balance within what they say is uncertain, which is at most 2 % of what moved.
# Arguments: MIGPOP, QMP-CLI, and how many migrations.
# shellcheck source=tests/serve/lib.sh
. "$(dirname "$0")/lib.sh"

runs=$3 guest_memory=$((1 << 30))

# trace END OPTIONS…: in the background, stopped at random.
declare -A tracer delayer
trace() {
	local end=$1

	shift
	rm -f "$work/$end.json" "$work/$end.err" # the last words of the one before are no sign of this one
	"$migpop" trace --format json -o "$work/$end.json" -p "$(<"$work/edges.$end.pid")" "$@" \
		2>"$work/$end.err" &
	tracer[$end]=$!
	echo "${tracer[$end]}" >"$work/trace.$end.pid"
	delay "${tracer[$end]}" &
	delayer[$end]=$!
	echo "${delayer[$end]}" >"$work/delay.$end.pid"
}

trace_both() {
	local end

	for end in s d; do
		trace "$end" "${options[@]}"
	done
	for end in s d; do
		wait_line "$work/$end.err" '^tracing ' "${tracer[$end]}" 60 ||
			failed "$end, $how: $(<"$work/$end.err")"
	done
}

# check END: its record; guest memory alone moves fast enough for 2 % to be many.
check() {
	local end=$1 status=0 bad

	wait "${tracer[$end]}" || status=$?
	wait "${delayer[$end]}" || true
	rm -f "$work"/{trace,delay}."$end.pid"
	((status == 0)) || failed "$end: the tracer ended with $status: $(<"$work/$end.err")"
	bad=$(jq -r '([.accounting[] | select(.kind == "shmem") | .kernel_pages] | max // 0) as $moved |
		if $moved < 2000 then "only \($moved) pages moved" else empty end,
		(.accounting[] | select(.residual_pages != null and
			((.residual_pages | fabs) > .uncertainty_pages or .uncertainty_pages > $moved * 0.02)) |
		"\(.kind) \(.name): kernel \(.kernel_pages), traced \(.traced_pages), uncertainty \(.uncertainty_pages)")' \
		"$work/$end.json")
	[[ ! $bad ]] || failed "$end, $how: $bad; the migration: $("$cli" -t 60000 -p "$(<"$work/edges.s.pid")" "$work/edges.s.qmp" query-migrate | tr -d "\n" | head -c 300)"
	echo "$end, $how: $(jq -r '[.accounting[] | select(.kind == "shmem" or .kind == "anon") |
		"\(.kind): kernel \(.kernel_pages), residual \(.residual_pages), uncertainty \(.uncertainty_pages)"] |
		join("; ")' "$work/$end.json")"
}

ways=(duration interrupt phase)
for ((i = 0; i < runs; i++)); do
	how=${ways[i % 3]} name=edges
	start_guest "$name.s" "${vm}edges"
	start_guest "$name.d" "${vm}edges" -incoming defer
	qmp "$name.s" --wait-ready
	qmp "$name.d" --wait-ready
	qmp "$name.d" migrate-incoming "{\"uri\": \"unix:$work/$name.stream\"}"
	# Slow: a gigabyte of zero pages in many seconds, longer than a tracer needs to begin.
	qmp "$name.s" migrate-set-parameters '{"max-bandwidth": 200000}'
	options=()
	[[ $how != duration ]] || options=(-d 1)
	[[ $how != phase ]] || options=(--phase auto)
	if [[ $how == phase ]]; then
		trace_both
	fi
	qmp "$name.s" migrate "{\"uri\": \"unix:$work/$name.stream\"}"
	qmp "$name.s" --wait-migration active
	if [[ $how != phase ]]; then
		trace_both
	fi
	if [[ $how != duration ]]; then
		sleep 1
		for end in s d; do
			kill -INT "${tracer[$end]}" || failed "$end: the tracer has ended: $(<"$work/$end.err")"
		done
	fi
	for end in s d; do
		check "$end"
	done
	end_guest "$name.s" "$name.d"
done
echo "PASS: both ends of $runs migrations, traced from or to their midst, balance within 2 %"
