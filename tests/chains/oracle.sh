#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A program's call chains under the tracer are those that gdb sees when it stops the same program at
# the same instructions.
#
#	oracle.sh MIGPOP PROGRAM [ARGS]
#
# STACK chooses another --stack than cfi.

migpop=$1
shift
here=$(dirname "$0")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

skip() {
	echo "SKIP: $*"
	exit 77
}

gdb -nx -batch -ex 'python import json' >/dev/null 2>&1 || skip "no gdb with Python"
setarch -R true 2>/dev/null || skip "address space layout randomisation cannot be switched off"

setarch -R "$migpop" trace -q --stack "${STACK:-cfi}" --format json -o "$work/record.json" -- "$@" \
	>"$work/expect" 2>"$work/stderr"
status=$?
cat "$work/stderr"
[ $status -ne 3 ] || skip "$(tail -n 1 "$work/stderr")"
[ $status -eq 0 ] || exit 1

gdb -nx -batch -ex "python record='$work/record.json'; expect='$work/expect'" \
	-x "$here/oracle.py" --args "$@"
status=$?
[ $status -eq 0 ] || { cp -r "$work" "$work.kept" && echo "kept: $work.kept"; }
exit $status
