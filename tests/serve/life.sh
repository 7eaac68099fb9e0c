#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The life of migpop serve: rules that change (SIGHUP), an end and a new start with a migration under way,
# a disk that is full, read-only or gone, and --max-size. It says what it could not do in one line and a
# metric, and goes on.
# Arguments: MIGPOP QMP-CLI
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# begin_slowly NAME [GUEST]: a migration from NAME.s to NAME.d that is under way for long.
begin_slowly() {
	start_guest "$1.s" "${2:-$1}"
	start_guest "$1.d" "$1" -incoming "unix:$work/$1.stream"
	wait_known "$1.s" "$1.d"
	qmp "$1.s" migrate-set-parameters '{"max-bandwidth": 4000}'
	qmp "$1.s" migrate "{\"uri\": \"unix:$work/$1.stream\"}"
	qmp "$1.s" --wait-migration active
}

echo "rules that change"
rules=$work/rules
touch "$rules"
start_service --rules "$rules"
categories() { jq -r '[.callsites[].category] | unique | join(" ")' "$records"/*-"$1"-destination.json; }
migrate before completed
[[ $(categories before) != *of-the-test* ]] || failed "before: $(categories before)"
echo 'of-the-test    in=qemu_loadvm_state_main|qemu_loadvm_state' >"$rules"
kill -HUP "$service"
migrate after completed
[[ $(categories after) == *of-the-test* ]] || failed "after: $(categories after)"
(($(metric 'migpop_zero_populated_pages_total{guest="after",role="destination",category="of-the-test"}') > 0)) ||
	failed "metrics do not have the new category"
[[ $(metric 'migpop_errors_total{kind="rules"}') == 0 ]] || failed "rules that are good are an error"
echo 'bad rule here' >"$rules"
kill -HUP "$service"
migrate still completed
[[ $(categories still) == *of-the-test* ]] || failed "rules that are wrong displaced those that were good"
grep -q "^migpop: cannot read rules: $rules:1: " "$work/service.log" || failed "rules that are wrong are not named: $(tail -n 2 "$work/service.log")"
[[ $(metric 'migpop_errors_total{kind="rules"}') == 1 ]] || failed "rules that are wrong are not counted"
stop_service

echo "restart with a migration under way"
start_service
begin_slowly late late,debug-threads=on
kill -HUP "$service"
stop_service
wait_until 20 has_records late || failed "SIGTERM left no records of late"
[[ "$(outcome late source) $(outcome late destination)" == "unknown unknown" ]] ||
	failed "stopped under way: $(outcome late source), $(outcome late destination)"
mkdir "$work/first" && mv "$records"/*-late-*.json "$work/first"
start_service
wait_until 60 known late.s || failed "late.s is not taken in again"
qmp late.s migrate-set-parameters '{"max-bandwidth": 100000000000}'
qmp late.s --wait-migration completed
source_again() { compgen -G "$records/*-late-source.json" >/dev/null; }
wait_until 60 source_again || failed "no record of the migration that was under way"
[[ $(outcome late source) == completed ]] || failed "under way, then $(outcome late source)"
jq -e '.window.opened_by_text | test("under way")' "$records"/*-late-source.json >/dev/null ||
	failed "a record that began late does not say so"
end_guest late.s late.d
stop_service

echo "a disk that is full, read-only, gone"
rm -r "$records" && mkdir "$records"
mount -t tmpfs -o size=64k tmpfs "$records" || skip "no file system can be mounted"
mounted=$records
start_service
errors() { metric 'migpop_errors_total{kind="store"}'; }
# unkept NAME: both ends' records could not be kept, and that was said.
unkept() {
	(($(errors) == expected_errors)) && (($(grep -c "cannot be kept in $records: $why" "$work/service.log") == 2))
}
recorded=unkept expected_errors=2 why='No space left on device'
migrate full completed
mount -o remount,ro,size=64M "$records"
expected_errors=4 why='Read-only file system'
migrate readonly completed
recorded=has_records
[[ ! $(ls -A "$records") ]] || failed "left behind: $(ls -A "$records")"
mount -o remount,rw "$records"
migrate room completed
umount -l "$records" && mounted='' && rmdir "$records"
migrate gone completed
(($(errors) == 4)) || failed "$(errors) errors"
[[ $(curl -s "$url/healthz") == ok ]] || failed "not healthy"
list=$(curl -s "$url/")
[[ $list == *-gone-source* && $list != *-room-* ]] || failed "the list is of the directory that was: $list"
stop_service

echo "the directory's size"
start_service
for i in 1 2 3; do migrate "limit$i" completed; done
stop_service
touch "$records/.migpop-0123456789abcdef.tmp"
newest=$(find "$records" -name '*.json' -printf '%f\n' | sort | tail -n 3)
size=$(cd "$records" && xargs stat -c %s <<<"$newest" | awk '{ sum += $1 } END { print sum }')
start_service --max-size "$size"
[[ $(ls -A "$records") == "$newest" ]] || failed "of $size bytes are left: $(ls -A "$records")"
stop_service
# One that takes longest began first, and is there when it has ended, though there is no room for any.
start_service --max-size 1
begin_slowly long
recorded=any_record
any_record() { compgen -G "$records/*-$1-*.json" >/dev/null; }
migrate short completed
qmp long.s migrate-set-parameters '{"max-bandwidth": 100000000000}'
qmp long.s --wait-migration completed
wait_until 60 any_record long || failed "the record written last was removed: $(ls "$records")"
(($(find "$records" -name '*.json' | wc -l) == 1)) || failed "with room for none there are $(ls "$records")"
stop_service
