#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two QEMUs, each in a pod: PID, mount, user, network, IPC and cgroup name spaces of its own, a root that
# is no longer the host's, and in it another QEMU than the host has at that path. The host's service
# records both ends of a migration between them, with names out of the pods' own files, the UID of the
# pod and the id of the container.
# Arguments: MIGPOP QMP-CLI
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
inner=$("$top/scripts/qemu10.sh" | tail -n 1)
[[ -x $inner ]] || skip "${inner#SKIP: }"
for program in unshare setpriv pivot_root readelf; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
[[ $cgroups && -w $cgroups/cgroup.procs ]] || skip "no hierarchy of cgroups of version 2 to write to"

user=10007 uid=0f9a4a52-6c5b-4e0e-8a3b-$(printf %012x $$)
slice=kubepods-burstable-pod${uid//-/_}.slice
pods=$cgroups/kubepods.slice/kubepods-burstable.slice
id=$(printf %064x $$)
box=$pods/$slice/cri-containerd-$id.scope
existed=$([[ ! -d $pods ]] || echo yes)
mkdir -p "$box"
# shellcheck disable=SC2317 # called through wait_until
remove_cgroups() {
	rmdir "$box" "$pods/$slice"
}
forget_pod() {
	wait_until 10 remove_cgroups || true
	[[ $existed ]] || rmdir "$pods" "${pods%/*}" || true
}
at_end=(forget_pod)

# A root with nothing in it but this QEMU, what it loads and its firmware, at the path of the host's own.
root=$work/root
exe=$(realpath "$(command -v qemu-system-x86_64)")
! cmp -s "$inner" "$exe" || skip "the host's QEMU is the one for pods"
make_root() {
	local file

	mkdir -p "$root"/{proc,old,usr/lib,usr/lib64,usr/share} "$root$work" "$root${exe%/*}"
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	for file in $(ldd "$inner" | grep -o '/[^ )]*') "$(dirname "$inner")"/../lib/*/qemu/accel-tcg-x86_64.so; do
		[[ -e $file ]] || continue
		mkdir -p "$root${file%/*}"
		cp -L "$file" "$root$file"
	done
	cp "$inner" "$root$exe"
	cp -rL /usr/share/qemu /usr/share/seabios "$root/usr/share/"
}
make_root
chmod 777 "$work"

# What a container engine does. The last program of the host's is umount, by the host's own loader.
# shellcheck disable=SC2016 # the words of that shell
enter='
set -e
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount --bind "$SHARED" "$ROOT$SHARED"
mount -t proc proc "$ROOT/proc"
cd "$ROOT"
pivot_root . old
cd /
/old"$LOADER" --library-path "$LIBRARIES" /old/bin/umount -l /old
exec "$@"'
loader=$(realpath "$(ldd /bin/umount | grep -o "/[^ ]*/ld-linux[^ ]*")")
libraries=$(ldd /bin/umount | sed -n 's|.* => \(/.*\)/[^/]* .*|/old\1|p' | sort -u | paste -sd:)

# in_pod COMMAND…
in_pod() {
	echo "$BASHPID" >"$box/cgroup.procs"
	ROOT=$root SHARED=$work LOADER=$loader LIBRARIES=$libraries exec setpriv --reuid "$user" --regid "$user" \
		--clear-groups unshare --user --map-root-user --mount --pid --fork --kill-child --net --ipc --uts \
		--cgroup bash -c "$enter" pod "$@"
}
launch_guest=(in_pod) qemu=("$exe")
(in_pod "$exe" --version) >/dev/null 2>"$work/refused" || skip "no pods here: $(tail -n 1 "$work/refused")"

# innermost PID: of a process that starts one other, and so on.
innermost() {
	local pid=$1 child

	while child=$(cut -d ' ' -f 1 "/proc/$pid/task/$pid/children" 2>/dev/null) && [[ $child ]]; do
		pid=$child
	done
	echo "$pid"
}
is_inside() {
	[[ $(readlink "/proc/$(innermost "$(<"$work/$1.outer")")/exe") == *"${exe##*/}" ]]
}

# start_pod NAME GUEST [OPTIONS…]: its pid, as the host sees it, is that of QEMU.
start_pod() {
	start_guest "$@"
	mv "$work/$1.pid" "$work/$1.outer"
	wait_until 60 is_inside "$1" || failed "no QEMU in the pod: $(<"$work/$1.log")"
	innermost "$(<"$work/$1.outer")" >"$work/$1.pid"
}

start_service --max-size 64M
name=${vm}pod
start_pod s "$name"
start_pod d "$name" -incoming defer
for end in s d; do
	pid=$(<"$work/$end.pid")
	for space in pid mnt user net ipc cgroup; do
		[[ $(readlink "/proc/$pid/ns/$space") != "$(readlink "/proc/self/ns/$space")" ]] ||
			failed "$end: the name space $space is the host's"
	done
	cmp -s "/proc/$pid/exe" "$inner" || failed "$end: another program than the pod's"
	[[ ! -e /proc/$pid/root/etc ]] || failed "$end: the host's root"
done
wait_known s d
qmp d migrate-incoming "{\"uri\": \"unix:$work/stream\"}"
qmp s migrate "{\"uri\": \"unix:$work/stream\"}"
qmp s --wait-migration completed
qmp d --wait-migration completed
wait_until 60 has_records "$name" || failed "no records: $(<"$work/service.log")"

# By the cgroup of the pod, the processes are the host's as well.
"$migpop" trace -c "$pods/$slice" -d 0.1 --format json -o "$work/traced.json" 2>"$work/traced" ||
	failed "trace -c: $(<"$work/traced")"
for end in s d; do
	jq -e "any(.targets[]; .pid == $(<"$work/$end.pid"))" "$work/traced.json" >"$work/found" ||
		failed "trace -c: no $end in $(<"$work/traced")"
done
stop_service

check_outcomes "$name" completed
check_records

# says END FILTER EXPECTED
says() {
	local found

	found=$(jq -r "$2" "$records"/*-"$name-$1.json")
	[[ $found == "$3" ]] || failed "$1: $2 is $found, not $3"
}
build_id=$(readelf -n "$inner" | sed -n 's/.*Build ID: //p')
version=$("$inner" --version | sed -n 's/^QEMU emulator version \([^ ]*\).*/\1/p')
for end in source destination; do
	says $end '.target.guest' "$name"
	says $end '.target.uid' $user
	says $end '.target.pod_uid' "$uid"
	says $end '.target.container_id' "$id"
	says $end '.target.cgroup' "/kubepods.slice/kubepods-burstable.slice/$slice/cri-containerd-$id.scope"
	says $end '.target.build_id' "$build_id"
	says $end '.target.vmm.version' "$version"
	says $end '.lost.verdict' nothing
	says $end '[.callsites[] | select(.chain_end != "complete") | .populated_pages] | add // 0' 0
	says $end '[.backing[] | select(.ram_block == "ram0") | .length_pages] | first' $((guest_memory / 4096))
done
# A function that the host's own QEMU does not have.
says destination '[.callsites[] | select(.category == "zero-page") | .frames[].function] |
	any(. == "ram_handle_zero")' true
echo "both ends in pods: guest, user, pod, container, build, version, RAM block and names are right"
