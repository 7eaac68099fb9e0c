#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The block layer of a QEMU with libmigfix-preload.so, which asks buffer_is_zero() too: a disk image
# is written and read while memory comes and goes and after a migration asked about it, in a daemon
# that starts a child. The image is as it is without. Options: --build, --out.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

build='' out=''
take_options "build out" "$@"
cli=$build/tests/qemu/qmp-cli
rm -rf "$out" && mkdir -p "$out"
work=$(mktemp -d /tmp/block.XXXXXX)
pid=''
cleanup() {
	[[ ! $pid ]] || kill -KILL "$pid" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

qmp() {
	"$cli" -t 60000 -p "$pid" "$work/qmp" "$@" || die "QEMU did not do: $*: $(<"$out/log")"
}

# io COMMAND: by the running emulator's own block layer; qemu-io reports a mismatch in words.
io() {
	local said

	said=$(qmp human-monitor-command "{\"command-line\": \"qemu-io disk \\\"$1\\\"\"}")
	[[ $said != *[Ff]ail* && $said != *[Ee]rror* ]] || die "$1: $said"
}

session() {
	local image=$1 round

	qemu-img create -q -f qcow2 "$image" 256M
	LD_PRELOAD=$2 MIGFIX_STATS=$out/statistics qemu-system-x86_64 -S -display none -nodefaults \
		-daemonize -pidfile "$work/pid" -accel tcg -m 64M,slots=4,maxmem=1G \
		-machine pc,memory-backend=ram0 \
		-object memory-backend-memfd,id=ram0,share=on,size=64M \
		-drive "if=none,id=disk,file=$image,format=qcow2,detect-zeroes=unmap,discard=unmap" \
		-qmp "unix:$work/qmp,server=on,wait=off" 2>"$out/log"
	pid=$(<"$work/pid")
	for round in {0..15}; do
		qmp object-add "{\"qom-type\": \"memory-backend-memfd\", \"id\": \"plugged\",
			\"size\": 134217728, \"share\": true}" >/dev/null
		if ((round % 4 == 0)); then
			# A migration asks about memory, and its stream goes through a child.
			qmp migrate '{"uri": "exec:cat >/dev/null"}' >/dev/null
			qmp --wait-migration completed >/dev/null
			qmp cont >/dev/null
		fi
		io "write -P $((round + 1)) $((round * 8))M 4M"
		qmp object-del '{"id": "plugged"}' >/dev/null
		# Buffers where the memory was, or not far from there.
		io "write -P $((round + 101)) $((round * 8 + 4))M 2M"
		io "write -P 0 $((round * 8 + 1))M 64k"
		io "write -P 77 $((round * 8 + 6))M 4k"
		io "read -P $((round + 101)) $((round * 8 + 4))M 2M"
		io "read -P 0 $((round * 8 + 1))M 64k"
		io "read -P $((round + 1)) $((round * 8 + 2))M 1M"
	done
	qmp quit >/dev/null
	wait_until 60 ended "$pid" || die "QEMU did not end"
	pid=''
	qemu-img check -q "$image" || die "$image is damaged"
}

session "$work/without.qcow2" ''
session "$work/with.qcow2" "$build/fix/libmigfix-preload.so"
files=("$out"/statistics.*)
((${#files[@]} == 1)) || die "a daemon and its children left ${#files[@]} statistics"
jq -e '.source.hole_pages > 16000' "${files[0]}" >/dev/null || die "nobody asked: $(<"${files[0]}")"
qemu-img compare "$work/without.qcow2" "$work/with.qcow2"
sizes=$(stat -c %b "$work"/*.qcow2 | sort -u | wc -l)
((sizes == 1)) || die "zeroes were not detected alike: $(stat -c '%n %b' "$work"/*.qcow2)"
echo "ok    the image is the same, and takes the same space; statistics of one process"
