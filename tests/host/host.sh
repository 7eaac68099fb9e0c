#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The packages of this tree on a host of a release of Debian: what libvirt.sh sees there.
# Arguments: RELEASE
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

((EUID == 0)) || skip "not root"
"$top/scripts/package.sh" >/dev/null
adds=(--add "$top/tests/host/libvirt.sh")
for package in migpop libmigfix0 libmigfix-preload; do
	adds+=(--add "$(compgen -G "$top/build/packages/${package}_*.deb")")
done
exec "$top/scripts/hostvm.sh" --release "$1" --timeout 1200 "${adds[@]}" -- ./libvirt.sh
