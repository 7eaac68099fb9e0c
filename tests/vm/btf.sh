#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels that lack what a mode needs, made of one that has it all: without BTF, with another name for
# the function that is hooked or for a tracepoint, without kprobes. doctor says what is missing, auto
# takes the next mode and counts as exactly there, and what is left is one line and status 3.
#
#	btf.sh KERNEL BUILD
#
# Exit status: 0 all of it holds, 1 something does not, 77 no machine to be had.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
takes "KERNEL BUILD" "$@"

# In the machine. Files are hidden and exchanged by mounts, and uncovered by umount.
# shellcheck disable=SC2016 # expanded in there
inside='
btf=/sys/kernel/btf/vmlinux kprobes=/sys/bus/event_source/devices/kprobe failed=0

. /tests/trace/says.sh

# rename OLD NEW: of the same length, in a copy of the types that the kernel describes.
rename() {
	/bin/sed "s/\x00$1\x00/\x00$2\x00/" $btf >/tmp/vmlinux
	check "$1 renamed" 1 "$(cmp -s $btf /tmp/vmlinux; echo $?)"
	mount --bind /tmp/vmlinux $btf
}

doctor() { # STATUS
	migpop doctor >/tmp/doctor 2>/tmp/said
	check "status of doctor" "$1" $?
}

# Mode auto, which counts exactly what a route did.
auto() { # MODE
	sh /tests/trace/run-route.sh migpop auto /tests/trace/memfd-read >/tmp/route 2>&1
	check "a route in mode auto" "0 the record is sound" "$? $(sed "s/.*, //" /tmp/route)"
	migpop trace -o /tmp/record -- true 2>/tmp/said
	says "auto takes $1" "^tracing pid .* $1 mode," /tmp/said
}

refused() { # MODE REGEX
	migpop trace --mode "$1" -o /tmp/record -- true 2>/tmp/said
	check "status of mode $1" 3 $?
	check "lines of mode $1" 1 "$(wc -l </tmp/said)"
	says "mode $1 is refused" "$2" /tmp/said
}

echo "== as it is"
doctor 0
auto fentry

echo "== the function has another name"
rename handle_mm_fault handle_mm_fawlt
doctor 0
says "doctor says so" "^auto takes kprobe mode; not fentry: .*handle_mm_fault .*no such function" /tmp/doctor
auto kprobe
refused fentry handle_mm_fault

echo "== and there are no kprobes"
mount -t tmpfs none $kprobes
mount -t tmpfs none /sys/kernel/tracing
mount -t tmpfs none /sys/kernel/debug
doctor 0
says "doctor says so" "^auto takes tracepoint mode; not fentry: .*; not kprobe: " /tmp/doctor
auto tracepoint
refused kprobe handle_mm_fault
umount /sys/kernel/debug
umount /sys/kernel/tracing
umount $kprobes
umount $btf

echo "== a tracepoint that each mode needs has another name"
rename btf_trace_mm_page_alloc btf_trace_mm_page_allot
doctor 3
says "doctor says so" "^  tp_btf/mm_page_alloc  *this kernel has no such hook" /tmp/doctor
says "none is taken" "^auto: no mode attaches" /tmp/doctor
for mode in auto fentry kprobe tracepoint; do
	refused $mode mm_page_alloc
done
umount $btf

echo "== a tracepoint that one mode needs has another name"
rename btf_trace_page_fault_user btf_trace_page_fault_uzer
doctor 0
auto fentry
refused tracepoint page_fault_user
umount $btf

echo "== no BTF"
mount -t tmpfs none /sys/kernel/btf
doctor 3
says "doctor says so" "^refused  *this kernel has no BTF.*CONFIG_DEBUG_INFO_BTF" /tmp/doctor
for mode in auto fentry kprobe tracepoint; do
	refused $mode "BTF.*CONFIG_DEBUG_INFO_BTF"
done
umount /sys/kernel/btf

echo "== locked down"
echo confidentiality >/sys/kernel/security/lockdown
doctor 3
says "doctor says so" "locked down to confidentiality" /tmp/doctor
refused auto "locked down to confidentiality"
exit $failed
'

# busybox sed, which its shell takes unless there is a path, goes by lines, and there are none in BTF.
in_machine --kernel "$1" --build "$2" --timeout 900 --add "$(command -v sed):/bin/sed" -- sh -c "$inside"
