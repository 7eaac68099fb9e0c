#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The capabilities that tracing needs: with these and no others a user of its own traces a process of
# another one, complete with names; without any one of them the tracer ends with status 3 and names it.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

needed=(bpf perfmon sys_ptrace)
command -v setpriv >/dev/null || skip "setpriv is not installed"
for number in 19 38 39; do
	((0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> number & 1)) || skip "root lacks a capability"
done

# Where any user may read, wherever the build is.
chmod 755 "$work"
cp "$migpop" migpop
cp "$target" target
cp -rL "$(dirname "$migpop")/rules" rules
mkdir records
chown nobody records

# as USER CAPABILITIES COMMAND…: with these (bpf,perfmon) at most, and no way to more.
as() {
	local user=$1 set="-all${2:+,+${2//,/,+}}"

	shift 2
	MIGPOP_RULES_DIR=$work/rules setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs \
		--inh-caps="$set" --ambient-caps="$set" --bounding-set="$set" "$@"
}

# refused WORD: what was run without ended so, and said so, and nothing else.
refused() {
	local name=CAP_${1^^}

	equal "without $name" "$status" 3
	equal "without $name, lines" "$(wc -l <said)" 1
	grep -q "^migpop: missing $name: " said || failed "without $name: $(<said)"
}

nobody=$(id -u nobody) daemon=$(id -u daemon)
for without in "${needed[@]}"; do
	with=$(printf '%s\n' "${needed[@]}" | grep -vx "$without" | paste -sd,)
	status=0
	as "$nobody" "$with" ./migpop trace -p $$ -d 0.1 >/dev/null 2>said || status=$?
	refused "$without"
	status=0
	as "$nobody" "$with" ./migpop doctor >doctor.out 2>said || status=$?
	refused "$without"
	grep -q "^privileges  missing CAP_${without^^}\$" doctor.out || failed "doctor says: $(<doctor.out)"
done

# Kprobes may take one more, as Debian's kernels are set: it is named, and it or another setting will do.
all=$(printf '%s\n' "${needed[@]}" | paste -sd,)
paranoid=/proc/sys/kernel/perf_event_paranoid level=$(<$paranoid)
if [[ $mode == kprobe ]] && ((level > 2)); then
	why="kernel.perf_event_paranoid is $level, with which kprobes take CAP_SYS_ADMIN"
	status=0
	as "$nobody" "$all" ./migpop trace --mode kprobe -p $$ -d 0.1 >/dev/null 2>said || status=$?
	equal "kprobes without CAP_SYS_ADMIN" "$status" 3
	equal "kprobes without CAP_SYS_ADMIN, lines" "$(wc -l <said)" 1
	grep -q "^migpop: cannot attach kprobe/.*: $why" said || failed "kprobes: $(<said)"
	as "$nobody" "$all" ./migpop doctor >doctor.out 2>said || failed "doctor: $(<said)"
	grep -q "^  kprobe/handle_mm_fault  *not permitted: $why" doctor.out ||
		failed "doctor says: $(<doctor.out)"
	status=0
	echo 2 >$paranoid
	as "$nobody" "$all" ./migpop trace --mode kprobe -p $$ -d 0.1 >/dev/null 2>said || status=$?
	echo "$level" >$paranoid
	equal "kprobes, which that lets through: $(<said)" "$status" 0
	all+=,sys_admin
fi

# Process ids mean something else there, which would be a record of nobody.
status=0
unshare --pid --fork --mount-proc ./migpop trace -- cat /dev/null >/dev/null 2>said || status=$?
equal "in a PID name space" "$status" 3
grep -q '^migpop: in a PID name space' said || failed "in a PID name space: $(<said)"

as "$nobody" "$all" ./migpop doctor >doctor.out 2>said || failed "doctor, with all: $(<said)"
start other as "$daemon" "" ./target say ready wait memfd 500 exit 0
await other ready
start traced as "$nobody" "$all" ./migpop trace --mode "$mode" --format json -o records/traced.json -p "$said"
tracer=$pid
until_true "the tracer traces" traces_or_ended traced "$tracer"
go "$said"
finish "$tracer"
equal "exit status: $(<traced.err)" "$status" 0
mv records/traced.json .
record_is_sound traced 500
equal "program" "$(ask traced .target.exe)" "$work/target"
equal "unwind errors" "$(ask traced '[.lost.unwind_errors[]] | add // 0')" 0
ask traced '.callsites[].frames[].function' | grep -qx main || failed "no main() in any call chain"

passed "${all//,/ } are enough, and each is missed"
