#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service with what its unit leaves it and no more: a user of its own, the capabilities, a file system
# that is read-only but for the records. It records the migration of a QEMU of another user, with names.
# It makes no system call that the unit's filter refuses, opens no socket of another family, and maps nothing
# both writable and executable. Without any one of its capabilities it says so and ends with status 3.
# openat2() answers ENOSYS, as systemd has it for every unit with RestrictSUIDSGID=.
# Arguments: MIGPOP QMP-CLI NO-OPENAT2
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unit=$(dirname "${BASH_SOURCE[0]}")/../../docs/systemd/migpop.service
for program in setpriv strace systemd-analyze unshare; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done

# of NAME: what the unit says, all of its lines.
of() { sed -n "s/^$1=//p" "$unit"; }
# What is made below by hand. Whoever changes the unit changes both.
for setting in NoNewPrivileges=yes ProtectSystem=strict PrivateTmp=yes PrivateDevices=yes DynamicUser=yes \
	ProtectKernelTunables=yes ProtectKernelModules=yes ProtectKernelLogs=yes ProtectControlGroups=yes \
	MemoryDenyWriteExecute=yes StateDirectory=migpop; do
	grep -qx "$setting" "$unit" || failed "the unit no longer has $setting"
done
read -ra capabilities <<<"$(of AmbientCapabilities | tr '[:upper:]' '[:lower:]' | sed 's/cap_//g')"
[[ $(of AmbientCapabilities) == "$(of CapabilityBoundingSet)" ]] || failed "the unit's two sets of capabilities differ"
((${#capabilities[@]})) || failed "the unit has no capabilities"

uid=61337 # of those that DynamicUser= takes
refuse_calls=$(realpath "$3")
state=$work/state bin=$work/bin
mkdir "$bin" && cp "$migpop" "$refuse_calls" "$bin/" && cp -rL "$(dirname "$migpop")/rules" "$bin/"
install -d -o $uid -g $uid -m 0750 "$state"
chmod 711 "$work" && chown daemon "$work"

# In a mount name space of its own: as systemd would have it, the program in /mnt, the records in /srv.
cat >"$work/confined" <<'SH'
#!/bin/bash
set -e
bin=$1 state=$2
shift 2
mount --make-rprivate /
mount --bind "$bin" /mnt
mount --bind "$state" /srv
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/tmp
[[ ! -d /usr/lib/modules ]] || mount -t tmpfs -o mode=000 tmpfs /usr/lib/modules
mount --bind /dev/null /proc/kmsg
mount --bind /proc/sys /proc/sys
dev=$(mktemp -d /tmp/XXXXXX)
mount -t tmpfs -o mode=755 tmpfs "$dev"
for device in null:3 zero:5 full:7 random:8 urandom:9; do
	mknod -m 666 "$dev/${device%:*}" c 1 "${device#*:}"
done
mount --move "$dev" /dev
cut -d ' ' -f 5 /proc/self/mountinfo | while read -r at; do
	case $at in
	/srv | /proc | /dev) ;;
	*) mount -o remount,bind,ro "$at" 2>/dev/null || ! mountpoint -q "$at" ;;
	esac
done
! touch /etc/written /usr/written /var/lib/written /sys/written /tmp/x/y 2>/dev/null
exec "$@"
SH
chmod +x "$work/confined"
# as CAPABILITIES COMMAND…: with these (bpf,perfmon) at most.
as() {
	local set="-all,+${1//,/,+}"

	shift
	privileges=(setpriv --reuid "$uid" --regid "$uid" --clear-groups --no-new-privs --inh-caps="$set" \
		--ambient-caps="$set" --bounding-set="$set" env -i PATH=/usr/bin:/bin MIGPOP_RULES_DIR=/mnt/rules)
	launch=(unshare --mount "$work/confined" "$bin" "$state" "${privileges[@]}" "$@")
}
records_outside=$state
migpop=/mnt/migpop records=/srv

for without in "${capabilities[@]}"; do
	as "$(printf '%s\n' "${capabilities[@]}" | grep -vx "$without" | paste -sd,)"
	status=0
	(umask "$(of UMask)" && "${launch[@]}" "$migpop" serve --listen 127.0.0.1:0 --records "$records") 2>"$work/said" || status=$?
	((status == 3)) || failed "without $without: status $status: $(<"$work/said")"
	[[ $(<"$work/said") == "migpop: missing CAP_${without^^}: "* ]] || failed "without $without: $(<"$work/said")"
done

# As systemd has it with RestrictSUIDSGID=, which DynamicUser= implies (seccomp_restrict_suid_sgid() in its
# seccomp-util.c): openat2() answers ENOSYS.
as "$(printf '%s\n' "${capabilities[@]}" | paste -sd,)" strace -D -f -q -o /srv/strace /mnt/refuse_calls ENOSYS openat2
launch_guest=(setpriv --reuid daemon --regid daemon --clear-groups --no-new-privs)
start_service --max-size 256M
records=$records_outside
[[ $(awk '/^(CapEff|CapBnd|CapAmb):/ {print $2}' "/proc/$service/status" | sort -u | wc -l) == 1 ]] ||
	failed "its capabilities: $(grep Cap "/proc/$service/status")"
[[ $(awk '/^Uid:/ {print $2, $3, $4, $5}' "/proc/$service/status") == "$uid $uid $uid $uid" ]] || failed "its user"
# With what the unit leaves the service, its web process has none of it.
web=$(web_process)
[[ $web && $(awk '/^(CapInh|CapPrm|CapEff|CapAmb):/ {print $2}' "/proc/$web/status" | sort -u) == 0000000000000000 ]] ||
	failed "the web process: $(grep -E '^(Cap|NoNew)' "/proc/$web/status")"
grep -qx $'NoNewPrivs:\t1' "/proc/$web/status" || failed "the web process could get privileges"
migrate "${vm}other" completed
curl -sf "$url/metrics" >/dev/null
name=$(basename "$(find "$records" -name "*-${vm}other-destination.json")" .json)
curl -sf "$url/report/$name" >/dev/null
[[ $(stat -c %u "$records/$name.json") == "$uid" ]] || failed "whose is the record?"
guest_memory=$((32 << 20)) check_records
jq -e '[.callsites[].frames[].function | select(. == "qemu_loadvm_state_main")] | length > 0' "$records/$name.json" >/dev/null ||
	failed "the record of another user's QEMU has no names"
# Complete chains, in their category: what a service that could not open QEMU does not have.
jq -e '[.callsites[] | select(.category == "zero-page" and .chain_end == "complete") | .populated_pages] | add >= 8000' \
	"$records/$name.json" >/dev/null ||
	failed "the chains of another user's QEMU: $(jq -c '[.callsites[] | [.category, .chain_end, .populated_pages]]' "$records/$name.json")"
jq -e '.target.build_id != null and .target.exe != null and .mode != null' "$records/$name.json" >/dev/null ||
	failed "the record does not know what ran: $(jq -c .target "$records/$name.json")"
kill -HUP "$service"
stop_service

# set NAME…: the system calls of systemd's sets, those of sets within them as well.
set_of() {
	local name

	for name; do
		[[ $name == @* ]] || { echo "$name" && continue; }
		# shellcheck disable=SC2046 # names are words
		set_of $(systemd-analyze syscall-filter "$name" | sed -nE 's/^    ([@a-z0-9_-]+)$/\1/p')
	done
}
allowed=$work/allowed
: >"$allowed"
while read -r line; do
	read -ra names <<<"${line#\~}"
	if [[ $line == '~'* ]]; then
		grep -vxFf <(set_of "${names[@]}") "$allowed" >"$allowed.new" && mv "$allowed.new" "$allowed"
	else
		set_of "${names[@]}" >>"$allowed"
	fi
done < <(of SystemCallFilter)
written() { grep -q '+++ exited' "$records/strace"; }
wait_until 20 written || failed "strace saw no end"
sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$records/strace" | sort -u >"$work/used"
(($(wc -l <"$work/used") > 30)) || failed "strace saw $(wc -l <"$work/used") system calls"
refused=$(grep -vxFf "$allowed" "$work/used") || true
[[ ! $refused ]] || failed "the unit refuses what the service calls: $refused"
families=$(grep -oE 'socket\(AF_[A-Z0-9_]+' "$records/strace" | sed 's/.*(//' | sort -u | grep -vxFf <(of RestrictAddressFamilies | tr ' ' '\n')) || true
[[ ! $families ]] || failed "the unit refuses sockets of $families"
! grep -E '(mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC' "$records/strace" || failed "mapped writable and executable: see above"
echo "$(wc -l <"$work/used") different system calls, all of them allowed"
