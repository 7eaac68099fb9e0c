#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# matrix.sh itself: what agrees passes, and each kind of disagreement is a failure that names it.
#
#	matrix-selftest.sh

here=$(dirname "$0")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
counts=$work/counts failures=0
touch -d '1 hour ago' "$work/migpop"
cat >"$work/differences.txt" <<'END'
# comment
second-mapping faults 6.12.* more at once
hugetlb populated .*.tracepoint no event
END

# counts KERNEL MODE LINE…
counts() {
	dir=$counts/$1/$2
	mkdir -p "$dir"
	shift 2
	for line in "$@"; do
		echo "$line" >"$dir/${line%% *}"
	done
}

# All that agrees.
sound() {
	rm -rf "$counts"
	counts 6.1 fentry 'memfd-read 4096 4096 0 4096 known' 'second-mapping 64 0 0 4 known' \
		'hugetlb 512 0 0 1 known' 'kvm skip no /dev/kvm'
	counts 6.12 fentry 'memfd-read 4096 4096 0 4096 known' 'second-mapping 64 0 0 8 known' \
		'hugetlb 512 0 0 1 known' 'kvm skip no /dev/kvm'
	counts host tracepoint 'memfd-read 4096 4096 0 4096 null' 'hugetlb null 0 0 1 null'
}

# with STATUS REGEX WHAT
with() {
	"$here/matrix.sh" "$counts" "$work/migpop" "$work/differences.txt" >"$work/out" 2>&1
	status=$?
	if [ $status -ne "$1" ] || ! grep -Eq "$2" "$work/out"; then
		failures=$((failures + 1))
		echo "FAIL: $3: status $status instead of $1, or not '$2':"
		sed 's/^/    /' "$work/out"
	fi
}

sound
with 0 '^memfd-read +4096 +4096 +0 +4096 +=' "what agrees"
with 0 '^skipped kvm: no /dev/kvm \(6.1 fentry, 6.12 fentry\)' "what was skipped is said"
with 0 'faults 8, on 6.1 fentry 4: more at once' "a difference that may be is said"
counts 6.12 fentry 'memfd-read 4096 4096 0 4095 known'
with 1 '^FAIL: memfd-read on 6.12 fentry: faults 4095, on 6.1 fentry 4096' "a doctored count"
sound
counts 6.1 fentry 'second-mapping 64 0 1 4 known'
with 1 '^FAIL: second-mapping .*: released' "a difference in another column than may be"
sound
counts 6.12 fentry 'hugetlb null 0 0 1 known'
with 1 '^FAIL: hugetlb on 6.12 fentry: populated null' "a null where it may not be"
sound
counts 6.1 fentry 'memfd-read 4096 4096 0 4096 null'
with 1 'FAIL: memfd-read on 6.1 fentry: fault_ns is null' "no times in a mode that has them"
sound
counts host tracepoint 'memfd-read 4096 4096 0 4096 known'
with 1 'FAIL: memfd-read on host tracepoint: fault_ns is known' "times in a mode that has none"
sound
mkdir -p "$counts/6.1/fentry/failed/memfd-read"
echo '{"schema": "migpop.record/2"}' >"$counts/6.1/fentry/failed/memfd-read/rec.json"
with 0 '^memfd-read +4096 +4096 +0 +4096 +=' "what a failed route left is no count"
sound
rm "$counts/6.12/fentry/hugetlb"
with 1 'FAIL: hugetlb on 6.12 fentry: no counts' "a route that did not end"
sound
rm "$counts/6.12/fentry"/*
counts 6.12 fentry 'kvm skip no /dev/kvm' 'memfd-read skip no memfd'
with 1 'FAIL: 6.12 fentry: not one route ran' "a kernel on which all was skipped"
sound
mkdir -p "$counts/6.6/kprobe"
with 1 'FAIL: 6.6 kprobe: not one route ran' "a kernel that never started"
sound
counts 6.12 fentry 'memfd-read rubbish'
with 1 'FAIL: no counts: 6.12 fentry memfd-read rubbish' "rubbish"
sound
find "$counts" -exec touch -d '2 hours ago' {} +
with 77 'SKIP: no counts' "counts of an older build"
rm -rf "$counts"
with 77 'SKIP: no counts' "no counts"
[ "$failures" -eq 0 ] && echo "PASS: matrix-selftest"
