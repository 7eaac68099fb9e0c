#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The packages of this tree on a host of a release of Debian: what a case (libvirt, recipes, ways) sees there.
# Arguments: RELEASE CASE [GUEST-MEMORY]
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

((EUID == 0)) || skip "not root"
# The image, where there is none yet, takes as long as the packages: mostly it waits for the network.
"$top/scripts/hostvm.sh" --release "$1" --image &
image=$!
"$top/scripts/package.sh" >/dev/null || { wait $image; die "no packages"; }
wait $image || exit
adds=(--add "$top/tests/host/lib.sh" --add "$top/tests/libvirt/namespace.sh" --add "$top/tests/host/$2.sh" --add "$top/tests/manual/blocks.sh"
	--add "$top/README.md" --add "$top/docs")
for package in migpop libmigfix0 libmigfix-preload; do
	adds+=(--add "$(compgen -G "$top/build/packages/${package}_*.deb")")
done
# What the case shares with the test of this machine, in the folders that it looks in.
if [[ $2 == ways ]]; then
	adds+=(--add "$3")
	for file in tests/libvirt/{lib,namespace,ways}.sh tests/serve/lib.sh scripts/lib.sh; do adds+=(--add "$top/$file:$file"); done
fi
# What a case that fails leaves behind is in build/host/RELEASE-CASE.
exec "$top/scripts/hostvm.sh" --release "$1" --timeout 3600 --out "$top/build/host/$1-$2" "${adds[@]}" -- "./$2.sh"
