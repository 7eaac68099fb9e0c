#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From a fresh machine to an answer: install what is missing, build, migrate a real stock QEMU of
# 1 GiB without and with the fix, both ends under the tracer, and print what was populated by whom and
# the verdict.
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

step "Migrating an idle 1 GiB guest between two QEMUs, without and with the fix, both ends traced"
out=build/quickstart
mkdir -p "$out"
status=0
build/release/migpop verify -o "$out/verify.json" >"$out/verdict.txt" || status=$?
((status <= 1)) || die "there is no verdict: see above"
for end in source destination; do
	step "The $end without the fix"
	jq ".stock.$end.record" "$out/verify.json" >"$out/$end.json"
	jq ".fixed.$end.record" "$out/verify.json" >"$out/$end.fixed.json"
	build/release/migpop report "$out/$end.json"
done
step "The verdict"
cat "$out/verdict.txt"
echo
echo "The records: $out/{source,destination}{,.fixed}.json. To look at two of them side by side:"
echo "  build/release/migpop diff $out/destination.json $out/destination.fixed.json"
exit "$status"
