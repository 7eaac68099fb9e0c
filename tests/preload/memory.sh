#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is done to the guest memory of two paused QEMUs, through /proc/PID/mem, whatever it is backed
# by. For migrate.sh, which calls it by its name with SOURCE RANGE DESTINATION RANGE:
#   memory-fill     the source gets content with zero pages in between, the destination rubbish in
#                   and around that place
#   memory-compare  all of it is equal, byte for byte
set -euo pipefail

source=$1 source_at=$((0x${2%-*})) destination=$3 destination_at=$((0x${4%-*}))
bytes=$((0x${2#*-} - source_at))
mib=$((1 << 20))

# put PID ADDRESS: stdin to there.
put() {
	dd of="/proc/$1/mem" bs=64K iflag=fullblock oflag=seek_bytes seek="$2" conv=notrunc status=none
}

case ${0##*/} in
memory-fill)
	for _ in {1..256}; do
		head -c 32768 /dev/urandom
		head -c 32768 /dev/zero
	done | put "$source" $((source_at + 32 * mib))
	head -c $((24 * mib)) /dev/urandom | put "$destination" $((destination_at + 20 * mib))
	;;
memory-compare)
	cmp --bytes=$bytes --ignore-initial=$source_at:$destination_at \
		"/proc/$source/mem" "/proc/$destination/mem"
	;;
esac
