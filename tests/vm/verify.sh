#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict on the fix on another kernel: a real QEMU migrated without and with it, both ends traced.
#
#	verify.sh KERNEL MODE BUILD
#
# Exit status: 0 all holds, 1 something does not, 77 no machine to be had.

if [ $# -ne 3 ]; then
	echo "usage: $0 KERNEL MODE BUILD" >&2
	exit 2
fi
kernel=$1 mode=$2 build=$3
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# The emulator and what it loads, and the fix.
set -- --add "$build/fix/libmigfix-preload.so:/bin/fix/libmigfix-preload.so"
for path in "$(command -v qemu-system-x86_64)" /usr/share/seabios /usr/share/qemu/kvmvapic.bin \
	/usr/lib/"$(uname -m)"-linux-gnu/qemu/accel-tcg-x86_64.so; do
	[ ! -e "$path" ] || set -- "$@" --add "$path"
done
in_machine --kernel "$kernel" --build "$build" --memory 3G --timeout 600 "$@" -- \
	/bin/migpop verify -q --memory 128M --mode "$mode"
