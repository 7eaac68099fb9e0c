#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# migpop verify by what it says and how it ends: verify.sh PART MIGPOP BROKEN NONE, where PART is a
# function here, BROKEN a preload that corrupts and NONE one that does nothing. Nothing may be left
# behind.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

part=$1 migpop=$2 broken=$3 none=$4
work=$(mktemp -d)
cleanup() {
	local status=$?

	return_huge_pages
	records_hold "$migpop" "$work" || status=1
	rm -rf "$work"
	exit $status
}
trap cleanup EXIT
cd "$work"
mkdir tmp
export TMPDIR=$work/tmp
failed=0
wrong() {
	echo "FAIL: $*"
	failed=1
}
passed() {
	echo "PASS: $*"
}

((EUID == 0)) || skip "not root"
command -v qemu-system-x86_64 >/dev/null || skip "qemu-system-x86_64 is not installed"

# verify NAME STATUS VERDICT ARGS…: its exit status and last line; one of "-" is not looked at. Its
# output is in NAME.out and NAME.err, one line of which is all that an error may say.
verify() {
	local name=$1 status=$2 verdict=$3 got=0

	shift 3
	"$migpop" verify "$@" >"$name.out" 2>"$name.err" </dev/null || got=$?
	if ((got == 3 && status != 3)) && ! grep -q 'did not load' "$name.err"; then
		skip "$(tail -n 1 "$name.err")"
	fi
	if ((got != status)); then
		wrong "$name: status $got, not $status: $(tail -n 3 "$name.out" "$name.err")"
	elif [[ $verdict != - && $(tail -n 1 "$name.out") != "verdict: $verdict" ]]; then
		wrong "$name: $(tail -n 1 "$name.out"), not $verdict"
	elif ((status > 1)) && [[ $(wc -l <"$name.err") != 1 || -s $name.out ]]; then
		wrong "$name: more than one line: $(cat "$name.out" "$name.err")"
	else
		passed "$name: status $status: $(tail -qn 1 "$name.out" "$name.err")"
	fi
}

# holds NAME FILTER: of jq, on NAME.json.
holds() {
	jq -e "$2" "$1.json" >/dev/null || wrong "$1: not so: $2"
}

options() {
	verify bad-option 2 - --nonsense
	verify bad-memory 2 - --memory 1000
	verify bad-ratio 2 - --max-ratio 2
	verify bad-backing 2 - --backing none
	verify bad-fix 2 - --fix none
	verify one-record 2 - one.json
	verify no-record 2 - one.json two.json
	verify records-and-options 2 - --memory 1G one.json two.json
	verify small-churn 2 - --guest churn --memory 64M
	verify no-directory 2 - -o nowhere/v.json
	verify no-qemu 3 - --qemu qemu-system-of-nobody
	verify no-fixed-qemu 3 - --fixed-qemu /nonexistent/qemu
	verify no-preload 3 - --preload /nonexistent/preload.so
	echo "not a library" >text.so
	verify preload-not-loaded 3 - --memory 64M --preload "$PWD/text.so"
	verify huge-memory 3 - --memory 1024T --preload "$none"
	verify qemu-ends 4 - --memory 64M --qemu /bin/false --preload "$none"
	grep -q 'ended with status 1' qemu-ends.err || wrong "qemu-ends: $(<qemu-ends.err)"
	killed_qemu
	interrupted
	killed
}

# A QEMU of this test's migpop, if there is one.
find_qemu() {
	qemu=$(pgrep -P "$verifier" qemu | tail -n 1)
	[[ $qemu ]]
}

# in_background: verify of a guest that takes a while, up to its first QEMU.
in_background() {
	"$migpop" verify --memory 256M --guest churn --preload "$none" -o half.json \
		>background.out 2>background.err &
	verifier=$!
	wait_until 60 find_qemu || wrong "no QEMU was started"
}

# ends STATUS WORDS
ends() {
	local got=0

	wait "$verifier" || got=$?
	((got == $1)) || wrong "status $got, not $1"
	grep -q "$2" background.err || wrong "not said: $2: $(<background.err)"
	[[ ! -e half.json ]] || wrong "half a file was left"
	! find_qemu || wrong "a QEMU was left"
	passed "$(<background.err)"
}

killed_qemu() {
	in_background
	kill -KILL "$qemu"
	ends 4 'was killed by signal 9'
}

interrupted() {
	in_background
	kill -TERM "$verifier"
	ends 4 'SIGTERM'
}

# Not even this leaves a QEMU; only its directory stays, and is removed here.
killed() {
	local child children

	in_background
	mapfile -t children < <(pgrep -P "$verifier" qemu)
	kill -KILL "$verifier"
	wait "$verifier" || true
	for child in "${children[@]}"; do
		wait_until 10 ended "$child" || wrong "QEMU $child outlives migpop"
	done
	rm -rf tmp/migpop-verify.*
	[[ ! -e half.json ]] || wrong "half a file was left"
	passed "killed, and QEMU with it"
}

# save RUN: the record of its destination, by itself.
save() {
	jq ".$1.destination.record" "$2.json" >"$1.json"
}

idle() {
	verify idle 0 fixed --memory 256M -o idle.json --junit idle.xml --markdown idle.md
	holds idle '.schema == "migpop.verify/1" and .verdict == "fixed"'
	holds idle 'all(.stock.source, .stock.destination; .zero_populated_pages >= 65536 - 144)'
	holds idle 'all(.fixed.source, .fixed.destination;
		.zero_populated_pages <= 65 and .rss_after - .rss_before <= 4194304)'
	holds idle '.stock.content_equal and .fixed.content_equal'
	holds idle '.ratio.zero_populated <= 0.001'
	xmllint --noout --schema "$top/tests/qemu/junit.xsd" idle.xml 2>xmllint.err ||
		wrong "JUnit: $(<xmllint.err)"
	grep -q '^### migpop verify: fixed$' idle.md || wrong "no heading in the Markdown"
	save stock idle
	save fixed idle
	verify saved 0 fixed stock.json fixed.json -o saved.json
	holds saved '.ratio.zero_populated <= 0.001 and .fixed.content_equal == null'
	verify saved-twice 1 not-fixed stock.json stock.json
	verify saved-sparse 0 already-sparse fixed.json fixed.json

	verify nothing 1 not-fixed --memory 128M --preload "$none" --junit nothing.xml
	xmllint --noout --schema "$top/tests/qemu/junit.xsd" nothing.xml 2>xmllint.err ||
		wrong "JUnit: $(<xmllint.err)"
	[[ $(xmllint --xpath 'string(//testsuite/@failures)' nothing.xml) == 2 ]] ||
		wrong "not two failures: $(<nothing.xml)"
	verify fixed-qemu 1 not-fixed --memory 64M --fixed-qemu "$(command -v qemu-system-x86_64)"
	verify anonymous 0 already-sparse --memory 128M --backing ram
	verify preallocated 0 already-sparse --memory 128M --prealloc -o preallocated.json
	holds preallocated '.fixed.destination.rss_after >= .migrated.memory_bytes'
	verify destination-only 0 fixed --memory 64M --fix dst -o dst.json
	holds dst '.fixed.source.zero_populated_pages >= 16384 - 144'
}

churn() {
	verify churn 0 fixed --memory 256M --guest churn -o churn.json
	holds churn '.fixed.content_equal and .fixed.migration.dirty_syncs >= 4'
	# 99 MiB, of which the last pass has zeroed half, are sent at least once a round.
	holds churn '.fixed.migration.pages >= 65536 + 2 * 25344'
	verify broken 1 corrupt --memory 256M --guest churn --preload "$broken" -o broken.json
	holds broken '.corrupted_pages > 0 and (.fixed.first_differing | length) > 0 and
		.stock.content_equal'
}

# The figures that a single run may owe to luck.
churn20() {
	local n

	for n in {1..20}; do
		verify "churn-$n" 0 fixed --memory 256M --guest churn -o "churn-$n.json"
		holds "churn-$n" '.fixed.content_equal and .fixed.migration.dirty_syncs >= 4'
	done
}

# The processor writes without page faults: the kernel gets the pages for it (GUP), in a vCPU thread's
# ioctl. The guest writes 99 MiB at the source, before and during the migration.
kvm() {
	[[ -c /dev/kvm ]] || skip "no /dev/kvm on this machine"
	verify kvm 0 fixed --accel kvm --memory 128M --guest churn -o kvm.json
	holds kvm '.corrupted_pages == 0 and .fixed.migration.dirty_syncs >= 4'
	holds kvm 'all(.stock.source, .fixed.source; [.record.callsites[] |
		select(.category == "vcpu" and .context == "kernel" and .syscall == "ioctl") |
		.populated_pages] | add >= 25344)'
	holds kvm 'all(.stock.destination, .fixed.destination; [.record.callsites[] |
		select(.category == "vcpu") | .populated_pages] | add // 0 == 0)'
}

# Its source reads before it asks: said in one line, and left as it was.
qemu10() {
	local qemu10

	qemu10=$("$top/scripts/qemu10.sh") || skip "${qemu10#SKIP: }"
	verify qemu10 1 not-fixed --qemu "$qemu10" --memory 128M -o qemu10.json
	holds qemu10 '[.checks[] | select(.result == "fails") | .name] == ["zero-pages-source"]'
	holds qemu10 'all(.fixed.source, .fixed.destination; .said |
		test("^libmigfix [0-9.]+: source [^;]*this QEMU reads each page before it calls a " +
			"function; destination hooked; replaced [^\n]*$"))'
	holds qemu10 '.stock.content_equal and .fixed.content_equal'
	holds qemu10 'all(.stock.source, .fixed.source, .stock.destination;
		.zero_populated_pages >= 32768 - 144)'
	holds qemu10 '.fixed.destination.zero_populated_pages <= 32'
	save stock qemu10
	save fixed qemu10
	verify qemu10-destination 0 fixed stock.json fixed.json
	grep -q '^the fix, at .*: source .*reads each page before' qemu10.out ||
		wrong "not said: $(<qemu10.out)"
}

# Started by a dynamic loader of its own, so that its file is not the executable of the process.
qemu11() {
	local qemu11

	qemu11=$("$top/scripts/qemu11.sh") || skip "${qemu11#SKIP: }"
	verify qemu11 0 fixed --qemu "$qemu11" --memory 128M -o qemu11.json
	holds qemu11 '.stock.content_equal and .fixed.content_equal'
	holds qemu11 'all(.stock.source, .stock.destination; .zero_populated_pages >= 32768 - 144)'
	holds qemu11 'all(.fixed.source, .fixed.destination; .zero_populated_pages == 0)'
	holds qemu11 'all(.fixed.source, .fixed.destination; .said |
		test("^libmigfix [0-9.]+: source hooked; destination hooked; replaced [^\n]*$"))'
}

# Every section that is kept has its pages and its page table, and nothing else has any.
routine() {
	local backing tables

	for backing in memfd ram memfd-private; do
		verify "$backing" 0 fixed --routine populate --memory 256M --backing "$backing" \
			-o "$backing.json"
	done
	for backing in memfd memfd-private; do
		holds "$backing" '.stock.destination.zero_populated_pages == 65536 and
			.fixed.destination.zero_populated_pages == 8192'
	done
	tables='[.accounting[] | select(.kind == "page-tables") | .kernel_pages] | first'
	holds ram "(.stock.destination.record | $tables) >= 128 and
		(.fixed.destination.record | $tables) <= 16 + 6"
	verify half 0 fixed --routine populate --memory 64M --discarded 1/2 -o half.json
	holds half '.fixed.destination.zero_populated_pages == 8192'
	verify none 0 already-sparse --routine populate --memory 64M --discarded 0/1
	verify bad-fraction 2 - --routine populate --discarded 9/8
	verify routine-migrates 2 - --routine populate --guest churn
	verify bad-routine 2 - --routine nonsense
	reserve_huge_pages $((64 << 21)) || skip "partly: $huge_missing"
	verify hugetlb 0 fixed --routine populate --memory 128M --backing hugetlb -o hugetlb.json
	holds hugetlb '.stock.destination.zero_populated_pages == 32768 and
		.fixed.destination.zero_populated_pages == 4096'
}

# in_namespace COMMAND ARG…: in mounts of its own, where / is at root/ as well.
in_namespace() {
	# shellcheck disable=SC2016 # expanded in there
	unshare -m sh -c 'mount --rbind / root && exec "$@"' sh "$@"
}

# A library is loaded where the process maps it, whatever its path looks like from here: the QEMU has
# another root, or another file at that path.
roots() {
	mkdir root
	in_namespace true 2>/dev/null || skip "no mount namespaces to be had"
	printf '#!/bin/sh\nexec chroot %q %q "$@"\n' "$PWD/root" "$(command -v qemu-system-x86_64)" >in-root
	# shellcheck disable=SC2016 # expanded in there
	printf '#!/bin/sh\nexec unshare -m sh -c '\''mount --bind %q %q && exec %q "$@"'\'' sh "$@"\n' \
		"$none" "$PWD/over.so" "$(command -v qemu-system-x86_64)" >in-mounts
	cp "$none" over.so
	chmod +x in-root in-mounts
	migpop_here=$migpop
	migpop=in_namespace_migpop
	in_namespace_migpop() {
		# shellcheck disable=SC2317 # it is what "migpop" is below
		in_namespace "$migpop_here" "$@"
	}
	verify chroot 1 not-fixed --memory 64M --preload "$none" --qemu "$PWD/in-root"
	migpop=$migpop_here
	verify mounts 1 not-fixed --memory 64M --preload "$PWD/over.so" --qemu "$PWD/in-mounts"
	echo "not a library" >text.so
	verify not-loaded 3 - --memory 64M --preload "$PWD/text.so" --qemu "$PWD/in-mounts"
}

"$part"
[[ ! $(ls tmp) ]] || wrong "left behind: $(ls tmp)"
((!failed))
