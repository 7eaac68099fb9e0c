#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs one command in a throw-away virtual machine with one of Debian's cloud kernels, and ends as the
# command ended. For kernels other than the host's: the root file system is an initramfs made from the
# build tree, the only devices are serial ports. tests/vm/init is the other half.

set -euo pipefail

usage() {
    cat <<'END'
usage: vmtest.sh [OPTION…] -- COMMAND [ARG…]
       vmtest.sh [OPTION…] --shell

  --kernel 6.1|7.3|FILE   Debian's newest cloud kernel of that series, or a bzImage (6.12): 5.10, 6.1, 6.12, and
                          from 6.16 on each series that the backports still have; arm64-6.12, or an Image
                          of arm64: the machine is one, with what scripts/arm64-sysroot.sh unpacked
  --build DIR             build tree: DIR/migpop is in PATH, DIR/tests/trace in /tests/trace (build/release,
                          for arm64 build/arm64)
  --add FILE[:DEST]       put a host file (with its libraries) or directory into the machine; repeatable
  --memory SIZE           memory of the machine (2G)
  --timeout SECONDS       limit from power-on to power-off (300)
  --swap                  512 MiB of swap on a disk
  --disk                  256 MiB of ext4 in /var/tmp
  --hugepages N           N huge pages of 2 MiB
  --out DIR               bring back what the command left in /out
  --shell                 interactive shell on this terminal

The command starts in /, without input; its output and its errors arrive apart and as they come.
Exit status: the command's · 2 usage · 77 the host lacks something · 124 time is up · 125 the machine
died, could not be set up, or /out came back damaged.
END
}

say() { echo "vmtest: $*" >&2; }
die() { say "$2"; exit "$1"; }
skip() { echo "SKIP: $*"; exit 77; }

repo=$(realpath "$(dirname "$0")/..")
kernel=6.12 arch=x86_64 build='' memory=2G timeout=300 swap='' hugepages=0 out='' shell=''
adds=() tmp='' vm='' disk=''

parse_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --kernel | --build | --add | --memory | --timeout | --hugepages | --out)
            [ $# -ge 2 ] || die 2 "$1 needs a value" ;;&
        --kernel) kernel=$2; shift 2 ;;
        --build) build=$2; shift 2 ;;
        --add) adds+=("$2"); shift 2 ;;
        --memory) memory=$2; shift 2 ;;
        --timeout) timeout=$2; shift 2 ;;
        --hugepages) hugepages=$2; shift 2 ;;
        --out) out=$2; shift 2 ;;
        --swap) swap=y; shift ;;
        --disk) disk=y; shift ;;
        --shell) shell=y; shift ;;
        --help) usage; exit 0 ;;
        --) shift; break ;;
        *) usage >&2; die 2 "unknown argument '$1'" ;;
        esac
    done
    command=("$@")
    # An Image for arm64 says so in its header.
    if [[ $kernel =~ ^arm64-[0-9] ]] ||
        { [ -f "$kernel" ] && [ "$(dd if="$kernel" bs=4 skip=14 count=1 2>/dev/null | tr -d '\0')" = ARMd ]; }; then
        arch=arm64
    fi
    case $arch in
    x86_64) : "${build:=$repo/build/release}" ;;
    arm64) : "${build:=$repo/build/arm64}" ;;
    esac
    if [ -n "$shell" ]; then
        [ $# -eq 0 ] || die 2 "--shell takes no command"
    elif [ $# -eq 0 ]; then
        usage >&2
        die 2 "no command"
    fi
}

sysroot=$repo/build/arm64-sysroot

check_host_arm64() {
    emulator=qemu-system-aarch64
    command -v "$emulator" >/dev/null || skip "no qemu-system-aarch64 (package qemu-system-arm)"
    command -v readelf >/dev/null || skip "no readelf (package binutils)"
    [ -e "$sysroot/complete" ] || skip "no $sysroot: run scripts/arm64-sysroot.sh"
    busybox=$sysroot/bin/busybox
}

check_host() {
    if [ "$arch" = arm64 ]; then
        check_host_arm64
        return
    fi
    [ "$(uname -m)" = x86_64 ] || skip "the virtual machine is x86-64, this host is $(uname -m)"
    emulator=qemu-system-x86_64
    command -v "$emulator" >/dev/null || skip "no qemu-system-x86_64 (package qemu-system-x86)"
    [ -z "$disk" ] || command -v mke2fs >/dev/null || skip "no mke2fs (package e2fsprogs)"
    if ! busybox=$(command -v busybox) || ldd "$busybox" >/dev/null 2>&1; then
        { need_lists && apt_get install -y busybox-static; } || skip "no static busybox (package busybox-static)"
        busybox=$(command -v busybox)
    fi
}

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o APT::Sandbox::User=root "$@" >&2
}

# A fresh container image has no package lists.
need_lists() {
    local lists=''
    command -v apt-get >/dev/null || return 1
    eval "$(apt-config shell lists Dir::State::lists/d)"
    compgen -G "$lists*_Packages*" >/dev/null || apt_get update
}

# Prints the image package of a series. The meta-packages carry no kernel, and the unversioned one
# names a different series on every Debian release.
image_package() {
    local meta package
    for meta in "linux-image-$1-cloud-amd64" linux-image-cloud-amd64; do
        package=$(apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: //p' | head -n 1)
        case $package in linux-image-"$1".*) echo "$package"; return ;; esac
    done
    return 1
}

# Unpacks the image of a series into $tmp/package/root: from what this machine's own lists have, or from
# another suite of Debian.
fetch_kernel() {
    local package
    need_lists || skip "no kernel $kernel in ${image%/*}, and apt-get cannot fetch it"
    if ! package=$(image_package "$kernel"); then
        # shellcheck source=scripts/packages.sh
        . "$repo/scripts/packages.sh"
        unpack_kernel "$tmp/package" "$kernel"
        return
    fi
    (cd "$tmp/package" && apt_get download "$package") || skip "cannot download $package"
    dpkg-deb -x "$tmp"/package/*.deb "$tmp/package/root"
}

# Leaves the path of a bzImage in $image. A series is fetched once and kept; it is never installed.
find_kernel() {
    if [ -f "$kernel" ]; then
        image=$kernel
        return
    fi
    [[ $kernel =~ ^(arm64-)?[0-9]+\.[0-9]+$ ]] || die 2 "--kernel: '$kernel' is neither a series nor a file"
    local store=$repo/build/vm/kernels status=0
    image=$store/$kernel/vmlinuz
    [ -f "$image" ] && return
    if [ "$arch" = arm64 ]; then
        "$repo/scripts/arm64-sysroot.sh" kernel "${kernel#arm64-}" "${image%/*}" || status=$?
        [ $status -eq 0 ] || exit $status
        return
    fi
    mkdir -p "$store"
    mkdir "$tmp/package" "$tmp/new"
    fetch_kernel
    # The image moved in 6.19, and its package has no config.
    cp "$tmp"/package/root/boot/vmlinuz-* "$tmp/new/vmlinuz" 2>/dev/null ||
        cp "$tmp"/package/root/usr/lib/modules/*/vmlinuz "$tmp/new/" || die 125 "no image in the package of $kernel"
    cp "$tmp"/package/root/boot/config-* "$tmp/new/" 2>/dev/null || true
    # Of two that fetch at the same time, the first to finish fills the store.
    mv -T "$tmp/new" "$store/$kernel" 2>/dev/null || [ -f "$image" ] || die 125 "cannot fill $store/$kernel"
}

# FILE: the libraries that it loads and its interpreter, from the sysroot, into the root file system.
put_libraries_arm64() {
    local library from
    for library in $(readelf -ld "$1" 2>/dev/null |
        sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p; s/.*interpreter: \/lib\/\(.*\)\]/\1/p'); do
        [ ! -e "$root/lib/aarch64-linux-gnu/$library" ] || continue
        from=$(find "$sysroot/lib" "$sysroot/usr/lib" -name "$library" | head -n 1)
        [ -n "$from" ] || die 125 "$1 needs $library, which is not in $sysroot"
        mkdir -p "$root/lib/aarch64-linux-gnu"
        ln -sf aarch64-linux-gnu/ld-linux-aarch64.so.1 "$root/lib/"
        cp -L "$from" "$root/lib/aarch64-linux-gnu/"
        put_libraries_arm64 "$from"
    done
}

# SOURCE DEST: copies into the root file system, with the libraries that an ELF file loads.
put() {
    local library
    mkdir -p "$root$(dirname "$2")"
    cp -rLT "$1" "$root$2"
    [ -f "$1" ] || return 0
    if [ "$arch" = arm64 ]; then
        put_libraries_arm64 "$1"
        return
    fi
    for library in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
        [ -e "$root$library" ] || { mkdir -p "$root${library%/*}" && cp -L "$library" "$root$library"; }
    done
}

make_initramfs() {
    local file word
    root=$tmp/root
    mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,dev,etc,out,proc,root,run,sys,tmp,vm}
    put "$busybox" /bin/busybox
    put "$repo/tests/vm/init" /init
    # libbpf looks a kernel's options up there. A bzImage of the user's own comes without.
    for file in "${image%/*}"/config-*; do
        [ ! -f "$file" ] || put "$file" "/boot/${file##*/}"
    done
    [ ! -x "$build/migpop" ] || put "$build/migpop" /bin/migpop
    [ ! -d "$build/rules" ] || put "$build/rules" /bin/rules # beside the program, as in the build tree
    [ ! -d "$repo/tests/trace" ] || put "$repo/tests/trace" /tests/trace
    if [ -d "$build/tests/trace" ]; then
        while IFS= read -r -d '' file; do
            put "$file" "/tests/trace/${file#"$build/tests/trace/"}"
        done < <(find "$build/tests/trace" -name CMakeFiles -prune -o -type f -perm -u+x -print0)
    fi
    for file in "${adds[@]}"; do
        [ -e "${file%%:*}" ] || die 2 "--add: no file '${file%%:*}'"
        case $file in
        *:/*) put "${file%%:*}" "${file#*:}" ;;
        *) put "$file" "$(realpath -s "$file")" ;;
        esac
    done
    {
        printf exec
        for word in "${command[@]}"; do
            printf " '%s'" "${word//\'/\'\\\'\'}"
        done
    } >"$root/vm/command"
    # Not compressed: the emulated processor takes longer to unpack than qemu to load.
    (cd "$root" && find . | busybox cpio -o -H newc -R 0:0 2>/dev/null) >"$tmp/initramfs"
}

# One thread for all processors: with one each, a processor can run code that the kernel is just
# patching on another, as it does whenever a function is hooked; a boot in twenty ended in a panic.
#
# The kernel's check of its timer is for broken boards: it fails where the emulator does not get to run
# in time, as on a busy machine, and ends in a panic.
#
# Four ports: console, output, errors, result; ttyS0 to ttyS3 but for arm64's console, which is its own.
# What is left to the kernel's command line that the kernel does not know reaches init as environment (vm_…).
qemu_arguments() {
    local append="quiet panic=-1 oops=panic rootfstype=ramfs no_timer_check vm_hugepages=$hugepages"
    # Keys of pointers by an algorithm of QEMU's own: the architecture's takes half of the time.
    local cpu=max
    [ "$arch" = x86_64 ] || cpu=max,pauth-impdef=on
    arguments=(-accel "tcg,thread=single" -cpu "$cpu" -smp 2 -m "$memory" -nodefaults -no-user-config -display none -no-reboot
        -kernel "$image" -initrd "$tmp/initramfs"
        -chardev "file,id=console,path=$tmp/console" -chardev "file,id=result,path=$tmp/result")
    if [ -n "$swap" ]; then
        truncate -s 512M "$tmp/swap"
        arguments+=(-drive "if=none,id=swap,format=raw,cache=unsafe,file=$tmp/swap"
            -device "nvme,serial=swap,drive=swap")
        append+=" vm_swap=y"
    fi
    if [ -n "$disk" ]; then
        truncate -s 256M "$tmp/disk"
        mke2fs -q -F -t ext4 "$tmp/disk"
        arguments+=(-drive "if=none,id=disk,format=raw,cache=unsafe,file=$tmp/disk"
            -device "nvme,serial=disk,drive=disk")
        append+=" vm_disk=y"
    fi
    if [ -n "$shell" ]; then
        arguments+=(-chardev "stdio,id=output,signal=off" -chardev "null,id=errors")
        append+=" vm_shell=y"
    else
        mkfifo "$tmp/stdout" "$tmp/stderr"
        arguments+=(-chardev "file,id=output,path=$tmp/stdout" -chardev "file,id=errors,path=$tmp/stderr")
    fi
    arguments+=(-serial chardev:console)
    if [ "$arch" = arm64 ]; then
        arguments+=(-M virt -chardev "null,id=unused"
            -device "pci-serial-4x,chardev1=unused,chardev2=output,chardev3=errors,chardev4=result")
        append+=" console=ttyAMA0"
    else
        arguments+=(-serial chardev:output -serial chardev:errors -serial chardev:result)
        append+=" console=ttyS0"
    fi
    arguments+=(-append "$append${out:+ vm_out=y}")
}

run() {
    local status=0
    if [ -n "$shell" ]; then
        "$emulator" "${arguments[@]}" || status=$?
        return $status
    fi
    cat "$tmp/stdout" &
    local stdout=$!
    cat "$tmp/stderr" >&2 &
    local stderr=$!
    # In the background and waited for, so that a signal to this script is handled at once.
    timeout -k 5 "$timeout" "$emulator" "${arguments[@]}" </dev/null >"$tmp/qemu" 2>&1 &
    vm=$!
    wait $vm || status=$?
    vm=''
    # qemu that never started did not open the pipes either.
    : 1<>"$tmp/stdout" 2<>"$tmp/stderr"
    wait $stdout $stderr || true
    return $status
}

# The result port carries the archive of /out (empty without --out) and, after it, one line: exit
# status and checksum of the archive. Without that line there is no result.
collect() {
    local qemu_status=$1 line='' status sum
    line=$(tail -n 1 "$tmp/result" 2>/dev/null | tr -d '\0')
    if ! [[ $line =~ ^[0-9]+\ [0-9a-f]{32}$ ]]; then
        tail -n 60 "$tmp/console" "$tmp/qemu" >&2 2>/dev/null || true
        case $qemu_status in
        124 | 137) die 124 "timed out after $timeout s" ;;
        *) die 125 "the machine ended without a result" ;;
        esac
    fi
    read -r status sum <<<"$line"
    if [ -n "$out" ]; then
        head -c "-$((${#line} + 2))" "$tmp/result" >"$tmp/out.tar.gz"
        [ "$(md5sum <"$tmp/out.tar.gz")" = "$sum  -" ] || die 125 "/out came back damaged"
        mkdir -p "$out"
        tar -xzf "$tmp/out.tar.gz" -C "$out"
    fi
    return "$status"
}

clean_up() {
    [ -z "$vm" ] || { kill "$vm" && wait "$vm"; } 2>/dev/null || true
    [ -z "$tmp" ] || rm -rf "$tmp"
}

parse_options "$@"
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
tmp=$(mktemp -d -t vmtest.XXXXXX)
check_host
find_kernel
make_initramfs
qemu_arguments
status=0
run || status=$?
[ -z "$shell" ] || exit "$status"
collect "$status"
