# SPDX-License-Identifier: GPL-2.0-or-later
# Packages of another suite of the distribution, unpacked into a directory: nothing is installed, and
# the lists of sources of the system stay as they are. Sourced, never run. Needs lib.sh.
# shellcheck shell=bash

# unpack_packages DIR SUITE PACKAGE [APT-OPTION…]: PACKAGE of SUITE and what it needs, in DIR/root; or
# skips the test, with the reason. The system's package database says what need not be fetched.
unpack_packages() {
	local dir=$1 suite=$2 package=$3 release site

	shift 3
	command -v apt-get >/dev/null || skip "no apt-get to have $package of $suite from"
	# The mirror that this machine uses.
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	site=$(apt-get indextargets --format "\$(RELEASE) \$(SITE)" "Created-By: Packages" |
		sed -n "s/^$release //p" | head -n 1)
	[[ $site ]] || skip "apt has no source of Debian $release"
	rm -rf "$dir/root"
	mkdir -p "$dir"/apt/{lists,cache/archives}/partial
	printf "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site %s main\n" \
		"$release" "$suite" >"$dir/apt/sources.list"
	apt_beside "$dir" "$@" -o APT::Update::Error-Mode=any update ||
		skip "$suite cannot be reached: $(apt_said "$dir")"
	rm -f "$dir"/apt/cache/archives/*.deb
	apt_beside "$dir" "$@" --no-install-recommends --download-only -t "$suite" install "$package" ||
		skip "no $package in $suite: $(apt_said "$dir")"
	for package in "$dir"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$package" "$dir/root"
	done
	rm -rf "$dir/apt"
}

# Nothing is locked or changed of the system's.
apt_beside() {
	local dir=$1

	shift
	apt-get -q -y -o Dir::Etc::SourceList="$dir/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$dir/apt/lists" -o Dir::Cache="$dir/apt/cache" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@" >"$dir/apt/log" 2>&1
}

apt_said() {
	grep '^[EW]:' "$1/apt/log" | tail -n 1
}
