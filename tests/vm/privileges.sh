#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The capabilities that tracing needs, in a mode that this machine's kernel may not have:
# tests/trace/faults/privileges.sh on another.
#
#	privileges.sh KERNEL MODE BUILD
#
# Exit status: 0 they are enough and each is missed, 1 not so, 77 no machine to be had.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
takes "KERNEL MODE BUILD" "$@"
kernel=$1 mode=$2 build=$3

added=$(add_programs bash jq setpriv unshare) || { echo "$added" && exit 77; }
# shellcheck disable=SC2086 # a word each
in_machine --kernel "$kernel" --build "$build" --timeout 600 $added --add /etc/passwd \
	--add "$top/scripts/lib.sh:/scripts/lib.sh" -- \
	env TMPDIR=/tmp bash /tests/trace/faults/privileges.sh /bin/migpop "$mode" /tests/trace/faults
