#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be done is said in one line that begins with "migpop", and by the exit status: 2 for
# usage, 3 for what the machine lacks, 4 for a fault. Nothing is done by half.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

cases=0

# refused STATUS WORDS COMMAND...: and one line with those words, besides that tracing began.
refused() {
	local expected=$1 words=$2 status=0 lines

	shift 2
	timeout "$patience" "$@" >said.out 2>said.err </dev/null || status=$?
	grep -v '^tracing pid ' said.err >lines.err || true
	lines=$(wc -l <lines.err)
	if [[ $status != "$expected" || $lines != 1 ]] || ! grep -q '^migpop' lines.err ||
		! grep -qi -- "$words" lines.err; then
		failed "$*: status $status, not $expected, or not one line with \"$words\": $(<said.err)"
	fi
	cases=$((cases + 1))
}

trace=("$migpop" trace --mode "$mode")

# Which process.
refused 2 "nothing to trace" "${trace[@]}"
refused 2 "nothing to trace" "${trace[@]}" --
refused 2 "no such process" "${trace[@]}" -p 4194303
for pid in x 1x "" 0 -1 1.5 99999999 1e99 nan; do
	refused 2 "not a process id" "${trace[@]}" -p "$pid"
done
refused 2 "not a process id" "${trace[@]}" -p $'1\nmigpop: 2'
refused 2 "not both" "${trace[@]}" -p $$ -- true
refused 2 "no such cgroup" "${trace[@]}" -c /nonexistent
refused 2 "no such cgroup" "${trace[@]}" -c nonexistent
refused 2 "/nonexistent: No such file" "${trace[@]}" -- /nonexistent
refused 2 "no-such-program: No such file" "${trace[@]}" -- no-such-program
refused 2 ".: Permission denied" "${trace[@]}" -- .
printf '#!/bin/sh\n' >not-executable
refused 2 "not-executable: Permission denied" "${trace[@]}" -- ./not-executable

# Words and numbers.
refused 2 "unknown mode" "$migpop" trace --mode x -- true
refused 2 "unknown stack" "${trace[@]}" --stack x -- true
refused 2 "unknown format" "${trace[@]}" --format x -- true
refused 2 "neither auto, always nor never" "${trace[@]}" --color x -- true
refused 2 "unrecognized option" "${trace[@]}" --x -- true
refused 2 "invalid option" "${trace[@]}" -x -- true
for option in -p -c -d -i -o; do
	refused 2 "requires an argument" "${trace[@]}" "$option"
done
for option in --mode --stack --format --qmp --max-sites; do
	refused 2 "requires an argument" "$migpop" trace "$option"
done
for seconds in x 0 -1 nan ""; do
	refused 2 "not a number of seconds" "${trace[@]}" -d "$seconds" -- true
	refused 2 "not a number of seconds" "${trace[@]}" -i "$seconds" -- true
done
for sites in x 0 -1 nan 1e300; do
	refused 2 "not a number of call sites" "${trace[@]}" --max-sites "$sites" -- true
done
refused 2 "no such command" "$migpop" x
refused 2 "no such command" "$migpop" ""
refused 2 "unexpected argument" "$migpop" doctor x
refused 2 "unrecognized option" "$migpop" doctor --x
refused 2 "neither auto, always nor never" "$migpop" doctor --color x
refused 2 "no FILE" "$migpop" report
refused 2 "cannot read" "$migpop" report /nonexistent
refused 2 "cannot read" "$migpop" report .
echo no record >no-record.json
refused 2 "cannot read" "$migpop" report no-record.json
refused 2 "unrecognized option" "$migpop" report --x no-record.json

# QEMU's monitor.
refused 2 "/nonexistent" "${trace[@]}" --qmp /nonexistent -p $$
refused 2 "no-record.json" "${trace[@]}" --qmp no-record.json -p $$
refused 2 "goes with one QEMU" "${trace[@]}" --qmp no-record.json -p $$ -p $PPID
refused 2 "either --qmp or --phase" "${trace[@]}" --qmp no-record.json --phase auto -p $$
refused 2 "File name too long" "${trace[@]}" --qmp "$(printf '%0200d' 0)" -p $$
start no-qmp "$target" listen no-qmp.sock say ready wait
await no-qmp ready
refused 2 "cannot talk to QEMU at no-qmp.sock: what answers there speaks no QMP" "${trace[@]}" --qmp no-qmp.sock -p $$
go "$said"

# Where the record goes.
refused 2 "cannot write nowhere/record: No such" "${trace[@]}" -o nowhere/record -- true
refused 2 "cannot write .: Is a directory" "${trace[@]}" -o . -- true
refused 2 "cannot write /proc/record" "${trace[@]}" -o /proc/record -- true
mkdir read-only
refused 2 "cannot write read-only/record: Read-only" unshare -m sh -c 'mount -t tmpfs -o ro none read-only &&
	exec "$@"' sh "${trace[@]}" -o read-only/record -- true
for format in text json; do
	refused 4 "cannot write /dev/full: No space" "${trace[@]}" --format $format -o /dev/full -- true
	# shellcheck disable=SC2016 # for the shell within
	refused 4 "cannot write standard output: No space" sh -c '"$@" >/dev/full' sh "${trace[@]}" \
		--format $format -- true
	# shellcheck disable=SC2016
	refused 2 "cannot write standard output: Bad file" sh -c '"$@" >&-' sh "${trace[@]}" \
		--format $format -- true
done

# What the machine lacks.
setpriv --reuid 65534 --regid 65534 --clear-groups true || failed "cannot become nobody"
install -m 755 "$migpop" /var/tmp/migpop-faults.$$
at_end=(rm -f /var/tmp/migpop-faults.$$)
refused 3 "root" setpriv --reuid 65534 --regid 65534 --clear-groups /var/tmp/migpop-faults.$$ \
	trace -- true
refused 3 "missing CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE: whatever started this process" setpriv --bounding-set=-all \
	"${trace[@]}" -- true
if [[ -e /boot/vmlinux-$(uname -r) ]]; then
	echo "SKIP: no BTF: /boot has the kernel's"
else
	# shellcheck disable=SC2016
	refused 3 "BTF" unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' sh \
		"${trace[@]}" -- true
fi
for other in fentry kprobe; do
	if "$migpop" trace --mode $other -q -o /dev/null -- true 2>/dev/null; then
		echo "SKIP: mode $other refused: this kernel allows it"
		continue
	fi
	refused 3 "cannot" "$migpop" trace --mode $other -o refused.json -- true
	[[ ! -e refused.json ]] || failed "mode $other was refused, and there is a record"
done

equal "files left" "$(find . -name '.migpop-*')" ""
passed "$cases refusals, each in one line"
