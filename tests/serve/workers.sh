#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Threads that end while the record of their migration is made, as those of multifd do: what each has
# counted is in the record, once.
# Arguments: MIGPOP QMP-CLI WORKERS
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rounds=40 program=$work/qemu-system-workers

cp "$3" "$program"
# shellcheck disable=SC2119 # no options
start_service

mkfifo "$work/go"
"$program" "$rounds" <"$work/go" >"$work/workers.out" &
pid=$!
echo "$pid" >"$work/workers.pid"
exec 5>"$work/go"
is_watched() { grep -q "^pid $pid: watched" "$work/service.log"; }
wait_until 60 is_watched || failed "the program is not taken in: $(tail -n 3 "$work/service.log")"

its_records() { find "$records" -name "*-$pid-source.json" | wc -l; }
has_records() { (($(its_records) == $1)); }
has_rounds() { (($(grep -c round "$work/workers.out") == $1)); }
for ((i = 1; i <= rounds; i++)); do
	echo >&5
	wait_until 60 has_rounds "$i" || failed "round $i: not within a minute"
	wait_until 60 has_records "$i" || failed "round $i: no record: $(tail -n 3 "$work/service.log")"
done
exec 5>&-
stop_service

jq -s '[.[] | (.accounting[] | select(.name == "memfd:workers")) + {lost: .lost.events}] |
	{rounds: length, pages: (map(.kernel_pages) | add),
	 off: map(select(.residual_pages | fabs > 0) |
		{kernel_pages, traced_pages, uncertainty_pages, lost})}' "$records"/*-"$pid"-source.json >"$work/sums"
jq -c . "$work/sums"
jq -e '.pages > 0' "$work/sums" >/dev/null || failed "no page of it was counted"
jq -e '.off == []' "$work/sums" >/dev/null || failed "the books of $(jq ".off | length" "$work/sums") of $rounds records do not balance"
echo "PASS: $rounds records of 32 threads that end as each is made"
