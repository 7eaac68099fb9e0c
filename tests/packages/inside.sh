#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The part of install.sh that runs in the fresh system, with the packages in /packages. It must not
# know the tree that they were built from.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
cd /packages
die() {
	echo "inside.sh: $*" >&2
	exit 1
}

# quiet COMMAND…: what it says only if it fails.
quiet() {
	"$@" >/tmp/log 2>&1 || die "$* failed: $(tail -n 5 /tmp/log)"
}

# All there is but what apt and dpkg keep for themselves: path, type, mode, owner, size or target.
files() {
	find / -xdev \( -path /packages -o -path /tmp -o -path /proc -o -path /sys -o -path /var/log \
		-o -path /var/cache/apt -o -path /var/lib/apt -o -path '/var/lib/dpkg/*-old' \) -prune -o \
		\( -type d -printf '%p %y %m %u\n' -o -path /var/lib/dpkg/status -o -path /var/cache/debconf/\* \
		-o -printf '%p %y %m %u %s %l\n' \) | sort
}

quiet apt-get update
mkdir -p /var/lib/private # systemd's, where it runs
files >/tmp/before
quiet apt-get install -y --no-install-recommends ./*.deb
for package in migpop libmigfix0 libmigfix-dev libmigfix-preload; do
	[[ -s /usr/share/doc/$package/copyright ]] || die "$package has no copyright"
done

# The programs.
upstream=$(dpkg-query -W -f '${source:Upstream-Version}' migpop)
[[ $(migpop --version) == "migpop $upstream" ]] || die "$(migpop --version), in a package of $upstream"
quiet migpop doctor
quiet migpop trace -o /tmp/record --format json -- cat /packages/inside.sh
quiet migpop report /tmp/record --by category
quiet migpop verify --routine populate --memory 16M
[[ -s /usr/share/man/man1/migpop-trace.1.gz ]] || die "no manual page"
[[ -s /usr/share/bash-completion/completions/migpop ]] || die "no completion"
[[ -s /lib/systemd/system/migpop.service && -s /usr/share/migpop/monitoring/alerts.yml ]] || die "no service"
# The service, and what it leaves of records, where systemd puts those of a user who is not always there.
mkdir -p /var/lib/private/migpop
ln -s private/migpop /var/lib/migpop
touch /var/lib/private/migpop/record.json
migpop serve --listen 127.0.0.1:0 2>/tmp/log &
for ((i = 0; i < 300; i++)); do
	! grep -q '^serving ' /tmp/log || break
	sleep 0.1
done
kill "$!" || die "the service: $(tail -n 3 /tmp/log)"
wait "$!" || die "the service ended with $?: $(tail -n 3 /tmp/log)"
grep -q '^serving at .*, records in /var/lib/migpop' /tmp/log || die "the service said $(</tmp/log)"

# The library.
read -ra flags <<<"$(pkg-config --cflags --libs migfix)"
gcc -std=c11 -Wall -Werror /usr/share/doc/libmigfix-dev/loader.c "${flags[@]}" -o /tmp/loader
said=$(printf '%s\n' '0 hello' '4096 zero' '8192 world' '0 zero' '16384 zero' | /tmp/loader)
[[ $said == $'before: 0 of 16384 pages populated\nafter: 1 of 16384 pages populated' ]] || die "the loader says $said"

# The preload: by name, into what is a QEMU as far as it can tell, and into what is none.
gcc -O2 -D_GNU_SOURCE -rdynamic -pthread emulator.c -o /tmp/emulator
LD_PRELOAD=libmigfix-preload.so /tmp/emulator >/tmp/log 2>&1 || die "the emulator: $(tail -n 5 /tmp/log)"
grep -q "^libmigfix $upstream: source hooked; destination hooked" /tmp/log || die "the preload says $(</tmp/log)"
said=$(LD_PRELOAD=libmigfix-preload.so cat /dev/null 2>&1)
[[ ! $said ]] || die "preloaded into cat: $said"

# Gone.
quiet apt-get purge -y --auto-remove migpop libmigfix0 libmigfix-dev libmigfix-preload
files >/tmp/after
diff /tmp/before /tmp/after >/tmp/left || die "left behind (>), or taken along (<): $(head -n 20 /tmp/left)"
echo "installed, used, removed: $(dpkg-deb -c migpop_*.deb | grep -vc '/$') files of migpop and those of the libraries, nothing left"
