#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Stands for migpop in tests: runs it, and checks the record that it leaves by -o FILE. Beside this script are
# links to migpop and record-validate; the exit status is migpop's, 1 where the record is not as its schema says.

dir=$(dirname "$0")
"$dir/migpop" "$@"
status=$?
while [ $# -gt 1 ] && [ "$1" != -- ]; do
	[ "$1" != -o ] || [ ! -s "$2" ] || "$dir/record-validate" "$2" || status=1
	shift
done
exit $status
