#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs one command on a whole virtualization host: a Debian that was booted by systemd in an emulated
# machine, with cgroup v2, AppArmor enforcing and the distribution's libvirt and QEMU. What vmtest.sh
# does for a kernel, this does for a distribution. The image is made once, and no run changes it.
set -euo pipefail

# shellcheck disable=SC2317 # an exit in a function confuses shellcheck
usage() {
	cat <<'USAGE'
usage: hostvm.sh [OPTION…] -- COMMAND [ARG…]
       hostvm.sh [OPTION…] --image

  --release NAME      bookworm or trixie (bookworm)
  --add FILE[:DEST]   put a file or directory of this machine into the host's /case, or at DEST below
                      it; repeatable
  --out DIR           bring back what the command left in /out
  --memory SIZE       memory of the host (3G)
  --timeout SECONDS   limit from power-on to power-off (900)
  --image             only make the image, and print its path

The command runs as root when the host has booted, in /case; its output and errors arrive apart.
Exit status: the command's · 2 usage · 77 this machine lacks something · 124 time is up · 125 the host
died, or could not be set up.
USAGE
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
release=bookworm memory=3G timeout=900 out='' image_only='' adds=() work='' machine='' readers=()

give_up() {
	echo "hostvm.sh: $2" >&2
	exit "$1"
}

take_arguments() {
	while (($#)); do
		case $1 in
		--release | --add | --out | --memory | --timeout)
			(($# >= 2)) || give_up 2 "$1 needs a value"
			case $1 in
			--add) adds+=("$2") ;;
			*) printf -v "${1#--}" %s "$2" ;;
			esac
			shift 2
			;;
		--image) image_only=1 && shift ;;
		-h | --help) usage && exit 0 ;;
		--) shift && break ;;
		*) usage >&2 && exit 2 ;;
		esac
	done
	command=("$@")
	[[ $image_only ]] || ((${#command[@]})) || { usage >&2 && exit 2; }
	case $release in
	bookworm | trixie) ;;
	*) give_up 2 "--release: '$release' is neither bookworm nor trixie" ;;
	esac
}

# What a host has that runs guests. The kernel is Debian's cloud kernel, whose drivers of NVMe disks and
# ext4 are built in: it needs no initramfs.
packages=(systemd-sysv dbus udev apparmor libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients
	qemu-system-x86 qemu-utils procps iproute2 jq curl kmod)

# in_root COMMAND…: in the root that is being made, with no service started by what is installed.
in_root() {
	chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@" >>"$work/log" 2>&1 || give_up 125 "in the root of $release: $*: $(tail -n 3 "$work/log")"
}

make_root() {
	local mirror here

	# Where this machine has its own packages from.
	here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016 # apt's own variables
	mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' "Created-By: Packages" |
		awk -v suite="$here" '$2 == suite { print $1; exit }')
	[[ $mirror ]] || skip "apt knows no source of Debian"
	debootstrap --variant=minbase --include=ca-certificates "$release" "$work/root" "$mirror" >>"$work/log" 2>&1 ||
		skip "debootstrap of $release: $(tail -n 1 "$work/log")"
	for file in /etc/apt/apt.conf.d/*; do
		[[ ! -f $file || -e $work/root/etc/apt/apt.conf.d/${file##*/} ]] || cp "$file" "$work/root/etc/apt/apt.conf.d/"
	done
	printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
	chmod +x "$work/root/usr/sbin/policy-rc.d"
	in_root apt-get update
	in_root apt-get install -y --no-install-recommends "${packages[@]}"
	# For what migpop's packages depend on: there is no network in the machine.
	in_root apt-get install -y --no-install-recommends libbpf1 libelf1 libdw1 libjson-c5 libprotobuf-c1 \
		libmicrohttpd12 libseccomp2 zlib1g libnettle8
	in_root apt-get clean
	rm -rf "$work"/root/var/lib/apt/lists/* "$work/root/usr/sbin/policy-rc.d" "$work"/root/usr/share/{doc,locale,man}/*
}

# Unpacked, not installed: its package would make an initramfs.
unpack_kernel() {
	# shellcheck disable=SC2016 # the words of that shell
	in_root sh -ec 'cd /tmp
		apt-get update
		apt-get download "$(apt-cache depends linux-image-cloud-amd64 | sed -n "s/^ *Depends: //p" | head -n 1)"
		dpkg-deb -x linux-image-*.deb kernel
		cp -a kernel/boot/vmlinuz-* /boot/
		mkdir -p /usr/lib/modules
		cp -a kernel/lib/modules/* /usr/lib/modules/ || cp -a kernel/usr/lib/modules/* /usr/lib/modules/
		rm -rf kernel linux-image-*.deb /var/lib/apt/lists/*
		depmod "$(ls /lib/modules)"'
	mv "$work"/root/boot/vmlinuz-* "$work/vmlinuz"
}

# What is a host's own: its name, its disks, who may do what, and the case that is run when it is up.
configure_root() {
	local root=$work/root

	echo host >"$root/etc/hostname"
	echo '127.0.0.1 localhost host' >"$root/etc/hosts"
	printf '/dev/disk/by-path/none none auto noauto 0 0\n' >"$root/etc/fstab"
	cp "$top/tests/host/case.service" "$root/etc/systemd/system/"
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/out" "$root/case"
	ln -s ../case.service "$root/etc/systemd/system/multi-user.target.wants/"
	# Profiles of programs that are not there take the emulated processor a minute to compile.
	find "$root/etc/apparmor.d" -maxdepth 1 -type f ! -name '*virt*' -delete
	for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer \
		man-db.timer getty@tty1.service serial-getty@ttyS0.service systemd-timesyncd.service \
		libvirt-guests.service e2scrub_reap.service systemd-networkd-wait-online.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
}

# What an image is made by: one that was made by something else is made anew.
image_key() {
	{
		declare -p packages
		declare -f make_root unpack_kernel configure_root
		cat "$top/tests/host/case.service"
	} | sha256sum | cut -c 1-12
}

make_image() {
	local store=$top/build/host

	image=$store/$release-$(image_key).img vmlinuz=${image%.img}.vmlinuz
	for program in debootstrap mke2fs qemu-system-x86_64; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
	((EUID == 0)) || skip "not root"
	! [[ -f $image && -f $vmlinuz ]] || return 0
	echo "making the image of a $release host" >&2
	rm -f "$store/$release"-*.{img,vmlinuz}
	make_root
	unpack_kernel
	configure_root
	truncate -s 4G "$work/image"
	mke2fs -q -F -t ext4 -d "$work/root" "$work/image"
	rm -rf --one-file-system "$work/root"
	mv "$work/vmlinuz" "$vmlinuz"
	mv "$work/image" "$image"
}

# The second disk: what the case brings.
make_case() {
	local file dest word

	mkdir -p "$work/case"
	cp "$top/tests/host/run-case" "$work/case/"
	for file in "${adds[@]}"; do
		[[ -e ${file%%:*} ]] || give_up 2 "--add: no file '${file%%:*}'"
		dest=$work/case/$(basename "${file%%:*}")
		[[ $file != *:* ]] || dest=$work/case/${file#*:}
		mkdir -p "$(dirname "$dest")"
		cp -rLT "${file%%:*}" "$dest"
	done
	{
		printf exec
		for word in "${command[@]}"; do
			printf " '%s'" "${word//\'/\'\\\'\'}"
		done
		echo
	} >"$work/case/command"
	truncate -s 512M "$work/case.img"
	mke2fs -q -F -t ext4 -L case -d "$work/case" "$work/case.img"
}

# The case's disk is of another kind than the root's: the kernel numbers NVMe disks as they answer, not as
# they are given. Its driver is a module.
run_machine() {
	local status=0

	mkfifo "$work/stdout" "$work/stderr"
	cat "$work/stdout" &
	readers=($!)
	cat "$work/stderr" >&2 &
	readers+=($!)
	timeout -k 5 "$timeout" qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 2 -m "$memory" \
		-nodefaults -no-user-config -display none -no-reboot -kernel "$vmlinuz" \
		-append "root=/dev/nvme0n1 rootfstype=ext4 rw console=ttyS0 quiet no_timer_check panic=-1 systemd.show_status=false" \
		-drive "if=none,id=root,format=raw,file=$image,snapshot=on" -device nvme,serial=root,drive=root \
		-drive "if=none,id=case,format=raw,file=$work/case.img,snapshot=on" -device virtio-blk-pci,drive=case \
		-chardev "file,id=console,path=$work/console" -serial chardev:console \
		-chardev "file,id=output,path=$work/stdout" -serial chardev:output \
		-chardev "file,id=errors,path=$work/stderr" -serial chardev:errors \
		-chardev "file,id=result,path=$work/result" -serial chardev:result \
		</dev/null >"$work/qemu" 2>&1 &
	machine=$!
	wait "$machine" || status=$?
	machine=''
	# Where the machine has not opened them they still wait for somebody who writes.
	: 1<>"$work/stdout" 2<>"$work/stderr"
	wait "${readers[@]}" || true
	readers=()
	return $status
}

# The result port carries an archive of /out and, after it, a line: the exit status.
collect() {
	local line

	line=$(tail -n 1 "$work/result" | tr -d '\0')
	if ! [[ $line =~ ^[0-9]+$ ]]; then
		grep -m 1 -A 5 'Kernel panic' "$work/console" >&2 || true
		tail -n 20 "$work/console" "$work/qemu" >&2
		case $1 in
		124 | 137) give_up 124 "timed out after $timeout s" ;;
		*) give_up 125 "the host ended without a result" ;;
		esac
	fi
	if [[ $out ]]; then
		mkdir -p "$out"
		head -c "-$((${#line} + 2))" "$work/result" | tar -xzf - -C "$out" || give_up 125 "/out came back damaged"
	fi
	exit "$line"
}

# shellcheck disable=SC2317 # called by a trap
clean_up() {
	[[ ! $machine ]] || kill "$machine" 2>/dev/null || true
	((!${#readers[@]})) || kill "${readers[@]}" 2>/dev/null || true
	[[ ! $work ]] || rm -rf --one-file-system "$work"
}

take_arguments "$@"
mkdir -p "$top/build/host"
work=$(mktemp -d "$top/build/host/run.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
make_image
[[ ! $image_only ]] || { echo "$image" && exit; }
make_case
status=0
run_machine || status=$?
collect "$status"
