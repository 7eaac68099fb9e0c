# SPDX-License-Identifier: GPL-2.0-or-later
# Packages of other suites of the distribution, without installing any: the lists of sources of the
# system stay as they are. Sourced, never run. Needs lib.sh's skip().
# shellcheck shell=bash

# package_lists DIR SUITE… -- [APT-OPTION…]: has the lists of these suites of Debian in DIR/apt, from the
# mirror that this machine uses. Fails, and apt_said() has the reason, where they cannot be reached.
package_lists() {
	local dir=$1 suites=() release site

	shift
	while [[ $1 != -- ]]; do
		suites+=("$1")
		shift
	done
	shift
	command -v apt-get >/dev/null || skip "no apt-get to have packages of ${suites[*]} from"
	release=$(own_release)
	site=$(apt-get indextargets --format "\$(RELEASE) \$(SITE)" "Created-By: Packages" |
		sed -n "s/^$release //p" | head -n 1)
	[[ $site ]] || skip "apt has no source of Debian $release"
	mkdir -p "$dir"/apt/{lists,cache/archives}/partial
	printf "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site %s main\n" \
		"${suites[@]}" >"$dir/apt/sources.list"
	apt_beside "$dir" get "$@" -o APT::Update::Error-Mode=any update
}

own_release() {
	(. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# unpack_packages DIR SUITE PACKAGE [APT-OPTION…]: PACKAGE of SUITE and what it needs, in DIR/root; or
# skips the test, with the reason. The system's package database says what need not be fetched.
unpack_packages() {
	local dir=$1 suite=$2 package=$3

	shift 3
	rm -rf "$dir/root"
	package_lists "$dir" "$(own_release)" "$suite" -- "$@" ||
		skip "$suite cannot be reached: $(apt_said "$dir")"
	rm -f "$dir"/apt/cache/archives/*.deb
	apt_beside "$dir" get "$@" --no-install-recommends --download-only -t "$suite" install "$package" ||
		skip "no $package in $suite: $(apt_said "$dir")"
	for package in "$dir"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$package" "$dir/root"
	done
	rm -rf "$dir/apt"
}

# apt_beside DIR get|cache [APT-OPTION…] COMMAND…: apt with the lists in DIR/apt; its words are in
# DIR/apt/log. Nothing is locked or changed of the system's.
apt_beside() {
	local dir=$1 tool=apt-$2 options=(-q)

	shift 2
	[[ $tool != apt-get ]] || options+=(-y)
	"$tool" "${options[@]}" -o Dir::Etc::SourceList="$dir/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$dir/apt/lists" -o Dir::Cache="$dir/apt/cache" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@" >"$dir/apt/log" 2>&1
}

apt_said() {
	grep '^[EW]:' "$1/apt/log" | tail -n 1
}

# newest_kernel_package SERIES: of the names on stdin, the newest one that carries a cloud kernel of a
# series such as 7.2. Since 6.19 the image is in linux-binary-…, and linux-image-… only asks for it.
newest_kernel_package() {
	sed -En "s/^linux-(image|binary)-(${1/./\\.}\.[0-9][^ ]*-cloud-amd64)\$/\2 \1/p" |
		sort -k1,1V -k2,2r | sed -En '$s/^(.*) (.*)$/linux-\2-\1/p'
}

# unpack_kernel DIR SERIES: the newest cloud kernel of a series, in DIR/root, from the first suite that
# has one; or skips the test, with the reason. Suites drop their older point releases, and the series
# between two releases of Debian are in the backports.
unpack_kernel() {
	local dir=$1 series=$2 suite package unreached=''

	for suite in trixie-backports sid trixie bookworm bullseye; do
		rm -rf "$dir/apt"
		if ! package_lists "$dir" "$suite" --; then
			unreached+="; $suite cannot be reached: $(apt_said "$dir")"
			continue
		fi
		apt_beside "$dir" cache search --names-only "^linux-(image|binary)-${series/./\\.}"
		package=$(cut -d' ' -f1 "$dir/apt/log" | newest_kernel_package "$series")
		[[ $package ]] || continue
		(cd "$dir" && apt_beside "$dir" get download "$package") ||
			skip "no $package in $suite: $(apt_said "$dir")"
		dpkg-deb -x "$dir/$package"_*.deb "$dir/root"
		rm -rf "$dir/apt" "$dir/$package"_*.deb
		return
	done
	skip "no suite of Debian has a cloud kernel $series$unreached"
}
