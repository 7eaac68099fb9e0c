#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Migrations of small guests under migpop serve, some at once, some cancelled, some killed: one
# record each, all balanced, metrics equal to their sum, no descriptor and no memory leaked.
# Arguments: MIGPOP QMP-CLI MIGRATIONS AT-ONCE SECONDS [OPTIONS of migpop serve]
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
migrations=$3 at_once=$4 seconds=$5
shift 5

start_service --max-size 1G "$@"
# The files that emulators execute are opened with the first of them, once.
migrate "${vm}first" completed
wait_until 20 has_forgotten || failed "guests that are gone are held on to"
idle=$(descriptors "$service")

# how N: of every ten, one is cancelled, one end each of two others killed.
how() {
	case $(($1 % 10)) in
	2) echo cancelled ;;
	5) echo source-killed ;;
	8) echo destination-killed ;;
	*) echo completed ;;
	esac
}

# Each of so many at once begins its next one some time after the one before, on average so that all of
# them take SECONDS.
seed=${MIGPOP_SEED:-$RANDOM}
echo "seed $seed"
pause_ms=$((2000 * seconds * at_once / migrations))
one_after_another() {
	local i

	trap - EXIT
	RANDOM=$((seed + $1))
	for ((i = $1; i < migrations; i += at_once)); do
		((!pause_ms)) || sleep "$((RANDOM * pause_ms / 32768))e-3"
		migrate "$vm$i" "$(how $i)"
		echo "$i" >>"$work/migrated"
	done
}
jobs=()
for ((i = 0; i < at_once; i++)); do
	one_after_another $i &
	jobs+=($!)
done
touch "$work/migrated"
# shellcheck disable=SC2317 # called through wait_until
ten_migrated() {
	local job

	(($(wc -l <"$work/migrated") >= 10)) && return
	for job in "${jobs[@]}"; do
		! alive "$job" || return 1
	done
}
wait_until $((60 + seconds)) ten_migrated || failed "after $((60 + seconds)) s: $(wc -l <"$work/migrated") migrations"
early=$(memory) foreign=$(foreign)
for job in "${jobs[@]}"; do
	wait "$job" || failed "a migration: see above"
done

wait_until 20 has_forgotten || failed "guests that are gone are held on to"
closed() { (($(descriptors "$service") <= idle + 2 * $(guests))); }
wait_until 20 closed || failed "$(descriptors "$service") descriptors, $idle at rest"
for ((i = 0; i < migrations; i++)); do
	check_outcomes "$vm$i" "$(how $i)"
done
count=$(find "$records" -name "*-$vm*.json" | wc -l)
((count == 2 * migrations + 2)) || failed "$count records of $migrations migrations"
check_records
check_metrics
late=$(memory)
echo "$migrations migrations, $count records; memory after 10: $early kB, now $late kB"
# What other programs execute takes room of its own.
foreign=$(($(foreign) - foreign))
if ((foreign)); then
	echo "$foreign emulators of others came meanwhile: growth is not judged"
	stop_service && exit
fi
((late <= early + early / 20)) || failed "the service grew from $early to $late kB"
stop_service
