#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Windows without a monitor on another kernel: tests/serve/phase.sh, a migration of a real QEMU whose
# ends are each traced by --phase auto and beside it from before until after. Huge pages are for who asks for
# them: where all of QEMU's memory is made of them, parts of one come and go without an event, and the
# books of anonymous memory say so (docs/counting.md).
#
#	phase.sh KERNEL MODE BUILD
#
# Exit status: 0 both saw the same, 1 they did not, 77 no machine to be had.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
takes "KERNEL MODE BUILD" "$@"
kernel=$1 mode=$2 build=$3

added=$(add_emulator && add_programs bash column getconf jq numfmt) || { echo "$added" && exit 77; }
# shellcheck disable=SC2016,SC2086 # expanded in there; a word each
in_machine --kernel "$kernel" --build "$build" --memory 3G --timeout 900 $added \
	--add "$top/scripts/lib.sh:/scripts/lib.sh" \
	--add "$top/tests/qemu:/tests/qemu" --add "$top/tests/serve:/tests/serve" \
	--add "$build/tests/qemu/qmp-cli:/build/tests/qemu/qmp-cli" \
	--add "$build/tests/trace/record-validate:/build/tests/trace/record-validate" -- \
	sh -c 'echo madvise >/sys/kernel/mm/transparent_hugepage/enabled && exec "$@"' phase \
	bash /tests/serve/phase.sh --build /build --migpop /bin/migpop --out /tmp/phase \
	--mode "$mode" --timeout 300
