#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Install what is missing of the Debian packages that migpop needs. Does nothing, quickly, when all
# is there. Usage: deps.sh quickstart|package|test    (each includes those before it)
set -euo pipefail

# To build, and to migrate a QEMU. The unit tests are part of the build.
quickstart=(
	gcc libc6-dev clang llvm cmake ninja-build pkg-config
	libbpf-dev bpftool libelf-dev libdw-dev libjson-c-dev libseccomp-dev libcmocka-dev
	protobuf-c-compiler libprotobuf-c-dev zlib1g-dev nettle-dev libmicrohttpd-dev
	qemu-system-x86 jq
)
# To build Debian packages.
package=(build-essential debhelper dpkg-dev)
# To run kernels in virtual machines, to fuzz, to look at the code and patch QEMU's, for the benchmark's other contestants,
# to open reports, to read manual pages, to install packages in a system of their own, to build for arm64 and run that.
test=(
	qemu-utils busybox-static e2fsprogs cpio xz-utils zstd
	libclang-rt-dev shellcheck yamllint clang-format clang-tidy cppcheck coccinelle groff-base bsdextrautils git
	linux-perf bpftrace libdevel-nytprof-perl libdebuginfod1 gdb
	chromium chromium-driver curl libxml2-utils
	man-db mandoc bash-completion lintian debootstrap prometheus systemd strace
	gcc-aarch64-linux-gnu qemu-system-arm patchelf dwz
)

die() {
	echo "deps.sh: $*" >&2
	exit 3
}

# Of the packages named, those that are not installed.
missing_of() {
	local installed

	# dpkg-query fails when it never heard of one of them: that one is missing, then.
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p' | sort -u) || true
	comm -23 <(printf '%s\n' "$@" | sort -u) <(echo "$installed")
}

case ${1:-} in
quickstart) wanted=("${quickstart[@]}") ;;
package) wanted=("${quickstart[@]}" "${package[@]}") ;;
test) wanted=("${quickstart[@]}" "${package[@]}" "${test[@]}") ;;
*) echo "usage: deps.sh quickstart|package|test" >&2 && exit 2 ;;
esac

command -v dpkg-query >/dev/null ||
	die "not a Debian system: install the counterparts of these yourself: ${wanted[*]}"
mapfile -t missing < <(missing_of "${wanted[@]}")
((${#missing[@]})) || exit 0

((EUID == 0)) || die "missing packages, and not root: apt-get install ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1
}
# The last error says why; what came before it is how apt-get got there.
why() {
	grep '^E:' "$log" | tail -n 1
}

echo "installing ${missing[*]}"
apt update || die "apt-get update failed: $(why)"
apt install -y --no-install-recommends "${missing[@]}" ||
	die "apt-get cannot install ${missing[*]}: $(why)"
