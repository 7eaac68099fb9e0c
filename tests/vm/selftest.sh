#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Shows that scripts/vmtest.sh tells the truth: exit status, time limit, death of the machine, output and
# files intact, swap, a disk, huge pages, BTF. Takes the kernels to use as arguments (6.12).

set -uo pipefail

vmtest=$(realpath "$(dirname "$0")/../../scripts/vmtest.sh")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/scratch"
export TMPDIR=$tmp/scratch
failed=0

check() { # NAME EXPECTED GOT
    if [ "$2" = "$3" ]; then
        echo "ok   $kernel $1"
    else
        echo "FAIL $kernel $1: expected '$2', got '$3'"
        awk '{ print "     " $0 }' "$tmp/errors"
        failed=1
    fi
}

vm() { "$vmtest" --kernel "$kernel" --timeout 60 "$@" 2>"$tmp/errors"; }

# One machine, many questions: booting is what takes the time.
features() {
    local dir=$tmp/$kernel answers
    # shellcheck disable=SC2016 # expanded in the machine
    answers=$(vm --swap --disk --hugepages 4 --out "$dir" --add "$tmp/payload:/payload" -- sh -c '
        echo "arguments $#$1$2"
        awk "NR == 2 { print \"swap\", \$3 }" /proc/swaps
        awk "\$2 == \"/var/tmp\" { print \"disk\", \$3 }" /proc/mounts
        awk "/^HugePages_Free/ { print \"hugepages\", \$2 }" /proc/meminfo
        [ -s /sys/kernel/btf/vmlinux ] && echo "btf yes"
        grep -qx handle_mm_fault /sys/kernel/tracing/available_filter_functions && echo "ftrace yes"
        grep -q "\[none\]" /sys/kernel/security/lockdown && echo "lockdown none"
        mkdir /out/sub && cp /payload /out/sub/
        printf "errors apart" >&2
        exit 42' sh "a 'b'" $'\nc')
    check "status 42" 42 $?
    check "errors apart" "errors apart" "$(cat "$tmp/errors")"
    check "arguments intact" "arguments 2a 'b'" "$(grep ^arguments <<<"$answers")"
    check "swap" "swap 524284" "$(grep ^swap <<<"$answers")"
    check "disk" "disk ext4" "$(grep ^disk <<<"$answers")"
    check "huge pages" "hugepages 4" "$(grep ^huge <<<"$answers")"
    check "BTF" "btf yes" "$(grep ^btf <<<"$answers")"
    check "ftrace" "ftrace yes" "$(grep ^ftrace <<<"$answers")"
    check "not locked down" "lockdown none" "$(grep ^lockdown <<<"$answers")"
    check "files come back" "$(md5sum <"$tmp/payload")" "$(md5sum <"$dir/sub/payload")"
}

statuses() {
    vm --add "$tmp/payload:/payload" -- sh -c 'cat /payload; exit 1' >"$tmp/output"
    check "status 1" 1 $?
    check "binary output intact" "$(md5sum <"$tmp/payload")" "$(md5sum <"$tmp/output")"
    vm -- sh -c 'echo c >/proc/sysrq-trigger'
    check "panic is status 125" 125 $?
    check "console log shown" 1 "$(grep -c 'sysrq: Trigger a crash' "$tmp/errors")"
    "$vmtest" --kernel "$kernel" --timeout 6 -- sleep 60 2>"$tmp/errors"
    check "time limit is status 124" 124 $?
    check "time limit is said" 1 "$(grep -c 'timed out after 6 s' "$tmp/errors")"
}

head -c 300000 /dev/urandom >"$tmp/payload"
for kernel in "${@:-6.12}"; do
    # The first machine fetches the kernel, or says why there is none.
    vm -- true >"$tmp/first"
    status=$?
    if [ $status -eq 77 ]; then
        cat "$tmp/first"
        exit 77
    fi
    check "status 0" 0 $status
    features
    statuses
    check "nothing left behind" "" "$(ls "$TMPDIR")"
done
exit $failed
