#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A QEMU 11 beside the one that is installed, which stays as it is: unpack that of Debian's testing
# into a directory with the libraries and firmware that it was built for, and print the path of a
# script that runs it: by its own name, as an emulator that is installed runs, not as an argument of a
# dynamic loader. Does nothing, quickly, when it is there.
# Usage: qemu11.sh [DIR]    (default build/qemu11)
# Exit status: 0 done, 77 not to be had here (the reason is on stdout).
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
# shellcheck source=scripts/packages.sh
. "$top/scripts/packages.sh"

dir=$(realpath -m "${1:-$top/build/qemu11}")
qemu=$dir/qemu-system-x86_64

is_11() {
	[[ $("$qemu" --version 2>/dev/null) == "QEMU emulator version 11."* ]]
}

if ! is_11 || grep -q -e --library-path "$qemu"; then
	architecture=$(dpkg --print-architecture 2>/dev/null) || skip "no dpkg to unpack QEMU 11 by"
	# As if nothing were installed: the libraries here are too old for it.
	unpack_packages "$dir" testing qemu-system-x86 -o Dir::State::status=/dev/null \
		-o APT::Architectures::="$architecture"
	libraries=$(dirname "$dir"/root/usr/lib/*/libc.so.6)
	command -v patchelf >/dev/null || skip "no patchelf to run QEMU 11 with the libraries of testing by"
	patchelf --set-interpreter "$(echo "$libraries"/ld-linux-*.so.*)" --force-rpath \
		--set-rpath "$libraries" "$dir/root/usr/bin/qemu-system-x86_64"
	cat >"$qemu" <<SCRIPT
#!/bin/sh
exec $dir/root/usr/bin/qemu-system-x86_64 \\
	-L $dir/root/usr/share/qemu -L $dir/root/usr/share/seabios "\$@"
SCRIPT
	chmod +x "$qemu"
	is_11 || skip "testing has no QEMU 11: $("$qemu" --version 2>&1 | head -n 1)"
fi
echo "$qemu"
