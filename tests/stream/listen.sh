#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real source migrates to migpop replay over a socket: the source has completed then, and the
# content is its memory. By a UNIX socket, and over TCP with a return path, on which it waits for
# answers; and how a source that is killed, and one that uses multifd, end.
set -euo pipefail

# shellcheck source=tests/stream/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

destination=''
listen() {
	: >"$work/replay.log"
	"$migpop" replay --json --digest --listen "$@" >"$work/replay.json" 2>"$work/replay.log" &
	destination=$!
	wait_line "$work/replay.log" '^waiting ' "$destination" "$limit" ||
		die "replay does not listen: $(tail -n 1 "$work/replay.log")"
}

# ended_with STATUS WORDS
ended_with() {
	local status=0

	wait_until "$limit" ended "$destination" || die "replay has not ended"
	wait "$destination" || status=$?
	((status == $1)) || fail "status $status, not $1: $(tail -n 1 "$work/replay.log")"
	tail -n 1 "$work/replay.log" | grep -q -- "$2" || fail "no \"$2\" in: $(<"$work/replay.log")"
}

loads() {
	listen "$1"
	migrate "$1"
	source_digests >"$work/digests"
	ended_with 0 waiting
	check_digests "$1" "$work/digests"
}

# The socket of a UNIX address is gone afterwards.
source_start idle 64M
loads "unix:$work/socket"
[[ ! -e $work/socket ]] || fail "the socket is still there"
source_end

rm -f "$work/digests"*
port=$((20000 + RANDOM % 10000))
source_start idle 64M 32M
capability return-path
loads "tcp:127.0.0.1:$port"
source_end

source_start idle 64M
listen "unix:$work/socket"
qmp migrate-set-parameters '{"max-bandwidth": 10000}' >/dev/null
qmp migrate "{\"uri\": \"unix:$work/socket\"}" >/dev/null
wait_until "$limit" looked_for_dirty_pages 0 || die "the migration does not begin"
source_end
ended_with 4 'offset [0-9]*: the stream ends'

source_start idle 64M
capability multifd
listen "unix:$work/socket"
qmp migrate "{\"uri\": \"unix:$work/socket\"}" >/dev/null
wait_until "$limit" ended "$destination" || die "replay has not ended"
ended_with 4 'offset [0-9]*: .*'
finish
