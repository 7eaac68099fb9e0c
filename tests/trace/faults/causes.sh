#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What keeps migpop from tracing is named by every command that traces and by doctor: each surrounding of
# docs/refused.md is made, and the sentence that is said is that of its row.
#
#	causes.sh MIGPOP MODE PROGRAMS DOC [for-good]
#
# With for-good, in a machine that is thrown away, what lasts until the next boot is made as well.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

doc=$1 for_good=${2:-} said_rows=0 left_rows=()
patience=600 # an emulated machine takes minutes to try all hooks
for program in unshare setpriv timeout; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
unshare -Ur true 2>/dev/null || skip "no user name spaces"

# Where any user may read and execute it, wherever the build is.
chmod 755 "$work"
cp "$migpop" migpop
cp -rL "$(dirname "$migpop")/rules" rules
export MIGPOP_RULES_DIR=$work/rules

# The rows of the tables: NAME|SENTENCE and NAME|`ASKED FOR`|SENTENCE.
rows() {
	sed -n 's/^| \(.*\) |$/\1/p' "$doc" | sed 's/ | /|/g' | grep -Ev '^(---|around migpop)'
}

# without DIR COMMAND…: with nothing mounted there.
without() {
	# shellcheck disable=SC2016 # the words of that shell
	unshare -m sh -c 'umount -l "$0" && exec "$@"' "$@"
}

# instead_of DIR COMMAND…: with an empty directory there.
instead_of() {
	# shellcheck disable=SC2016 # the words of that shell
	unshare -m sh -c 'mount -t tmpfs none "$0" && exec "$@"' "$@"
}

# surround NAME COMMAND…: runs it in the surrounding of a row. 125: it cannot be made here.
surround() {
	local name=$1 words

	shift
	read -ra words <<<"$name"
	case $name in
	"a user name space") unshare -Ur "$@" ;;
	"a PID name space") unshare --pid --fork --mount-proc "$@" ;;
	"a user without capabilities") setpriv --reuid nobody --regid 65534 --clear-groups --inh-caps=-all "$@" ;;
	"a bounding set without CAP_BPF") setpriv --bounding-set=-bpf,-sys_admin "$@" ;;
	"a seccomp filter that answers "*) "$programs/refuse_calls" "${words[5]}" "${words[7]}" "$@" ;;
	"a seccomp filter that kills at "*) "$programs/refuse_calls" kill "${words[6]}" "$@" ;;
	"a chroot without /proc") without /proc "$@" ;;
	"a chroot without /sys") without /sys "$@" ;;
	"a kernel without BTF") instead_of /sys/kernel/btf "$@" ;;
	"lockdown=confidentiality") last_until_boot /sys/kernel/security/lockdown confidentiality "$@" ;;
	"kernel.yama.ptrace_scope of 3") last_until_boot /proc/sys/kernel/yama/ptrace_scope 3 "$@" ;;
	"kernel.perf_event_paranoid of 3") paranoid "$@" ;;
	*) failed "no such surrounding is known here: $name" ;;
	esac
}

# last_until_boot FILE WORD COMMAND…
last_until_boot() {
	[[ $for_good && -w $1 ]] || return 125
	[[ $(<"$1") == *"[$2]"* || $(<"$1") == "$2" ]] || echo "$2" >"$1"
	"${@:3}"
}

# Kprobes by one who has all capabilities but CAP_SYS_ADMIN, on a kernel that asks for it (Debian's do).
paranoid() {
	local set=-all,+bpf,+perfmon,+sys_ptrace

	[[ $(</proc/sys/kernel/perf_event_paranoid) == 3 && -e /sys/bus/event_source/devices/kprobe ]] || return 125
	setpriv --reuid nobody --regid 65534 --clear-groups --inh-caps="$set" --ambient-caps="$set" \
		--bounding-set="$set" "$@"
}

# says NAME SENTENCE COMMAND ARGS…: one line, and exit status 3. False: the surrounding cannot be made.
says() {
	local name=$1 sentence=$2 status=0

	shift 2
	surround "$name" timeout "$patience" ./migpop "$@" >out 2>said || status=$?
	((status != 125)) || return 1
	equal "$name: $*: $(<said): status" "$status" 3
	equal "$name: $*" "$(<said)" "migpop: $sentence"
}

# refuses NAME SENTENCE: all commands, and doctor once on its screen as well.
refuses() {
	says "$1" "$2" doctor || return 1
	equal "$1: doctor" "$(sed -n 's/^refused  *//p' out)" "$2"
	says "$1" "$2" trace -d 0.1 -p $$
	says "$1" "$2" trace -- true
	says "$1" "$2" trace --incoming -d 0.1
	says "$1" "$2" serve --listen 127.0.0.1:0 --records "$work"
	says "$1" "$2" verify --qemu "$migpop"
	says "$1" "$2" replay --trace /dev/null
}

# refuses_part NAME ASKED SENTENCE: of the second table.
refuses_part() {
	case $2 in
	"\`trace -- COMMAND\`") says "$1" "$3" trace -- true ;;
	"\`--mode kprobe\`") says "$1" "$3" trace --mode kprobe -d 0.1 -p $$ ;;
	*) failed "nobody knows here how to ask for $2" ;;
	esac
}

# check NAME FIRST SECOND: one row.
check() {
	if [[ $3 ]]; then
		refuses_part "$1" "$2" "$3" || left_rows+=("$1")
	else
		refuses "$1" "$2" || left_rows+=("$1")
	fi
	said_rows=$((said_rows + 1))
}

# Two causes at once: the first is said, and that there is another; doctor has both.
status=0
unshare --pid --fork ./migpop trace -d 0.1 -p 1 >out 2>said || status=$?
equal "two causes, status" "$status" 3
grep -q '; "migpop doctor" names 1 more$' said || failed "two causes: $(<said)"
unshare --pid --fork ./migpop doctor >out 2>said || true
equal "two causes in doctor" "$(grep -c '^refused ' out)" 2

# What lasts hides the others: it comes last.
{ rows | grep -v '^lockdown=' && rows | grep '^lockdown='; } >table
while IFS='|' read -r name first second; do
	check "$name" "$first" "$second"
done <table
((said_rows >= 15)) || failed "$said_rows rows in $doc"
# In a machine of its own nothing is left out.
[[ ! $for_good ]] || equal "rows left out: ${left_rows[*]:-}" "${#left_rows[@]}" 0

passed "$((said_rows - ${#left_rows[@]})) of $said_rows surroundings make the sentence of docs/refused.md"
