# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests in virtual machines share. Sourced, never run.
# shellcheck shell=sh

top=$(cd "$(dirname "$0")/../.." && pwd)

# takes "WORD…" ARG…: ends with the usage where there are not as many arguments as words.
takes() {
	words=$1
	shift
	[ $# -eq "$(echo "$words" | wc -w)" ] || { echo "usage: $0 $words" >&2 && exit 2; }
}

# in_machine [OPTION…] -- COMMAND [ARG…]: vmtest.sh's, and its end is the test's.
in_machine() {
	"$top/scripts/vmtest.sh" "$@"
	status=$?
	[ $status -eq 0 ] || [ $status -eq 77 ] || status=1
	return $status
}

# add_programs NAME…: options that put programs of this machine, or of $sysroot, into the other, a word each:
# where they come before busybox's. What is missing is said in their place, with status 77.
sysroot=''
add_programs() {
	for program; do
		path=$(command -v "${sysroot:+$sysroot/usr/bin/}$program") || { echo "SKIP: $program is not installed" && return 77; }
		echo "--add $path:/bin/$program"
	done
}

# add_emulator: the same for QEMU, which finds what it loads beside itself.
add_emulator() {
	path=$(command -v qemu-system-x86_64) || { echo "SKIP: no QEMU" && return 77; }
	for file in "$path" /usr/share/seabios /usr/share/qemu/kvmvapic.bin \
		/usr/lib/"$(uname -m)"-linux-gnu/qemu/accel-tcg-x86_64.so; do
		[ ! -e "$file" ] || echo "--add $file"
	done
}

# build_for KERNEL BUILD: the build tree for a kernel, BUILD unless it is another architecture's.
build_for() {
	case $1 in
	arm64-*) echo "$top/build/arm64" ;;
	*) echo "$2" ;;
	esac
}

# sysroot_for KERNEL: where its machine's libraries and programs are, where they are not this one's.
sysroot_for() {
	case $1 in
	arm64-*) echo "$top/build/arm64-sysroot" ;;
	esac
}
