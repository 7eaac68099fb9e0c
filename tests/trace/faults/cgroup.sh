#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# -c by every name of a cgroup that a user finds: as libvirt 7 and later makes those of a guest, where the
# scope itself has no process and emulator and vcpu0 are threaded; a slice; a pod; by directory, below a
# hierarchy, and as in /proc/PID/cgroup. Arguments: MIGPOP MODE PROGRAMS
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

top=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
[[ $top && -w $top/cgroup.procs ]] || skip "no hierarchy of cgroups of version 2 to write to"
slice=migpop-test-$$.slice scope=$slice/machine-qemu-1-guest.scope
pod=$slice/kubepods-pod0.slice/cri-containerd-0.scope

remove_cgroups() {
	find "$top/$slice" -depth -type d -exec rmdir {} + 2>/dev/null
}
end_all() {
	kill -KILL "${started[@]}" 2>/dev/null || true
	wait "${started[@]}" 2>/dev/null || true
	wait_until 10 remove_cgroups || true
}
at_end=(end_all)

mkdir -p "$top/$scope/libvirt/emulator" "$top/$scope/libvirt/vcpu0" "$top/$pod"
echo threaded >"$top/$scope/libvirt/emulator/cgroup.type" || skip "no threaded cgroups here"
echo threaded >"$top/$scope/libvirt/vcpu0/cgroup.type"
sleep 600 &
guest=$!
sleep 600 &
boxed=$!
started+=("$guest" "$boxed")
echo "$guest" >"$top/$scope/libvirt/cgroup.procs"
echo "$guest" >"$top/$scope/libvirt/emulator/cgroup.threads"
echo "$boxed" >"$top/$pod/cgroup.procs"

# targets NAME: the processes that are traced.
targets() {
	"$migpop" trace --mode "$mode" --stack none -q -c "$1" -d 0.01 --format json -o c.json 2>c.err ||
		failed "-c $1: $(<c.err)"
	jq -r '[.targets[].pid] | sort | map(tostring) | join(" ")' c.json
}

for name in "$top/$scope" "$top/$scope/" "$top/$scope/libvirt" "$top/$scope/libvirt/emulator" "$top/$scope/libvirt/vcpu0" \
	"$scope" "$scope/libvirt" "/$scope" "$(sed -n 's/^0:://p' "/proc/$guest/cgroup")"; do
	equal "-c ${name/$slice/…}" "$(targets "$name")" "$guest"
done
equal "a pod's slice" "$(targets "${pod%/*}")" "$boxed"
equal "a container" "$(targets "/$pod")" "$boxed"
equal "all of a slice" "$(targets "$slice")" "$(printf '%s\n' "$guest" "$boxed" | sort -n | paste -sd' ')"

refused() {
	local status=0

	"$migpop" trace -c "$1" -d 0.01 >/dev/null 2>c.err || status=$?
	equal "status of -c $1" $status 2
	[[ $(wc -l <c.err) == 1 && $(<c.err) == *"$2"* ]] || failed "-c $1: $(<c.err)"
}
mkdir "$top/$slice/empty"
refused "$slice/empty" "no process in cgroup"
refused "$slice/none" "no such cgroup"

passed "nine names of a guest's cgroups, a pod's, a slice's"
