#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# migpop trace --incoming: a destination that is started later and receives at once, to the page; who
# does not receive is not traced; Ctrl-C before anything came, and under way. Guests are asked for by name (-g),
# since those of others may receive meanwhile.
# Options: --build DIR --out DIR
# shellcheck source=tests/qemu/emulators.sh
. "$(dirname "${BASH_SOURCE[0]}")/../qemu/emulators.sh"
set -euo pipefail

memory=64M
take_options "build out" "$@"
: "${out:?}"
prepare
find_migpop

failed() {
	echo "FAIL: $*"
	exit 1
}

# wait_for NAME [OPTIONS…]: a tracer that waits.
wait_for() {
	local name=$1

	shift
	rm -f "$out/$name.json" "$out/$name.trace.log"
	"$migpop" trace --incoming "$@" --format json -o "$out/$name.json" 2>"$out/$name.trace.log" &
	helper[$name]=$!
	wait_attached "$name"
}

# ends NAME STATUS: it does so by itself.
ends() {
	local status=0

	wait_until "$timeout" ended "${helper[$1]}" || failed "$1: it has not ended"
	wait "${helper[$1]}" || status=$?
	unset "helper[$1]"
	((status == $2)) || failed "$1: status $status: $(cat "$out/$1.trace.log")"
}

# ask NAME FILTER EXPECTED
ask() {
	local got

	got=$(jq -c "$2" "$out/$1.json")
	[[ $got == "$3" ]] || failed "$1: $2 is $got, not $3"
	echo "ok  $1  $2  $got"
}

start_named() {
	start "$@"
	qmp "$1" drive --wait-ready
}

# Nobody comes: one line that says so, and no file, whole or not.
for signal in INT TERM; do
	wait_for nobody -g "nobody-$$"
	kill -"$signal" "${helper[nobody]}"
	ends nobody 4
	grep -q "^migpop: no migration of guest nobody-$$ was seen until the " "$out/nobody.trace.log" ||
		failed "nobody: $(cat "$out/nobody.trace.log")"
	[[ -z $(find "$out" -name 'nobody.json*') ]] || failed "nobody: $(ls "$out")"
	(($(grep -cv "which is not asked for" "$out/nobody.trace.log") == 2)) || failed "nobody: $(cat "$out/nobody.trace.log")"
done
wait_for nobody -g "nobody-$$" -d 0.2
ends nobody 4

# receives NAME: the record says what the kernel holds of guest memory, nothing of which was there
# before.
receives() {
	local name=$1 blocks

	blocks=$(stat -Lc %b "$(find "/proc/${pid[$name]}/fd" -lname '/memfd:*' | head -n 1)")
	((blocks / 8 > size / 4096 - 144)) || failed "$name: the guest has $((blocks / 8)) pages only"
	ask "$name" '.target.pid' "${pid[$name]}"
	ask "$name" '.window.opened_by_text' '"begin of the incoming stream"'
	ask "$name" '.window.closed_by_text' '"end of the incoming stream, migration completed"'
	ask "$name" '[.accounting[] | select(.kind == "shmem") |
		.kernel_pages, .traced_pages, .residual_pages]' "[$((blocks / 8)),$((blocks / 8)),0]"
	ask "$name" '.totals.zero_populated_pages' $((blocks / 8))
	ask "$name" '[.accounting[] | select(.residual_pages != null and
		(.residual_pages | fabs) > .uncertainty_pages)]' '[]'
	ask "$name" '.lost.events' 0
	grep -q "^tracing pid ${pid[$name]} " "$out/$name.trace.log" ||
		failed "$(cat "$out/$name.trace.log")"
}

# send NAME: to one that is started now, as soon as it listens.
send() {
	start_named source
	qmp source drive migrate-set-parameters "{\"max-bandwidth\": $((100 << 30))}" >/dev/null
	start "$1" -incoming "unix:$work/$1.stream"
	wait_until "$timeout" test -S "$work/$1.stream" || failed "$1: it does not listen"
	qmp source drive migrate "{\"uri\": \"unix:$work/$1.stream\"}" >/dev/null
	qmp source drive --wait-migration completed >/dev/null
	quit source
}

# One that runs and one that waits get nothing.
start_named bystander
start_named other -incoming defer
wait_for later -g idle-later
send later
ends later 0
receives later
ask later '.lost.unwind_errors' '{}'

# A tracer that gets no time from before the start until after the end misses neither pages nor chains:
# the stacks are unwound afterwards.
wait_for busy -g idle-busy
kill -STOP "${helper[busy]}"
send busy
kill -CONT "${helper[busy]}"
ends busy 0
receives busy
ask busy '.lost.unwind_errors' '{}'

# receive NAME [OPTIONS…]: a guest with such options, which the one that has stood still so far sends to.
receive() {
	local name=$1

	shift
	start_named "source-$name"
	start "$name" "$@" -incoming "unix:$work/$name.stream"
	wait_until "$timeout" test -S "$work/$name.stream" || failed "$name: it does not listen"
	qmp "source-$name" drive migrate "{\"uri\": \"unix:$work/$name.stream\"}" >/dev/null
	qmp "source-$name" drive --wait-migration completed >/dev/null
	quit "source-$name"
}

# chosen TRACER GUEST NAME: of two that come in, the other one first, the guest that was asked for is traced.
uuid=0f9a4a52-6c5b-4e0e-8a3b-5d1c2b3a4f60
chosen() {
	local name=$3

	wait_for "$1" -g "$2"
	receive "before-$1" -uuid 8d6e3b9c-0f43-4b21-9a0d-2f7f0c5e1a90
	! ended "${helper[$1]}" || failed "$1: it has traced another guest"
	grep -q "^pid ${pid[before-$1]} receives guest idle-before-$1, which is not asked for" "$out/$1.trace.log" ||
		failed "$1: $(cat "$out/$1.trace.log")"
	receive "$name" -uuid $uuid
	ends "$1" 0
	ask "$1" '.target.pid' "${pid[$name]}"
	ask "$1" '.target.guest' "\"idle-$name\""
	ask "$1" '.migration.outcome' '"completed"'
	quit "before-$1"
	quit "$name"
}
chosen name idle-wanted wanted
chosen uuid "${uuid^^}" second
wait_for absent -g nobody -d 0.2
ends absent 4
grep -q '^migpop: no migration of guest nobody was seen until ' "$out/absent.trace.log" ||
	failed "absent: $(cat "$out/absent.trace.log")"

# Encrypted from its first byte, and to one that is told only later where to listen.
mkdir "$work/psk"
echo "migration:$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$work/psk/keys.psk"
credentials="tls-creds-psk,id=tls0,dir=$work/psk,endpoint="
start_named source -object "${credentials}client,username=migration"
start_named tls -object "${credentials}server" -incoming defer
wait_for tls -g idle-tls
qmp source drive migrate-set-parameters '{"tls-creds": "tls0", "tls-hostname": "localhost"}' >/dev/null
qmp tls drive migrate-set-parameters '{"tls-creds": "tls0"}' >/dev/null
qmp tls drive migrate-incoming "{\"uri\": \"unix:$work/tls.stream\"}" >/dev/null
qmp source drive migrate "{\"uri\": \"unix:$work/tls.stream\"}" >/dev/null
qmp source drive --wait-migration completed >/dev/null
ends tls 0
ask tls '.target.pid' "${pid[tls]}"
ask tls '.migration.role' '"destination"'
ask tls '.totals.zero_populated_pages > '$((size / 4096 - 144)) true
ask tls '[.accounting[] | select(.kind == "shmem") | .residual_pages]' '[0]'
quit source
quit tls

# Ctrl-C under way: the record of what came until then.
start_named source
wait_for cut -g idle-other
qmp other drive migrate-incoming "{\"uri\": \"unix:$work/slow\"}" >/dev/null
qmp source drive migrate-set-parameters '{"max-bandwidth": 4000}' >/dev/null
qmp source drive migrate "{\"uri\": \"unix:$work/slow\"}" >/dev/null
wait_line "$out/cut.trace.log" "^tracing pid ${pid[other]} " "${helper[cut]}" "$timeout" ||
	failed "cut: $(cat "$out/cut.trace.log")"
kill -INT "${helper[cut]}"
ends cut 0
ask cut '.target.pid' "${pid[other]}"
ask cut '.window.closed_by_text' '"stop of the tracer, migration unknown"'
ask cut '[.accounting[] | select(.residual_pages != null and
	(.residual_pages | fabs) > .uncertainty_pages)]' '[]'
