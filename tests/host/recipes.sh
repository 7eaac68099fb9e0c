#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs on a booted host (scripts/hostvm.sh), with our packages and our documents in /case: each recipe that
# takes systemd, apt, AppArmor or libvirt is taken out of their text and followed. Each line is one thing
# that was seen.
# shellcheck disable=SC2016,SC2317 # the documents have backticks and dollars; called through wait_until
set -euo pipefail

# shellcheck source=tests/host/lib.sh
. ./lib.sh
# shellcheck source=tests/manual/blocks.sh
. ./blocks.sh
hook=/etc/libvirt/hooks/qemu

# recipe FILE WORDS: the block of the file below these words, for the guest "rec".
recipe() { block "$1" "$2" | sed 's/GUEST/rec/g' || failed "no recipe" >&2; }
# command_of FILE WORDS BEGIN: the one command of that block that begins so.
command_of() {
	local line

	line=$(recipe "$1" "$2" | sed 's/  *# .*//' | grep -F -- "$3") || failed "$1 has no command '$3' below '$2'" >&2
	[[ $line != *$'\n'* ]] || failed "$1 has several commands '$3' below '$2'" >&2
	echo "$line"
}
# preloaded GUEST DIRECTORY: QEMU said that the library is there.
preloaded() { grep -q '^libmigfix .*: source hooked; destination hooked' "$2/var/log/libvirt/qemu/$1.log"; }
# words GUEST URI: what its process was started with.
words() { tr '\0' '\n' <"/proc/$(pid_of "$1" "$2")/environ"; }

# --- what is done to a host, before any guest runs ---

install_ours() {
	local line

	mkdir -p build/packages
	mv ./*.deb build/packages/
	printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n' >/etc/apt/apt.conf.d/99case
	export DEBIAN_FRONTEND=noninteractive
	line=$(command_of README.md '## Install' apt-get)
	quiet bash -c "$line"
	line=$(command_of docs/manual.md '## The service' systemctl)
	quiet bash -c "$line"
	serving() { journalctl -u migpop --no-pager -o cat | grep -q '^serving '; }
	wait_until 600 serving || failed "the unit does not serve: $(systemctl status migpop --no-pager | tail -n 3)"
	metrics=$(command_of docs/manual.md '## The service' curl)
	bash -c "$metrics" 2>/tmp/log | grep -q '^migpop_errors_total' || failed "$metrics: $(</tmp/log)"
	ok "installed by apt, unit enabled, metrics"
}

# passes CALL XML: the hook ends well, and writes nothing.
passes() {
	local said

	# shellcheck disable=SC2086 # two words
	said=$("$hook" rec $1 - <<<"$2") || failed "the hook ends with $? ($1)"
	[[ ! $said ]] || failed "the hook writes of $1, $2: $said"
}

set_up_hook() {
	mkdir -p "$(dirname "$hook")"
	recipe docs/manual.md /etc/libvirt/hooks/qemu >"$hook"
	chmod +x "$hook"
	# What it has nothing to do with it leaves alone, whatever a guest has in its XML.
	local xml="<domain type='kvm'>"$'\n'"</domain>" call
	for call in 'prepare begin' 'start begin' 'started begin' 'reconnect begin' 'stopped end' 'release end' 'migrate end'; do
		passes "$call" "$xml"
	done
	passes 'migrate begin' "${xml/>/><title>LD_PRELOAD</title>}"
	passes 'restore begin' 'no domain'
	quiet systemctl restart libvirtd
}

recipe docs/manual.md 'these lines to' >>/etc/apparmor.d/local/abstractions/libvirt-qemu
set_up_hook
install_ours
start_other
grep -qF "$(sed -n '/^  <memoryBacking>/s/^ *//p' lib.sh)" docs/manual.md || failed "guests here have other memory than the manual says"

# --- a guest by the manual: preload, statistics and a second monitor ---

# What is left open in the manual's XML is what every guest here has; there is no KVM.
define rec
sed '1d;$d' /tmp/rec.xml >/tmp/open
recipe docs/manual.md 'Put the preload into' | sed -e "s/type='kvm'/type='qemu'/" -e '/…/{r /tmp/open' -e 'd}' >/tmp/rec.xml
monitor=$(recipe docs/manual.md 'A second monitor')
sed -i "s|</qemu:commandline>|${monitor//$'\n'/}&|" /tmp/rec.xml
quiet virsh -c "$here" define /tmp/rec.xml
quiet virsh -c "$here" start --paused rec
wait_until 600 watched rec "$here" || failed "rec is not watched"
preloaded rec "" || failed "no preload: $(tail -n 3 /var/log/libvirt/qemu/rec.log)"
ok "preload by <qemu:env>: $(grep '^libmigfix' /var/log/libvirt/qemu/rec.log)"
pid=$(pid_of rec "$here")

# --- traces ---

# tracing COMMAND: runs it until it traces, or waits.
tracing() {
	(cd /tmp && exec bash -c "$1") >/tmp/trace.log 2>&1 &
	trace=$!
	traces() { grep -qE '^(tracing|waiting) ' /tmp/trace.log || ! kill -0 $trace 2>/dev/null; }
	{ wait_until 600 traces && kill -0 $trace 2>/dev/null; } || failed "$1: $(tail -n 3 /tmp/trace.log)"
}
# ends COMMAND WORDS: the trace ends well, and has said these.
ends() {
	wait $trace || failed "$1: $(tail -n 3 /tmp/trace.log)"
	grep -qE -- "$2" /tmp/trace.log || failed "$1 says no '$2': $(</tmp/trace.log)"
	ok "$1: $(grep -E -m 1 -- "$2" /tmp/trace.log)"
}
# traced WHAT FILTER: the record is of the guest, and FILTER of its "migration" is true.
traced() {
	wait $trace || failed "$1: $(tail -n 3 /tmp/trace.log)"
	jq -e ".target.guest == \"rec\" and (.migration | .outcome == \"completed\" and .role == \"source\" and $2)" \
		/tmp/rec.json >/dev/null || failed "$1: $(jq -c .migration /tmp/rec.json)"
	ok "$1: $(jq -c '[.migration.purpose, .migration.outcome, .window.opened_by, .migration.rounds]' /tmp/rec.json)"
}

# The only QEMU of this host, and what a unit of systemd runs.
own() { command_of README.md '## Trace your own QEMU' "$1"; }
one=$(own 'migpop trace -p $(pidof')
tracing "$one"
kill -INT $trace
ends "$one" "^pid $pid qemu-system-x86"
scope=$(own 'migpop trace -c')
unit=$(basename "${scope##* }")
systemd-run --quiet --scope --slice=machine.slice --unit="$unit" sleep 3600 &
sleeper=$!
wait_until 600 systemctl --quiet is-active "$unit" || failed "systemd made no $unit"
tracing "$scope"
kill "$sleeper"
ends "$scope" '^populated '

phases=$(recipe docs/manual.md 'libvirt holds the monitor')
tracing "$phases"
quiet virsh -c "$here" save rec /var/tmp/rec.save
traced "a trace by --phase auto" '.purpose == "save"'
statistics=/var/lib/libvirt/qemu/migfix-$pid.json
wait_until 600 test -s "$statistics" || failed "no statistics: $(tail -n 3 /var/log/libvirt/qemu/rec.log; ls /var/lib/libvirt/qemu)"
jq -e '.schema == "migfix.preload/1" and .blocks[0].asked' "$statistics" >/dev/null || failed "$(<"$statistics")"
ok "statistics: $(jq -c '[.hooked, .blocks[0]]' "$statistics")"

quiet virsh -c "$here" restore --paused /var/tmp/rec.save
rm /tmp/rec.json
tracing "${phases/--phase auto/--qmp /var/lib/libvirt/qemu/rec.qmp}"
quiet virsh -c "$here" migrate rec "$there" --migrateuri tcp://127.0.0.1
traced "a trace by a second monitor" '.rounds >= 1'
# It came with a preload of its own.
[[ $(words rec "$there" | grep -c -e ^LD_PRELOAD= -e ^MIGFIX_STATS=) == 2 ]] || failed "rec has another environment: $(words rec "$there")"
quiet virsh -c "$there" destroy rec

# --- a rule, and a mistake in one ---

rules=/etc/migpop/rules.d/rec.rules
mkdir -p /etc/migpop/rules.d
recipe docs/manual.md 'take an exported function from its chain' >"$rules"
try=$(grep -o '`migpop report rec.json --rules [^`]*`' docs/manual.md | tr -d '`')
(cd /tmp && bash -c "${try/NAME/rec}") >/tmp/log 2>&1 || failed "$try: $(</tmp/log)"
quiet systemctl reload migpop
echo 'broken access=raed' >>"$rules"
quiet systemctl reload migpop
mistaken() { bash -c "$metrics" 2>/dev/null | grep -q '^migpop_errors_total{kind="rules"} 1$'; }
wait_until 600 mistaken || failed "the service says nothing of a mistake in a rule"
sed -i '$d' "$rules" # no command traces by rules that have one
quiet systemctl reload migpop
ok "a rule, and a mistake in one"

# --- the hook ---

# Guests without the preload come by it where they arrive: one that has nothing of ours, but what a shell may
# stumble over, and one that has something else in libvirt's name space for QEMU.
define plain '<title>a\nb $(c) &amp; `d` &gt; "e"</title>'
title=$(virsh -c "$here" desc plain --title)
quiet virsh -c "$here" start --paused plain
! preloaded plain "" || failed "preloaded where it started"
incoming=$(own 'migpop trace --incoming')
tracing "$incoming"
quiet virsh -c "$here" migrate plain "$there" --migrateuri tcp://127.0.0.1
ends "$incoming" 'guest plain'
preloaded plain "$other" || failed "the hook did not preload: $(tail -n 3 "$other/var/log/libvirt/qemu/plain.log")"
[[ $title == *'\n'* && $(virsh -c "$there" desc plain --title) == "$title" ]] || failed "the hook changed the title $title: $(virsh -c "$there" desc plain --title)"
sparse plain "$there" true
quiet virsh -c "$there" destroy plain
define other "<qemu:commandline><qemu:env name='KEPT' value='yes'/></qemu:commandline>"
quiet virsh -c "$here" start --paused other
quiet virsh -c "$here" save other /var/tmp/other.save
quiet virsh -c "$here" restore --paused /var/tmp/other.save
preloaded other "" || failed "the hook did not preload: $(tail -n 3 /var/log/libvirt/qemu/other.log)"
words other "$here" | grep -qx KEPT=yes || failed "the hook lost what the guest had: $(words other "$here")"
sparse other "$here" true
quiet virsh -c "$here" destroy other
ok "preload by the hook, of a guest that was migrated and of one that was restored"

check_service "rec.rules:[0-9]*: access is never raed"
