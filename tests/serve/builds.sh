# SPDX-License-Identifier: GPL-2.0-or-later
# Builds of QEMU that nobody has seen before: copies of the stock one, each with a build-id of its
# own. Sourced after lib.sh.
# shellcheck shell=bash disable=SC2154,SC2034 # of lib.sh

command -v readelf >/dev/null || skip "readelf is not installed"
stock=$(command -v qemu-system-x86_64)
build_id=$(readelf -n "$stock" 2>/dev/null | awk '/Build ID/ {print $3}')
[[ $build_id ]] || skip "$stock has no build-id"
# A copy of it elsewhere finds neither its accelerator nor its firmware by itself.
QEMU_MODULE_DIR=$(dirname "$(find /usr/lib* -path '*/qemu/accel-tcg-x86_64.so' | head -n 1)")
export QEMU_MODULE_DIR
# shellcheck disable=SC2001 # no pattern of the shell has a back reference
note_at=$(LC_ALL=C grep -obUaP "$(sed 's/../\\x&/g' <<<"$build_id")" "$stock" | head -n 1 | cut -d: -f1)

# build N: guests run a QEMU that is another build by its build-id from now on, $built.
build() {
	built=$work/qemu-system-build$1
	qemu=("$built" -L /usr/share/qemu -L /usr/share/seabios)
	cp "$stock" "$built"
	printf '%b' "$(printf '%08x' "$1" | sed 's/../\\x&/g')" | dd of="$built" bs=1 seek="$note_at" conv=notrunc status=none
}

# start_build N NAME [OPTIONS…]: a guest of that build.
start_build() {
	build "$1"
	start_guest "$2" "$2" "${@:3}"
}
