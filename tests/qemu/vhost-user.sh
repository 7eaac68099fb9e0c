#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A vhost-user daemon has a real guest's memory mapped before the trace begins (qemu-storage-daemon's
# vhost-user-blk; virtiofsd, DPDK and SPDK do the same): what it reads from the disk into memory that
# was given back, as a balloon does, is counted and has its name, and the books balance.
# Arguments: MIGPOP QMP-CLI
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
migpop=$(realpath "$1") cli=$(realpath "$2")
((EUID == 0)) || skip "not root"
for program in qemu-system-x86_64 qemu-storage-daemon jq fallocate; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
work=$(mktemp -d /dev/shm/vhost.XXXXXX) qemu='' daemon='' tracer=''

cleanup() {
	exec 2>/dev/null
	for pid in $tracer $qemu $daemon; do
		kill -KILL "$pid" || true
	done
	wait || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A boot sector that reads the disk by int 13h extensions, 63 KiB at a time, to each 64 KiB from
# 0x10000 to 0x90000, over and over: 128 pages of the guest.
sector() {
	printf '\xfa\x31\xc0\x8e\xd8\x8e\xc0\x8e\xd0\xbc\x00\x7c\xfb\x88\x16\x53\x7c\xc7\x06\x5a\x7c\x00\x10'
	printf '\xbe\x54\x7c\xb4\x42\x8a\x16\x53\x7c\xcd\x13\x72\x05\x66\xff\x06\x00\x70\x66\x83\x06\x5c\x7c\x7e'
	printf '\x81\x06\x5a\x7c\x00\x10\x81\x3e\x5a\x7c\x00\x90\x72\xda\x66\x81\x3e\x5c\x7c\x60\xea\x00\x00'
	printf '\x72\xc9\x66\xc7\x06\x5c\x7c\x01\x00\x00\x00\xeb\xbe\x00\x10\x00\x7e\x00\x00\x00\x00\x10\x01'
	head -c $((510 - 93)) /dev/zero
	printf '\x55\xaa'
}
{ sector; head -c $(((32 << 20) - 512)) /dev/urandom; } >"$work/disk"

qemu-storage-daemon --blockdev "driver=file,filename=$work/disk,node-name=disk,read-only=on,locking=off" \
	--export "vhost-user-blk,id=export,addr.type=unix,addr.path=$work/disk.sock,node-name=disk" 2>"$work/daemon.log" &
daemon=$!
wait_until 60 test -S "$work/disk.sock" || die "the daemon does not listen: $(<"$work/daemon.log")"
qemu-system-x86_64 -S -display none -nodefaults -no-user-config -accel tcg -cpu qemu64 -m 128 \
	-machine pc,memory-backend=ram0 -object memory-backend-memfd,id=ram0,size=128M,share=on \
	-chardev "socket,id=daemon,path=$work/disk.sock" -device vhost-user-blk-pci,chardev=daemon,bootindex=0 \
	-qmp "unix:$work/qmp,server=on,wait=off" 2>"$work/qemu.log" &
qemu=$!
qmp() { "$cli" -t 60000 -p "$qemu" "$work/qmp" "$@" >/dev/null || die "QEMU did not do $*: $(<"$work/qemu.log")"; }
qmp --wait-ready

memory=''
for fd in "/proc/$qemu/fd/"*; do
	[[ $(readlink "$fd") != */memfd:memory-backend* ]] || memory=$fd
done
[[ $memory ]] || die "no memory of the guest among its descriptors"
pages() { echo $(($(stat -L -c %b "$memory") / 8)); }
has_pages() { (($(pages) >= $1)); }

qmp cont
wait_until 120 has_pages 250 || die "the guest did not boot from the daemon's disk: $(pages) pages"
qmp stop
before=$(pages)
fallocate --punch-hole --offset $((0x10000)) --length $((0x80000)) "$memory"
(($(pages) == before - 128)) || die "$((before - $(pages))) pages were given back, not 128"

"$migpop" trace -p "$qemu" --format json -o "$work/record.json" 2>"$work/trace.log" &
tracer=$!
wait_line "$work/trace.log" '^tracing ' "$tracer" 60 || skip "migpop: $(tail -n 1 "$work/trace.log")"
qmp cont
wait_until 120 has_pages "$before" || die "the daemon did not read the disk again: $(pages) pages of $before"
qmp stop
kill -INT "$tracer"
wait "$tracer" || die "the tracer ended with $?: $(<"$work/trace.log")"
tracer=''

summary=$(jq -c --argjson daemon "$daemon" '{
	books: [.accounting[] | select(.kind == "shmem") | [.kernel_pages, .traced_pages, .uncertainty_pages]],
	daemon: ([.callsites[] | select(.pid == $daemon) | .populated_pages] | add // 0),
	names: ([.callsites[] | select(.pid == $daemon) | .comm] | unique),
	targets: [.targets[].comm]}' "$work/record.json")
echo "$summary"
jq -e '(.books | length) == 1 and (.books[0] | .[0] >= 128 and (.[0] - .[1] | fabs) <= .[2]) and
	.daemon >= 128 and .names == ["qemu-storage-da"] and .targets == ["qemu-system-x86"]' <<<"$summary" >/dev/null ||
	die "what the daemon populated is not in the record as its own"
echo "PASS: $(jq .daemon <<<"$summary") pages by the vhost-user daemon"
