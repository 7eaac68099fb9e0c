#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a page fault costs untraced, under migpop, under a migpop of before, and under the tools one
# would use today: CPU time of the process that faults. All contestants alternate on one running
# process, each round between two untraced ones that it is compared with: times drift from minute to
# minute, ratios within one round hold. A contestant whose record lacks the faults it was there for
# fails the benchmark.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

usage() {
	cat <<'USAGE'
usage: bench.sh [options]
  --rounds N           rounds a contestant, odd is best (default 5)
  --memory SIZE        memory populated at a time, three times a round (default 1G)
  --depth N            calls between main and the fault (default 4)
  --threads N          that many at once, each with memory of its own (default 1)
  --contestants LIST   of migpop-cfi,migpop,perf,perf-dwarf,bpftrace,not-ours,serve (default: all of them)
                       and, with --old, of old-cfi,old
  --build DIR          where the build left migpop and the workload (default build/release)
  --migpop PATH        the tracer (default: the one in --build)
  --old PATH           another migpop, that this one is compared with
  --mode MODE          handed to migpop trace
Prints a table and, for each contestant, one line
  bench contestant=NAME ns=N ratio=N ratio_min=N ratio_max=N rounds=N faults=N recorded=N bytes=N
and for each pair of migpop and old, or migpop-cfi and old-cfi, that took part, one line
  bench migpop=NAME old=NAME ratio=N ratio_min=N ratio_max=N rounds=N
whose ratio is what the faults of a round cost under one to those under the other, each by the untraced ones beside it.
migpop is that with --stack none, migpop-cfi with call chains, perf with -g, perf-dwarf with
--call-graph dwarf. Bytes are those of the file that the tracer wrote. not-ours traces another process;
serve is the service at rest, with a QEMU on the host that is not being migrated.
USAGE
}

rounds=5 memory=1G depth=4 threads=1 build=$top/build/release migpop='' old='' mode=''
contestants='migpop-cfi,migpop,perf,perf-dwarf,bpftrace,not-ours,serve'
take_options "rounds memory depth threads contestants build migpop old mode" "$@"
((rounds > 0 && threads > 0)) || { usage >&2 && exit 2; }
size=$(bytes "$memory")
pages=$((threads * size / $(getconf PAGE_SIZE))) # each time that the workload works
fault=$build/tests/bench/fault
: "${migpop:=$build/migpop}"
tracepoint=exceptions:page_fault_user
timeout=60

[[ -x $fault ]] || die "no $fault; build first"
((EUID == 0)) || skip "tracing needs root"

work=$(mktemp -d)
tracer='' qemu='' mounted=''
cleanup() {
	exec 2>/dev/null # the shell announces each process that it kills
	local p

	for p in $tracer $qemu "${workload_PID:-}" "${other_PID:-}"; do
		kill -KILL "$p" || true
	done
	wait || true
	[[ ! $mounted ]] || umount "$mounted"
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Contestants. attach_X starts one on a process and returns once it is attached; detach_X ends it and
# sets `recorded` to the number of faults it saw there, and `written` to the bytes of its file.

attach_migpop_with() {
	local program=$1 stack=$2 pid=$3

	rm -f "$work/log" # its predecessor's last words are no sign of it
	# The shell starts background jobs deaf to SIGINT, which is how a trace is ended.
	env --default-signal=INT "$program" trace -p "$pid" --stack "$stack" ${mode:+--mode "$mode"} --format json -o "$work/record.json" \
		2>"$work/log" &
	tracer=$!
	wait_tracer "$work/log" '^tracing ' "$tracer" "$timeout"
}

detach_migpop() {
	stop INT
	recorded=$(jq '.totals.faults // 0' "$work/record.json")
	populated=$(jq '.totals.populated_pages // 0' "$work/record.json")
	written=$(stat -c %s "$work/record.json")
	lost=$(jq '[.lost | .events, .stacks, .truncated_stacks, .unwind_errors[]?] | add' "$work/record.json")
}

attach_migpop() { attach_migpop_with "$migpop" none "$1"; }
attach_migpop-cfi() { attach_migpop_with "$migpop" cfi "$1"; }
attach_old() { attach_migpop_with "$old" none "$1"; }
attach_old-cfi() { attach_migpop_with "$old" cfi "$1"; }
detach_migpop-cfi() { detach_migpop; }
detach_old() { detach_migpop; }
detach_old-cfi() { detach_migpop; }

# perf starts disabled and says when it has been enabled: then every event is open.
attach_perf_with() {
	local chain=$1 pid=$2

	rm -f "$work"/ctl "$work"/ack
	mkfifo "$work/ctl" "$work/ack"
	perf record -e page-faults -c 1 "$chain" -p "$pid" -D -1 --control "fifo:$work/ctl,$work/ack" \
		-o "$work/perf.data" >"$work/log" 2>&1 &
	tracer=$!
	exec {ctl}<>"$work/ctl" {ack}<>"$work/ack"
	echo enable >&"$ctl"
	local answer
	read -r -t "$timeout" answer <&"$ack" || answer=none
	[[ $answer == *ack* ]] ||
		die "perf did not attach: $(tail -n 3 "$work/log")"
	exec {ctl}>&- {ack}>&-
}

detach_perf() {
	stop INT
	recorded=$(grep -oE '\([0-9]+ samples\)' "$work/log" | tr -dc 0-9)
	written=$(stat -c %s "$work/perf.data")
	rm -f "$work/perf.data"
}

attach_perf() { attach_perf_with -g "$1"; }
attach_perf-dwarf() { attach_perf_with --call-graph=dwarf "$1"; }
detach_perf-dwarf() { detach_perf; }

# The kernel knows which process holds which tracepoint.
holds_tracepoint() {
	ended "$1" || bpftool -j perf show 2>/dev/null | jq -e --argjson pid "$1" \
		--arg name "${tracepoint#*:}" 'any(.[]; .pid == $pid and .tracepoint == $name)' >/dev/null
}

attach_bpftrace() {
	bpftrace -e "tracepoint:$tracepoint /pid == $1/ { @[ustack] = count(); }" \
		>"$work/counts" 2>"$work/log" &
	tracer=$!
	wait_until "$timeout" holds_tracepoint "$tracer" || true
	holds_tracepoint "$tracer" && alive "$tracer" && return
	die "bpftrace did not attach: $(tail -n 3 "$work/log")"
}

# bpftrace misses a signal that finds it outside of epoll_wait() and acts on it with the next one.
detach_bpftrace() {
	local try

	for ((try = 0; try < 10; try++)); do
		kill -INT "$tracer" 2>/dev/null || break
		! wait_until 3 ended "$tracer" || break
	done
	stop
	recorded=$(awk '/\]: [0-9]+$/ { n += $NF } END { print n + 0 }' "$work/counts")
	written=$(stat -c %s "$work/counts")
}

# Only another process is traced. It faults as well, afterwards, to show that its tracer was at work.
attach_not-ours() { attach_migpop_with "$migpop" none "$other_PID"; }
detach_not-ours() {
	order other
	others=$faults
	detach_migpop
	# As many as the other had, and none of the workload's.
	((recorded >= others && recorded < others + pages)) ||
		die "not-ours: $recorded faults recorded of another process that had $others"
	recorded=0
}

# The service, at rest: it watches a QEMU that is not being migrated. Its port is any that is free.
attach_serve() {
	rm -f "$work/log"
	"$migpop" serve --listen 127.0.0.1:0 --records "$work/records" ${mode:+--mode "$mode"} 2>"$work/log" &
	tracer=$!
	wait_tracer "$work/log" "^pid $qemu: watched" "$tracer" "$timeout"
}

detach_serve() {
	stop TERM
	recorded=0 written=0
}

start_qemu() {
	qemu-system-x86_64 -S -display none -nodefaults -no-user-config -accel tcg -m 32M >"$work/qemu" 2>&1 &
	qemu=$!
}

# stop [SIGNAL]: and wait for the end. Without one, for an end already under way.
stop() {
	[[ ! ${1:-} ]] || kill -"$1" "$tracer" 2>/dev/null ||
		die "$contestant ended by itself: $(tail -n 3 "$work/log")"
	wait_until "$timeout" ended "$tracer" || die "$contestant does not end"
	wait "$tracer" || (($? == 130)) || die "$contestant failed: $(tail -n 3 "$work/log")"
	tracer=''
}

# order PROCESS: it works; sets `ns` (a fault) and `faults`.
order() {
	local -n process=$1

	echo go >&"${process[1]}"
	read -r -t "$timeout" ns faults <&"${process[0]}" || die "the workload gave no answer"
	((faults >= pages)) || die "the workload had $faults faults for $pages pages"
}

# measure: one half of a round; sets `ns` to the median of three times that the workload works, and
# `faults` to what all of them had. The first after a tracer's start pays for the start's heat.
measure() {
	local all='' had=0

	for _ in 1 2 3; do
		order workload
		all+=$ns$'\n'
		had=$((had + faults))
	done
	ns=$(sort -n <<<"${all%$'\n'}" | sed -n 2p)
	faults=$had
}

check_recorded() {
	case $contestant in
	perf*)
		# perf is known to lose samples, which is part of the comparison: it must have some.
		((recorded >= 3 * pages / 10)) || die "$contestant recorded $recorded faults of $faults"
		;;
	not-ours | serve) ;;
	migpop* | old*)
		((recorded >= 3 * pages)) ||
			die "$contestant recorded $recorded faults of $faults: $(jq -c .lost "$work/record.json")"
		((populated >= 3 * pages)) ||
			die "$contestant recorded $populated pages of $((3 * pages))"
		((lost == 0)) || die "$contestant lost something: $(jq -c .lost "$work/record.json")"
		;;
	*) ((recorded >= 3 * pages)) || die "$contestant recorded $recorded faults of $faults" ;;
	esac
}

prepare() {
	local needs='jq'

	[[ ! $contestants =~ migpop|not-ours|serve ]] || [[ -x $migpop ]] ||
		die "no $migpop; build first"
	[[ ! ,$contestants, =~ ,old(-cfi)?, ]] || [[ -x $old ]] || die "--old names no program: $old"
	[[ $contestants != *perf* ]] || needs+=' perf'
	[[ $contestants != *serve* ]] || needs+=' qemu-system-x86_64'
	[[ $contestants != *bpftrace* ]] || needs+=' bpftrace bpftool'
	for tool in $needs; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	if [[ $contestants == *bpftrace* ]]; then
		if [[ ! -d /sys/kernel/tracing/events ]]; then
			mount -t tracefs tracefs /sys/kernel/tracing || skip "tracefs cannot be mounted"
			mounted=/sys/kernel/tracing
		fi
		[[ -d /sys/kernel/tracing/events/${tracepoint/://} ]] ||
			skip "this kernel has no tracepoint $tracepoint"
	fi
}

prepare
[[ $contestants != *serve* ]] || start_qemu
# bash keeps one named coprocess without a warning; two are just what is wanted here.
# shellcheck disable=SC2034 # order() uses them by name
{ coproc workload { exec "$fault" -m "$size" -d "$depth" -t "$threads"; }; } 2>/dev/null
# shellcheck disable=SC2034
{ coproc other { exec "$fault" -m "$size" -d "$depth" -t "$threads"; }; } 2>/dev/null

IFS=, read -ra list <<<"$contestants"
for contestant in "${list[@]}"; do
	declare -F "attach_$contestant" >/dev/null || die "no such contestant: $contestant"
done

order workload # the first warms up the machine's free pages
measure
before=$ns
for ((round = 1; round <= rounds; round++)); do
	for contestant in "${list[@]}"; do
		"attach_$contestant" "$workload_PID"
		measure
		traced=$ns had=$faults
		"detach_$contestant"
		faults=$had
		check_recorded
		measure
		echo "$contestant $before $traced $ns $had $recorded $written" >>"$work/rounds"
		before=$ns
	done
	[[ ! -t 2 ]] || printf '\rround %d of %d' "$round" "$rounds" >&2
done
[[ ! -t 2 ]] || printf '\r\e[K' >&2

# figure CONTESTANT EXPRESSION: of the fields of its rounds, sorted, one a line.
figure() {
	awk -v name="$1" "name == \"all\" || \$1 == name { print $2 }" "$work/rounds" | sort -n
}

median() {
	awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'
}

# shellcheck disable=SC2016 # awk's fields
report() {
	local ratio='$3 / (($2 + $4) / 2)' contestant ns median lowest highest faults recorded share bytes

	printf 'contestant\tns a fault\tratio\tlowest\thighest\tfaults recorded\tbytes\n'
	ns=$(figure all '$2 "\n" $4' | median)
	printf 'untraced\t%.0f\t1.000\n' "$ns"
	for contestant in "${list[@]}"; do
		ns=$(figure "$contestant" '$3' | median)
		median=$(figure "$contestant" "$ratio" | median)
		lowest=$(figure "$contestant" "$ratio" | head -n 1)
		highest=$(figure "$contestant" "$ratio" | tail -n 1)
		faults=$(figure "$contestant" '$5' | median)
		recorded=$(figure "$contestant" '$6' | median)
		bytes=$(figure "$contestant" '$7' | median)
		share=$(printf '%.1f %%' "$(figure "$contestant" '100 * $6 / $5' | median)")
		[[ $contestant != @(not-ours|serve) ]] || share='none, as it should'
		printf '%s\t%.0f\t%.3f\t%.3f\t%.3f\t%s\t%s\n' "$contestant" "$ns" "$median" "$lowest" \
			"$highest" "$share" "$(numfmt --to=iec "${bytes%.*}")"
		echo "bench contestant=$contestant ns=$ns ratio=$median ratio_min=$lowest" \
			"ratio_max=$highest rounds=$rounds faults=$faults recorded=$recorded" \
			"bytes=$bytes" >&3
	done
}

# compare NAME OLD: in the rounds that both were in.
compare() {
	awk -v name="$1" -v old="$2" '
		{ ratio = $3 / (($2 + $4) / 2) }
		$1 == name { mine[++n] = ratio }
		$1 == old { theirs[++m] = ratio }
		END { for (i = 1; i <= n && i <= m; i++) print mine[i] / theirs[i] }' "$work/rounds" |
		sort -n >"$work/compared"
	[[ -s $work/compared ]] || return 0
	echo "bench migpop=$1 old=$2 ratio=$(median <"$work/compared")" \
		"ratio_min=$(head -n 1 "$work/compared") ratio_max=$(tail -n 1 "$work/compared")" \
		"rounds=$(wc -l <"$work/compared")"
}

echo "$pages read faults a round on a fresh memfd, depth $depth, threads $threads, medians of $rounds rounds," \
	"Linux $(uname -r), $(nproc) CPUs"
report 3>"$work/lines" | column -t -s $'\t'
echo
cat "$work/lines"
compare migpop-cfi old-cfi
compare migpop old
