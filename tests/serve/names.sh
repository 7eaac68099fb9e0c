#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Emulators by what they are: whatever their program is called, wrapped, replaced while it runs, or given
# the name of something else, each migration has a record an end, whether the program was started before
# the service or afterwards. What only looks like one is left alone, and doctor says so.
# Arguments: MIGPOP QMP-CLI
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
exe=$(realpath "$(command -v qemu-system-x86_64)")
command -v qemu-nbd >/dev/null || skip "qemu-nbd is not installed"
# Where a copy finds what the original has beside itself.
QEMU_MODULE_DIR=$(dirname "$(find /usr/lib -path '*/qemu/accel-tcg-x86_64.so' | head -n 1)")
export QEMU_MODULE_DIR

# as PROGRAM: guests are of a copy of that name from now on.
as() {
	mkdir -p "$work/bin"
	[[ -e $work/bin/$1 ]] || cp "$exe" "$work/bin/$1"
	qemu=("$work/bin/$1" -L /usr/share/qemu -L /usr/share/seabios)
}

# recorded_by NAME: of both ends, as QEMU's.
recorded_by() {
	local vmm

	check_outcomes "$1" completed
	vmm=$(jq -r '.target.vmm.name + " " + .target.vmm.version' "$records"/*-"$1"-*.json | sort -u)
	[[ $vmm == "QEMU $("$exe" --version | sed -n 's/^QEMU emulator version \([^ ]*\).*/\1/p')" ]] ||
		failed "$1: $vmm"
}

# Such that run already when the service starts, one of them by a program that is gone since.
as vm-runner
start_guest early.s "${vm}early"
as replaced
start_guest early.d "${vm}early" -incoming defer
qmp early.s --wait-ready
qmp early.d --wait-ready
rm "$work/bin/replaced"
start_service --max-size 256M
wait_known early.s early.d
qmp early.d migrate-incoming "{\"uri\": \"unix:$work/early\"}"
qmp early.s migrate "{\"uri\": \"unix:$work/early\"}"
qmp early.s --wait-migration completed
wait_until 60 has_records "${vm}early" || failed "early: $(cat "$work/service.log")"
recorded_by "${vm}early"

# Such that are started afterwards: the first of its name, and the next.
for program in vm-runner runner-2 runner-2 .qemu-system-x86_64-wrapped qemu-kvm kvm; do
	number=$((${number:-0} + 1))
	as "$program"
	migrate "$vm$number" completed
	recorded_by "$vm$number"
done

# What a program states is what counts, not that it is large or made of QEMU's sources.
cp "$(command -v qemu-nbd)" "$work/bin/qemu-server"
cp "$(command -v bash)" "$work/bin/shell"
truncate -s 1M "$work/disk"
mkfifo "$work/fifo"
"$work/bin/qemu-server" --persistent --socket "$work/nbd" --format raw "$work/disk" >"$work/nbd.log" 2>&1 &
echo $! >"$work/server.pid"
"$work/bin/shell" -c 'read -r' <>"$work/fifo" &
echo $! >"$work/shell.pid"
as last
migrate "${vm}last" completed
for other in server shell; do
	! known "$other" || failed "$other is watched"
done

"$migpop" doctor >"$work/doctor" 2>&1 || failed "doctor: $(tail -n 1 "$work/doctor")"
# says REGEX: doctor does.
says() {
	grep -Eq "$1" "$work/doctor" || failed "doctor, $1: $(grep -E '^(emulator|left) ' "$work/doctor")"
}
says "^emulator    pid $(<"$work/early.s.pid") vm-runner: QEMU by the version that it states\$"
says "^emulator    pid $(<"$work/early.d.pid") replaced: QEMU by the version that it states\$"
says "^left        pid $(<"$work/server.pid") qemu-server: no emulator, by its name or what it states\$"
! grep -q "pid $(<"$work/shell.pid") " "$work/doctor" || failed "doctor: $(grep shell "$work/doctor")"
stop_service
check_records
echo "$((number + 2)) migrations of emulators by other names, two records each"
