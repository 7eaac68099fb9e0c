#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What libmigfix-preload.so does to programs that are not QEMU: nothing. And to a QEMU that is told
# to be left alone, or whose text must not be changed. Options: --build, --out.
# shellcheck disable=SC2016 # dollars of awk, perl and other shells
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
# shellcheck source=tests/manual/blocks.sh
. "$top/tests/manual/blocks.sh"

build='' out=''
take_options "build out" "$@"
library=$build/fix/libmigfix-preload.so
rm -rf "$out" && mkdir -p "$out/with" "$out/without"

# Text that was written to is a copy, and anonymous.
dirty_text='/^[0-9a-f]+-/ { text = $2 ~ /x/ && $6 ~ /^\// } text && /^Anonymous:/ { sum += $2 }
	END { print sum + 0 }'

# compare NAME COMMAND…: run it with and without.
compare() {
	local name=$1 side status

	shift
	command -v "$1" >/dev/null || die "$1 is not installed: another program is needed in its place"
	for side in without with; do
		status=0
		LD_PRELOAD=$([[ $side == without ]] || echo "$library") MIGFIX_STATS=$out/$name.statistics \
			"$@" >"$out/$side/$name.out" 2>"$out/$side/$name.err" </dev/null || status=$?
		echo $status >"$out/$side/$name.status"
	done
	programs=$((programs + 1))
}

programs=0
printf '%s\n' one two three >"$out/lines"
compare cat cat "$out/lines"
compare missing cat "$out/no-such-file"
compare ls ls -l /usr/bin
compare bash bash -c 'echo $((6 * 7)); exit 3'
compare dash dash -c 'echo lost >&2; exit 5'
compare awk awk '{ print NR, $0 }' "$out/lines"
compare sed sed -n 2p "$out/lines"
compare grep grep -c e "$out/lines"
compare sort sort -r "$out/lines"
compare find find "$top/fix" -name '*.h'
compare perl perl -e 'print join ",", map { $_ * $_ } 1 .. 9'
compare git git --version
compare jq jq -n '[1, 2, 3] | add'
compare gzip sh -c "gzip -c $out/lines | gzip -dc"
compare tar sh -c "tar -C $out -cf - lines | tar -tf -"
compare sha256sum sha256sum "$out/lines"
compare readelf readelf -h /bin/sh
compare gcc gcc -E -x c /dev/null
compare xz xz --version
compare qemu-img qemu-img create -f qcow2 "$out/image" 1M
compare qemu-io qemu-io -c 'write -P 1 0 64k' -c 'read -P 1 0 64k' -c 'length' -f raw "$out/lines"
diff -r "$out/without" "$out/with" | grep -vE 'sec.*ops/sec|^[0-9,c]+$|^diff|^---' >"$out/differences" || true
[[ ! -s $out/differences ]] || die "not the same with it: $(<"$out/differences")"
((programs >= 20)) || die "only $programs programs"
[[ ! $(compgen -G "$out/*.statistics*") ]] || die "a program that is not QEMU left statistics"
echo "ok    $programs programs: same output, same status"

# A setuid program, by another user: ld.so does not even load it.
if [[ $EUID == 0 && -u /usr/bin/passwd ]]; then
	said=$(cd / && LD_PRELOAD=$library setpriv --reuid=65534 --clear-groups \
		passwd --status 2>&1) || true
	expected=$(cd / && setpriv --reuid=65534 --clear-groups passwd --status 2>&1) || true
	[[ $said == "$expected" ]] || die "passwd said: $said"
	echo "ok    a setuid program"
fi

dirty=$(LD_PRELOAD=$library awk "$dirty_text" /proc/self/smaps)
((dirty == 0)) || die "$dirty kB of a program's text were changed"
echo "ok    no text was changed"

# qemu_text LABEL EXPECTED-KB [VARIABLE…]: how much of QEMU's own text was written to, while it runs.
qemu_text() {
	local label=$1 expected=$2 pid dirty

	shift 2
	env LD_PRELOAD="$library" "$@" qemu-system-x86_64 -S -display none -nodefaults -accel tcg \
		-qmp "unix:$out/qmp,server=on,wait=off" 2>"$out/said" &
	pid=$!
	"$build/tests/qemu/qmp-cli" -p $pid "$out/qmp" --wait-ready || die "$label: $(<"$out/said")"
	dirty=$(awk "$dirty_text" "/proc/$pid/smaps")
	"$build/tests/qemu/qmp-cli" -p $pid "$out/qmp" quit >/dev/null
	wait $pid || true
	[[ $dirty == "$expected" ]] || die "$label: $dirty kB of text changed, not $expected"
	echo "ok    $label: $dirty kB of QEMU's text changed"
}

qemu_text "QEMU" 4
qemu_text "MIGFIX=off" 0 MIGFIX=off
[[ ! -s $out/said ]] || die "MIGFIX=off said: $(<"$out/said")"
qemu_text "MIGFIX=nonsense" 0 MIGFIX=nonsense
grep -qx 'libmigfix: QEMU is left as it is: MIGFIX=nonsense is not .*' "$out/said" ||
	die "it said: $(<"$out/said")"

# A kernel that refuses to make written pages executable: by systemd's MemoryDenyWriteExecute, or so.
status=0
"$build/tests/preload/deny-write-execute" env LD_PRELOAD="$library" qemu-system-x86_64 --version \
	>"$out/version" 2>"$out/said" || status=$?
if ((status == 77)); then
	echo "      no PR_SET_MDWE here: not tried"
else
	# As the document has it.
	line=$(block "$top/docs/preload.md" 'it is forbidden, QEMU is left as it is')
	grep -qxF -- "$line" "$out/said" || die "it said: $(<"$out/said")"
	grep -q '^QEMU emulator' "$out/version" || die "QEMU did not run"
	echo "ok    W^X: $(<"$out/said")"
fi
