#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a reader has to hold at once: no file of C has more than 600 lines, and no function of the programs more than
# 64 between its braces. Argument: a file or folder to look at in place of the tree's. Exit status 1 if one is larger.

cd "$(dirname "$0")/../.." || exit 1
if [ $# -eq 1 ]; then
	files=$(find "$1" -name '*.[ch]')
else
	git rev-parse --git-dir >/dev/null 2>&1 || { echo "SKIP: not a git checkout" && exit 77; }
	files=$(git ls-files 'src/*.[ch]' 'bpf/*.[ch]' 'fix/*.[ch]' 'tests/*.[ch]')
fi
# shellcheck disable=SC2086 # names in this tree have no blanks
exec awk -v lines=600 -v function_lines=64 '
	function large(text) { print "FAIL: " text; failed = 1 }
	function file_ends() { if (n > lines) large(name " has " n " lines") }
	FNR == 1 {
		file_ends()
		name = FILENAME
	}
	{ n = FNR }
	/^{/ { begins = FNR }
	/^}/ {
		if (begins && FNR - begins - 1 > function_lines)
			large(name ":" begins ": a function of " FNR - begins - 1 " lines")
		begins = 0
	}
	END {
		file_ends()
		exit failed
	}' $files
