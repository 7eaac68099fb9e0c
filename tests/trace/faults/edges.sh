#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A window that opens and closes while memory moves, of a tracer that is stopped at random moments:
# the books balance within what they say is uncertain, which is at most 2 % of what moved.
# Argument: how many windows.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

runs=$1

for ((i = 0; i < runs; i++)); do
	start busy "$target" say ready busy 2
	busy=$pid
	await busy ready
	if ((i % 2)); then
		start edges "$migpop" trace --mode "$mode" --format json -o edges.json -p "$busy"
	else
		start edges "$migpop" trace --mode "$mode" --format json -o edges.json -d 2 -p "$busy"
	fi
	tracer=$pid
	delay "$tracer" &
	delayer=$!
	started+=("$delayer")
	until_true "the tracer traces" traces_or_ended edges "$tracer"
	if ((i % 2)); then
		sleep 2
		kill -INT "$tracer"
	fi
	finish "$tracer"
	wait "$delayer" || true
	kill -KILL "$busy"
	wait "$busy" 2>/dev/null || true
	equal "exit status" "$status" 0
	equal "files populated" "$(ask edges '[.accounting[] | select(.kind == "shmem" and .kernel_pages > 1000)] | length')" 2
	# Of anonymous memory nothing moves: a page for each thread that runs may.
	bad=$(ask edges '.accounting[] | select(.residual_pages != null and
		((.residual_pages | fabs) > .uncertainty_pages or
		.uncertainty_pages > ([.kernel_pages * 0.02, 8] | max))) |
		"\(.kind) \(.name): kernel \(.kernel_pages), traced \(.traced_pages), uncertainty \(.uncertainty_pages)"')
	[[ -z $bad ]] || failed "window $i: $bad"
	echo "window $i: $(ask edges '[.accounting[] | select(.kind == "shmem") |
		"kernel \(.kernel_pages), residual \(.residual_pages), uncertainty \(.uncertainty_pages)"] | join("; ")')"
done
passed "$runs windows of a tracer that was stopped at random balance within 2 %"
