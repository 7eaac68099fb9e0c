#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long from the exec of a QEMU until migpop serve has taken it in, and watches it: of QEMUs that
# start one after another. Beside it how long the QEMU itself takes until it listens to its monitor,
# before which nobody can tell it to migrate. What took place when is what one reader of their pipes
# stamps: it is never earlier than it was.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

usage() {
	cat <<'USAGE'
usage: watch.sh [options]
  --rounds N      runs of each service, which take turns (default 5)
  --starts N      of a QEMU in each of them (default 20)
  --qemu PATH     the QEMU (default: qemu-system-x86_64)
  --build DIR     where the build left migpop (default build/release)
  --migpop PATH   the service (default: the one in --build)
  --old PATH      another one, that this one is compared with
  --mode MODE     handed to migpop serve
Takes a host that is idle for granted: on a busy one, chrt -f 10 watch.sh is what comes near.
Prints, for each service, one line
  bench watch service=NAME ms=MEDIAN ms_p99=MS ms_max=MS late=N monitor_ms=MEDIAN after=N starts=N
ms is from the QEMU's exec to "watched", monitor_ms to its greeting on its monitor. late is how many were taken in
more than 50 ms after their exec, after how many of all after their greeting.
USAGE
}

rounds=5 starts=20 qemu=qemu-system-x86_64 build=$top/build/release migpop='' old='' mode=''
take_options "rounds starts qemu build migpop old mode" "$@"
((rounds > 0 && starts > 0)) || { usage >&2 && exit 2; }
: "${migpop:=$build/migpop}"
timeout=60
((EUID == 0)) || skip "tracing needs root"
command -v "$qemu" >/dev/null || skip "$qemu is not installed"
[[ -x $migpop ]] || die "no $migpop; build first"
[[ ! $old || -x $old ]] || die "--old names no program: $old"

work=$(mktemp -d)
service='' guest=''
cleanup() {
	exec 2>/dev/null # the shell announces each process that it kills
	local p

	for p in $service $guest; do
		kill -KILL "$p" || true
	done
	wait || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Each line with the microseconds at which it was read.
stamped() {
	local line

	while IFS= read -r line; do
		echo "${EPOCHREALTIME/[.,]/} $line"
	done
}

start_service() {
	: >"$work/log"
	"$1" serve --listen 127.0.0.1:0 --records "$work/records" ${mode:+--mode "$mode"} 2> >(stamped >"$work/log") &
	service=$!
	wait_tracer "$work/log" '^[0-9]* serving ' "$service" "$timeout"
}

stop_service() {
	kill -TERM "$service"
	wait "$service" || die "the service failed: $(tail -n 3 "$work/log")"
	service=''
}

# at FILE PATTERN: the microseconds of the first line that matches.
at() {
	sed -n "s/^\([0-9]*\) $2.*/\1/p;T;q" "$1"
}

# One QEMU, until it is taken in and listens; adds a line "NAME EXEC WATCHED GREETING" to the rounds.
start_guest() {
	local name=$1 watched greeting

	: >"$work/monitor"
	: >"$work/exec"
	(
		echo "${EPOCHREALTIME/[.,]/}" >"$work/exec"
		exec "$qemu" -S -display none -nodefaults -no-user-config -accel tcg -m 32M \
			-qmp stdio <"$work/words" > >(stamped >"$work/monitor") 2>"$work/qemu"
	) &
	guest=$!
	wait_line "$work/log" "^[0-9]* pid $guest: watched" "$service" "$timeout" ||
		die "$name does not take a QEMU in: $(tail -n 3 "$work/log")"
	wait_line "$work/monitor" '^[0-9]* {"QMP"' "$guest" "$timeout" ||
		die "the QEMU does not greet: $(tail -n 3 "$work/qemu")"
	watched=$(at "$work/log" "pid $guest: watched")
	greeting=$(at "$work/monitor" '{"QMP"')
	echo "$name $(<"$work/exec") $watched $greeting" >>"$work/rounds"
	kill -KILL "$guest"
	wait "$guest" 2>/dev/null || true
	guest=''
}

# report NAME: of its lines.
report() {
	awk -v name="$1" '$1 == name { printf "%.1f %.1f\n", ($3 - $2) / 1e3, ($4 - $2) / 1e3 }' \
		"$work/rounds" | sort -n >"$work/ms"
	cut -d ' ' -f 2 "$work/ms" | sort -n >"$work/monitor_ms"
	awk -v name="$1" -v monitors="$work/monitor_ms" '
		{ v[NR] = $1; late += $1 > 50; after += $1 > $2 }
		END {
			while ((getline line <monitors) > 0)
				m[++n] = line
			middle = int((NR + 1) / 2)
			print "bench watch service=" name, "ms=" v[middle], "ms_p99=" v[int((99 * NR + 99) / 100)],
				"ms_max=" v[NR], "late=" late + 0, "monitor_ms=" m[middle], "after=" after + 0,
				"starts=" NR
		}' "$work/ms"
}

mkfifo "$work/words" # nobody says anything to the monitors
# shellcheck disable=SC2034 # held open
exec {words}<>"$work/words"
for ((round = 1; round <= rounds; round++)); do
	for name in migpop ${old:+old}; do
		start_service "${!name}"
		for ((i = 0; i < starts; i++)); do
			start_guest "$name"
		done
		stop_service
	done
done
for name in migpop ${old:+old}; do
	report "$name"
done
