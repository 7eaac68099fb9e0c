#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs on a booted host (scripts/hostvm.sh), with our packages in /case: installs them, enables the unit
# as shipped, saves, restores and migrates a libvirt guest without and with the preload, and looks at
# what the service recorded and at what the guests hold. Each line is one thing that was seen.
# shellcheck disable=SC2317 # called through wait_until
set -euo pipefail

# shellcheck source=tests/host/lib.sh
. ./lib.sh
waiting=''

# The service rests, and virsh save passes QEMU a pipe, which announces nothing: on a machine as slow as this
# one a save can be over before the hooks that count are attached. A QEMU that waits for a stream keeps them
# attached.
start_waiting() {
	setsid qemu-system-x86_64 -S -display none -nodefaults -m 1 -name guest=waiting -incoming unix:/tmp/waiting \
		</dev/null >/tmp/waiting.log 2>&1 &
	waiting=$!
	waits() { journalctl -u migpop --no-pager -o cat | grep -q "^pid $waiting: watched"; }
	wait_until 600 waits || failed "a QEMU that waits is not watched: $(</tmp/waiting.log)"
}
end_waiting() {
	[[ ! $waiting ]] || kill "$waiting"
	waiting=''
}

# sends GUEST FIXED: "all" zero pages are populated by sending the guest, or "none": by a QEMU from 10 on the
# source is helped with multifd only, which the library says.
sends() {
	if [[ $2 == true ]] && grep -q '^libmigfix .*: source hooked;' "/var/log/libvirt/qemu/$1.log"; then
		echo none
	else
		echo all
	fi
}

# go GUEST FIXED: saved, restored, migrated there.
go() {
	local comes=none live

	quiet virsh -c "$here" start --paused "$1"
	wait_until 600 watched "$1" "$here" || failed "$1 is not watched"
	quiet virsh -c "$here" save "$1" "/var/tmp/$1.save"
	live=$(sends "$1" "$2")
	check "$1" source 1 save "$live"
	# What a stock QEMU has restored is there already.
	[[ $2 == true ]] || comes=all live=none
	[[ $2 == false ]] || end_waiting
	quiet virsh -c "$here" restore --paused "/var/tmp/$1.save"
	check "$1" destination 1 restore "$comes"
	sparse "$1" "$here" "$2"
	quiet virsh -c "$here" migrate "$1" "$there" --migrateuri tcp://127.0.0.1
	check "$1" source 2 live "$live"
	check "$1" destination 2 live "$comes"
	sparse "$1" "$there" "$2"
}

# And back, by multifd, where the preload helps the source of every QEMU.
go_back() {
	quiet virsh -c "$there" migrate "$1" "$here" --parallel --migrateuri tcp://127.0.0.1
	check "$1" source 3 live none
	check "$1" destination 3 live none
	sparse "$1" "$here" true
}

# What AppArmor refused to QEMUs. libvirt made the monitor's socket, as root, and removes it, too: that QEMU
# may not is nothing of ours.
check_denials() {
	local denials

	[[ $(cat /sys/module/apparmor/parameters/enabled) == Y ]] || failed "AppArmor is not enforcing"
	denials=$(journalctl -k --no-pager -o cat | grep 'apparmor="DENIED"' | grep 'profile="libvirt-' |
		grep -v 'operation="unlink".*/monitor\.sock"' | sed 's/.*operation=/operation=/') || true
	[[ ! $denials ]] || failed "AppArmor denied: $denials"
	ok "AppArmor denied nothing to QEMUs that have the preload or not"
}

# As an upgrade does, and a removal. The service goes on with the new program, and ends with its package.
replace_packages() {
	local before

	before=$(systemctl show -P MainPID migpop)
	quiet env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --reinstall /case/*.deb
	goes_on() { [[ $(journalctl -u migpop --no-pager -o cat | grep -c '^serving ') == 2 ]]; }
	wait_until 600 goes_on || failed "the service does not go on after its package was installed again: $(systemctl is-active migpop)"
	[[ $(systemctl show -P MainPID migpop) != "$before" ]] || failed "the service still runs the old program"
	[[ $(find "$records" -name '*.json' | wc -l) -ge 8 ]] || failed "the records are gone"
	ok "installed again: the service goes on, with its records"
	quiet env DEBIAN_FRONTEND=noninteractive apt-get purge -y migpop libmigfix0 libmigfix-preload
	! systemctl is-active --quiet migpop || failed "the service runs though its package was removed"
	[[ ! -e $records && ! -L /var/lib/migpop ]] || failed "left behind: $(ls -d "$records" /var/lib/migpop)"
	! systemctl cat migpop >/dev/null 2>&1 || failed "the unit is still there"
	ok "purged: the service has ended, nothing is left"
}

install_packages
migpop doctor >/tmp/doctor || failed "doctor ends with $?"
ok "doctor: $(tail -n 1 /tmp/doctor)"
start_other
start_waiting
define stock
go stock false
quiet virsh -c "$there" destroy stock
define fixed "<qemu:commandline><qemu:env name='LD_PRELOAD' value='libmigfix-preload.so'/></qemu:commandline>"
go fixed true
go_back fixed
grep -h '^libmigfix' /var/log/libvirt/qemu/fixed.log | sort | uniq -c
check_denials
# shellcheck disable=SC2119 # no failure was provoked
check_service
replace_packages
