# SPDX-License-Identifier: GPL-2.0-or-later
# Two questions of a test, each answered by a line "ok" or "FAIL", which sets failed=1. Sourced: by tests of
# this folder and, as /tests/trace/says.sh, in virtual machines.
# shellcheck shell=sh
# shellcheck disable=SC2034 # who sources this ends with $failed

# check WHAT EXPECTED GOT
check() {
	if [ "$2" = "$3" ]; then
		echo "ok   $1"
	else
		echo "FAIL $1: expected \"$2\", got \"$3\""
		failed=1
	fi
}

# says WHAT REGEX FILE: a line of the file matches.
says() {
	if grep -Eq "$2" "$3"; then
		echo "ok   $1"
	else
		echo "FAIL $1: no line \"$2\" in:"
		sed 's/^/     /' "$3"
		failed=1
	fi
}
