#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An emulator whose program lies on a file system that does not answer (FUSE): when it is opened, or when
# it is read. The service says so once, makes its record all the same, and that of another emulator with
# all chains, and no process is left waiting for the file. HOW: open or read.
# Arguments: MIGPOP QMP-CLI NEIGHBOUR SILENT-FS HOW
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../serve/lib.sh"
[[ -e /dev/fuse ]] || skip "no /dev/fuse"

how=$5
mkdir "$work/mnt"
cp "$3" "$work/qemu-system-silent"
# The kernel opens the file to execute it, and the shell to read it first: all of it is in memory then.
"$4" "$work/mnt" "$work/qemu-system-silent" 2 "$how" >"$work/fs.log" 2>&1 &
fs=$!
echo "$fs" >"$work/fs.pid"
wait_line "$work/fs.log" '^mounted$' "$fs" 60 || skip "$(tail -n 1 "$work/fs.log")"
at_end=(umount -l "$work/mnt")
start_service
# How long the service takes to say that it is well, all the while.
while curl -sf -o /dev/null -w '%{time_total}\n' "$url/healthz"; do sleep 0.02; done >"$work/healthy" &
cat "$work/mnt/qemu-system-silent" >/dev/null
"$work/mnt/qemu-system-silent" chainless 5000 &
echo $! >"$work/silent.pid"
silent=$!
wait_until 60 known silent || failed "the emulator is not taken in: $(<"$work/service.log")"
kill -USR1 "$silent"
acted() { grep -qlE "^ *\"pid\": $silent,\$" "$records"/*.json 2>/dev/null; }
wait_until 60 acted || failed "no record of it: $(<"$work/service.log")"
record=$(grep -lE "^ *\"pid\": $silent,\$" "$records"/*.json)
jq -e '.lost.events == 0 and .lost.verdict == "chains" and .lost.unwind_errors["unreadable-file"] >= 5000' \
	"$record" >/dev/null || failed "the record lost $(jq -c '[.lost, [.callsites[] | [.chain_end, .populated_pages]][:9]]' "$record")"
migrate "${vm}open" completed
jq -e '.lost.verdict == "nothing"' "$records"/*-"${vm}open"-*.json >/dev/null ||
	failed "a guest beside it lost $(jq -c .lost "$records"/*-"${vm}open"-*.json)"
jq -e 'any(.callsites[].frames[]; .function != null)' "$records"/*-"${vm}open"-*.json >/dev/null ||
	failed "a guest beside it has no names"
[[ $(grep -c 'cannot read' "$work/service.log") == 1 ]] || failed "the log says: $(<"$work/service.log")"
grep -q "^migpop: cannot read .*qemu-system-silent.*, which pid $silent executes: reading it takes too long: " "$work/service.log" ||
	failed "the log says: $(<"$work/service.log")"
[[ $(metric 'migpop_errors_total{kind="executable"}') == 1 ]] ||
	failed "$(metric 'migpop_errors_total{kind="executable"}') errors"
# Who waits for the file is killed: only who has it from before holds it.
waiting() { grep -lsE 'fuse|request_wait' "/proc/$service/wchan" "/proc/$service/task/"*/children; }
! waiting || failed "the service waits for the file"
end_guest silent
stop_service
longest=$(sort -n "$work/healthy" | tail -n 1)
# The file is waited for 3 s. A busy machine takes its time, but not that long.
awk -v s="$longest" 'BEGIN { exit !(s < 1) }' || failed "/healthz waits for the file: $longest s"
echo "said once, in $(wc -l <"$work/service.log") lines; /healthz answered $(wc -l <"$work/healthy") times, within $longest s"
