#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The premise of it all, without a tracer: migrating an idle guest makes both ends of a stock QEMU
# hold all of its shared memory, and next to none of anonymous memory. Options: --build, --out.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/../../scripts/lib.sh"

build='' out=''
take_options "build out" "$@"

# premise BACKING CONDITION: on the growth of one end and the guest's size, both in kB.
premise() {
	"$here/migrate.sh" --build "$build" --out "$out/$1" --no-trace --backing "$1" --memory 256M
	jq -e "(.memory_bytes / 1024) as \$guest |
		all(.source, .destination; (.after_kb.VmRSS - .before_kb.VmRSS) as \$growth | $2)" \
		"$out/$1/run.json" >/dev/null || {
		echo "with $1 memory this does not hold at both ends: $2"
		exit 1
	}
}

# 5 % aside for what QEMU itself gives back meanwhile.
# shellcheck disable=SC2016 # jq's names
{
	premise memfd '$growth > $guest * 0.95'
	premise ram '$growth < $guest * 0.05'
}
