# SPDX-License-Identifier: GPL-2.0-or-later
# What the cases on a booted host (scripts/hostvm.sh) share: our packages installed, a second libvirt, guests,
# and what the service recorded of them. Sourced by each.
# shellcheck shell=bash
# shellcheck disable=SC2317 # called through wait_until

failed() {
	echo "FAIL: $*"
	journalctl -u migpop --no-pager -o cat | tail -n 30
	cp -r "$records" /var/log/libvirt/qemu /out/ 2>/dev/null || true
	exit 1
}
ok() { echo "ok    $*"; }

# wait_until SECONDS COMMAND…
wait_until() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}

# --- the packages ---

quiet() { "$@" >/tmp/log 2>&1 || failed "$*: $(tail -n 5 /tmp/log)"; }
records=/var/lib/private/migpop

install_packages() {
	quiet env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /case/*.deb
	if systemctl is-enabled --quiet migpop || systemctl is-active --quiet migpop; then failed "the service is on, which nobody asked for"; fi
	quiet systemctl enable --now migpop
	serving() { journalctl -u migpop --no-pager -o cat | grep -q '^serving '; }
	wait_until 600 serving || failed "the unit does not serve: $(systemctl status migpop --no-pager | tail -n 3)"
	ok "installed by apt, unit enabled: $(journalctl -u migpop --no-pager -o cat | grep '^serving ' | tail -n 1)"
}

# --- two libvirts: the host's own, and one in a mount namespace with directories of its own ---

other=/var/tmp/lv
here=qemu:///system there="qemu:///system?socket=$other/run/libvirt/libvirt-sock"
# shellcheck source=tests/libvirt/namespace.sh
. ./namespace.sh

start_other() {
	local dir

	# What libvirt knows of QEMU is not asked again.
	for dir in var/lib/libvirt var/cache/libvirt; do
		mkdir -p "$other/$dir"
		cp -a "/$dir/." "$other/$dir/" 2>/dev/null || true
	done
	prepare_libvirt "$other" other 49252
	systemd-run --quiet --unit=other-libvirtd unshare --mount --uts "$other/enter"
	answers() { virsh -q -c "$1" list >/dev/null 2>&1; }
	for uri in "$here" "$there"; do wait_until 600 answers "$uri" || failed "$uri does not answer: $(journalctl -u other-libvirtd --no-pager -o cat | tail -n 3)"; done
	ok "two libvirts of $(libvirtd --version)"
}

# --- guests ---

mib=32
# define NAME [ENV-XML]: a guest, not started.
define() {
	cat >"/tmp/$1.xml" <<END
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>$1</name>
  <uuid>$(cat /proc/sys/kernel/random/uuid)</uuid>
  <memory unit='MiB'>$mib</memory>
  <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator><controller type='usb' model='none'/><memballoon model='none'/></devices>
  ${2:-}
</domain>
END
	quiet virsh -c "$here" define "/tmp/$1.xml"
}

# of GUEST URI: its process. Both ends of a migration have the guest's name: by libvirt's own directory.
pid_of() {
	local dir=/run/libvirt/qemu

	[[ $2 == "$here" ]] || dir=$other/run/libvirt/qemu
	cat "$dir/$1.pid"
}
shmem_kib() { awk '/^RssShmem:/ { print $2 }' "/proc/$(pid_of "$@")/status"; }
watched() { journalctl -u migpop --no-pager -o cat | grep -q "^pid $(pid_of "$@"): watched"; }

record() { find "$records" -name "*-$1-$2.json" | sort | tail -n 1; }
has_record() { [[ $(find "$records" -name "*-$1-$2.json" | wc -l) -ge $3 ]]; }

# check GUEST END NTH PURPOSE ZEROS: the record of that end is whole and right, and has "all" zero pages of
# the guest, or "none" of them.
check() {
	local file

	wait_until 600 has_record "$1" "$2" "$3" || failed "$1: no record of its $2 ($4): $(ls "$records")"
	file=$(record "$1" "$2")
	jq -e --arg purpose "$4" --arg uuid "$(sed -n 's/.*<uuid>\(.*\)<.*/\1/p' "/tmp/$1.xml")" --arg zeros "$5" --argjson pages $((mib * 256)) '
		.migration.outcome == "completed" and .migration.purpose == $purpose and .target.uuid == $uuid and
		.target.build_id != null and .lost.events == 0 and
		all(.accounting[] | select(.kind == "shmem"); .residual_pages == 0) and
		([.callsites[] | .populated_pages] | add) as $all |
		([.callsites[] | select(.chain_end == "complete") | .populated_pages] | add) >= 0.99 * $all and
		any(.callsites[].frames[]; .build_id != null) and
		([.callsites[] | select(.category == "zero-page" or .category == "zero-detect") | .zero_populated_pages] | add // 0) as $zero |
		if $zeros == "none" then $zero < 0.01 * $pages else $zero > 0.95 * $pages end' "$file" >/dev/null ||
		failed "$1 $2 ($4): $(jq -c '[.migration, .target.uuid, .target.build_id, .totals, .lost, [.callsites[] | [.category, .chain_end, .populated_pages]][:8],
			[.accounting[] | [.kind, .residual_pages, .uncertainty_pages]]]' "$file")"
	ok "$(jq -r '"record: \(.target.guest) \(.migration.role), \(.migration.purpose) by \(.migration.transport), \(.migration.outcome): populated \(.totals.populated_pages), zero \(.totals.zero_populated_pages), by \(.callsites[0].category): \([.callsites[0].frames[].function][:4] | join(" ← ")); build-id \(.target.build_id[:12])"' "$file")"
}

# sparse GUEST URI FIXED: what its QEMU holds of shared memory.
sparse() {
	local kib

	kib=$(shmem_kib "$1" "$2")
	if [[ $3 == true ]]; then ((kib <= 2048)); else ((kib >= mib * 1000)); fi || failed "$1: RssShmem $kib kB"
	ok "$1: RssShmem $kib kB of $((mib << 10))"
}

# check_service [REGEX…]: what the service says is each failure that was provoked, in one line of its log that
# matches, in this order, and in its metrics; and nothing else. A save may be over before it was seen ("ended").
check_service() {
	local log failures errors regex

	log=$(journalctl -u migpop --no-pager -o cat)
	echo "$log"
	failures=$(grep -vE '^(Starting |Started |Reload(ing|ed) |serving at |pid [0-9]+: (watched|(destination, migration completed|source, migration (completed|ended)))$)' <<<"$log") || true
	errors=$(curl -sf http://127.0.0.1:9477/metrics | awk '/^migpop_(errors|lost|lost_events)_total/ { sum += $NF } END { print NR ? sum : "no" }')
	[[ $errors == "$#" ]] || failed "$errors errors in the metrics, not $#"
	for regex; do
		grep -q -- "$regex" <<<"${failures%%$'\n'*}" || failed "the service says '${failures%%$'\n'*}', not '$regex'"
		failures=$(tail -n +2 <<<"$failures")
	done
	[[ ! $failures ]] || failed "the service says: $failures"
	ok "the service's log and metrics: no failure but the $# that were provoked"
}
