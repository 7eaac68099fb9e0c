#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An executable that the service, a user of its own, may not read: one line in its log and one error,
# however many processes run it, and the record says for how many pages the chain ends there. An emulator
# beside it, which can be read, loses nothing.
# Arguments: MIGPOP QMP-CLI NEIGHBOUR
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v setpriv >/dev/null || skip "setpriv is not installed"

uid=61338
mkdir "$work/bin" && cp -rL "$migpop" "$(dirname "$migpop")/rules" "$work/bin/"
install -d -o "$uid" -g "$uid" -m 0750 "$records"
chmod 711 "$work"
install -m 0711 "$3" "$work/bin/qemu-system-closed"
migpop=$work/bin/migpop
set="-all,+bpf,+perfmon,+sys_ptrace"
launch=(setpriv --reuid "$uid" --regid "$uid" --clear-groups --no-new-privs --inh-caps="$set" --ambient-caps="$set"
	--bounding-set="$set" env "MIGPOP_RULES_DIR=$work/bin/rules")

# start_closed NAME
start_closed() {
	"$work/bin/qemu-system-closed" chainless 5000 &
	echo $! >"$work/$1.pid"
	wait_until 60 known "$1" || failed "$1 is not taken in: $(<"$work/service.log")"
}

start_service
start_closed first
start_closed second
for name in first second; do
	kill -USR1 "$(<"$work/$name.pid")"
	acted() { grep -qlE "^ *\"pid\": $(<"$work/$name.pid"),\$" "$records"/*.json 2>/dev/null; }
	wait_until 60 acted || failed "no record of $name: $(<"$work/service.log")"
	record=$(grep -lE "^ *\"pid\": $(<"$work/$name.pid"),\$" "$records"/*.json)
	jq -e '.lost.verdict == "chains" and .lost.chainless_pages >= 5000 and .lost.unwind_errors["unreadable-file"] >= 5000' \
		"$record" >/dev/null || failed "$name lost $(jq -c '[.lost, [.callsites[] | [.chain_end, .populated_pages]][:9]]' "$record")"
	said=$("$migpop" report "$record")
	[[ $said == *"no whole call chain for 5,0"*"unreadable-file 5,0"* && $said != *"lost nothing"* ]] ||
		failed "the record of $name says: $said"
done
migrate "${vm}open" completed
has_records "${vm}open" || wait_until 60 has_records "${vm}open" || failed "no records of a guest beside it"
jq -e '.lost.verdict == "nothing"' "$records"/*-"${vm}open"-*.json >/dev/null ||
	failed "a guest beside it lost $(jq -c .lost "$records"/*-"${vm}open"-*.json)"
errors=$(curl -sf "$url/metrics" | sed -n 's/^migpop_errors_total{kind="executable"} //p')
[[ $errors == 1 ]] || failed "$errors errors: $(<"$work/service.log")"
line="migpop: cannot read $work/bin/qemu-system-closed, which pid $(<"$work/first.pid") executes: Permission denied: its call chains end where they reach it"
[[ $(grep -cxF "$line" "$work/service.log") == 1 && $(grep -c 'cannot' "$work/service.log") == 1 ]] ||
	failed "the log says: $(<"$work/service.log")"
end_guest first second
stop_service
echo "said once, in $(wc -l <"$work/service.log") lines"
