#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# heavy-race.sh MIGPOP MODE PROGRAMS SECONDS: 64 threads fault at once, each on pages of its own and
# all on the same ones, for so long: not a page is lost or counted twice.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

start race "$migpop" trace --mode "$mode" --format json -o race.json -- "$programs/race" "$1"
finish_race() { patience=$((patience + 20 * $1)) finish "$pid"; }
finish_race "$1"
equal "exit status" "$status" 0
read -r _ own _ same _ rounds <race.out

equal "lost" "$(ask race .lost.events)" 0
equal "rounds whose books are off" "$(ask race '[.accounting[] | select(.kind == "shmem" and
	.residual_pages != 0)] | length')" 0
equal "rounds in the books" "$(ask race '[.accounting[] | select(.kind == "shmem")] | length')" "$rounds"
equal "zero pages" "$(ask race '[.callsites[].backing[] | select(.kind == "shmem") |
	.zero_populated_pages] | add')" $((own + same))
equal "pages given back" "$(ask race '[.callsites[].backing[] | select(.kind == "shmem") |
	.released_pages] | add')" $((own + same))
for way in own same; do
	equal "pages of read_$way" "$(ask race "[.callsites[] |
		select(.frames[0].symbol == \"read_$way\") | .populated_pages] | add")" "${!way}"
done
faults=$(ask race .totals.faults)

passed "$rounds rounds of 64 threads in $1 s: $own pages each its own, $same all the same," \
	"$faults faults, lost 0, residual 0 in every round"
