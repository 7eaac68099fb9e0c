#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Domains of two libvirts migrate to and fro, two at a time, one migration in five cancelled, by each way, with
# each kind of memory, running and paused, without and with the preload: each end of each has its record, and
# each record is right. Arguments: MIGPOP QMP-CLI PRELOAD GUEST-MEMORY DOMAINS
# shellcheck source=tests/libvirt/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
domains=$5

memories=(memfd memfd-private file huge anonymous numa)
ways=(native p2p tunnelled parallel tls postcopy)
declare -A options=([native]='' [p2p]=--p2p [tunnelled]='--p2p --tunnelled' [parallel]='--parallel --parallel-connections 2'
	[tls]=--tls [postcopy]='--postcopy --postcopy-after-precopy')

row() { printf '%-6s %-10s %-13s %-7s %-11s %-9s %-7s %-4s %-5s %-4s %-6s %-6s %-5s %9s %6s\n' "$@"; }

of_a=(timeout 120 virsh -q -c "$(uri a)")
name() { echo "$vm$1"; }
memory() { echo "${memories[$1 % 6]}"; }
runs() { (($1 % 2 == 0)); }

# start DOMAIN: every other one runs, and half of either have the preload.
start() {
	local guest pid

	guest=$(name "$1")
	define "$guest" "$(memory "$1")" "$( (($1 / 2 % 2)) || echo "$with_preload")"
	say "${of_a[@]}" start --paused "$guest"
	pid=$(pid_of "$guest" a)
	fill "$pid" 5
	content "$pid" >"$lv/$guest.content"
	! runs "$1" || say "${of_a[@]}" resume "$guest"
}

# begin_migration GUEST FROM TO WAY [OPTIONS…]: in the background.
begin_migration() {
	local guest=$1 from=$2 to=$3 way=$4

	shift 4
	[[ $way == tunnelled ]] || set -- "$@" --migrateuri tcp://localhost
	if [[ $way =~ p2p|tunnelled ]]; then to=$(peer "$to"); else to=$(uri "$to"); fi
	# shellcheck disable=SC2086 # options are words
	timeout 120 virsh -q -c "$(uri "$from")" migrate --live ${options[$way]} "$@" "$guest" "$to" >"$lv/$guest.migrate" 2>&1 &
}

# cancel GUEST FROM: once something was sent.
cancel() {
	# shellcheck disable=SC2317 # called through wait_until
	moves() { virsh -c "$(uri "$2")" domjobinfo "$1" 2>/dev/null | grep -q '^Data processed: *[^0 ]'; }
	wait_until 60 moves "$@" || failed "$1 does not migrate: $(cat "$lv/$1.migrate")"
	virsh -q -c "$(uri "$2")" domjobabort "$1" >/dev/null || failed "$1 cannot be cancelled"
}

# migrate_domain DOMAIN TURN: from where it is, ${at[DOMAIN]}, to the other libvirt.
migrate_domain() {
	local n=$1 turn=$2 guest from=${at[$1]} to=b way migration end slow=()
	local source="completed socket live" destination="completed socket live"

	guest=$(name "$n")
	[[ $from == a ]] || to=a
	way=${ways[(n + turn) % 6]}
	(((turn * domains + n) % 5 != 2)) || slow=(--bandwidth 1)
	# libvirt refuses postcopy of a guest that is paused, and nobody cancels it once it has begun.
	[[ $way != postcopy ]] || { runs "$n" && ((!${#slow[@]})); } || way=native
	begin_migration "$guest" "$from" "$to" "$way" "${slow[@]}"
	migration=$!
	if ((${#slow[@]})); then
		cancel "$guest" "$from"
		! wait $migration || failed "$guest was not cancelled"
		source="cancelled socket live" destination="failed socket live"
	else
		wait $migration || failed "$guest ($way): $(cat "$lv/$guest.migrate")"
		at[n]=$to
	fi
	# A guest of which the kernel cannot tell that it runs looks like one that is saved.
	[[ $way != tunnelled ]] || source="${source%% *} pipe save" destination="${destination%% *} pipe null"
	for end in "source $source" "destination $destination"; do
		read -ra words <<<"$end"
		read -ra cells < <(judge "$guest" "$(memory "$n")" $((turn + 1)) "${words[@]}" some)
		row "$n" "$way" "$(memory "$n")" "$(runs "$n" && echo running || echo paused)" "${words[0]}" "${words[1]}" "${cells[@]}"
	done
}

# Each of two at once has every other domain.
one_after_another() {
	local n turn guest at=()

	trap - EXIT
	for turn in 0 1; do
		for ((n = $1; n < domains; n += 2)); do
			((turn)) || at[n]=a
			migrate_domain "$n" "$turn"
		done
	done
	for ((n = $1; n < domains; n += 2)); do
		guest=$(name "$n")
		[[ $(content "$(pid_of "$guest" "${at[n]}")") == "$(<"$lv/$guest.content")" ]] || echo "DIFFERENT: $guest"
	done
}

# Firmware of a guest that runs writes to the first megabyte and the last ones.
from_mib=2 to_mib=$((mib - 8))
reserve_huge_pages $(((domains / 6 + 3) * mib << 20)) || { echo "SKIP: huge memory: $huge_missing" && memories[3]=memfd; }
start_libvirts
start_service --max-size 1G
for ((n = 0; n < domains; n++)); do start "$n"; done
row domain way memory state end "QEMU's" outcome kind guest uuid blocks chains books populated zero
for job in 0 1; do one_after_another $job & jobs+=($!); done >"$work/table" 2>&1
for job in "${jobs[@]}"; do wait "$job" || echo "FAIL"; done >>"$work/table"
cat "$work/table"
right=$(grep -cE '( ok){7} +[0-9]+ +[0-9]+$' < <(tr -s ' ' <"$work/table")) || true
echo "$right of $((4 * domains)) records are right"
((right == 4 * domains)) || failed "see the table"
! grep -qE 'DIFFERENT|FAIL' "$work/table" || failed "see the table"
stop_service
