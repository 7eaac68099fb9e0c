#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Migrations of small guests under migpop serve, some at once, some cancelled, some killed: one
# record each, all balanced, metrics equal to their sum, no descriptor and no memory leaked.
# Arguments: MIGPOP QMP-CLI MIGRATIONS AT-ONCE [OPTIONS of migpop serve]
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
migrations=$3 at_once=$4
shift 4

start_service --max-size 1G "$@"
# The files that emulators execute are opened with the first of them, once.
migrate vm-first completed
wait_until 20 let_go || failed "guests that are gone are held on to"
idle=$(descriptors)

# how N: of every ten, one is cancelled, one end each of two others killed.
how() {
	case $(($1 % 10)) in
	2) echo cancelled ;;
	5) echo source-killed ;;
	8) echo destination-killed ;;
	*) echo completed ;;
	esac
}

early=''
for ((first = 0; first < migrations; first += at_once)); do
	jobs=()
	for ((i = first; i < first + at_once && i < migrations; i++)); do
		(trap - EXIT && migrate "vm$i" "$(how $i)") &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || failed "a migration of vm$first and those after it: see above"
	done
	[[ $early ]] || ((first + at_once < 10)) || early=$(memory)
done

wait_until 20 let_go || failed "guests that are gone are held on to"
(($(descriptors) <= idle + 2 * $(guests))) || failed "$(descriptors) descriptors, $idle at rest"
for ((i = 0; i < migrations; i++)); do
	check_outcomes "vm$i" "$(how $i)"
done
count=$(find "$records" -name '*-vm*.json' | wc -l)
((count == 2 * migrations + 2)) || failed "$count records of $migrations migrations"
check_records
check_metrics
late=$(memory)
echo "$migrations migrations, $count records; memory after 10: $early kB, now $late kB"
((late <= early + early / 20)) || failed "the service grew from $early to $late kB"
stop_service
