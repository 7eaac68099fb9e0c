#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A reader that hangs (it is stopped) with a question before it: the tracer ends it, gives up the file of
# the question, says so once, and makes its record with the names of all other files.
# Arguments: MIGPOP VICTIM LIBRARY
# shellcheck source=tests/reader/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_victim "$2" "$3"
start_tracer
populate
wait_reader
kill -STOP "$reader"
end_tracer
wait_until 10 is_over "$reader" || failed "the reader that hangs is left"
(($(unreadable) == 1)) || failed "$(unreadable) files are said to be unreadable"
file=$(sed -nE 's/.*cannot read names of (.*), which pid [0-9]+ executes: reading it takes too long: .*/\1/p' "$work/log")
[[ $file ]] || failed "the log does not say why"
# Which file was asked for first is the tracer's affair. Pages of the other files have their names.
case ${file##*/} in
victim) (($(pages populate_in_library) == 300 && $(pages populate_in_program) == 0)) ;;
libreader-library.so) (($(pages populate_in_program) == 400 && $(pages populate_in_library) == 0)) ;;
*) (($(pages populate_in_program) == 400 && $(pages populate_in_library) == 300)) ;;
esac || failed "without ${file##*/}: $(pages populate_in_program) and $(pages populate_in_library) pages"
[[ $(jq -c '[.totals.populated_pages >= 700, .lost.events]' "$work/record.json") == '[true,0]' ]] ||
	failed "the record has $(jq -c '[.totals, .lost]' "$work/record.json")"
echo "given up: ${file##*/}"
