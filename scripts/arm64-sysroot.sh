#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the directory that the preset "arm64" builds against and that its virtual machines take their
# libraries from: Debian's packages for arm64, unpacked. The system's own packages, architectures and
# lists stay as they are. Does nothing, quickly, when it is there.
#
#	arm64-sysroot.sh                    build/arm64-sysroot
#	arm64-sysroot.sh kernel SERIES DIR  DIR/vmlinuz and DIR/config-…: Debian's cloud kernel of a series
#
# Exit status: 0, 77 it cannot be had here.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

packages=(
	libc6-dev libbpf-dev libelf-dev libdw-dev libjson-c-dev libseccomp-dev libprotobuf-c-dev
	zlib1g-dev nettle-dev libmicrohttpd-dev busybox-static jq
)
tmp='' store=$PWD/build/arm64-apt sysroot=$PWD/build/arm64-sysroot

# apt of a machine that would be arm64, and has nothing installed.
apt() {
	APT_CONFIG=$store/apt.conf DEBIAN_FRONTEND=noninteractive "apt-$1" -q "${@:2}"
}

prepare_apt() {
	command -v apt-get >/dev/null || skip "no apt-get: packages for arm64 are Debian's"
	mkdir -p "$store"/lists/partial "$store"/archives/partial
	cat >"$store/apt.conf" <<-END
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
		APT::Sandbox::User "root";
		Dir::State "$store";
		Dir::State::status "/dev/null";
		Dir::Cache "$store";
		Debug::NoLocking "true";
	END
	# Lists of yesterday name packages that are gone.
	[[ ! $(find "$store/lists" -name '*_Packages*' -mmin -720 | head -n 1) ]] || return 0
	apt get update >"$store/log" 2>&1 || skip "no lists of packages for arm64: $(tail -n 1 "$store/log")"
}

make_sysroot() {
	local deb

	[[ ! -e $sysroot/complete || scripts/arm64-sysroot.sh -nt $sysroot/complete ]] || return 0
	prepare_apt
	echo "unpacking packages for arm64 into $sysroot"
	rm -rf "$sysroot" "$store"/archives/*.deb
	mkdir -p "$sysroot"
	apt get install -y --no-install-recommends --download-only "${packages[@]}" >"$store/log" 2>&1 ||
		skip "cannot download packages for arm64: $(tail -n 1 "$store/log")"
	for deb in "$store"/archives/*.deb; do
		dpkg-deb -x "$deb" "$sysroot"
	done
	rm -f "$store"/archives/*.deb
	# Links from /usr/lib to /lib would lead out of it.
	find "$sysroot" -lname '/*' -printf '%p %l\n' | while read -r link to; do
		ln -sfr "$sysroot$to" "$link"
	done
	touch "$sysroot/complete"
}

# The meta-packages carry no kernel, and the unversioned one names a different series on every release.
kernel_package() {
	local meta package

	for meta in "linux-image-$1-cloud-arm64" linux-image-cloud-arm64; do
		package=$(apt cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: //p' | head -n 1)
		case $package in linux-image-"$1".*) echo "$package" && return ;; esac
	done
	return 1
}

fetch_kernel() {
	local series=$1 to=$2 package

	prepare_apt
	package=$(kernel_package "$series") || skip "no cloud kernel $series for arm64 in the package lists"
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	(cd "$tmp" && apt get download "$package" >"$store/log" 2>&1) || skip "cannot download $package"
	dpkg-deb -x "$tmp"/*.deb "$tmp"
	mkdir -p "$to"
	cp "$tmp"/boot/config-* "$to/"
	cp "$tmp"/boot/vmlinuz-* "$to/vmlinuz.new"
	mv "$to/vmlinuz.new" "$to/vmlinuz"
}

case ${1:-} in
'') make_sysroot ;;
kernel) (($# == 3)) || die "usage: arm64-sysroot.sh kernel SERIES DIR" && fetch_kernel "$2" "$3" ;;
*) die "usage: arm64-sysroot.sh [kernel SERIES DIR]" ;;
esac
