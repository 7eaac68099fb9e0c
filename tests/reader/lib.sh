# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of the reader share: a process that populates pages in two files, the tracer of it, and
# the tracer's readers. Sourced by each; their arguments are MIGPOP VICTIM LIBRARY.
# shellcheck shell=bash

set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

migpop=$(realpath "$1")
((EUID == 0)) || skip "not root"
command -v jq >/dev/null || skip "jq is not installed"
work=$(mktemp -d /dev/shm/reader.XXXXXX)
tracer='' victim=''

cleanup() {
	local status=$?

	exec 2>/dev/null # the shell announces each process that it kills
	[[ ! $tracer ]] || kill -KILL "$tracer" || true
	[[ ! $victim ]] || kill -KILL "$victim" || true
	wait || true
	rm -rf "$work"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

failed() {
	echo "FAIL: $*"
	[[ ! -e $work/log ]] || cat "$work/log"
	exit 1
}

# AddressSanitizer takes terabytes of address space: such a reader has no limit of it.
sanitized() {
	[[ $(nm "$migpop" | grep -c __asan_init) != 0 ]]
}

# start_victim PROGRAM LIBRARY: copies of the two, since each test has its own file of names.
start_victim() {
	mkdir "$work/bin"
	cp "$1" "$work/bin/victim"
	cp "$2" "$work/bin/$(basename "$2")"
	mkfifo "$work/in"
	LD_LIBRARY_PATH=$work/bin "$work/bin/victim" <"$work/in" >"$work/out" &
	victim=$!
	exec 3>"$work/in"
	wait_line "$work/out" '^ready$' "$victim" 60 || failed "the victim does not start"
}

start_tracer() {
	rm -f "$work/log" # what the last one said is no sign of this one
	"$migpop" trace -p "$victim" --format json -o "$work/record.json" 2>"$work/log" &
	tracer=$!
	wait_tracer "$work/log" '^tracing ' "$tracer" 60
}

populate() {
	echo >&3
	wait_line "$work/out" '^done$' "$victim" 60 || failed "the victim populates nothing"
}

end_tracer() {
	local status=0

	kill -INT "$tracer"
	wait "$tracer" || status=$?
	tracer=''
	((status == 0)) || failed "the tracer ended with $status"
}

# Its readers: of call frame information while it starts, and of names as long as it traces.
readers() {
	local pid

	while read -r pid; do
		[[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") != "migpop reader " ]] || echo "$pid"
	done < <(cat "/proc/$tracer/task/"*/children 2>/dev/null | tr ' ' '\n' | grep .)
}

# Waits for the readers of call frame information to have gone: $reader is the one that stays.
wait_reader() {
	# shellcheck disable=SC2317 # called through wait_until
	one_reader() { reader=$(readers) && [[ $reader =~ ^[0-9]+$ ]]; }
	wait_until 10 one_reader || failed "the tracer has as readers: $(readers)"
}

# pages FUNCTION: so many pages were populated in it, as the record has it.
pages() {
	jq --arg name "$1" '[.callsites[] | select(any(.frames[:2][]; .function == $name)) | .populated_pages]
		| add // 0' "$work/record.json"
}

# Lines of the log about files that cannot be read.
unreadable() {
	grep -c 'cannot read' "$work/log" || true
}
