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
command -v apt-get >/dev/null || skip "no apt-get to have QEMU 10 from"

# The mirror that this machine uses, for a list of sources of our own: the system's stays untouched.
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
site=$(apt-get indextargets --format "\$(RELEASE) \$(SITE)" "Created-By: Packages" |
	sed -n "s/^$release //p" | head -n 1)
[[ $site ]] || skip "apt has no source of Debian $release"
mkdir -p "$dir"/apt/{lists,cache/archives}/partial
for suite in "$release" "$release-backports"; do
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $suite main"
done >"$dir/apt/sources.list"

# The system's package database says what need not be fetched; nothing is locked or changed there.
apt() {
	apt-get -q -y -o Dir::Etc::SourceList="$dir/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$dir/apt/lists" -o Dir::Cache="$dir/apt/cache" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@" >"$dir/apt/log" 2>&1
}
why() {
	grep '^[EW]:' "$dir/apt/log" | tail -n 1
}
apt -o APT::Update::Error-Mode=any update || skip "$release-backports cannot be reached: $(why)"
rm -f "$dir"/apt/cache/archives/*.deb
apt --no-install-recommends --download-only -t "$release-backports" install \
	qemu-system-x86 || skip "no QEMU 10 in $release-backports: $(why)"

rm -rf "$dir/root"
for package in "$dir"/apt/cache/archives/*.deb; do
	dpkg-deb -x "$package" "$dir/root"
done
is_10 "$qemu" || die "$qemu does not run: $("$qemu" --version 2>&1 | tail -n 1)"
rm -rf "$dir/apt"
found "$qemu"
