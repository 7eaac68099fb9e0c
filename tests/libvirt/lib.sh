# SPDX-License-Identifier: GPL-2.0-or-later
# Two libvirts on this host, "a" and "b", for the tests of migpop serve with guests that libvirt runs. They
# share processes and network, so a migration from one to the other is a real one; each has a mount namespace
# with directories of its own. Sourced by each; their arguments are MIGPOP, QMP-CLI, PRELOAD and GUEST-MEMORY.
# shellcheck shell=bash
# shellcheck disable=SC2317 # called through wait_until

# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../serve/lib.sh"
# shellcheck source=tests/libvirt/namespace.sh
. "$(dirname "${BASH_SOURCE[0]}")/namespace.sh"

preload=$3 guest_memory_tool=$(realpath "$4")
for program in libvirtd virtlogd virsh openssl; do
	command -v "$program" >/dev/null || skip "$program is not installed (libvirt-daemon-system, libvirt-clients, openssl)"
done
# QEMU runs as libvirt's user: what it opens is not below a directory of root's.
lv=$(mktemp -d /var/tmp/libvirt.XXXXXX)
chmod 755 "$lv"
# One that is installed has no path: AppArmor lets QEMU load it from where it is.
if [[ $preload == */* ]]; then
	install -m 755 "$preload" "$lv/preload.so"
	preload=$lv/preload.so
fi
# Where AppArmor lets QEMU read keys: each libvirt mounts its own there.
made=()
for dir in /etc/pki /etc/pki/qemu; do [[ -d $dir ]] || { mkdir "$dir" && made=("$dir" "${made[@]}"); }; done
userfaults=$(</proc/sys/vm/unprivileged_userfaultfd)

uri() { echo "qemu:///system?socket=$lv/$1/run/libvirt/libvirt-sock"; }
# What a libvirt is told of another one.
peer() { echo "qemu+unix:///system?socket=$lv/$1/run/libvirt/libvirt-sock"; }

end_libvirts() {
	local pid

	for pid in "$lv"/[ab]/run/libvirt/qemu/*.pid "$lv"/[ab]/run/libvirt/{libvirtd,virtlogd}.pid; do
		[[ ! -s $pid ]] || kill -KILL "$(<"$pid")" || true
	done
	echo "$userfaults" >/proc/sys/vm/unprivileged_userfaultfd
	return_huge_pages
	((!${#made[@]})) || rmdir "${made[@]}" || true
	rm -rf --one-file-system "$lv"
}
at_end=(end_libvirts)

# Keys and certificates of one CA, for both ends of a migration, in $lv/pki.
make_certificates() {
	local end

	mkdir -p "$lv/pki"
	cd "$lv/pki"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca-key.pem -out ca-cert.pem \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
	for end in server client; do
		printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nkeyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=%sAuth\n' \
			"$end" >extensions
		openssl req -new -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$end-key.pem" -out "$end.csr"
		openssl x509 -req -in "$end.csr" -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out "$end-cert.pem" -extfile extensions
	done
	chmod 644 ./*.pem
	cd - >/dev/null
}

# start_libvirt NAME FIRST-PORT
start_libvirt() {
	local at=$lv/$1

	prepare_libvirt "$at" "migpop-$1" "$2" "mount --bind $lv/pki /etc/pki/qemu
# libvirt asks QEMU for its abilities at each start, where QEMU's user may not open this: udev allows it.
if [[ -c /dev/kvm ]]; then
	mknod -m 660 $at/kvm c 10 232
	chown root:kvm $at/kvm
	mount --bind $at/kvm /dev/kvm
fi
mkdir -p /dev/hugepages
mountpoint -q /dev/hugepages || mount -t hugetlbfs hugetlbfs /dev/hugepages"
	cat >>"$at/etc/libvirt/libvirtd.conf" <<END
log_filters = "3:*"
log_outputs = "2:file:$at/libvirtd.log"
END
	cat >>"$at/etc/libvirt/qemu.conf" <<END
migrate_tls_x509_cert_dir = "/etc/pki/qemu"
migrate_tls_x509_verify = 1
END
	setsid unshare -m -u "$at/enter" </dev/null >"$at/out" 2>&1 &
	answers() { virsh -q -c "$(uri "$1")" list >/dev/null 2>&1; }
	wait_until 600 answers "$1" || failed "libvirt $1 does not answer: $(tail -n 3 "$at/out" "$at/libvirtd.log")"
}

start_libvirts() {
	make_certificates >/dev/null 2>&1 || failed "no certificates: $(ls "$lv/pki")"
	# As libvirt's package sets it where systemd is at work: postcopy of a QEMU that is not root's.
	echo 1 >/proc/sys/vm/unprivileged_userfaultfd
	start_libvirt a 49152
	start_libvirt b 49252
}

# --- guests ---

mib=32
# define NAME MEMORY [ENV-XML]: a guest of libvirt a, not started. MEMORY: memfd, memfd-private, file, huge,
# anonymous, numa (two cells of memfd).
define() {
	local back='' cells='' vcpus=1

	case $2 in
	memfd | numa) back="<source type='memfd'/><access mode='shared'/>" ;;
	memfd-private) back="<source type='memfd'/><access mode='private'/>" ;;
	file) back="<source type='file'/><access mode='shared'/>" ;;
	huge) back="<hugepages/><source type='memfd'/><access mode='shared'/>" ;;
	esac
	if [[ $2 == numa ]]; then
		vcpus=2
		cells="<cpu><numa><cell id='0' cpus='0' memory='$((mib / 2))' unit='MiB'/><cell id='1' cpus='1' memory='$((mib / 2))' unit='MiB'/></numa></cpu>"
	fi
	cat >"$lv/$1.xml" <<END
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>$1</name>
  <uuid>$(</proc/sys/kernel/random/uuid)</uuid>
  <memory unit='MiB'>$mib</memory>
  <memoryBacking>$back</memoryBacking>
  <vcpu>$vcpus</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  $cells
  <devices><emulator>$(command -v qemu-system-x86_64)</emulator><controller type='usb' model='none'/><memballoon model='none'/></devices>
  ${3:-}
</domain>
END
	say virsh -q -c "$(uri a)" define "$lv/$1.xml"
}
uuid_of() { sed -n 's/.*<uuid>\(.*\)<.*/\1/p' "$lv/$1.xml"; }
# shellcheck disable=SC2034 # for who sources this
with_preload="<qemu:commandline><qemu:env name='LD_PRELOAD' value='$preload'/></qemu:commandline>"

# pid_of GUEST LIBVIRT: its QEMU.
pid_of() { cat "$lv/$2/run/libvirt/qemu/$1.pid"; }

# ranges PID: where the guest's memory is, ADDRESS BYTES a line: by the size of its mappings.
ranges() {
	local range rest bytes

	while read -r range rest; do
		bytes=$((0x${range#*-} - 0x${range%-*}))
		[[ $rest != rw-* ]] || ((bytes != mib << 20 && bytes != mib << 19)) || echo "0x${range%-*} $bytes"
	done <"/proc/$1/maps"
}

# content PID: the digest of the guest's memory, between FROM and TO MiB of it. What is not there is not
# populated by being read.
from_mib=0 to_mib=$mib
content() {
	local at bytes

	while read -r at bytes; do
		"$guest_memory_tool" dump "$1" "$at" "$bytes" "$lv/dump.$1" && cat "$lv/dump.$1"
	done < <(ranges "$1") >"$lv/memory.$1"
	rm "$lv/dump.$1"
	dd if="$lv/memory.$1" bs=1M skip="$from_mib" count=$((to_mib - from_mib)) status=none | sha256sum
}

# fill PID [MIB]: random pages, pages of zeros that are written, and holes, in each mapping; and so many MiB
# of random pages, which take a while to be sent.
written_kib=0
fill() {
	local at bytes step more=${2:-0}

	written_kib=0
	put() { dd of="/proc/$1/mem" bs=64K iflag=fullblock oflag=seek_bytes seek="$2" conv=notrunc status=none; }
	while read -r at bytes; do
		for step in 3 5 9; do
			{ head -c 65536 /dev/urandom; head -c 65536 /dev/zero; head -c 65536 /dev/urandom; } | put "$1" $((at + (step << 20)))
		done
		head -c "${more}M" /dev/urandom | put "$1" $((at + (10 << 20)))
		written_kib=$((written_kib + 3 * 192 + more * 1024))
	done < <(ranges "$1")
}

# say COMMAND…: silent unless it fails.
say() {
	local said=$lv/said.$BASHPID

	"$@" >"$said" 2>&1 || failed "$*: $(tail -n 5 "$said")"
}

# --- records ---

# judge GUEST MEMORY NTH ROLE OUTCOME TRANSPORT PURPOSE all|some: a line about the NTH record of that end: for
# outcome, kind (role, transport, purpose), guest, uuid, RAM blocks (each that was populated, and "all" of them),
# chains and books "ok", or what is wrong; pages that were populated; of them zero. Chains are complete for 99
# of 100 pages, or for all but 1 in 500 of the guest's: ciphers of TLS keep their frame's address in other
# registers than a row can say.
judge() {
	local files

	recorded() { (($(find "$records" -name "*-$1-$2.json" 2>/dev/null | wc -l) >= $3)); }
	wait_until 300 recorded "$1" "$4" "$3" || { echo "NO-RECORD" && return; }
	mapfile -t files < <(find "$records" -name "*-$1-$4.json" | sort)
	((${#files[@]} == $3)) || { echo "${#files[@]}-RECORDS" && return; }
	jq -r --arg guest "$1" --arg uuid "$(uuid_of "$1")" --arg memory "$2" --arg role "$4" --arg outcome "$5" \
		--arg transport "$6" --arg purpose "$7" --arg blocks "$8" --argjson pages $((mib * 256)) '
		def cell(right; said): if right then "ok" else "WRONG:" + (said | tojson | gsub(" "; "")) end;
		(if $memory == "numa" then {"ram-node0": ($pages / 2), "ram-node1": ($pages / 2)} else {"pc.ram": $pages} end) as $ram |
		([.callsites[].populated_pages] | add // 0) as $all |
		([.callsites[] | select(.chain_end != "complete") | .populated_pages] | add // 0) as $cut |
		[.backing[] | select(.kind != "anon")] as $files |
		[cell(.migration.outcome == $outcome; .migration.outcome),
		 cell(.migration.role == $role and .migration.transport == $transport and (.migration.purpose // "null") == $purpose;
			.migration | [.role, .transport, .purpose]),
		 cell(.target.guest == $guest; .target.guest), cell(.target.uuid == $uuid; .target.uuid),
		 cell(all($files[]; .ram_block != null and .length_pages == $ram[.ram_block]) and
			($blocks == "some" or ([$files[].ram_block] | unique) == ($ram | keys)); [$files[] | [.name, .ram_block, .length_pages]]),
		 cell($cut <= 0.01 * $all or $cut <= $pages / 500; [.callsites[] | select(.chain_end != "complete") |
			[.chain_end, .populated_pages, (.frames[-1] | .module, .function, .offset)]]),
		 cell(.lost.events == 0 and (.accounting | length) > 0 and
			all(.accounting[]; .residual_pages == null or (.residual_pages | fabs) <= .uncertainty_pages);
			[.lost.events, [.accounting[] | [.kind, .residual_pages, .uncertainty_pages]]]),
		 $all, .totals.zero_populated_pages] | join(" ")' "${files[-1]}"
}
