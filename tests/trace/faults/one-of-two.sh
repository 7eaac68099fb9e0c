#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One of several targets ends while others are still traced: what it gave back at its end is in the
# books, which balance for every memfd. The same for children of a command.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

start first "$target" say ready wait memfd 100 exit 0
first=$pid
start second "$target" say ready wait memfd 300 exit 0
second=$pid
await first ready
await second ready
trace two -p "$first" -p "$second"
go "$first"
finish "$first"
go "$second"
finish "$second"
finish "$tracer"
equal "two: exit status" "$status" 0
record_is_sound two 400

trace children -- "$target" memfd 50 children 3 memfd 30
finish "$tracer"
equal "children: exit status" "$status" 0
record_is_sound children $((50 + 3 * 30))

passed "2 targets and 3 children, ended one after the other, residual 0"
