#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The web process of the service: it has no privilege and nothing of the tracer's; it is started again
# when it dies, and ends with the tracer. While the tracer is stopped it answers at once, with what was
# published last, and says so. Neither delays the other: migrations meanwhile are recorded to the page.
# Arguments: MIGPOP QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own, seldom any
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# answer PATH: the body and, in a line of its own, the status. Two seconds are many times what an answer
# takes on a busy host, and less than what the tracer is stopped for.
answer() { curl -s -m 2 -w '\n%{http_code}' "$url$1" || true; }
says() { [[ $(answer "$1") == "$2"$'\n\n'"$3" ]]; }
# is_there: is there a web process, and another one than $web? Then it is $web.
web=''
is_there() {
	local now

	now=$(web_process)
	[[ $now && $now != "$web" ]] && web=$now
}

echo "SIGTERM while the programs are loaded"
port=$(free_port) url=http://127.0.0.1:$port
for ((i = 0; i < 3; i++)); do
	"$migpop" serve --listen "127.0.0.1:$port" --records "$records" 2>"$work/service.log" &
	service=$!
	answers() { [[ $(answer /healthz) != *$'\n000' ]] || ended "$service"; }
	wait_until 60 answers || failed "no answer: $(<"$work/service.log")"
	[[ $(answer /healthz) == $'ok\n\n200' ]] || failed "while it loads: $(answer /healthz) $(<"$work/service.log")"
	[[ $(answer /readyz) =~ ^(the tracer is loading its programs.*503|ready.*200)$ ]] || failed "while it loads: $(answer /readyz)"
	stop_service
done

echo "what it has"
start_service
is_there || failed "no web process"
for set in CapInh CapPrm CapEff CapAmb; do
	grep -qx "$set:"$'\t'0000000000000000 "/proc/$web/status" || failed "$(grep "^$set" "/proc/$web/status")"
done
for line in NoNewPrivs:1 Seccomp:2; do
	grep -qx "${line/:/:$'\t'}" "/proc/$web/status" || failed "no $line: $(grep -E '^(NoNew|Sec)' "/proc/$web/status")"
done
[[ $(awk '/^Uid:/ {print $2, $3, $4, $5}' "/proc/$web/status") == $(awk '/^Uid:/ {print $2, $3, $4, $5}' "/proc/$service/status") ]] ||
	failed "its user: $(grep Uid "/proc/$web/status")"
# names PID: what its descriptors are, the standard ones left out, as readlink(2) has it without numbers.
names() {
	find "/proc/$1/fd" -lname '*' ! -name '[012]' -printf '%l\n' | sed 's/:\[[0-9]*\]$//' | LC_ALL=C sort
}
LC_ALL=C sort >"$work/expected" <<EOF
$records
/memfd:migpop-metrics (deleted)
anon_inode:[eventpoll]
pipe
socket
EOF
diff "$work/expected" <(names "$web") || failed "its descriptors: see above"
names "$service" | grep -q bpf-map || failed "the tracer has no maps of BPF: $(names "$service")"
! grep -q 'memfd:migpop-metrics.*' <(awk '$2 ~ /w/' "/proc/$web/maps") || failed "it can write what the tracer publishes"
says /readyz ready 200 || failed "readyz: $(answer /readyz)"

echo "SIGKILL of the web process, a migration under way"
# begin NAME: a migration that goes on until finish.
begin() {
	start_guest "$1.s" "$1"
	start_guest "$1.d" "$1" -incoming "unix:$work/$1.stream"
	wait_known "$1.s" "$1.d"
	qmp "$1.s" migrate-set-parameters '{"max-bandwidth": 4000}'
	qmp "$1.s" migrate "{\"uri\": \"unix:$work/$1.stream\"}"
	qmp "$1.s" --wait-migration active
}
finish() {
	qmp "$1.s" migrate-set-parameters '{"max-bandwidth": 100000000000}'
	qmp "$1.s" --wait-migration completed
	qmp "$1.d" --wait-migration completed
}
recorded() {
	wait_until 60 has_records "$1" || failed "no records of $1: $(<"$work/service.log")"
	end_guest "$1.s" "$1.d"
	check_outcomes "$1" completed
}
begin "${vm}kill"
for ((i = 1; i <= 3; i++)); do
	kill -KILL "$web"
	wait_until 30 is_there || failed "it is not started again: $(<"$work/service.log")"
	healthy() { says /healthz ok 200; }
	wait_until 30 healthy || failed "started again it says $(answer /healthz)"
	[[ $(metric 'migpop_errors_total{kind="web"}') == "$i" ]] || failed "killed $i times: $(metric 'migpop_errors_total{kind="web"}')"
	(($(grep -cx 'migpop: the web process was killed by signal 9, another one is started' "$work/service.log") == i)) ||
		failed "the log: $(<"$work/service.log")"
done
finish "${vm}kill"
recorded "${vm}kill"

echo "the tracer stopped, a migration under way"
begin "${vm}stop"
before=$(metric 'migpop_migrations_total{guest="'"${vm}kill"'",role="source",outcome="completed"}')
kill -STOP "$service"
name=$(basename "$records"/*-"${vm}kill-source.json" .json)
stuck() {
	[[ $(answer /healthz) =~ ^(ok.*200|the tracer has given no sign of life for [0-9]+ s.*503)$ ]] ||
		failed "the tracer stopped, it says $(answer /healthz)"
	[[ $(answer /healthz) =~ 503$ ]]
}
wait_until 60 stuck || failed "the tracer stopped, it says $(answer /healthz)"
[[ $(answer /readyz) =~ ^the\ tracer\ has\ given\ no\ sign.*503$ ]] || failed "readyz: $(answer /readyz)"
[[ $(metric migpop_tracer_up) == 0 ]] || failed "migpop_tracer_up is $(metric migpop_tracer_up)"
[[ $before == 1 && $(metric 'migpop_migrations_total{guest="'"${vm}kill"'",role="source",outcome="completed"}') == 1 ]] ||
	failed "the metrics are not those that were published last"
for path in / "/record/$name" "/report/$name" "/pprof/$name"; do
	[[ $(curl -s -m 20 -o "$work/body" -w '%{http_code}' "$url$path") == 200 ]] || failed "$path: $(cut -c 1-300 "$work/body")"
done
finish "${vm}stop"
kill -CONT "$service"
wait_until 30 healthy || failed "the tracer goes on, and it says $(answer /healthz)"
[[ $(metric migpop_tracer_up) == 1 ]] || failed "migpop_tracer_up is $(metric migpop_tracer_up)"
recorded "${vm}stop"
check_records
check_metrics

echo "both end together"
kill -STOP "$web"
stop_service
gone() { ! alive "$web"; }
wait_until 10 gone || failed "the web process outlives the tracer that was told to end"
start_service
is_there || failed "no web process"
kill -KILL "$service"
wait "$service" || true
service=''
wait_until 10 gone || failed "the web process outlives the tracer that was killed"
