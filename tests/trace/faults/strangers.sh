#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A stranger that places pages in its own memory by userfaultfd, as a QEMU does in postcopy, is none of the
# tracer's: nothing of it costs, and nothing of it is read.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

stranger=$programs/../uffd-copy
"$stranger" >stranger.out 2>&1 || { (($? != 77)) || skip "no userfaultfd"; failed "$(<stranger.out)"; }
start target "$target" say ready hold
await target ready
kill -STOP "$pid"
until_true "the target stops" is_in_state "$pid" T
start trace "$migpop" trace --mode "$mode" --format json -o strangers.json -p "$pid"
tracer=$pid
until_true "the tracer traces" traces_or_ended trace "$tracer"
for ((i = 0; i < 20; i++)); do
	"$stranger" >stranger.out 2>&1 || failed "$(<stranger.out)"
done
kill -INT "$tracer"
finish "$tracer"
equal "exit status" "$status" 0
# Each makes more than 3,000 pages. Others on this machine may look into processes meanwhile.
equal "events that were counted are few" "$(ask strangers '.overhead.events < 3000')" true
passed "20 strangers cost nothing"
