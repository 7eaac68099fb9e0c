#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A reader that dies of a signal while nothing is read, and one that dies with a question before it: the
# next one answers, and the record lacks nothing.
# Arguments: MIGPOP VICTIM LIBRARY
# shellcheck source=tests/reader/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_victim "$2" "$3"
start_tracer
populate
wait_reader
kill -SEGV "$reader"
wait_until 10 is_over "$reader" || failed "it survives SIGSEGV"
end_tracer
(($(pages populate_in_program) == 400 && $(pages populate_in_library) == 300)) ||
	failed "$(pages populate_in_program) and $(pages populate_in_library) pages after a reader died"
(($(unreadable) == 0)) || failed "a file is said to be unreadable"

: >"$work/out"
start_tracer
populate
wait_reader
kill -STOP "$reader"
kill -INT "$tracer"
# The question is in its socket as soon as the tracer waits for the answer.
asked() { [[ $(ss -xp 2>/dev/null | awk -v pid="pid=$reader," 'index($0, pid) { print $3 }') != 0 ]]; }
if command -v ss >/dev/null; then
	wait_until 10 asked || failed "it is asked nothing"
else
	sleep 0.5
fi
kill -SEGV "$reader"
kill -CONT "$reader"
status=0
wait "$tracer" || status=$?
tracer=''
((status == 0)) || failed "the tracer ended with $status"
(($(pages populate_in_program) == 400 && $(pages populate_in_library) == 300)) ||
	failed "$(pages populate_in_program) and $(pages populate_in_library) pages after a reader died of a question"
(($(unreadable) == 0)) || failed "a file is said to be unreadable"
