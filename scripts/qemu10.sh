#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A QEMU 10 beside the one that is installed, which stays as it is: unpack that of the release's
# backports into a directory, and print the path of its qemu-system-x86_64. Does nothing, quickly,
# when it is there. It reads firmware from the installed QEMU's directories.
# Usage: qemu10.sh [DIR]    (default build/qemu10)
# Exit status: 0 done, 77 not to be had here (the reason is on stdout).
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
# shellcheck source=scripts/packages.sh
. "$top/scripts/packages.sh"

dir=$(realpath -m "${1:-$top/build/qemu10}")
qemu=$dir/root/usr/bin/qemu-system-x86_64

is_10() {
	[[ $("$1" --version 2>/dev/null) == "QEMU emulator version 10."* ]]
}
found() {
	echo "$1"
	exit 0
}

! is_10 "$qemu" || found "$qemu"
! is_10 qemu-system-x86_64 || found "$(command -v qemu-system-x86_64)"
unpack_packages "$dir" "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")-backports" qemu-system-x86
is_10 "$qemu" || die "$qemu does not run: $("$qemu" --version 2>&1 | tail -n 1)"
found "$qemu"
