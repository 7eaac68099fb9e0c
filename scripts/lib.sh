# SPDX-License-Identifier: GPL-2.0-or-later
# What the scripts share: saying why they stop, and waiting for conditions. Sourced, never run.
# shellcheck shell=bash

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# Exit for what the machine lacks: CTest counts 77 as skipped, test.sh prints the reason.
skip() {
	echo "SKIP: $*"
	exit 77
}

usage() {
	echo "usage: see the first lines of $0"
}

# records_hold MIGPOP DIR: the records that it has written there, files *.json below DIR, are as the schema
# says. What is not is said.
records_hold() {
	local validate

	validate=$(dirname "$(realpath "$1")")/tests/trace/record-validate
	# One that is installed, in a virtual machine too, has no build beside it: others check what it writes.
	[[ -x $validate ]] || return 0
	find "$2" -name '*.json' -exec "$validate" --any {} + 2>&1 && return
	# What such a record says is gone with the test.
	find "$2" -name '*.json' ! -exec "$validate" --any {} \; -exec jq -c \
		'{window, migration, totals, timeline, rows: [.callsites[] | [.category, .populated_pages]]}' {} + 2>/dev/null | cut -c 1-2000
	return 1
}

# take_options "NAME…" ARG…: for --NAME VALUE sets the variable of that name, for one spelt NAME! here
# --NAME alone sets it to 1. Else usage(), with the status of what was asked.
take_options() {
	local allowed=" $1 " option

	shift
	while (($#)); do
		[[ $1 != -h && $1 != --help ]] || { usage && exit 0; }
		option=${1#--}
		if [[ $1 == --* && $allowed == *" $option! "* ]]; then
			printf -v "$option" 1
			shift
		elif [[ $1 == --* && $allowed == *" $option "* ]] && (($# >= 2)); then
			printf -v "$option" %s "$2"
			shift 2
		else
			usage >&2 && exit 2
		fi
	done
}

milliseconds() {
	local now=$EPOCHREALTIME
	echo $((${now/[.,]/} / 1000))
}

alive() {
	kill -0 "$1" 2>/dev/null
}

# Has it ended? One that nobody has waited for yet has.
is_over() {
	local state

	state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true)
	[[ -z $state || $state == Z ]]
}

# delay PID: stops a tracer at random, and lets it go on, until it has ended. Not before its programs are
# loaded: the kernel gives up to verify one at each signal (EAGAIN), and libbpf tries it five times.
delay() {
	until is_over "$1" || grep -qs ^link_id: "/proc/$1/fdinfo/"*; do
		sleep 0.01
	done
	while ! is_over "$1"; do
		sleep "0.0$((RANDOM % 8 + 1))"
		kill -STOP "$1" 2>/dev/null || return 0
		sleep "0.$((RANDOM % 2))$((RANDOM % 9 + 1))"
		kill -CONT "$1" 2>/dev/null || return 0
	done
}

# wait_until SECONDS COMMAND ARGS…: until the command succeeds; 1 when it has not by then.
wait_until() {
	local deadline=$(($(milliseconds) + $1 * 1000))

	shift
	until "$@"; do
		(($(milliseconds) < deadline)) || return 1
		sleep 0.02
	done
}

ended() {
	! alive "$1"
}

# wait_line FILE REGEX PID SECONDS: until FILE has such a line. Fails at once when PID ends without.
wait_line() {
	# shellcheck disable=SC2317 # called through wait_until
	has_line_or_ended() { grep -qE "$2" "$1" 2>/dev/null || ended "$3"; }
	wait_until "$4" has_line_or_ended "$1" "$2" "$3" && grep -qE "$2" "$1"
}

# wait_tracer LOG REGEX PID SECONDS: until the log of the migpop that starts has such a line. Skips the test
# where migpop may not trace (status 3), and fails it where migpop ends otherwise or takes longer.
wait_tracer() {
	local status=0

	wait_line "$@" && return
	ended "$3" || die "migpop is not ready within $4 s: $(tail -n 3 "$1")"
	wait "$3" || status=$?
	((status != 3)) || skip "migpop: $(tail -n 1 "$1")"
	die "migpop did not start, status $status: $(tail -n 3 "$1")"
}

# SIZE in bytes: 64M, 1G, 1024 …
bytes() {
	numfmt --from=iec "${1%[iI][bB]}"
}

# Huge pages of 2 MiB for as many bytes: reserves what is missing, which return_huge_pages gives back.
# Else 1, and the reason is in huge_missing.
huge_pool=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages huge_before=''
# shellcheck disable=SC2034 # who sources this reads huge_missing
reserve_huge_pages() {
	local wanted=$(($1 / 2097152)) free have

	huge_missing="no 2 MiB huge pages on this machine, or no right to reserve them"
	[[ -w $huge_pool ]] || return 1
	free=$(<"${huge_pool%/*}/free_hugepages")
	have=$(<"$huge_pool")
	((free < wanted)) || return 0
	huge_before=$have
	echo $((have + wanted - free)) >"$huge_pool"
	free=$(<"${huge_pool%/*}/free_hugepages")
	huge_missing="only $free of $wanted huge pages could be reserved"
	((free >= wanted))
}

return_huge_pages() {
	[[ ! $huge_before ]] || echo "$huge_before" >"$huge_pool" || true
	huge_before=''
}

# In bytes.
memory_available() {
	echo $(($(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) * 1024))
}

# build PRESET: configure and build; silent but for one line, unless it fails.
build() {
	local log

	log=$(mktemp)
	echo "building $1 in build/$1"
	if ! { cmake --preset "$1" && cmake --build --preset "$1"; } >"$log" 2>&1; then
		tail -n 50 "$log" >&2
		rm -f "$log"
		die "the $1 build failed: see above"
	fi
	rm -f "$log"
}

# coverage_report FOLDER LEAST NOTES…: which lines of the sources in FOLDER ran, by the compiler's notes of a
# build with gcc --coverage; fails if fewer than LEAST per cent did. Run it in the top folder. The notes of a
# file of which nothing ran are there, too. A line of a header is in every file that includes it: it ran if it
# ran in any.
coverage_report() {
	local folder=$1 least=$2

	shift 2
	gcov --json-format --stdout "$@" 2>/dev/null |
		jq -rs --arg top "$PWD/" --arg folder "$folder" --argjson least "$least" '
		def share($ran; $all): if $all == 0 then 0 else 1000 * $ran / $all | floor / 10 end;
		[.[].files[] | (.file | ltrimstr($top)) as $file | select($file | startswith($folder))
			| .lines[] | {file: $file, line: .line_number, ran: (.count > 0)}]
		| group_by([.file, .line]) | map({file: .[0].file, line: .[0].line, ran: any(.[]; .ran)})
		| (length as $all | (map(select(.ran)) | length) as $ran
			| {figure: share($ran; $all), text: "\($ran) of \($all) lines"}) as $sum
		| (group_by(.file)[] | . as $lines | (map(select(.ran)) | length) as $ran
			| "\(share($ran; length)) %\t\(.[0].file)\t\($ran) of \(length)\t\(
				map(select(.ran | not).line) | if length > 0 then "not: " + (map(tostring) | join(" ")) else "" end)"),
		  "\($sum.figure) %\tof all\t\($sum.text)\t",
		  if $sum.figure < $least then "below \($least) %\n" | halt_error(1) else empty end' |
		column -t -s $'\t'
}
