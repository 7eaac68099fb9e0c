#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What keeps migpop from tracing, on a kernel that is thrown away: what the kernel at hand cannot be
# made to do, or would have to do until its next boot. tests/trace/faults/causes.sh on another.
#
#	causes.sh KERNEL BUILD
#
# Exit status: 0 each cause is named as docs/refused.md has it, 1 not so, 77 no machine to be had.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
takes "KERNEL BUILD" "$@"
kernel=$1 build=$2

added=$(add_programs bash setpriv unshare mount umount timeout sed grep) || { echo "$added" && exit 77; }
# shellcheck disable=SC2086 # a word each
in_machine --kernel "$kernel" --build "$build" --timeout 1500 $added --add /etc/passwd \
	--add "$top/scripts/lib.sh:/scripts/lib.sh" --add "$top/docs/refused.md:/docs/refused.md" -- \
	env TMPDIR=/tmp bash /tests/trace/faults/causes.sh /bin/migpop fentry /tests/trace/faults \
	/docs/refused.md for-good
