#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What replaying a stream costs: the handler's time by its kind; all of it beside reading the file and
# copying its payload; memory and time as guests grow. Streams are those of real, paused QEMUs; each
# figure is the median of --rounds runs, those of a pair alternate.
# Exit status 1 when a limit is passed: handler 0.02 of read-first's, speed 0.8 of copying, 16 MiB
# beyond the guest's memory, and time that grows half as fast again as the guest.
set -euo pipefail

usage() {
	cat <<'USAGE'
usage: replay.sh [options]
  --rounds N       runs of each kind, odd is best (default 5)
  --memory SIZE    of the guest whose handler is timed (default 1G)
  --payload SIZE   of what the guest of the second part has in memory (default 256M; 0: leave it out)
  --guests LIST    sizes of the guests of the third part, idle ones (default 1G,4G,16G; none: leave
                   it out)
  --build DIR      where the build left migpop (default build/release)
USAGE
}

rounds=5 memory=1G payload=256M guests=1G,4G,16G
while (($#)); do
	case $1 in
	-h | --help) usage && exit 0 ;;
	esac
	(($# >= 2)) || { usage >&2 && exit 2; }
	case $1 in
	--rounds) rounds=$2 ;;
	--memory) memory=$2 ;;
	--payload) payload=$2 ;;
	--guests) guests=$2 ;;
	--build) BUILD=$2 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift 2
done

# shellcheck source=tests/stream/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../stream/lib.sh"
copier=$build/tests/bench/stream_copy
stream=$work/stream

# record SIZE [OPTIONS…]: of anonymous memory, which a source can read without having it.
record() {
	local size=$1

	shift
	rm -f "$work/qmp"
	"$qemu" -S -display none -nodefaults -no-user-config -accel tcg -m "$(($(bytes "$size") >> 20))M" \
		-machine pc -qmp "unix:$work/qmp,server=on,wait=off" "$@" >"$work/log" 2>&1 &
	source_pid=$!
	qmp --wait-ready >/dev/null
	migrate "exec:cat > $stream"
	source_end
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# figures FILTER OPTIONS…: one number of a replay
figures() {
	local filter=$1

	shift
	"$migpop" replay --json "$@" "$stream" | jq "$filter"
}

# limit WHAT VALUE MOST
limit() {
	awk -v v="$2" -v most="$3" 'BEGIN { exit !(v <= most) }' || fail "$1: $2, more than $3"
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.5f\n", a / b }'
}

handlers() {
	local auto first part

	record "$memory"
	for ((i = 0; i < rounds; i++)); do
		figures .handler_ns --handler read-first >>"$work/first"
		figures .handler_ns >>"$work/auto"
	done
	first=$(median <"$work/first") auto=$(median <"$work/auto") part=$(ratio "$auto" "$first")
	echo "bench replay handler memory=$memory read_first_ns=$first auto_ns=$auto ratio=$part rounds=$rounds"
	limit "handler time of auto to read-first" "$part" 0.02
}

# speed NAME: of the stream that is there
speed() {
	local pages replayed copied

	pages=$(figures .pages.payload)
	rm -f "$work/replayed" "$work/copied"
	for ((i = 0; i < rounds; i++)); do
		figures '.seconds * 1e9 | floor' >>"$work/replayed"
		"$copier" copy "$stream" $((pages * 4096)) >>"$work/copied"
	done
	replayed=$(median <"$work/replayed") copied=$(median <"$work/copied")
	part_of_copying=$(ratio "$copied" "$replayed")
	echo "bench replay speed stream=$1 bytes=$(stat -c %s "$stream") payload_pages=$pages" \
		"replay_ns=$replayed copy_ns=$copied ratio=$part_of_copying rounds=$rounds"
}

with_payload() {
	head -c "$(bytes "$payload")" /dev/urandom >"$work/payload"
	record "$(($(bytes "$payload") / 1048576 + 64))M" \
		-device "loader,file=$work/payload,addr=0x200000,force-raw=on"
	rm "$work/payload"
	speed payload
	limit "0.8 of the speed of copying, beside that of replaying" "$(ratio 0.8 "$part_of_copying")" 1
}

# grow SIZE: memory beyond that of the guest, KiB, and time, ns
grow() {
	local populated

	record "$1"
	"$copier" peak "$migpop" replay --json "$stream" >"$work/replay.json" 2>"$work/peak"
	populated=$(($(figure .populated_pages) * 4))
	beyond=$(($(<"$work/peak") - populated))
	rm -f "$work/times"
	for ((i = 0; i < rounds; i++)); do
		figures '.seconds * 1e9 | floor' >>"$work/times"
	done
	took=$(median <"$work/times")
	echo "bench replay guest memory=$1 beyond_kib=$beyond ns=$took rounds=$rounds"
	limit "memory beyond the guest's" "$beyond" 16384
}

growth() {
	local size first_size='' first_took=''

	for size in ${guests//,/ }; do
		grow "$size"
		if [[ ! $first_size ]]; then
			first_size=$(bytes "$size") first_took=$took
		fi
		limit "time of $size beside the first" "$(ratio "$took" "$first_took")" \
			"$(ratio $(($(bytes "$size") * 3)) $((first_size * 2)))"
	done
}

handlers
speed idle
[[ $payload == 0 ]] || with_payload
[[ $guests == none ]] || growth
finish
