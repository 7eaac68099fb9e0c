#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# RAM blocks in the records of real QEMUs: blocks.sh PART MIGPOP QMP-CLI, where PART is a version of
# QEMU (7, 10, 11). Each form of -object, two nodes of equal size told apart, a block that is plugged in.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

part=$1 migpop=$2 qmp=$3
work=$(mktemp -d) shm=/dev/shm/migpop-blocks-$$
pid='' tracer='' failed=0
mkdir "$shm"
trap 'kill $pid $tracer 2>/dev/null || :; rm -rf "$work" "$shm"' EXIT
cd "$work"

case $part in
7) qemu=$(command -v qemu-system-x86_64) || skip "qemu-system-x86_64 is not installed" ;;
*) qemu=$("$top/scripts/qemu$part.sh") || skip "${qemu#SKIP: }" ;;
esac
((EUID == 0)) || skip "not root"

# starts NAME OPTION…: a QEMU of two nodes, whose backends are "a" and "b", unless "nodes" is empty.
nodes=(-m "40,slots=4,maxmem=1G" -numa "node,nodeid=0,memdev=a" -numa "node,nodeid=1,memdev=b")
starts() {
	local name=$1

	shift
	"$qemu" -accel tcg -S -nodefaults -display none -name "guest=web,,$name,debug-threads=on" "${nodes[@]}" "$@" \
		-qmp "unix:$name.qmp,server=on,wait=off" -qmp "unix:$name.qmp2,server=on,wait=off" >"$name.out" 2>&1 &
	pid=$!
	"$qmp" -p "$pid" "$name.qmp" --wait-ready >/dev/null || die "$name: $(<"$name.out")"
}

# begins NAME OPTION…
begins() {
	"$migpop" trace -p "$pid" --stack none --format json -o "$1.json" "${@:2}" 2>"$1.err" &
	tracer=$!
	wait_until 60 grep -q '^tracing' "$1.err" || die "$1: $(<"$1.err")"
}

# traced NAME: the trace comes to its end, and the guest is ended.
traced() {
	wait "$tracer" || die "$1: $(<"$1.err")"
	kill "$pid"
	wait "$pid" 2>/dev/null || :
	pid='' tracer=''
}

ends() {
	kill -INT "$tracer"
	traced "$1"
}

# moves_away NAME: the guest migrates to nowhere, which ends the trace.
moves_away() {
	"$qmp" -p "$pid" "$1.qmp" migrate '{"uri":"exec:cat >/dev/null"}' >/dev/null
	traced "$1"
}

# holds NAME FILTER EXPECTED
holds() {
	local found

	found=$(jq -rc "$2" "$1.json")
	if [[ $found == "$3" ]]; then
		echo "PASS: $part: $1: $found"
	else
		echo "FAIL: $part: $1: $found, not $3"
		jq -c '.backing[]' "$1.json" | head -5
		failed=1
	fi
}

blocks='[.backing[] | select(.ram_block) | "\(.ram_block) \(.length_pages) \(.numa_node)"] | sort | join(", ")'
both='a 5120 0, b 5120 1'

# recorded NAME OPTION…: pmemsave populates both nodes.
recorded() {
	starts "$@"
	begins "$1"
	"$qmp" -p "$pid" "$1.qmp" pmemsave "{\"val\":0,\"size\":41943040,\"filename\":\"$work/$1.mem\"}" >/dev/null
	ends "$1"
}

# are_told NAME: what was populated is that of the nodes.
are_told() {
	holds "$1" "$blocks" "$both"
	holds "$1" '.target.guest' "web,$1"
	holds "$1" '.target.ram_bytes' 41943040
	holds "$1" '[.backing[] | select(.ram_block).populated_pages] | add >= 10000' true
}

# told NAME OPTION…
told() {
	recorded "$@"
	are_told "$1"
}

# QEMU 7.2 calls both "/dev/zero", and only lying side by side tells which is which. Where a thread's heap
# came to lie in between, the record gives both the name of their type: then another QEMU is looked at.
told_side_by_side() {
	local try type='memory-backend-ram 5120 null'

	for ((try = 1; try <= 3; try++)); do
		recorded "$@"
		[[ $(jq -rc "$blocks" "$1.json") == "$type, $type" ]] || break
		echo "INFO: $part: $1: the two nodes do not lie side by side"
	done
	are_told "$1"
}

json() {
	printf '{"qom-type":"memory-backend-%s","id":"%s","size":20971520%s}' "$1" "$2" "${3:-}"
}

forms() {
	told keyval -object memory-backend-memfd,id=a,size=20M -object memory-backend-memfd,id=b,size=20M
	told json -object "$(json memfd a ',"share":true')" -object "$(json memfd b ',"share":true')"
	told qom-type -object qom-type=memory-backend-memfd,id=a,size=20M -object qom-type=memory-backend-memfd,id=b,size=20M
	told paths -object "$(json file a ",\"share\":true,\"mem-path\":\"$shm/ram\"")" \
		-object "memory-backend-file,id=b,size=20M,share=on,mem-path=$shm/ra,,m"
	told directory -object "$(json file a ",\"share\":true,\"mem-path\":\"$shm\"")" \
		-object "$(json file b ",\"share\":true,\"mem-path\":\"$shm\"")"
	told_side_by_side shared-ram -object "$(json ram a ',"share":true')" -object "$(json ram b ',"share":true')"
	[[ $part == 7 ]] || told shm -object "$(json shm a)" -object "$(json shm b)"
}

# sized NAME BYTES OPTION…: a machine without nodes has as much memory as QEMU says.
sized() {
	local name=$1 bytes=$2 nodes=()

	starts "$name" "${@:3}"
	[[ $("$qmp" -p "$pid" "$name.qmp" query-memory-size-summary | jq '."base-memory"') == "$bytes" ]] || die "$name: QEMU has another size"
	begins "$name"
	ends "$name"
	holds "$name" '.target.ram_bytes' "$bytes"
}

sizes() {
	sized machine 20971520 -machine pc,memory-backend=a -object "$(json memfd a ',"share":true')"
	sized machine-later 20971520 -object "$(json ram a)" -M pc -M memory-backend=a
	sized hot-plug 20971520 -m slots=2,maxmem=1G -machine pc,memory-backend=a -object "$(json memfd a)"
	sized hot-plug-first 67108864 -m 64M,slots=2,maxmem=1G -object "$(json memfd a)"
	sized property 67108864 -machine pc,memory.size=64M
	[[ $part == 7 ]] || sized shm-machine 20971520 -machine pc,memory-backend=a -object "$(json shm a)"
}

# On no command line: what the machine has where nothing was said. A monitor knows.
sized_by_monitor() {
	local nodes=()

	starts default
	begins default --qmp default.qmp2
	moves_away default
	holds default '.target.ram_bytes' 134217728
}

plugged() {
	starts plugged -object "$(json memfd a ',"share":true')" -object "$(json memfd b ',"share":true')"
	begins plugged
	"$qmp" -p "$pid" plugged.qmp object-add '{"qom-type":"memory-backend-memfd","id":"c","size":8388608,"share":true,"prealloc":true}' >/dev/null
	"$qmp" -p "$pid" plugged.qmp object-add "{\"qom-type\":\"memory-backend-file\",\"id\":\"d\",\"size\":8388608,\"share\":true,\"prealloc\":true,\"mem-path\":\"$shm\"}" >/dev/null
	"$qmp" -p "$pid" plugged.qmp pmemsave "{\"val\":0,\"size\":41943040,\"filename\":\"$work/plugged.mem\"}" >/dev/null
	ends plugged
	holds plugged "$blocks" "$both, d 2048 null, memory-backend-memfd 2048 null"
}

# A monitor knows what was plugged in: by its length, and where it is in versions after 7.2.
told_by_monitor() {
	local memory='{"qom-type":"memory-backend-memfd","id":"c","size":16777216,"share":true}'

	starts monitor -object "$(json memfd a ',"share":true')" -object "$(json memfd b ',"share":true')"
	"$qmp" -p "$pid" monitor.qmp object-add "$memory" >/dev/null
	"$qmp" -p "$pid" monitor.qmp device_add '{"driver":"pc-dimm","id":"dimm","memdev":"c"}' >/dev/null
	begins monitor --qmp monitor.qmp2
	moves_away monitor
	holds monitor "[.backing[] | select(.kind == \"shmem\" and .ram_block)] | map(\"\\(.ram_block) \\(.length_pages)\") |
		sort | join(\", \")" 'a 5120, b 5120, c 4096'
}

forms
plugged
told_by_monitor
sizes
sized_by_monitor
((!failed))
