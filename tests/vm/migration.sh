#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A migration of a real QEMU on another kernel, both ends traced, judged as on the machine's own.
#
#	migration.sh KERNEL MODE BUILD
#
# Exit status: 0 all holds, 1 something does not, 77 no machine to be had.

if [ $# -ne 3 ]; then
	echo "usage: $0 KERNEL MODE BUILD" >&2
	exit 2
fi
kernel=$1 mode=$2 build=$3
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# What the scripts call and busybox has not, or not as they need it; the emulator, what it loads.
set --
for program in bash jq numfmt getconf column qemu-system-x86_64; do
	path=$(command -v $program) || { echo "SKIP: $program is not installed" && exit 77; }
	set -- "$@" --add "$path"
done
for path in /usr/share/seabios /usr/share/qemu/kvmvapic.bin \
	/usr/lib/"$(uname -m)"-linux-gnu/qemu/accel-tcg-x86_64.so; do
	[ ! -e "$path" ] || set -- "$@" --add "$path"
done
in_machine --kernel "$kernel" --build "$build" --memory 3G --timeout 600 "$@" \
	--add "$top/tests/qemu:/migpop/tests/qemu" --add "$top/scripts/lib.sh:/migpop/scripts/lib.sh" \
	--add "$build/tests/qemu/qmp-cli:/build/tests/qemu/qmp-cli" -- \
	/migpop/tests/qemu/test-migration.sh --build /build --migpop /bin/migpop --out /tmp/migration \
	--memory 128M --mode "$mode" --timeout 300
