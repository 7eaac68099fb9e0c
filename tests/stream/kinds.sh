#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Streams that are not a live migration of a PC, made by real QEMUs: of a target with pages of 1 KiB, a
# snapshot in the background of a guest that runs on, and files as libvirt saves them, raw, compressed
# and sparse. The content is the source's, whatever handles the zero pages, and it is said which kind it is.
# Usage: kinds.sh arm|snapshot|save-file|save-file-sparse
set -euo pipefail

# shellcheck source=tests/stream/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case=${1:-}
stream=$work/stream digests=$work/digests

# By each handler; the rest of the options are those of tests/stream/recorded.sh.
check() {
	local handler what

	[[ -s $digests ]] || die "the source has no memory that could be read"
	for handler in auto read-first madvise-first; do
		what="$case: $handler"
		replay "$stream" --handler "$handler" || continue
		check_digests "$what" "$digests"
		expect "$what: zero pages" "$(figure .pages.zero)" -gt 0
		expect "$what: payload" "$(figure .pages.payload)" -gt 0
	done
}

# says REGEX: the text of a replay does.
says() {
	"$migpop" replay --color never "$stream" >"$work/text" 2>&1 || fail "$case: $(tail -n 1 "$work/text")"
	grep -Eq "$1" "$work/text" || fail "$case: no \"$1\" in: $(<"$work/text")"
}

arm() {
	qemu=qemu-system-arm machine=versatilepb
	command -v "$qemu" >/dev/null || skip "$qemu is not installed"
	source_start idle 64M
	migrate "exec:cat > $stream"
	source_digests >"$digests"
	source_end
	check
	expect "$case: size of pages" "$(figure .stream.page_size)" -eq 1024
	says '^pages of the target are of 1.00 KiB$'
}

# The guest stands when the snapshot begins, and goes on writing all of its memory while it is taken.
snapshot() {
	local pages

	source_start churn 64M
	wait_until "$limit" guest_churns || die "the guest does not run"
	qmp stop >/dev/null
	source_digests >"$digests"
	"$build/tests/qemu/qmp-cli" -p "$source_pid" "$work/qmp" migrate-set-capabilities \
		'{"capabilities": [{"capability": "background-snapshot", "state": true}]}' >"$work/said" 2>&1 ||
		skip "no background snapshots here: $(tail -n 1 "$work/said")"
	migrate "exec:cat > $stream"
	[[ $(qmp query-status | jq -r .status) == running ]] || fail "the guest does not go on"
	wait_until "$limit" memory_differs || fail "the guest has written nothing since"
	source_end
	check
	[[ $(figure .stream.snapshot) == true ]] || fail "not known for a snapshot"
	pages=$(figure '.pages.zero + .pages.payload')
	expect "$case: pages" "$pages" -eq "$(figure '[.blocks[].length] | add / 4096')"
	says '^a background snapshot'
}

# shellcheck disable=SC2317 # called through wait_until
memory_differs() {
	[[ $(source_digests) != "$(<"$digests")" ]]
}

# number N: 32 bits as libvirt on this host writes them.
number() {
	local hex

	hex=$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24)))
	printf %b "$hex"
}

# save_header FORMAT: struct virQEMUSaveHeader and the XML, with the room that libvirt leaves behind it.
save_header() {
	local n xml="<domain type='kvm'><name>saved</name></domain>"
	local room=$((${#xml} + 1 + 65536))

	printf LibvirtQemudSave
	for n in 2 "$room" 1 "$1" 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0; do
		number "$n"
	done
	printf %s "$xml"
	head -c $((room - ${#xml})) /dev/zero
}

save_file() {
	local said command

	source_start idle 64M
	save_header 0 >"$stream"
	migrate "exec:cat >> $stream"
	source_digests >"$digests"
	source_end
	check
	says "^a save file of libvirt: the stream begins at offset $(save_header 0 | wc -c)\$"
	replay - <"$stream" && check_digests "$case: by a pipe" "$digests"

	# What it says of a compressed one is done.
	{ save_header 1 && tail -c "+$(($(save_header 0 | wc -c) + 1))" "$stream" | gzip; } >"$stream.gzip"
	said=$("$migpop" replay "$stream.gzip" 2>&1) && fail "$case: a compressed file was read"
	command=$(grep -o 'tail .* gzip -dc' <<<"$said") || fail "$case: gzip: $said"
	(cd "$work" && eval "${command/FILE/stream.gzip}") >"$work/bare"
	replay "$work/bare" && check_digests "$case: decompressed" "$digests"

	# The stream within is found by who knows nothing of libvirt, too.
	sed '1s/^LibvirtQemudSave/SomebodyElses.../' "$stream" >"$stream.other"
	said=$("$migpop" replay "$stream.other" 2>&1) && fail "$case: what begins otherwise was read"
	command=$(grep -o 'tail -c +[0-9]* FILE' <<<"$said") || fail "$case: otherwise: $said"
	(cd "$work" && eval "${command/FILE/stream.other}") | cmp - "$work/bare" || fail "$case: another stream"
}

# virsh save --image-format sparse: mapped-ram behind the header, at places that are the file's.
save_file_sparse() {
	qemu=$("$top/scripts/qemu10.sh" | tail -n 1)
	[[ -x $qemu ]] || skip "${qemu#SKIP: }"
	source_start idle 64M
	save_header 6 >"$stream"
	capability mapped-ram
	migrate "file:$stream,offset=$(stat -c %s "$stream")"
	source_digests >"$digests"
	source_end
	[[ $(head -c 16 "$stream") == LibvirtQemudSave ]] || die "QEMU has written over the header"
	check
	[[ $(figure .stream.mapped_ram) == true ]] || fail "not mapped-ram"
	says '^a save file of libvirt: the stream begins at offset'
}

case $case in
arm) arm ;;
snapshot) snapshot ;;
save-file) save_file ;;
save-file-sparse) save_file_sparse ;;
*) die "usage: kinds.sh arm|snapshot|save-file|save-file-sparse" ;;
esac
finish
