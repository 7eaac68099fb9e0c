#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same migration and judgement as test-migration.sh, of a QEMU 10.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
qemu=$("$here/../../scripts/qemu10.sh") || {
	status=$?
	echo "$qemu"
	exit $status
}
exec "$here/test-migration.sh" "$@" --qemu "$qemu"
