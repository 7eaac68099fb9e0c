# SPDX-License-Identifier: GPL-2.0-or-later
# A source QEMU whose stream is recorded or taken, the digests of its memory, and replays that are
# held against them. Sourced by the tests of this directory, never run.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

build=${BUILD:-$top/build/release}
migpop=$build/migpop
tools=$build/tests/stream
qemu=${QEMU:-qemu-system-x86_64} machine=pc
limit=120 # seconds, for each thing waited for
failures=0

[[ -x $migpop ]] || die "no $migpop; build first"
command -v jq >/dev/null || skip "jq is not installed"
command -v "$qemu" >/dev/null || skip "$qemu is not installed"

work=$(mktemp -d /dev/shm/stream.XXXXXX) # short, as the name of a socket must be
source_pid=''

cleanup() {
	local status=$?

	exec 2>/dev/null # the shell announces each process that it kills
	[[ ! $source_pid ]] || kill -KILL "$source_pid" || true
	wait || true
	return_huge_pages
	records_hold "$migpop" "$work" || status=1
	rm -rf "$work"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	echo "FAIL: $*"
	((++failures))
}

# Ends a test: how many checks failed.
finish() {
	((!failures)) || die "$failures checks failed"
	exit 0
}

qmp() {
	"$build/tests/qemu/qmp-cli" -t $((limit * 1000)) -p "$source_pid" "$work/qmp" "$@" ||
		die "QEMU did not do: $*; its last words: $(tail -n 2 "$work/log")"
}

# source_start GUEST SIZE…: a QEMU that stands still, with 2 MiB of its memory filled (idle), or boots
# the guest that rewrites its memory (churn); a RAM block in a memfd for each size, ram0, ram1 …, which differ in size.
source_start() {
	local guest=$1 size n=0 total=0 arguments=()

	shift
	for size; do
		arguments+=(-object "memory-backend-memfd,id=ram$n,share=on,size=$size")
		(($# == 1)) || arguments+=(-numa "node,memdev=ram$n")
		total=$((total + $(bytes "$size")))
		n=$((n + 1))
	done
	if (($# == 1)); then
		arguments+=(-machine "$machine,memory-backend=ram0")
	else
		arguments+=(-machine "$machine" -smp "$#")
	fi
	if [[ $guest == churn ]]; then
		"$tools/churn-sector" >"$work/disk"
		arguments+=(-drive "file=$work/disk,format=raw,if=ide")
	else
		head -c 2M /dev/urandom >"$work/payload"
		arguments+=(-S -device "loader,file=$work/payload,addr=0x200000,force-raw=on")
	fi
	rm -f "$work/qmp"
	"$qemu" -display none -nodefaults -no-user-config -accel tcg -m "$((total >> 20))M" \
		-qmp "unix:$work/qmp,server=on,wait=off" "${arguments[@]}" >"$work/log" 2>&1 &
	source_pid=$!
	qmp --wait-ready >/dev/null
}

source_end() {
	kill -KILL "$source_pid"
	wait "$source_pid" 2>/dev/null || true
	source_pid=''
}

capability() {
	qmp migrate-set-capabilities \
		"{\"capabilities\": [{\"capability\": \"$1\", \"state\": true}]}" >/dev/null
}

# Reading a hole of a memfd allocates nothing, so the source can be asked as it stands. Prints LENGTH
# DIGEST, a line for each of its RAM blocks.
source_digests() {
	local fd

	for fd in "/proc/$source_pid/fd"/*; do
		[[ $(readlink "$fd") == /memfd:memory-backend-memfd* ]] || continue
		echo "$(stat -L -c %s "$fd") $(sha256sum <"$fd" | cut -d ' ' -f 1)"
	done | sort
}

# migrate URI [ROUNDS]: until the source has finished and stands still. With ROUNDS it is held back
# until it has looked for dirty pages that often, and the guest is stopped then.
migrate() {
	local uri=$1 rounds=${2:-0}

	if ((rounds)); then
		qmp migrate-set-parameters '{"max-bandwidth": 60000000, "downtime-limit": 1}' >/dev/null
	else
		qmp migrate-set-parameters '{"max-bandwidth": 100000000000}' >/dev/null
	fi
	qmp migrate "{\"uri\": \"$uri\"}" >/dev/null
	if ((rounds)); then
		wait_until "$limit" looked_for_dirty_pages "$rounds" || die "no $rounds rounds"
		qmp stop >/dev/null
		qmp migrate-set-parameters '{"max-bandwidth": 100000000000}' >/dev/null
	fi
	qmp --wait-migration completed >/dev/null
}

looked_for_dirty_pages() {
	(($(qmp query-migrate | jq '.ram."dirty-sync-count" // 0') > $1))
}

# The guest has been over all of its memory, twice.
guest_churns() {
	local pages

	pages=$(qmp human-monitor-command '{"command-line": "xp /1wx 0x7e00"}' | grep -o '0x[0-9a-f]*' |
		tail -n 1)
	((pages >= 2))
}

# replay ARGS…: its JSON in $work/replay.json.
replay() {
	local status=0

	"$migpop" replay --json --digest "$@" >"$work/replay.json" 2>"$work/replay.log" || status=$?
	((status == 0)) || fail "replay $*: status $status: $(tail -n 1 "$work/replay.log")"
	return "$status"
}

# figure JQ-PATH: of that JSON.
figure() {
	jq -r "$1" "$work/replay.json"
}

# The digests of the last replay are those in the file, and those of all blocks are as they were at
# the first replay of this stream.
check_digests() {
	local what=$1 wanted=$2 missing all

	missing=$(comm -13 <(figure '.blocks[] | "\(.length) \(.digest)"' | sort) "$wanted")
	[[ ! $missing ]] || fail "$what: no block has the source's $missing"
	all=$(figure '.blocks[] | "\(.name) \(.length) \(.digest)"')
	[[ -e $wanted.all ]] || echo "$all" >"$wanted.all"
	[[ $all == "$(<"$wanted.all")" ]] || fail "$what: another digest than the first time"
}

# expect WHAT VALUE -eq|-gt WANTED
expect() {
	test "$2" "$3" "$4" 2>/dev/null || fail "$1: $2, not $3 $4"
}
