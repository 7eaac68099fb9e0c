#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What else is done with a QEMU's memory than one plain migration, with libmigfix-preload.so at both
# ends: scenario.sh NAME --build DIR --out DIR [--stock] [--qemu PATH | --qemu10] [--preload FILE], where
# NAME is a scenario of scenarios/ and --qemu10 means the one of scripts/qemu10.sh. The guest is the churning
# one, so what each byte must hold is known.
# shellcheck disable=SC2317 # scenarios are called by their names
set -euo pipefail

# shellcheck source=tests/qemu/emulators.sh
. "$(dirname "${BASH_SOURCE[0]}")/../qemu/emulators.sh"

scenario=$1 stock=0 disk_format=raw
shift
memory=256M timeout=60
while (($#)); do
	case $1 in
	--stock) stock=1 && shift && continue ;;
	--qemu10) qemu=10 && shift && continue ;;
	esac
	case $1 in
	--build) build=$2 ;;
	--out) out=$2 ;;
	--qemu) qemu=$2 ;;
	--preload) preload=$2 ;;
	esac
	shift 2
done
if [[ $qemu == 10 ]]; then
	qemu=$("$(dirname "${BASH_SOURCE[0]}")/../../scripts/qemu10.sh") || { echo "$qemu" && exit 77; }
fi
tool=$build/tests/qemu/guest-memory
: "${preload:=$build/fix/libmigfix-preload.so}"
((!stock)) || preload=''

at=$(dirname "${BASH_SOURCE[0]}")/scenarios
# shellcheck source=tests/preload/scenarios/lib.sh
. "$at/lib.sh"
# shellcheck source=tests/preload/scenarios/precopy.sh
. "$at/precopy.sh"
# shellcheck source=tests/preload/scenarios/postcopy.sh
. "$at/postcopy.sh"
# shellcheck source=tests/preload/scenarios/files.sh
. "$at/files.sh"
# shellcheck source=tests/preload/scenarios/failures.sh
. "$at/failures.sh"

[[ $out ]] || die "where to? --out"
mkdir -p "$out"
rm -f "$out"/statistics.*
if declare -F "scenario_${scenario//-/_}" >/dev/null; then
	"scenario_${scenario//-/_}"
else
	by_table "$scenario"
fi
