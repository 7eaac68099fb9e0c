#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two hundred targets at once, each with a number of pages of its own: every one of them is exact.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

targets=200 expected=0 options=() pids=()

for ((i = 1; i <= targets; i++)); do
	start "target-$i" "$target" say ready wait memfd "$i" anon "$i" say "done" wait
	options+=(-p "$pid")
	pids+=("$pid")
	expected=$((expected + i))
done
for ((i = 1; i <= targets; i++)); do
	await "target-$i" ready
done
trace many "${options[@]}"
for pid in "${pids[@]}"; do
	go "$pid"
done
for ((i = 1; i <= targets; i++)); do
	await "target-$i" "done"
done
kill -INT "$tracer"
finish "$tracer"
equal "exit status" "$status" 0
record_is_sound many "$expected"
equal "targets in the record" "$(ask many '.targets // [.target] | length')" "$targets"

# Each for itself: the i-th has i pages of its memfd, and its books balance.
# shellcheck disable=SC2016 # a variable of jq's
ask many '.callsites[] | .pid as $pid | .backing[] | select(.kind == "shmem") |
	"\($pid) \(.populated_pages)"' | sort >found.txt
for ((i = 1; i <= targets; i++)); do
	echo "${pids[i - 1]} $i"
done | sort >expected.txt
cmp -s found.txt expected.txt ||
	failed "pages a target differ: $(comm -3 found.txt expected.txt | head -n 3 | tr '\n\t' '; ')"
equal "memfds in the books" "$(ask many '[.accounting[] | select(.kind == "shmem" and
	.residual_pages == 0)] | length')" "$targets"
equal "targets whose anonymous memory is off" "$(ask many '[.accounting[] | select(.kind == "anon" and
	(.residual_pages | fabs) > .uncertainty_pages)] | length')" 0

for pid in "${pids[@]}"; do
	go "$pid"
done

passed "$targets targets, $expected pages, each exact, residual 0, lost 0"
