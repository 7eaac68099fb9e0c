#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All route programs of tests/trace under the tracer, on another kernel, in one virtual machine.
#
#	routes.sh KERNEL MODE BUILD
#
# Exit status: 0 all that could run passed, 1 one failed or none ran, 77 no machine to be had.

if [ $# -ne 3 ]; then
	echo "usage: $0 KERNEL MODE BUILD" >&2
	exit 2
fi
kernel=$1 mode=$2 build=$3
top=$(cd "$(dirname "$0")/../.." && pwd)

# In the machine: sh -c "$inside" routes MODE
# shellcheck disable=SC2016 # expanded in there
inside='
mode=$1 passed=0 failed=0 skipped=0 migpop=none
[ "$mode" = none ] || migpop=$(command -v migpop) || { echo "no migpop in the machine"; exit 1; }
for binary in /tests/trace/*; do
	[ -f "$binary" ] && [ -x "$binary" ] || continue
	case $binary in *.sh | *.so | */trace-check) continue ;; esac
	sh /tests/trace/run-route.sh "$migpop" "$mode" "$binary"
	case $? in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
done
echo "$passed routes passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
'

machine() {
	"$top/scripts/vmtest.sh" --kernel "$kernel" --build "$build" --timeout 900 --swap --hugepages 64 -- \
		sh -c "$inside" routes "$mode"
	status=$?
}

# Emulated CPUs can run code that the kernel is just patching: two boots of about forty ended in a
# panic. A machine that dies again is a failure like any other.
machine
if [ $status -eq 125 ]; then
	echo "the machine died: once more"
	machine
fi
[ $status -eq 0 ] || [ $status -eq 77 ] || status=1
exit $status
