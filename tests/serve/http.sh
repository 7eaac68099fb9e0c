#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What migpop serve answers, to friends and to others: every page, random paths, malformed requests and
# those that never end; nothing outside of the records is ever read, and nobody keeps others out.
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

start_service --max-size 256M
# shellcheck disable=SC2016 # nothing is to be expanded
evil='a"b\<script>..$(x)'
start_guest evil.s "$evil"
start_guest evil.d "$evil" -incoming "unix:$work/evil.stream"
wait_known evil.s evil.d
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
mkdir "$work/outside" && ln "$work/secret-source.json" "$work/outside/3-in-source.json"
ln -s "$work/secret-source.json" "$records/1-link-source.json"
mkfifo "$records/2-fifo-source.json"
ln -s "$work/outside" "$records/4-dir-source"
for path in /none /metrics/ /healthz/x /record/ /report/ /pprof/ /record/.. /record/../secret-source \
	/record/%2e%2e%2fsecret-source /record/..%2fsecret-source /record/%252e%252e%252fsecret-source \
	/record//etc/passwd /../../etc/passwd /record/4-dir-source/3-in-source /record/4-dir-source \
	/record/%00 "/record/$name%00" "/record/$name.json" /record/1-link-source /report/1-link-source \
	/pprof/1-link-source /record/2-fifo-source "/record/$(printf '1%.0s' {1..4000})-source" \
	/record/%ff%fe-source //; do
	expect 404 "$path"
	! grep -q secret "$work/body" || failed "$path leads out"
done
rm "$records"/[124]-*
for request in 'GET\r\n\r\n' 'GET / HTTP/9\r\n\r\n' '\x00\x01\x02\r\n\r\n' 'GET / HTTP/1.1\r\n\r\n' \
	'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n' \
	"GET /$(printf 'a%.0s' {1..40000}) HTTP/1.1\r\nHost: a\r\n\r\n"; do
	line=$(raw "$request")
	[[ ! $line || $line =~ ^HTTP/1\.[01]\ (4|505) ]] ||
		failed "${request:0:40} is answered with $line"
done
line=$(raw 'GET / HTTP/1.1\r\n\r\n')
[[ $line == "HTTP/1.1 400 "* ]] || failed "without a host: $line"


# random_path: of climbs, encoded bytes once and twice, names that are there, letters, much too long ones.
random_path() {
	local i letter

	path=''
	for ((i = RANDOM % 24; i >= 0; i--)); do
		case $((RANDOM % 12)) in
		0) path+=/.. ;;
		1) path+=/../.. ;;
		2) path+=/%2e%2e ;;
		3) path+=%2f.. ;;
		4) path+=%252e%252e%252f ;;
		5) path+=%00 ;;
		6) path+=/secret-source ;;
		7) path+=$name ;;
		8) ((RANDOM % 8)) || path+=$long ;;
		9) printf -v letter '%%%02x' $((RANDOM % 256)) && path+=$letter ;;
		10) path+=/ ;;
		11) letter=$((RANDOM % 26)) && path+=${letters:letter:1} ;;
		esac
	done
}
seed=${MIGPOP_SEED:-$RANDOM}
echo "1,000 random paths, seed $seed"
RANDOM=$seed letters=abcdefghijklmnopqrstuvwxyz long=$(printf 'x%.0s' {1..9000})
for ((i = 0; i < 1000; i++)); do
	random_path
	case $((RANDOM % 4)) in
	0) path=/record/$path ;;
	1) path=/report/$path ;;
	2) path=/pprof/$path ;;
	3) path=/x$path ;;
	esac
	printf 'url = "%s%s"\n' "$url" "$path"
done >"$work/urls"
printf '%s\n' 'write-out = "\nanswered %{http_code} %{url}\n"' >>"$work/urls"
curl -s -m 120 --path-as-is --globoff -K "$work/urls" >"$work/body" || true
answered=$(grep -ac '^answered [0-9]* ' "$work/body")
((answered == 1000)) || failed "$answered answers to 1,000 random paths"
# A path that is the record's own by chance is none that leads out.
bad=$(grep -a '^answered ' "$work/body" | grep -avE "^answered 200 .*/(record|report|pprof)/$name\$" | grep -avE '^answered (404|400|414|431) ' | cut -c 1-300 | head -n 3) || true
[[ ! $bad ]] || failed "$bad"
! grep -aq '^secret' "$work/body" || failed "a random path leads out"
grep -a '^answered ' "$work/body" | cut -d ' ' -f 2 | sort | uniq -c
expect 200 /healthz

# 200 who never end their requests, one byte at a time or not at all, are more than the service has room
# for: others are answered at once all the same.
echo "slow clients"
slow() {
	local i fds=() fd

	trap '' PIPE
	for ((i = 0; i < 200; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/${url##*:}" || break
		fds+=("$fd")
		((i % 2)) && printf 'GET /metrics HTTP/1.1\r\nHost: a\r\nX-A: ' >&"$fd"
	done
	: >"$work/slow"
	while :; do
		for fd in "${fds[@]}"; do printf b >&"$fd" || true; done
		sleep 0.1
	done
} 2>/dev/null
slow &
echo $! >"$work/slow.pid"
slow_ones() { [[ -e $work/slow ]]; }
wait_until 60 slow_ones || failed "200 connections cannot be had"
for ((i = 0; i < 20; i++)); do
	expect 200 /healthz -m 2
done
# Nor do they touch what is recorded meanwhile: to the page, and nothing lost.
migrate "${vm}beside" completed
[[ $(outcome "${vm}beside" source) == completed ]] || failed "beside slow clients: $(outcome "${vm}beside" source)"
check_records
check_metrics
kill -KILL "$(<"$work/slow.pid")" && rm "$work/slow.pid"
for ((i = 0; i < 20; i++)); do
	expect 200 /metrics -m 2
done
# The service closes what the slow ones held when it comes to know of their end.
few_descriptors() { (($(descriptors "$(web_process)") < 20)); }
wait_until 60 few_descriptors || failed "$(descriptors "$(web_process)") descriptors"

# A report that takes seconds to render is asked for again and again, by clients that do not read it.
# Others are answered meanwhile: two seconds are many times what that takes.
echo "deaf clients"
jq '.callsites = [range(150) as $i | .callsites[]]' "$records/$name.json" >"$records/9-large-source.json"
deaf() {
	local i fd

	trap '' PIPE
	for ((i = 0; i < 90; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/${url##*:}" || break
		printf 'GET /report/9-large-source HTTP/1.1\r\nHost: a\r\n\r\n' >&"$fd"
	done
	: >"$work/deaf"
	exec sleep 120
} 2>/dev/null
deaf &
echo $! >"$work/deaf.pid"
deaf_ones() { [[ -e $work/deaf ]]; }
wait_until 60 deaf_ones || failed "90 connections cannot be had"
for ((i = 0; i < 20; i++)); do
	expect 200 /healthz -m 2
	expect 200 /metrics -m 2
	expect 200 "/record/$name" -m 2
done
large() { [[ $(status /report/9-large-source) == 200 ]]; }
wait_until 60 large || failed "the large report: $(cut -c 1-300 "$work/body")"
grep -q '</html>' "$work/body" || failed "the large report is not whole: $(stat -c %s "$work/body") bytes"
kill -KILL "$(<"$work/deaf.pid")" && rm "$work/deaf.pid"

# One that takes more memory than a report may have costs nobody else anything, and is said.
jq -c '.callsites = [range(1500) as $i | .callsites[]]' "$records/$name.json" >"$records/9-huge-source.json"
expect 500 /report/9-huge-source
grep -q '^the record is too large to be rendered here' "$work/body" || failed "too large: $(cut -c 1-300 "$work/body")"
expect 200 /record/9-huge-source
cmp -s "$work/body" "$records/9-huge-source.json" || failed "/record/9-huge-source is not the file"
echo '{"schema": "migpop.record/2"' >"$records/9-broken-source.json"
expect 500 /report/9-broken-source
[[ $(<"$work/body") == "the file is no record of migpop" ]] || failed "no record: $(cut -c 1-300 "$work/body")"
rm "$records"/9-*
[[ $(metric 'migpop_errors_total{kind="web"}') == 0 ]] || failed "the web process ended: $(<"$work/service.log")"
stop_service
