#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From a fresh machine to an answer: install what is missing, build, migrate a real stock QEMU of
# 1 GiB with both ends under the tracer, and print what was populated by whom.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

case ${1:-} in
'') ;;
-h | --help) echo "usage: quickstart.sh" && exit 0 ;;
*) echo "usage: quickstart.sh" >&2 && exit 2 ;;
esac

step() {
	printf '\n== %s\n\n' "$*"
}

((EUID == 0)) || die "needs root: tracing other processes does"
step "Packages"
scripts/deps.sh quickstart || exit
echo "all there"

step "Build"
build release

step "What this kernel allows"
build/release/migpop doctor || die "this machine cannot run the tracer: see above"

step "Migrating an idle 1 GiB guest between two stock QEMUs, both ends traced"
out=build/quickstart
tests/qemu/migrate.sh --build "$PWD/build/release" --out "$out" || die "the migration failed: see above"
for end in source destination; do
	step "The $end"
	cat "$out/$end.txt"
done
echo
echo "The records: $out/source.json, $out/destination.json. To look at one again:"
echo "  build/release/migpop report $out/destination.json"
