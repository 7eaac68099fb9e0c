# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of migpop serve share: the service, small guests, and migrations of them that end in
# one way or another. Sourced by each; their arguments are MIGPOP and QMP-CLI.
# shellcheck shell=bash

set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

migpop=$(realpath "$1") cli=$(realpath "$2")
((EUID == 0)) || skip "not root"
for program in qemu-system-x86_64 jq curl; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
work=$(mktemp -d /dev/shm/serve.XXXXXX)
records=$work/records service='' mounted=''
at_end=(:) # a command that puts back what the test has changed; its processes have been killed by then
guest_memory=${GUEST_MEMORY:-$((32 << 20))}
# Guests of this run begin with it: the service sees those of others as well.
vm=vm-${work##*.}-

cleanup() {
	local status=$?

	exec 2>/dev/null # the shell announces each process that it kills
	[[ ! $service ]] || kill -KILL "$service" || true
	for file in "$work"/*.pid; do
		[[ -e $file ]] || continue
		kill -KILL "$(<"$file")" || true
	done
	"${at_end[@]}"
	wait || true
	records_hold "$migpop" "$work" || status=1
	[[ ! $mounted ]] || umount -l "$mounted"
	rm -rf "$work"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

failed() {
	echo "FAIL: $*"
	exit 1
}

# A port that nobody listens at: connecting is refused.
free_port() {
	local port

	for port in $(shuf -i 20000-30000 -n 50); do
		! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && echo "$port" && return
	done
}

# start_service [OPTIONS…]: at $url. The command is run by "${launch[@]}".
launch=()
start_service() {
	local port

	port=$(free_port)
	url=http://127.0.0.1:$port
	rm -f "$work/service.log" # what the one before said is no sign of this one
	"${launch[@]}" "$migpop" serve --listen "127.0.0.1:$port" --records "$records" "$@" 2>"$work/service.log" &
	service=$!
	wait_tracer "$work/service.log" '^serving ' "$service" 60
}

stop_service() {
	local status=0

	kill -TERM "$service"
	wait "$service" || status=$?
	service=''
	((status == 0)) || failed "the service ended with $status: $(tail -n 3 "$work/service.log")"
}

# What the service is attached to; at rest that is what tells that a migration begins.
hooks() {
	grep -hsE '^(tp_name|attach_type):' "/proc/$service/fdinfo/"* | cut -f 2 | sort
}
resting=$'sched_process_exec\nsched_process_exit\nsched_process_fork\nsched_process_free\ntask_rename'
rests() { [[ $(hooks) == "$resting" ]]; }

# start_guest NAME GUEST [OPTIONS…]: NAME is ours, GUEST what QEMU is told. By "${launch_guest[@]}".
launch_guest=() qemu=(qemu-system-x86_64)
start_guest() {
	local name=$1 guest=$2

	shift 2
	"${launch_guest[@]}" "${qemu[@]}" -S -display none -nodefaults -no-user-config -accel tcg \
		-object "memory-backend-memfd,id=ram0,share=on,size=$guest_memory" \
		-machine pc,memory-backend=ram0 -m $((guest_memory >> 20))M -name "guest=$guest" \
		-qmp "unix:$work/$name.qmp,server=on,wait=off" "$@" >"$work/$name.log" 2>&1 &
	echo $! >"$work/$name.pid"
	echo "pid $!: watched" >>"$work/started"
}

# Emulators that the service has come to watch and that are none of ours.
foreign() {
	grep -E '^pid [0-9]+: watched' "$work/service.log" | grep -cvxFf "$work/started" || true
}

# end_guest NAME…: those that have ended by themselves as well.
end_guest() {
	for name; do
		kill -KILL "$(<"$work/$name.pid")" 2>/dev/null || true
		wait "$(<"$work/$name.pid")" 2>/dev/null || true
		rm "$work/$name.pid"
	done
}

# wait_known NAME…: until the service watches each of them.
wait_known() {
	local name

	for name; do
		qmp "$name" --wait-ready
		wait_until 60 known "$name" || failed "$name is not taken in"
	done
}

# qmp NAME ARGS…
qmp() {
	local name=$1

	shift
	"$cli" -t 60000 -p "$(<"$work/$name.pid")" "$work/$name.qmp" "$@" >/dev/null
}

# known NAME: does the service watch it?
known() {
	grep -q "^pid $(<"$work/$1.pid"): watched" "$work/service.log"
}

# migrate NAME HOW: from NAME.s to NAME.d. HOW: completed, cancelled, source-killed or
# destination-killed. $recorded NAME is waited for, has_records where it is not set.
migrate() {
	local name=$1 how=$2 end

	start_guest "$name.s" "$name"
	start_guest "$name.d" "$name" -incoming defer
	wait_known "$name.s" "$name.d"
	qmp "$name.d" migrate-incoming "{\"uri\": \"unix:$work/$name.stream\"}"
	# Slow enough to be met under way: 32 MiB of zero pages are 74 kB of stream.
	[[ $how == completed ]] || qmp "$name.s" migrate-set-parameters '{"max-bandwidth": 4000}'
	qmp "$name.s" migrate "{\"uri\": \"unix:$work/$name.stream\"}"
	case $how in
	completed)
		qmp "$name.s" --wait-migration completed
		qmp "$name.d" --wait-migration completed
		;;
	cancelled)
		qmp "$name.s" --wait-migration active
		qmp "$name.s" migrate_cancel
		qmp "$name.s" --wait-migration cancelled
		;;
	*-killed)
		qmp "$name.s" --wait-migration active
		qmp "$name.d" --wait-migration active
		end=${how:0:1}
		kill -KILL "$(<"$work/$name.$end.pid")"
		;;
	esac
	wait_until 60 "${recorded:-has_records}" "$name" || failed "$name ($how) left: $(cd "$records" && ls) $(cat "$work/service.log")"
	end_guest "$name.s" "$name.d"
}

# Both ends' records are there.
has_records() {
	(($(find "$records" -name "*-$1-source.json" -o -name "*-$1-destination.json" 2>/dev/null | wc -l) >= 2))
}

# outcome NAME END: what its record says.
outcome() {
	jq -r '.window.closed_by_text | sub(".*, migration "; "")' "$records"/*-"$1-$2.json"
}

# One record an end, as it should have ended.
check_outcomes() {
	local name=$1 how=$2 expected

	case $how in
	completed) expected="completed completed" ;;
	cancelled) expected="cancelled failed" ;;
	source-killed) expected="killed failed" ;;
	destination-killed) expected="failed killed" ;;
	esac
	[[ "$(outcome "$name" source) $(outcome "$name" destination)" == "$expected" ]] ||
		failed "$name ($how): $(outcome "$name" source), $(outcome "$name" destination)"
}

# Every record balances, lost nothing, and saw what it must have seen.
check_records() {
	local bad

	bad=$(jq -r 'select(.lost.events != 0 or .lost.stacks != 0 or
		any(.accounting[]; .residual_pages != null and
			(.residual_pages | fabs) > .uncertainty_pages) or
		any(.accounting[]; .kind == "shmem" and .residual_pages != 0) or
		(.window.closed_by_text | endswith("completed")) and
			.totals.zero_populated_pages < '$((guest_memory / 4096 - 144))')
		| "\(input_filename): \([.accounting[] | [.kind, .residual_pages, .uncertainty_pages]]) \(.lost)"' \
		"$records"/*-"$vm"*.json)
	[[ ! $bad ]] || failed "$bad"
}

# What /metrics says is what the records say.
check_metrics() {
	local said summed

	said=$(curl -sf "$url/metrics" | sed -nE \
		's/^migpop_(migrations|populated_pages|zero_populated_pages|released_pages)_total\{guest="'"$vm"'.*\} ([0-9]+)$/\1 \2/p' |
		awk '{sum[$1] += $2} END {for (i in sum) print i, sum[i]}' | sort)
	summed=$(jq -r '"migrations 1", "populated_pages \(.totals.populated_pages)",
		"zero_populated_pages \(.totals.zero_populated_pages)",
		"released_pages \(.totals.released_pages)"' "$records"/*-"$vm"*.json |
		awk '{sum[$1] += $2} END {for (i in sum) print i, sum[i]}' | sort)
	[[ $said == "$summed" ]] || failed "metrics say"$'\n'"$said"$'\n'"records say"$'\n'"$summed"
}

# metric SERIES: its value.
metric() {
	curl -sf "$url/metrics" | awk -v series="$1" 'index($0, series " ") == 1 { print $NF }'
}

# Processes that the service holds a pidfd of; other tests' guests may be among them.
guests() {
	grep -ls '^Pid:' "/proc/$service/fdinfo/"* | wc -l
}
has_forgotten() {
	! grep -qs '^Pid:[[:space:]]*-1$' "/proc/$service/fdinfo/"*
}

# The web process of the service, which is one of its children.
web_process() {
	local pid

	for pid in $(<"/proc/$service/task/$service/children"); do
		[[ $(tr '\0' ' ' <"/proc/$pid/cmdline") != "migpop web " ]] || echo "$pid"
	done 2>/dev/null
}

# descriptors PID: how many the process has.
descriptors() {
	find "/proc/$1/fd" -mindepth 1 -maxdepth 1 | wc -l
}

# kB of memory that is the service's own.
memory() {
	awk '/^RssAnon:/ {print $2}' "/proc/$service/status"
}
