#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# migpop serve on another kernel: tests/serve/host.sh, migrations that end in one way or another, and
# tests/serve/rest.sh, hooks that come and go: they take 0.4 s to attach there, in which 32 MiB are gone.
#
#	serve.sh KERNEL MODE BUILD
#
# Exit status: 0 a sound record of each, 1 not so, 77 no machine to be had.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
takes "KERNEL MODE BUILD" "$@"
kernel=$1 mode=$2 build=$3

added=$(add_emulator && add_programs bash curl getconf jq shuf) || { echo "$added" && exit 77; }
# shellcheck disable=SC2016,SC2086 # expanded in there; a word each
in_machine --kernel "$kernel" --build "$build" --memory 3G --timeout 900 $added \
	--add "$top/scripts/lib.sh:/scripts/lib.sh" --add "$top/tests/serve:/tests/serve" \
	--add "$build/tests/qemu/qmp-cli:/bin/qmp-cli" -- \
	sh -c 'echo madvise >/sys/kernel/mm/transparent_hugepage/enabled &&
		bash /tests/serve/host.sh /bin/migpop /bin/qmp-cli 10 3 0 --mode "$1" &&
		GUEST_MEMORY=$((128 << 20)) bash /tests/serve/rest.sh /bin/migpop /bin/qmp-cli --mode "$1"' serve "$mode"
