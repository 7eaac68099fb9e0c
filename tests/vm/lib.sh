# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests in virtual machines share. Sourced, never run.
# shellcheck shell=sh

top=$(cd "$(dirname "$0")/../.." && pwd)

# in_machine [OPTION…] -- COMMAND [ARG…]: vmtest.sh's, and its end is the test's.
in_machine() {
	"$top/scripts/vmtest.sh" "$@"
	status=$?
	[ $status -eq 0 ] || [ $status -eq 77 ] || status=1
	return $status
}
