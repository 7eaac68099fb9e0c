#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs on a booted host (scripts/hostvm.sh), with our packages and the manual in /case: each recipe that the
# manual has for libvirt is taken out of its text and followed, under AppArmor. Each line is one thing that
# was seen.
# shellcheck disable=SC2016,SC2317 # the manual has backticks; called through wait_until
set -euo pipefail

# shellcheck source=tests/host/lib.sh
. ./lib.sh

# recipe WORDS: the indented block below these words in the manual's chapter on libvirt, for the guest "rec".
recipe() {
	local block

	block=$(awk -v words="$1" '
		/^## / { chapter = $0 == "## libvirt" }
		chapter && index($0, words) { found = 1 }
		chapter && found && /^    / { print substr($0, 5); printed = 1; next }
		printed { exit }' manual.md | sed 's/GUEST/rec/g')
	[[ $block ]] || failed "the manual has no recipe below '$1'" >&2
	echo "$block"
}

# preloaded GUEST DIRECTORY: QEMU said that the library is there.
preloaded() { grep -q '^libmigfix .*: source hooked; destination hooked' "$2/var/log/libvirt/qemu/$1.log"; }

# Before any domain starts.
recipe 'these lines to' >>/etc/apparmor.d/local/abstractions/libvirt-qemu
install_packages
start_other
grep -qF "$(sed -n '/^  <memoryBacking>/s/^ *//p' lib.sh)" manual.md || failed "guests here have other memory than the manual says"

# Preload, statistics and a second monitor, in one element.
preload=$(recipe 'Put the preload into the environment' | sed -n '/<qemu:env/p')
define rec "<qemu:commandline>$preload$(recipe 'A second monitor')</qemu:commandline>"
quiet virsh -c "$here" start --paused rec
wait_until 600 watched rec "$here" || failed "rec is not watched"
preloaded rec "" || failed "no preload: $(tail -n 3 /var/log/libvirt/qemu/rec.log)"
ok "preload by <qemu:env>: $(grep '^libmigfix' /var/log/libvirt/qemu/rec.log)"
pid=$(pid_of rec "$here")

# tracing COMMAND: runs the recipe until it traces; it ends with the migration.
tracing() {
	(cd /tmp && exec bash -c "$1") >/tmp/trace.log 2>&1 &
	trace=$!
	traces() { grep -q '^tracing ' /tmp/trace.log; }
	wait_until 600 traces || failed "$1: $(tail -n 3 /tmp/trace.log)"
}
# traced WHAT FILTER: the record is of the guest, and FILTER of its "migration" is true.
traced() {
	wait $trace || failed "$1: $(tail -n 3 /tmp/trace.log)"
	jq -e ".target.guest == \"rec\" and (.migration | .outcome == \"completed\" and .role == \"source\" and $2)" \
		/tmp/rec.json >/dev/null || failed "$1: $(jq -c .migration /tmp/rec.json)"
	ok "$1: $(jq -c '[.migration.purpose, .migration.outcome, .window.opened_by, .migration.rounds]' /tmp/rec.json)"
}
command=$(recipe '`--phase auto` needs')
tracing "$command"
quiet virsh -c "$here" save rec /var/tmp/rec.save
traced "a trace by --phase auto" '.purpose == "save"'
statistics=/var/lib/libvirt/qemu/migfix-$pid.json
wait_until 600 test -s "$statistics" || failed "no statistics: $(tail -n 3 /var/log/libvirt/qemu/rec.log; ls /var/lib/libvirt/qemu)"
jq -e '.schema == "migfix.preload/1" and .blocks[0].asked' "$statistics" >/dev/null || failed "$(<"$statistics")"
ok "statistics: $(jq -c '[.hooked, .blocks[0]]' "$statistics")"

quiet virsh -c "$here" restore --paused /var/tmp/rec.save
rm /tmp/rec.json
tracing "${command/--phase auto/--qmp /var/lib/libvirt/qemu/rec.qmp}"
quiet virsh -c "$here" migrate rec "$there" --migrateuri tcp://127.0.0.1
traced "a trace by a second monitor" '.rounds >= 1'
quiet virsh -c "$there" destroy rec
