#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The mode that auto takes, by trial of empty programs, is the first whose hooks attach one by one; a
# mode that was asked for is taken or refused, never exchanged for another.
#
#	mode-choice.sh MIGPOP

[ $# -eq 1 ] || { echo "usage: $0 MIGPOP" >&2 && exit 2; }
migpop=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

failed() {
	echo "FAIL: mode-choice: $*"
	exit 1
}

[ "$(id -u)" -eq 0 ] || { echo "SKIP: mode-choice: not root" && exit 77; }
"$migpop" doctor >"$work/doctor" || { echo "SKIP: mode-choice: no mode attaches here" && exit 77; }
"$migpop" doctor --quiet >"$work/quiet" 2>&1 || failed "doctor --quiet ended otherwise"
[ ! -s "$work/quiet" ] || failed "doctor --quiet says: $(cat "$work/quiet")"
allowed=$(awk '
	/^mode / { mode = $2; order[++n] = mode; ok[mode] = 1 }
	/^  / && mode != "" && $NF != "ok" { ok[mode] = 0 }
	/^auto / { exit }
	END { for (i = 1; i <= n; i++) if (ok[order[i]]) print order[i] }' "$work/doctor")

# taken OPTION...: the mode that a trace with these says it runs in, or its exit status.
taken() {
	"$migpop" trace "$@" -o "$work/record" -- cat /dev/null 2>"$work/said" || { echo "status $?" && return; }
	sed -n 's/^tracing pid .*, \([a-z]*\) mode, .*/\1/p' "$work/said"
}

first=$(echo "$allowed" | head -n 1)
got=$(taken)
[ "$got" = "$first" ] || failed "auto takes $got, not $first"
for mode in fentry kprobe tracepoint; do
	expected='status 3'
	! echo "$allowed" | grep -qx $mode || expected=$mode
	got=$(taken --mode $mode)
	[ "$got" = "$expected" ] || failed "--mode $mode: $got, not $expected"
done
echo "PASS: mode-choice: auto takes $first of $(echo "$allowed" | tr "\n" " ")"
