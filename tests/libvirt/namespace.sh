# SPDX-License-Identifier: GPL-2.0-or-later
# A libvirt in a mount namespace, with directories of its own: beside the host's (tests/host), or two of them
# (tests/libvirt). Sourced by both.
# shellcheck shell=bash

libvirt_dirs=(etc/libvirt var/lib/libvirt run/libvirt var/log/libvirt var/cache/libvirt)

# prepare_libvirt AT HOSTNAME FIRST-PORT [MOUNTS]: puts directories and a configuration into AT, and the program
# AT/enter, which runs libvirtd in the namespaces (of mounts and of host names) that it is started in. Migrations
# take ports from FIRST-PORT on. MOUNTS are lines of that program that mount something else.
prepare_libvirt() {
	local at=$1 dir

	for dir in "${libvirt_dirs[@]}"; do mkdir -p "$at/$dir"; done
	cp -a /etc/libvirt/. "$at/etc/libvirt/"
	rm -rf "$at"/etc/libvirt/qemu/networks/autostart "$at"/etc/libvirt/qemu/*.xml
	cat >>"$at/etc/libvirt/libvirtd.conf" <<END
host_uuid = "$(</proc/sys/kernel/random/uuid)"
auth_unix_rw = "none"
END
	cat >>"$at/etc/libvirt/qemu.conf" <<END
migration_port_min = $3
migration_port_max = $(($3 + 63))
remember_owner = 0
END
	cat >"$at/enter" <<END
#!/bin/bash
set -e
mount --make-rprivate /
hostname $2
for dir in ${libvirt_dirs[*]}; do mkdir -p /\$dir; mount --bind $at/\$dir /\$dir; done
# Both would register their guests with systemd-machined, which wants names to differ: the other is hidden from it.
[[ ! -d /run/dbus ]] || mount -t tmpfs none /run/dbus
${4:-}
virtlogd -d -p /run/libvirt/virtlogd.pid
exec libvirtd -p /run/libvirt/libvirtd.pid
END
	chmod +x "$at/enter"
}
