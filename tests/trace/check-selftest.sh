#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The checker itself: every kind of expectation is shown to hold and to fail, and every kind of
# unsound record to be refused.
#
#	check-selftest.sh TRACE-CHECK

check=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0 tests=0

cat >"$work/good.json" <<'JSON'
{
  "schema": "migpop.record/2",
  "target": { "pid": 42, "exe": "/some/where/memfd-read" },
  "totals": { "faults": 5000, "populated_pages": 4446, "released_pages": 100 },
  "threads": [
    { "pid": 42, "tid": 42, "comm": "memfd-read", "faults": 4900, "populated_pages": 4346,
      "released_pages": 99 },
    { "pid": 42, "tid": 43, "comm": "memfd-read", "faults": 100, "populated_pages": 100,
      "released_pages": 1 }
  ],
  "accounting": [
    { "kind": "shmem", "name": "memfd:route", "inode": 7, "traced_pages": 4096, "kernel_pages": 4096,
      "residual_pages": 0 },
    { "kind": "shmem", "name": "memfd:off", "inode": 8, "traced_pages": 10, "kernel_pages": 5,
      "residual_pages": -5 },
    { "kind": "shmem", "name": "memfd:off", "inode": 9, "traced_pages": 10, "kernel_pages": 15,
      "residual_pages": 5 },
    { "kind": "anon", "name": "", "inode": null, "traced_pages": 2000, "kernel_pages": 2002,
      "residual_pages": 2 },
    { "kind": "hugetlb", "name": "memfd:route", "inode": 7, "traced_pages": null,
      "kernel_pages": 1024, "residual_pages": null }
  ],
  "lost": { "events": 0, "stacks": 2, "truncated_stacks": 0, "unwind_errors": { "no_row": 3 },
    "room": [ { "table": "unwind-rows", "pages": 4, "module": "/lib/x.so" } ] },
  "callsites": [
    { "category": "other", "access": "read", "context": "user", "syscall": null, "faults": 4096,
      "fault_ns": 1000000,
      "populated_pages": 4096, "zero_populated_pages": 4096, "released_pages": 0,
      "backing": [ { "name": "memfd:route", "kind": "shmem", "inode": 7, "populated_pages": 4096 } ],
      "frames": [ { "module": "memfd-read", "offset": 16, "symbol": "touch_read",
                    "function": "touch_read" } ] },
    { "category": "other", "access": "write", "context": "syscall", "syscall": "madvise",
      "faults": 0, "populated_pages": 300, "zero_populated_pages": 0, "released_pages": 100,
      "backing": [ { "name": "memfd:route", "kind": "shmem", "inode": 7, "populated_pages": 200 },
                   { "name": "", "kind": "anon", "inode": null, "populated_pages": 100 } ],
      "frames": [ { "module": "libc.so.6", "offset": 16, "symbol": null, "function": null } ] },
    { "category": "vcpu", "access": null, "context": "syscall", "syscall": "ioctl", "faults": 0,
      "populated_pages": 50, "zero_populated_pages": null, "released_pages": 0,
      "backing": [ { "name": "memfd:route", "kind": "shmem", "inode": 7, "populated_pages": 50 } ],
      "frames": [] }
  ],
  "advice": [
    { "call": "madvise", "behavior": "MADV_DONTNEED", "calls": 2, "failed": 1, "bytes": 409600,
      "error": "EINVAL", "released_pages": 100, "frames": [] },
    { "call": "fallocate", "behavior": "FALLOC_FL_PUNCH_HOLE", "calls": 1, "failed": 1,
      "bytes": 4096, "error": "EPERM", "released_pages": 0, "frames": [] }
  ]
}
JSON

# with STATUS EXPECTATIONS [RECORD]: the checker must end with STATUS.
with()
{
	tests=$((tests + 1))
	printf '%s\n' "$2" >"$work/expect.txt"
	"$check" "${3:-$work/good.json}" "$work/expect.txt" >"$work/out.txt" 2>&1
	status=$?
	if [ $status -ne "$1" ]; then
		failures=$((failures + 1))
		echo "FAIL: status $status instead of $1 for: $2"
		sed 's/^/    /' "$work/out.txt"
	fi
}

holds() { with 0 "route memfd-read
expect $1
done"; }

fails() { with 1 "route memfd-read
expect $1
done"; }

# counts EXPECTATIONS LINE: what is left to be compared where they hold.
counts()
{
	rm -f "$work/counts"
	tests=$((tests + 1))
	printf 'route memfd-read\n%s\ndone\n' "$1" >"$work/expect.txt"
	"$check" "$work/good.json" "$work/expect.txt" "$work/counts" >"$work/out.txt" 2>&1
	if [ "$(cat "$work/counts" 2>/dev/null)" != "$2" ]; then
		failures=$((failures + 1))
		echo "FAIL: counts $(cat "$work/counts" 2>&1) instead of $2 for: $1"
	fi
}

wrong() { with 2 "$1"; }

# refused SED-SCRIPT: the record so changed must not pass, whatever is expected of it.
refused()
{
	sed "$1" "$work/good.json" >"$work/bad.json"
	if cmp -s "$work/good.json" "$work/bad.json"; then
		failures=$((failures + 1))
		echo "FAIL: changes nothing: $1"
	fi
	with 1 "route memfd-read
expect released 0 kind=file
done" "$work/bad.json"
}

# Call sites: sums, each filter, and that one page more or less fails.
holds 'populated 4346 kind=shmem name=memfd:route'
fails 'populated 4345 kind=shmem name=memfd:route'
fails 'populated 4347 kind=shmem name=memfd:route'
holds 'populated 4446'
holds 'populated 100 kind=anon'
fails 'populated 0 kind=anon'
holds 'populated 0 kind=file'
fails 'populated 1 kind=file'
fails 'populated 1 kind=file unless-null'
holds 'populated 4096 kind=shmem name=memfd:route access=read context=user symbol=touch_read'
fails 'populated 4096 symbol=touch_write'
fails 'populated 4096 context=kernel'
holds 'populated 300 syscall=madvise'
holds 'populated 300 syscall=mad*'
fails 'populated 300 syscall=mad'
holds 'populated 4096 module=memfd-read function=touch_read'
holds 'populated 50 category=vcpu'
holds 'faults 4096 symbol=touch_read'
fails 'faults 4095 symbol=touch_read'
holds 'released 100 syscall=madvise'
fails 'released 0 syscall=madvise'

# A figure of the whole call site where its backing is mixed.
holds 'zero_populated 4096 kind=shmem name=memfd:route context=user'
fails 'zero_populated 0 kind=shmem name=memfd:route context=user'
holds 'zero_populated 0 kind=shmem name=memfd:route syscall=madvise'
fails 'released 100 kind=anon'
fails 'released 0 kind=anon'
holds 'faults 0 kind=anon'

# Times: within 30 % of the program's.
holds 'fault_ns 1000000 symbol=touch_read'
holds 'fault_ns 770000 symbol=touch_read'
holds 'fault_ns 1420000 symbol=touch_read'
fails 'fault_ns 760000 symbol=touch_read'
fails 'fault_ns 1430000 symbol=touch_read'
fails 'fault_ns 1000000 syscall=madvise'
holds 'fault_ns 1000000 syscall=madvise unless-null'

# What is compared: each row that is picked out once, of mixed backing the part that is; and nothing
# of what does not hold.
counts 'expect populated 4096 symbol=touch_read' 'memfd-read 4096 4096 0 4096 known'
counts 'expect faults 4096 symbol=touch_read
expect populated 4096 context=user' 'memfd-read 4096 4096 0 4096 known'
counts 'expect populated 100 kind=anon' 'memfd-read 100 0 null 0 null'
counts 'expect released 100 syscall=madvise' 'memfd-read 300 0 100 0 null'
counts 'expect populated 50 syscall=ioctl' 'memfd-read 50 null 0 0 null'
counts 'expect populated 4097 symbol=touch_read' ''

# Null: never by itself, with unless-null only where it could be.
fails 'zero_populated 4096'
holds 'zero_populated 4096 unless-null'
holds 'zero_populated 5000 unless-null'
fails 'zero_populated 4095 unless-null'
fails 'zero_populated 0 category=vcpu'
holds 'zero_populated 8 category=vcpu unless-null'
fails 'populated 50 access=read syscall=ioctl'
holds 'populated 50 access=read syscall=ioctl unless-null'
holds 'populated 0 access=read syscall=ioctl unless-null'
fails 'populated 51 access=read syscall=ioctl unless-null'
fails 'populated 4096 access=read'
fails 'populated 4095 access=read unless-null'
holds 'populated 4096 access=read unless-null'
holds 'populated 4146 access=read unless-null'
fails 'populated 4147 access=read unless-null'
fails 'residual 0 kind=hugetlb'
holds 'residual 0 kind=hugetlb unless-null'
fails 'traced 1024 kind=hugetlb'
fails 'populated 300 symbol=touch_write unless-null'
holds 'populated 0 symbol=touch_write'

# Accounting: absolute values, and no row is no proof.
holds 'kernel 4096 kind=shmem name=memfd:route'
fails 'kernel 4095 kind=shmem name=memfd:route'
holds 'traced 4096 kind=shmem name=memfd:route'
holds 'residual 0 kind=shmem name=memfd:route'
fails 'residual 0 kind=shmem name=memfd:off'
holds 'residual 10 kind=shmem name=memfd:off'
fails 'residual 0 kind=shmem name=memfd:none'
fails 'residual 0 kind=shmem name=memfd:none unless-null'
fails 'kernel 0 kind=shmem name=memfd:none'
holds 'residual_permille 1 kind=anon'
fails 'residual_permille 0 kind=anon'
fails 'residual_permille 1 kind=shmem'

# Advice and losses.
holds 'advice_calls 2 call=madvise behavior=MADV_DONTNEED'
fails 'advice_calls 1 call=madvise behavior=MADV_DONTNEED'
holds 'advice_calls 3'
holds 'advice_failed 1 call=madvise error=EINVAL'
fails 'advice_failed 1 call=madvise error=EPERM'
holds 'advice_failed 1 error=EPERM behavior=*PUNCH_HOLE*'
holds 'advice_bytes 409600 behavior=MADV_DONTNEED'
fails 'advice_bytes 409601 behavior=MADV_DONTNEED'
holds 'advice_released 100 call=madvise'
fails 'advice_released 99 call=madvise'
fails 'lost 0'
holds 'lost 9'
holds 'lost 0 what=events'
fails 'lost 0 what=stacks'
holds 'lost 3 what=unwind_errors'
holds 'lost 4 what=room'

# Records that nothing makes up for.
refused 's/"migpop.record\/2"/"migpop.record\/1"/'
refused 's/"schema": .*/"other": 1,/'
refused 's/where\/memfd-read/where\/sh/'
refused 's/"exe": .*/"comm": "memfd-read" },/'
refused 's/"faults": 5000/"faults": 0/'
refused 's/"faults": 5000/"faults": null/'
refused 's/"faults": 5000/"other": 1/'
refused 's/"populated_pages": 4446/"populated_pages": 4447/'
refused 's/"faults": 4900/"faults": 4901/'
refused 's/"released_pages": 99/"released_pages": 98/'
refused 's/"tid": 43/"tid": 0/'
refused 's/"inode": 7, "populated_pages": 200/"inode": 7, "populated_pages": 201/'
refused 's/"zero_populated_pages": 0,/"zero_populated_pages": 301,/'
echo '{}' >"$work/empty.json"
with 1 'route memfd-read
expect populated 0
done' "$work/empty.json"

# What cannot be judged at all.
wrong 'expect populated 4396
done'
wrong 'route memfd-read
expect populated 4396'
wrong 'route memfd-read
done'
wrong ''
wrong 'route memfd-read
expect pages 4396
done'
wrong 'route memfd-read
expect populated
done'
wrong 'route memfd-read
expect populated many
done'
wrong 'route memfd-read
expect populated 4396 inode=7
done'
wrong 'route memfd-read
expect residual 0 symbol=touch_read
done'
wrong 'route memfd-read
expected populated 4396
done'
echo 'not json' >"$work/text.json"
with 2 'route memfd-read
expect populated 0
done' "$work/text.json"
with 2 'route memfd-read
expect populated 0
done' "$work/none.json"

if [ $failures -ne 0 ]; then
	echo "FAIL: check-selftest: $failures of $tests"
	exit 1
fi
echo "PASS: check-selftest: $tests"
