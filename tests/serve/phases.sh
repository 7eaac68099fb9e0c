#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Phases of a real migration of a guest that writes: told by the monitor they are in order, without a
# gap, within the window, and its rounds are those that QEMU counts; told from outside they are those
# that can be told, at the times that the monitor says.
#
#	phases.sh --build DIR --out DIR [--qemu PATH|10|11] CASE        precopy, postcopy or kvm
# shellcheck disable=SC2016 # names with a dollar are jq's
# shellcheck source=tests/qemu/emulators.sh
. "$(dirname "${BASH_SOURCE[0]}")/../qemu/emulators.sh"
set -euo pipefail

memory=128M case=''
while (($#)); do
	case $1 in
	--build) build=$2 && shift ;;
	--out) out=$2 && shift ;;
	--qemu) qemu=$2 && shift ;;
	*) case=$1 ;;
	esac
	shift
done
: "${out:?}"
# Rounds that end before the guest stops, less than all: the last one is sent then. 11.1 counts it as the
# guest is about to stop.
last=1
[[ $qemu != 11 ]] || last=0
if [[ $qemu == 1[01] ]]; then
	qemu=$("$(dirname "$0")/../../scripts/qemu$qemu.sh") || { status=$? && echo "$qemu" && exit $status; }
fi
prepare
find_migpop
failed=0
rm -f "$out"/*.json

# --- two ends, and a guest that writes to 99 MiB of its memory again and again ---

stage() {
	local end options=()

	[[ $accel != kvm ]] || options=(-cpu qemu64)
	"$build/tests/stream/churn-sector" >"$work/disk"
	for end in source destination; do
		cp "$work/disk" "$work/$end.disk"
		[[ $end != destination ]] || options+=(-incoming defer)
		start "$end" -drive "if=ide,format=raw,file=$work/$end.disk" "${options[@]}"
	done
	for end in source destination; do
		qmp "$end" drive --wait-ready
		qmp "$end" watch --wait-ready
	done
	for end in source destination source.phase destination.phase; do attach "$end"; done
	for end in source destination source.phase destination.phase; do wait_attached "$end"; done
}

parameters() {
	qmp source drive migrate-set-parameters "$1" >/dev/null
}

state() {
	qmp source drive query-migrate | jq -r "$1"
}

# shellcheck disable=SC2317 # called through wait_until
is() {
	[[ $(state "$1") == true ]]
}

# Rounds that none of which is the last, until there have been four.
go_rounds() {
	parameters '{"max-bandwidth": 100663296, "downtime-limit": 1}'
	qmp destination drive migrate-incoming "{\"uri\": \"unix:$work/stream\"}" >/dev/null
	qmp source drive migrate "{\"uri\": \"unix:$work/stream\"}" >/dev/null
	wait_until "$timeout" is '.ram."dirty-sync-count" >= 4' || die "no four rounds: $(state .)"
}

complete() {
	local end

	parameters '{"max-bandwidth": 107374182400, "downtime-limit": 60000, "max-postcopy-bandwidth": 0}'
	qmp source drive --wait-migration completed >/dev/null
	qmp destination drive --wait-migration completed >/dev/null
	syncs=$(state '.ram."dirty-sync-count"') downtime=$(state .downtime)
	for end in source destination source.phase destination.phase; do collect "$end"; done
	echo "QEMU: $syncs syncs, downtime $downtime ms"
}

# --- what must be ---

# check RECORD WHAT FILTER: is it so?
check() {
	local said

	said=$(jq -c '.phases | map("\(.name)\(if .round then " \(.round)" else "" end)")' "$out/$1.json")
	if jq -e --argjson syncs "$syncs" --argjson last "$last" --slurpfile source "$out/source.json" \
		--slurpfile destination "$out/destination.json" "
		def begins(\$name): .window.start_ns + (.phases[] | select(.name == \$name) | .begin_ns);
		def ends(\$name): .window.start_ns + (.phases[] | select(.name == \$name) | .end_ns);
		$3" "$out/$1.json" >/dev/null; then
		echo "ok    $1: $2: $said"
	else
		echo "FAIL  $1: $2: $said $(jq -c '.phases, .window' "$out/$1.json")"
		failed=1
	fi
}

# Of each record: one after the other, within the window.
check_all() {
	local end

	for end in source destination source.phase destination.phase; do
		check "$end" "in order, within the window" '. as $r | .phases |
			all(.[]; .begin_ns <= .end_ns and .end_ns <= $r.window.end_ns - $r.window.start_ns) and
			all(range(1; length) as $i | .[$i - 1].end_ns == .[$i].begin_ns; .)'
	done
	check source "as many rounds as QEMU counts" \
		'[.phases[] | .round | select(.)] == [range(1; $syncs + 1)]'
}

case $case in
precopy)
	stage
	qmp source drive cont >/dev/null
	go_rounds
	complete
	check_all
	check source "setup, rounds, downtime" '[.phases[].name] ==
		["setup"] + [range($last; $syncs) | "precopy"] + ["downtime"]'
	check destination "what was sent" '[.phases[].name] == ["incoming"]'
	check source.phase "nothing can be told" '.phases == []'
	check destination.phase "what was sent" '[.phases[].name] == ["incoming"]'
	;;
postcopy)
	stage
	negotiate source postcopy-ram
	negotiate destination postcopy-ram
	qmp source drive cont >/dev/null
	go_rounds
	parameters '{"max-postcopy-bandwidth": 4194304}'
	qmp source drive migrate-start-postcopy >/dev/null
	wait_until "$timeout" is '.status == "postcopy-active"' || die "no postcopy: $(state .)"
	qmp destination drive cont >/dev/null
	complete
	check_all
	check source "setup, rounds, downtime, postcopy" '[.phases[].name] ==
		["setup"] + [range($last; $syncs) | "precopy"] + ["downtime", "postcopy"]'
	check destination "what was sent, postcopy" '[.phases[].name] == ["incoming", "postcopy"]'
	check source.phase "nothing can be told" '.phases == []'
	check destination.phase "what was sent, postcopy" '[.phases[].name] == ["incoming", "postcopy"]'
	# The source sends what makes it listen when its guest has stopped, and the thread that listens
	# is there before the monitor says so.
	check destination.phase "postcopy begins when it does" \
		'begins("postcopy") >= ($source[0] | begins("downtime")) and
		begins("postcopy") <= ($destination[0] | begins("postcopy"))'
	;;
kvm)
	[[ -w /dev/kvm ]] || skip "no /dev/kvm"
	accel=kvm stands=()
	stage
	go_rounds
	complete
	check_all
	check source "setup, rounds, downtime" '[.phases[].name] ==
		["setup"] + [range($last; $syncs) | "precopy"] + ["downtime"]'
	# The monitor says so when all vCPUs have stopped.
	check source.phase "the guest stops in the last round" '[.phases[].name] == ["stopped"] and
		begins("stopped") <= ($source[0] | begins("downtime")) and
		begins("stopped") >= ($source[0] | .window.start_ns +
			([.phases[] | select(.name == "precopy")][-1] | .begin_ns))'
	# And before the first of them runs.
	check destination.phase "the guest runs after the monitor says so" \
		'[.phases[].name] == ["incoming"] and ends("incoming") >= ($destination[0] | ends("incoming"))'
	;;
*) die "no such case: $case" ;;
esac
exit $failed
