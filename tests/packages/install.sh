#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages of this tree: lintian has nothing to say; in a fresh Debian that has nothing but
# a compiler they install with what they depend on, work, and leave nothing behind when they go.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

((EUID == 0)) || skip "not root"
for tool in debootstrap lintian dpkg-buildpackage; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
work=$(mktemp -d "${TMPDIR:-/var/tmp}/migpop-packages.XXXXXX")
# What is mounted below is so in a name space of its own, which is gone by then.
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root

"$top/scripts/package.sh"
packages=$top/build/packages
lintian --allow-root --fail-on error,warning,info "$packages"/*.changes || die "lintian: see above"

# Of the same release, from where this machine has its packages.
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016 # apt's own variables
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | awk -v suite="$codename" '$2 == suite { print $1; exit }')
[[ $mirror ]] || skip "apt knows no source of $codename"
debootstrap --variant=minbase --include=gcc,libc6-dev,pkg-config "$codename" "$root" "$mirror" >"$work/log" 2>&1 ||
	die "debootstrap: $(tail -n 3 "$work/log")"
cp -r /etc/apt/sources.list* "$root/etc/apt/"
mkdir "$root/packages"
cp "$packages"/*.deb "$top/tests/preload/emulator.c" "$top/tests/packages/inside.sh" "$root/packages/"
# shellcheck disable=SC2016 # the arguments of that shell
unshare --mount sh -ec '
	mount --rbind /sys "$1/sys"
	mount --make-rslave "$1/sys"
	mount -t proc proc "$1/proc"
	exec chroot "$1" /packages/inside.sh' -- "$root" 2>"$work/said" || die "$(tail -n 5 "$work/said")"
