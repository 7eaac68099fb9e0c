#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A QEMU that updates itself (cpr-exec): the old one saves its state and executes the new one in its own
# process, which reads it at once. Each half is a record, the same process in both.
# Arguments: MIGPOP QMP-CLI
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
qemu11=$("$(dirname "${BASH_SOURCE[0]}")/../../scripts/qemu11.sh") || skip "$qemu11"

start_service --max-size 64M
common=(-S -display none -nodefaults -no-user-config -accel tcg -m 32M -name guest=updated
	-object "memory-backend-memfd,id=ram0,share=on,size=32M" -machine "pc,memory-backend=ram0,aux-ram-share=on")
"$qemu11" "${common[@]}" -qmp "unix:$work/old.qmp,server=on,wait=off" >"$work/old.log" 2>&1 &
echo $! >"$work/old.pid"
wait_known old
new=("$qemu11" "${common[@]}" -qmp "unix:$work/new.qmp,server=on,wait=off" -incoming "file:$work/state")
qmp old migrate-set-parameters "$(jq -nc --args '{mode: "cpr-exec", "cpr-exec-command": $ARGS.positional}' -- "${new[@]}")"
qmp old migrate "{\"uri\": \"file:$work/state\"}"
both() { has_records updated; }
wait_until 60 both || failed "records: $(ls "$records"): $(cat "$work/service.log" "$work/old.log")"
jq -rs --argjson pid "$(<"$work/old.pid")" '
	map(.migration | [.role, .outcome, .transport, .purpose]) as $what |
	([.[].target.pid] | unique) as $pids |
	([.[].accounting[] | select(.kind == "shmem" and (.residual_pages | fabs) > .uncertainty_pages)]) as $wrong |
	if ($what | sort) == [["destination", "completed", "file", "restore"], ["source", "completed", "file", "save"]] and
		$pids == [$pid] and $wrong == []
	then "ok \($what)" else "FAIL: \($what) of pids \($pids), not \($pid); \($wrong)" end' \
	"$records"/*-updated-source.json "$records"/*-updated-destination.json | tee "$work/said"
! grep -q FAIL "$work/said" || exit 1
stop_service
