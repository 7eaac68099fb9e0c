# SPDX-License-Identifier: GPL-2.0-or-later
# Precopy with each capability of a migration, and of each kind of memory. Sourced by scenario.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317 # variables are scenario.sh's, which calls scenarios by their names

# rounds CAPABILITY PARAMETERS CONDITION: precopy with the capability; CONDITION says that it was used.
rounds() {
	prepare
	both
	enable "$1"
	parameters source "$2"
	parameters destination "$2"
	precopy
	is source "$3" || die "$1 was not used: $(state source .)"
	equal
	sparse source destination
}

# --- kinds of memory ---

# kind BACKING: precopy of such memory.
kind() {
	backing=$1
	prepare
	both
	precopy
	equal
	sparse source destination
}

# by_table NAME: a scenario that is one precopy.
by_table() {
	case $1 in
	multifd) rounds "$1" '{"multifd-channels": 4}' '.ram["multifd-bytes"] > 0' ;;
	compress) rounds "$1" '{"compress-threads": 4, "decompress-threads": 4}' '.compression.pages > 0' ;;
	xbzrle) rounds "$1" '{"xbzrle-cache-size": 134217728}' '.["xbzrle-cache"].pages > 0' ;;
	memfd | ram | memfd-private | file | file-private) kind "$1" ;;
	*) die "no such scenario: $1" ;;
	esac
}

# The kernel cannot be asked about huge pages: all is populated, as without the library.
scenario_hugetlb() {
	backing=hugetlb
	prepare
	both
	precopy
	equal
	full destination
}

# paid PROPERTIES [OPTIONS…]: precopy of memory that is populated from the start, and must stay populated.
paid() {
	memory_properties=$1
	shift
	prepare
	both "$@"
	full source destination
	precopy
	equal
	full source destination
}

scenario_prealloc() {
	paid ,prealloc=on
}

scenario_mem_lock() {
	local locked

	paid '' -overcommit mem-lock=on
	locked=$(awk '/^VmLck:/ { print $2 }' "/proc/${pid[destination]}/status")
	((locked >= size / 1024)) || die "destination: $locked kB are locked"
	ok "destination: and locked"
}
