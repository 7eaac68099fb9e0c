#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What migpop serve answers, to friends and to others: every page, random paths, malformed requests;
# nothing outside of the records is ever read. Its directory stays within --max-size. SIGHUP and
# SIGTERM, and a restart, with a migration under way.
# Arguments: MIGPOP QMP-CLI
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# status PATH [CURL OPTIONS…]: and the body in $work/body.
status() {
	local path=$1

	shift
	curl -s -m 20 --path-as-is -o "$work/body" -w '%{http_code}' "$@" "$url$path" || true
}

expect() {
	local wanted=$1 got

	shift
	got=$(status "$@")
	[[ $got == "$wanted" ]] || failed "$*: $got, not $wanted"
}

# raw TEXT: the status line that it is answered with. The service may hang up before it has heard all
# of it, which is an answer too: an empty one.
raw() (
	trap '' PIPE
	exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
	printf '%b' "$1" >&3 2>/dev/null || true
	timeout 20 head -n 1 <&3 2>/dev/null | tr -d '\r' || true
)

start_service
# shellcheck disable=SC2016 # nothing is to be expanded
evil='a"b\<script>..$(x)'
start_guest evil.s "$evil"
start_guest evil.d "$evil" -incoming "unix:$work/evil.stream"
for end in s d; do
	qmp evil.$end --wait-ready
	wait_until 60 known evil.$end || failed "evil.$end is not taken in"
done
qmp evil.s migrate "{\"uri\": \"unix:$work/evil.stream\"}"
qmp evil.s --wait-migration completed
evil_name=a_b__script_..__x_
wait_until 60 has_records "$evil_name" || failed "no records of $evil_name: $(ls "$records")"

echo "every page"
expect 200 /
expect 200 /healthz
expect 200 /metrics
# shellcheck disable=SC2016 # nothing is to be expanded
grep -qF 'migpop_migrations_total{guest="a\"b\\<script>..$(x)",role="source",outcome="completed"} 1' \
	"$work/body" || failed "the guest's name in metrics: $(grep migrations "$work/body")"
for record in "$records"/*-"$evil_name"-*.json; do
	name=$(basename "$record" .json)
	expect 200 "/record/$name"
	cmp -s "$work/body" "$record" || failed "/record/$name is not the file"
	expect 200 "/report/$name"
	! grep -qF '<script>..' "$work/body" || failed "/report/$name: the guest's name is markup"
	grep -qi '^<!doctype html' "$work/body" || failed "/report/$name is no page"
	expect 200 "/pprof/$name"
	gzip -t <"$work/body" || failed "/pprof/$name is no profile"
	expect 405 "/record/$name" -X DELETE
	[[ -s $record ]] || failed "DELETE removed a record"
done
expect 200 /metrics -I

echo "requests that are wrong"
for method in POST PUT DELETE OPTIONS PATCH BREW; do
	expect 405 /metrics -X "$method"
done
expect 405 /metrics --data-binary "@$migpop"
echo secret >"$work/secret-source.json"
ln -s "$work/secret-source.json" "$records/1-link-source.json"
mkfifo "$records/2-fifo-source.json"
for path in /none /metrics/ /healthz/x /record/ /report/ /pprof/ /record/.. /record/../secret-source \
	/record/%2e%2e%2fsecret-source /record/..%2fsecret-source /record//etc/passwd /../../etc/passwd \
	/record/%00 "/record/$name%00" "/record/$name.json" /record/1-link-source /report/1-link-source \
	/record/2-fifo-source "/record/$(printf '1%.0s' {1..4000})-source" /record/%ff%fe-source //; do
	expect 404 "$path"
	! grep -q secret "$work/body" || failed "$path leads out"
done
rm "$records"/[12]-*
for request in 'GET\r\n\r\n' 'GET / HTTP/9\r\n\r\n' '\x00\x01\x02\r\n\r\n' 'GET / HTTP/1.1\r\n\r\n' \
	'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n' \
	"GET /$(printf 'a%.0s' {1..40000}) HTTP/1.1\r\nHost: a\r\n\r\n"; do
	line=$(raw "$request")
	[[ ! $line || $line =~ ^HTTP/1\.[01]\ (4|505) ]] ||
		failed "${request:0:40} is answered with $line"
done
line=$(raw 'GET / HTTP/1.1\r\n\r\n')
[[ $line == "HTTP/1.1 400 "* ]] || failed "without a host: $line"

echo "random paths"
RANDOM=1 letters=abcdefghijklmnopqrstuvwxyz
for ((i = 0; i < 200; i++)); do
	path=''
	for ((j = RANDOM % 40; j >= 0; j--)); do
		case $((RANDOM % 4)) in
		0) path+=/.. ;;
		1) path+=$(printf '%%%02x' $((RANDOM % 256))) ;;
		2) letter=$((RANDOM % 26)) && path+=${letters:letter:1} ;;
		3) path+=/ ;;
		esac
	done
	got=$(status "/record/$path")
	[[ $got == 404 || $got == 400 ]] || failed "/record/$path: $got"
	got=$(status "/x$path")
	[[ $got == 404 || $got == 400 ]] || failed "/x$path: $got"
done
expect 200 /healthz

echo "restart with a migration under way"
end_guest evil.s evil.d
start_guest late.s late,debug-threads=on
start_guest late.d late -incoming "unix:$work/late.stream"
for end in s d; do
	qmp late.$end --wait-ready
	wait_until 60 known late.$end || failed "late.$end is not taken in"
done
qmp late.s migrate-set-parameters '{"max-bandwidth": 4000}'
qmp late.s migrate "{\"uri\": \"unix:$work/late.stream\"}"
qmp late.s --wait-migration active
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
jq -e '.window.opened_by | test("under way")' "$records"/*-late-source.json >/dev/null ||
	failed "a record that began late does not say so"
stop_service

echo "the directory's size"
small=$(stat -c %s "$(find "$records" -name '*.json' | sort | tail -n 1)")
newest=$(find "$records" -name '*.json' -printf '%f\n' | sort | tail -n 1)
start_service --max-size "$small"
[[ $(ls "$records") == "$newest" ]] || failed "of $small bytes are left: $(ls "$records")"
stop_service
