#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One migration and its judgement, as one test: all options are those of migrate.sh. What it leaves
# in --out stays there to be looked at.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
out=''
for ((i = 1; i < $#; i++)); do
	[[ ${!i} != --out ]] || { n=$((i + 1)) && out=${!n}; }
done
"$here/migrate.sh" "$@"
"$here/check-migration.sh" "$out"
