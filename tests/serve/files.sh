#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests whose memory is an ordinary file, one after another under one service: the file of each is
# removed, and its inode's memory used again, before the service has forgotten the guest. What the next
# one reads of its own file is counted all the same.
# Arguments: MIGPOP QMP-CLI
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
disk=$(mktemp -d "$top/build/files.XXXXXX")
at_end=(rm -rf "$disk")
[[ $(stat -f -c %T "$disk") != tmpfs ]] || skip "$disk is not on a disk"

# start NAME: a guest with its memory in a file of that name.
start() {
	qemu-system-x86_64 -S -display none -nodefaults -no-user-config -accel tcg \
		-object "memory-backend-file,id=ram0,share=on,size=$guest_memory,mem-path=$disk/$1.ram" \
		-machine pc,memory-backend=ram0 -m $((guest_memory >> 20))M -name "guest=$vm$1" \
		-qmp "unix:$work/$1.qmp,server=on,wait=off" >"$work/$1.log" 2>&1 &
	echo $! >"$work/$1.pid"
	echo "pid $!: watched" >>"$work/started"
	wait_known "$1"
}

# Memory of inodes that are gone is used again for these.
create_files() {
	local i

	for ((i = 0; i < 4000; i++)); do
		: >"$disk/$1.$i"
	done
	find "$disk" -name "$1.[0-9]*" -delete
}

is_recorded() { compgen -G "$records/*-$vm$1-source.json" >/dev/null; }

start_service --max-size 64M
for n in 1 2 3 4; do
	start $n
	qmp $n migrate '{"uri": "exec:cat >/dev/null"}'
	qmp $n --wait-migration completed
	wait_until 60 is_recorded $n || failed "no record of guest $n: $(cat "$work/service.log")"
	jq -r --arg n "$n" --argjson pages $((guest_memory / 4096)) '
		[.accounting[] | select(.name == $n + ".ram")] as $file |
		"guest \($n): \($file | map([.kind, .traced_pages, .kernel_pages, .uncertainty_pages]))",
		(if ($file | length) != 1 or $file[0].kernel_pages < $pages or
			($file[0].residual_pages | fabs) > $file[0].uncertainty_pages
		then "FAIL" else empty end)' "$records"/*-"$vm$n"-source.json | tee -a "$work/said"
	kill -STOP "$service"
	end_guest $n
	rm "$disk/$n.ram"
	create_files $n
	kill -CONT "$service"
done
! grep -q FAIL "$work/said" || exit 1
stop_service
