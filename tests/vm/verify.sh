#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict on the fix on another kernel: a real QEMU migrated without and with it, both ends traced.
#
#	verify.sh KERNEL MODE BUILD
#
# Exit status: 0 all holds, 1 something does not, 77 no machine to be had.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
takes "KERNEL MODE BUILD" "$@"
kernel=$1 mode=$2 build=$3

added=$(add_emulator) || { echo "$added" && exit 77; }
# shellcheck disable=SC2086 # a word each
in_machine --kernel "$kernel" --build "$build" --memory 3G --timeout 600 $added \
	--add "$build/fix/libmigfix-preload.so:/bin/fix/libmigfix-preload.so" -- \
	/bin/migpop verify -q --memory 128M --mode "$mode"
