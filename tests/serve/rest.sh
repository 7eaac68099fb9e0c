#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# migpop serve at rest: none of the hooks that count is attached, and it uses no processor time. A
# guest that leaves this host then is seen all the same: what was populated before
# the hooks were there is known to the page.
# Arguments: MIGPOP QMP-CLI [OPTIONS of migpop serve]
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cpu_ticks() { awk '{print $14 + $15}' "/proc/$service/stat"; }

shift 2
start_service "$@"
wait_until 30 rests || failed "at rest it holds $(hooks | tr '\n' ' ')"
guest_pages=$((guest_memory / 4096))

for how in exec unix; do
	start_guest "$how" "$how"
	wait_known "$how"
	wait_until 30 rests || failed "with a guest that stays it holds $(hooks | tr '\n' ' ')"
	case $how in
	exec) uri='exec:cat >/dev/null' ;;
	unix)
		uri=unix:$work/unix.stream
		"$migpop" replay --listen "$uri" >"$work/replay.log" 2>&1 &
		echo $! >"$work/replay.pid"
		listens() { [[ -S $work/unix.stream ]] || ended "$(<"$work/replay.pid")"; }
		wait_until 30 listens || failed "replay: $(<"$work/replay.log")"
		;;
	esac
	qmp "$how" migrate "{\"uri\": \"$uri\"}"
	qmp "$how" --wait-migration completed
	# shellcheck disable=SC2317 # called through wait_until
	seen() { compgen -G "$records/*-$how-source.json" >/dev/null; }
	wait_until 30 seen || failed "$how: no record"
	jq -r --arg how "$how" --argjson pages "$guest_pages" '
		def shmem: [.accounting[] | select(.kind == "shmem")];
		"\($how): begins \(.window.late_ns / 1e6) ms late, \(.window.late_pages) pages came before",
		if (shmem | map(.residual_pages)) != [0] or (shmem[0].kernel_pages + .window.late_pages) < $pages or
			any(.accounting[]; .residual_pages != null and (.residual_pages | fabs) > .uncertainty_pages) or
			.totals.zero_populated_pages + .window.late_pages < $pages - 144 or
			(.window.closed_by_text | endswith("completed") | not)
		then "FAIL: \(.window) \(.totals) \(.accounting)" else empty end' \
		"$records"/*-"$how"-source.json | tee "$work/said"
	! grep -q FAIL "$work/said" || failed "$how"
	end_guest "$how"
done

start_guest stays stays
wait_known stays
wait_until 30 rests || failed "after migrations it holds $(hooks | tr '\n' ' ')"
before=$(cpu_ticks) began=$(milliseconds) foreign=$(foreign)
sleep 10
ticks=$(($(cpu_ticks) - before)) took=$(($(milliseconds) - began))
echo "at rest: $ticks ticks in $took ms"
# 0.1 % of a processor, and one that was begun. Emulators that others start are something to do.
if (($(foreign) != foreign)); then
	echo "others' emulators came meanwhile: the time is not judged"
elif ((ticks * 1000000 > took * $(getconf CLK_TCK) + 1000000)); then
	failed "$ticks ticks in $took ms, with nothing to do"
fi
stop_service
