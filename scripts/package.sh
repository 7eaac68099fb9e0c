#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages of this tree, built as Debian builds them, from a copy of it: all that comes of
# it is in build/packages.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

case ${1:-} in
'') ;;
-h | --help) echo "usage: package.sh" && exit 0 ;;
*) echo "usage: package.sh" >&2 && exit 2 ;;
esac

scripts/deps.sh package || exit
out=build/packages
rm -rf "$out" && mkdir -p "$out/source"
tar --exclude=./build --exclude='./build-*' --exclude=./.git -cf - . | tar -C "$out/source" -xf -
echo "building packages in $out"
# The tests are scripts/test.sh's: here they would have to be built once more.
(cd "$out/source" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc -b) \
	>"$out/log" 2>&1 || { tail -n 50 "$out/log" >&2 && die "dpkg-buildpackage failed: see above"; }
rm -rf "$out/source"
printf '%s\n' "$out"/*.deb
