#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel whose structures lack a member. One that serves a name or a hint only never costs the
# counting: routes are counted as exactly, doctor says what is not known, and the record says so too.
# One that counting needs is named by doctor and by the one line of the error.
#
#	members.sh MIGPOP MODE DIR     DIR: where the build left the routes and tools/btf-without
#
# Each kernel is this one, with the types that it describes exchanged in a mount namespace of its own.
# Exit status: 0 all of it holds, 1 something does not, 77 this machine cannot show it.
set -uo pipefail

[ $# -eq 3 ] || { echo "usage: $0 MIGPOP MODE DIR" >&2; exit 2; }
migpop=$(realpath "$1") mode=$2 dir=$(realpath "$3") failed=0
btf=/sys/kernel/btf/vmlinux
skip() { echo "SKIP: $*"; exit 77; }
[ "$mode" != none ] || skip "nothing to trace with"
[ "$(id -u)" = 0 ] || skip "not root"
[ -r $btf ] || skip "this kernel has no BTF"
unshare -m true 2>/dev/null || skip "no mount namespaces"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
# shellcheck source=tests/trace/says.sh
. "$(dirname "$0")/says.sh"

# STRUCTURE MEMBER: in a kernel without it, from here on.
without() {
	member="$1.$2"
	"$dir/tools/btf-without" "$1" "$2" "$work/btf" || { failed=1; return 1; }
}

inside() { # COMMAND…
	unshare -m sh -c "mount --bind '$work/btf' $btf && exec \"\$@\"" inside "$@"
}

# STRUCTURE MEMBER NAME WORDS [FILTER EXPECTED]: counted as ever, in memory of that name; doctor has these
# words for what is not known; what the filter finds in the record is this.
optional() {
	without "$1" "$2" || return
	inside "$migpop" trace -q --mode "$mode" --stack none --format json -o "$work/record.json" -- \
		"$dir/memfd-read" >"$work/expect" 2>&1
	sed -i "s/name=memfd:route/name=$3/" "$work/expect"
	"$dir/trace-check" "$work/record.json" "$work/expect" >"$work/check" 2>&1
	check "without $member a route is counted" "0 memfd-read: 8 of 8 expectations hold, the record is sound" \
		"$? $(tail -n 1 "$work/check")"
	inside "$migpop" doctor >"$work/doctor" 2>&1
	check "without $member doctor is content" 0 $?
	says "without $member doctor says what is not known" \
		"^not known +$4: kernel structure $1 has no member $2$" "$work/doctor"
	[ $# -le 4 ] || check "without $member the record says so" "$6" "$(jq -c "$5" "$work/record.json" 2>&1)"
}

# STRUCTURE MEMBER HOOK: the error names it, in one line, and so does doctor.
essential() {
	local named="kernel structure $1 has no member $2(\.[a-z_]+)?, which" words="[a-z_/]+ needs"

	without "$1" "$2" || return
	inside "$migpop" trace --mode "$mode" -o "$work/record.json" -- true >/dev/null 2>"$work/said"
	check "without $member trace has status 3" 3 $?
	check "without $member trace says one line" 1 "$(wc -l <"$work/said")"
	says "without $member trace names it" "$named $words" "$work/said"
	inside "$migpop" trace -v --mode "$mode" -o "$work/record.json" -- true >/dev/null 2>"$work/said"
	says "without $member trace -v names it" "$named $words" "$work/said"
	inside "$migpop" doctor >"$work/doctor" 2>&1
	check "without $member doctor has status 3" 3 $?
	says "without $member doctor names it" "^  $3 +$named $3 needs$" "$work/doctor"
}

heap='[.callsites[].backing[] | select(.name == "[heap]")] | length'

optional inode i_dentry "?unnamed?" "names of files"
optional dentry d_alias "?unnamed?" "names of files"
optional dentry d_name "?unnamed?" "names of files"
optional mm_struct brk memfd:route "which memory is the heap" "$heap" 0
optional mm_struct start_brk memfd:route "which memory is the heap" "$heap" 0
optional mm_struct pgtables_bytes memfd:route "the growth of page tables"
optional task_struct ptrace memfd:route "chains of what a command runs while its code is still read"

essential inode i_ino tp_btf/mm_page_alloc
essential folio mapping tp_btf/mm_page_alloc
essential super_block s_magic tp_btf/mm_filemap_delete_from_page_cache
essential signal_struct live tp_btf/sched_process_exit
exit $failed
