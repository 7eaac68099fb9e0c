#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A target ends and another process gets its process id while a second target is still traced: not a
# page, not a figure of the newcomer is in the record.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

start first "$target" say ready wait memfd 100 anon 10 say "done" wait
first=$pid
start second "$target" say ready wait memfd 300 say "done" wait
second=$pid
await first ready
await second ready
trace reuse -i 0.1 -p "$first" -p "$second"

go "$first"
await first "done"
go "$first"
finish "$first" # and reaped: the number is free

start newcomer "$target" child-pid "$first" say ready wait memfd 700 anon 5000 say "done" wait
await newcomer ready
equal "process id of the newcomer" "$said" "$first"
go "$first"
await newcomer "done"
# Until the tracer has looked at its targets while the newcomer is there.
lines=$(wc -l <reuse.out)
three_more() { (($(wc -l <reuse.out) >= lines + 3)); }
until_true "live lines" three_more

go "$second"
await second "done"
go "$second"
finish "$second"
finish "$tracer"
equal "exit status" "$status" 0
equal "pages of memfds" "$(populated_of_memfds reuse)" 400
equal "pages of the second target that the books are off by" "$(ask reuse '[.accounting[] |
	select(.kind == "shmem" and .kernel_pages == 300 and .residual_pages == 0)] | length')" 1
equal "lost" "$(ask reuse .lost.events)" 0
equal "anonymous pages of the first target, and of the newcomer" \
	"$(ask reuse "[.callsites[] | select(.pid == $first) | .backing[] | select(.kind == \"anon\")
		| .populated_pages] | add | . >= 10 and . < 100")" true
equal "uncertainty beyond that of a process that has ended" \
	"$(ask reuse '[.accounting[] | select(.uncertainty_pages > 1000)] | length')" 0
equal "resident pages in the timeline with the newcomer's" \
	"$(ask reuse '[.timeline[] | select(.rss_pages > 4000)] | length')" 0
go "$first"

passed "400 pages of two targets, none of the newcomer's 5,700"
