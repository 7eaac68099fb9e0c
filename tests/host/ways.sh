#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs on a booted host (scripts/hostvm.sh), with our packages in /case and what tests/libvirt/ways.sh needs
# below it: each of libvirt's ways once, with the preload, under AppArmor.
set -euo pipefail

# shellcheck source=tests/host/lib.sh
. ./lib.sh

quiet env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /case/*.deb
[[ $(cat /sys/module/apparmor/parameters/enabled) == Y ]] || failed "AppArmor is not enforcing"
rows=()
# Several "parallel": the threads that received give back their stacks, huge pages among them, as the window
# closes.
for way in native p2p tunnelled postcopy parallel parallel parallel tls abort killed save managedsave snapshot dump; do
	rows+=("$way:memfd:fixed")
done
status=0
MIGPOP_HOST=1 bash tests/libvirt/ways.sh /usr/bin/migpop /case/none libmigfix-preload.so ./guest-memory "${rows[@]}" || status=$?
denials=$(journalctl -k --no-pager -o cat | grep 'apparmor="DENIED"' | grep -v 'profile="libvirtd"' | sed 's/.*operation=/operation=/' | sort | uniq -c) || true
echo "AppArmor denied: ${denials:-nothing}"
exit $status
