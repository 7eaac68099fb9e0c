#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What migpop replay says to a command line that is wrong, and to files that are no streams: one
# line, and the exit status for it. Usage: usage.sh MIGPOP
set -euo pipefail

migpop=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# ends STATUS WORDS ARGS…
ends() {
	local status=0 wanted=$1 words=$2

	shift 2
	"$migpop" replay "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	if ((status != wanted)) || [[ $(wc -l <"$work/err") != 1 || -s $work/out ]] ||
		! grep -q -- "$words" "$work/err"; then
		echo "FAIL: replay $*: status $status, not $wanted, with \"$words\": $(<"$work/err")"
		((++failures))
	fi
}

printf 'QEVM\0\0\0\3\7\0\0\0\2pc\1\0\0\0\2\3ram' >"$work/short"
printf 'QEVM\0\0\0\2' >"$work/old"
printf 'something else altogether' >"$work/other"
mkdir "$work/folder"

ends 2 'no stream'
ends 2 'one stream only' a b
ends 2 'not both' --listen unix:a b
ends 2 'neither unix' --listen udp:1
ends 2 'unknown backing: disk' --backing disk a
ends 2 'unknown handler: magic' --handler magic a
ends 2 'neither on nor off' --batch yes a
ends 2 'neither on nor off' --track 1 a
ends 2 'No such file' "$work/none"
ends 2 'Is a directory' "$work/folder"
ends 2 'no such address' --listen tcp:localhost:nothing
ends 2 'cannot write' -o "$work/none/out" "$work/short"
ends 4 "short: offset 24: the stream ends" "$work/short"
ends 4 'old: offset 4: version 2' "$work/old"
ends 4 'other: offset 0: no migration stream' "$work/other"
ends 4 'standard input: offset 0: the stream ends' -
((!failures))
