#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All route programs of tests/trace under the tracer, on another kernel, in one virtual machine.
#
#	routes.sh KERNEL MODE BUILD
#
# Leaves their counts in BUILD/tests/vm/counts/KERNEL/MODE, for matrix.sh, and in failed/ROUTE there what a
# route that failed had: its expectations, the record, what was said.
# Exit status: 0 all that could run passed, 1 one failed or none ran, 77 no machine to be had.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
takes "KERNEL MODE BUILD" "$@"
kernel=$1 mode=$2 build=$3
counts=$build/tests/vm/counts/$(basename "$kernel")/$mode

# In the machine: sh -c "$inside" routes MODE
# shellcheck disable=SC2016 # expanded in there
inside='
mode=$1 passed=0 failed=0 skipped=0 migpop=none
[ "$mode" = none ] || migpop=$(command -v migpop) || { echo "no migpop in the machine"; exit 1; }
for binary in /tests/trace/*; do
	[ -f "$binary" ] && [ -x "$binary" ] || continue
	case $binary in *.sh | *.so | */trace-check | */record-validate) continue ;; esac
	sh /tests/trace/run-route.sh "$migpop" "$mode" "$binary"
	case $? in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
done
for kept in /tmp/migpop-route.* /var/tmp/migpop-route.*; do
	[ -f "$kept/expect.txt" ] || continue
	to=/out/failed/$(sed -n "s/^route //p" "$kept/expect.txt")
	mkdir -p "$to"
	cp "$kept"/*.txt "$kept"/*.json "$to"
done
echo "$passed routes passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
'

rm -rf "$counts"
mkdir -p "$counts"
in_machine --kernel "$kernel" --build "$(build_for "$kernel" "$build")" --timeout 1700 --swap --disk --hugepages 64 \
	--out "$counts" -- \
	env COUNTS=/out sh -c "$inside" routes "$mode"
status=$?
touch "$counts" "$counts"/* # the machine's clock is another
exit $status
