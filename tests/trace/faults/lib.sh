# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of faults share: a place to work in, processes to start and to end, records to ask,
# and the verdict. Sourced by each; their arguments are MIGPOP, MODE and the programs' directory.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those that source this

set -euo pipefail
set +m

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/lib.sh"

migpop=$(realpath "$1") mode=$2 programs=$(realpath "$3")
shift 3
target=$programs/target adopt=$programs/adopt
work=$(mktemp -d "${TMPDIR:-/var/tmp}/migpop-faults.XXXXXX")
title=faults/$(basename "$0" .sh)
started=() at_end=(:) # at_end: a command that puts back what the test has changed
patience=60 # seconds; every condition comes true long before, or never

((EUID == 0)) || skip "not root"
cd "$work"

# Ends what the test has left behind.
cleanup() {
	local status=$? pid

	trap - EXIT
	"${at_end[@]}"
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	cd /
	((status)) || records_hold "$migpop" "$work" || status=1
	if ((status == 0 || status == 77)); then
		rm -rf "$work"
	else
		grep -sv '^tracing ' "$work"/*.err | sed "s|^$work/|    |" || true
		echo "    kept: $work"
	fi
	exit "$status"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

failed() {
	echo "FAIL: $title: $*"
	exit 1
}

passed() {
	echo "PASS: $title: $*"
}

# equal WHAT FOUND EXPECTED
equal() {
	[[ $2 == "$3" ]] || failed "$1: $2, not $3"
}

# until_true WHAT COMMAND ARGS...
until_true() {
	local what=$1

	shift
	wait_until "$patience" "$@" || failed "$what: not within $patience seconds"
}

# start NAME COMMAND ARGS...: in the background, NAME.out and NAME.err are what it says, $pid it is.
start() {
	local name=$1

	shift
	"$@" >"$name.out" 2>"$name.err" </dev/null &
	pid=$!
	started+=("$pid")
}

# Is "WORD PID" among what NAME has said?
has_said() {
	grep -q "^$2 " "$1.out" 2>/dev/null
}

# await NAME WORD: until it has said so; $said is the process that did.
await() {
	until_true "$1 says $2" has_said "$1" "$2"
	said=$(sed -n "s/^$2 //p" "$1.out" | tail -n 1)
}

# go PID: on from where it waits.
go() {
	kill -USR1 "$1" 2>/dev/null || failed "process $1 is gone"
}

# trace NAME ARGS...: the tracer in the background, its record in NAME.json; returns when it traces.
trace() {
	local name=$1

	shift
	start "$name" "$migpop" trace --mode "$mode" --format json -o "$name.json" "$@"
	tracer=$pid
	until_true "$name traces" traces_or_ended "$name" "$tracer"
	grep -q ^tracing "$name.err" || failed "the tracer did not start: $(<"$name.err")"
}

traces_or_ended() {
	grep -q ^tracing "$1.err" 2>/dev/null || ended "$2"
}

# finish PID: its exit status, in $status.
finish() {
	until_true "process $1 ends" is_over "$1"
	status=0
	wait "$1" || status=$?
}

# The letter of proc(5), nothing for a process that is gone.
state_of() {
	sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true
}

is_in_state() {
	[[ $(state_of "$1") == "$2" ]]
}

# ask RECORD FILTER: of jq.
ask() {
	jq -r "$2" "$1.json"
}

# Pages of memfds in a record: what was traced, and what the books are off by.
populated_of_memfds() {
	ask "$1" '[.callsites[].backing[]? | select(.kind == "shmem") | .populated_pages] | add // 0'
}

residual_of_memfds() {
	ask "$1" '[.accounting[] | select(.kind == "shmem") | .residual_pages | fabs] | add // 0'
}

# record_is_sound NAME PAGES: a whole record, so many pages of memfds, balanced, nothing lost.
record_is_sound() {
	equal "$1: schema" "$(ask "$1" .schema)" migpop.record/2
	equal "$1: pages of memfds" "$(populated_of_memfds "$1")" "$2"
	equal "$1: residual of memfds" "$(residual_of_memfds "$1")" 0
	equal "$1: lost" "$(ask "$1" .lost.events)" 0
}

# BPF programs and links that a process holds: "prog ID" and "link ID", one a line.
bpf_of() {
	sed -n 's/^\(prog\|link\)_id:\t/\1 /p' "/proc/$1/fdinfo/"* 2>/dev/null | sort -u || true
}

# Is none of those of the file FILE in the kernel any more?
bpf_is_gone() {
	local kind id

	while read -r kind id; do
		! bpftool "$kind" show id "$id" >/dev/null 2>&1 || return 1
	done <"$1"
}
