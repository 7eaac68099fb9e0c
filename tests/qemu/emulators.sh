# SPDX-License-Identifier: GPL-2.0-or-later
# A source and a destination QEMU, paused, with monitors and guest memory of a kind: start them, find
# them, end them whatever happens. Sourced, never run; it must not know what they are started for.
# shellcheck shell=bash
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

# What a script that sources this may change before it calls anything.
memory=1G qemu=qemu-system-x86_64 backing=memfd preload='' timeout=120 out=''
build=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/release
# The tracer, by default the one in $build, and what is handed to it.
migpop='' trace_options=()
# How the guest runs, and that it does not until it is told to.
accel=tcg stands=(-S)
# The window of END.json: by the monitor, or (1) from before the migration until after it.
around=0
# Properties of the memory object, each with a comma before it.
memory_properties=''
# A property of -name, the same.
thread_names=''

declare -A pid
# Processes beside QEMU that are to end with this one.
declare -A helper
work='' disk=''

# shellcheck disable=SC2317 # called by a trap
cleanup() {
	local p

	exec 2>/dev/null # the shell announces each process that it kills
	for p in "${helper[@]}" "${pid[@]}"; do
		kill -KILL "$p" || true
	done
	wait || true
	return_huge_pages
	[[ ! $work ]] || rm -rf "$work"
	[[ ! $disk ]] || rm -rf "$disk"
}

# Is all there that it takes? Then $work is made and $cli and $size are set.
prepare() {
	local available

	size=$(bytes "$memory")
	cli=$build/tests/qemu/qmp-cli
	[[ -x $cli ]] || die "no $cli; build first"
	command -v jq >/dev/null || skip "jq is not installed"
	command -v "$qemu" >/dev/null || skip "$qemu is not installed"
	# Both ends end up holding the whole guest: too large a one would cost others their memory.
	available=$(memory_available)
	((2 * size + (1 << 30) <= available)) ||
		skip "two guests of $memory need more than the $((available >> 20)) MiB available"
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir -p "$out"
	# A file lies on tmpfs, unless it is to be one of an ordinary file system; sockets do not mind. The
	# name stays short because that of a socket must.
	work=$(mktemp -d /dev/shm/migrate.XXXXXX)
	if [[ $backing == disk* ]]; then
		disk=$(mktemp -d /var/tmp/migrate.XXXXXX)
		[[ $(stat -f -c %T "$disk") != tmpfs ]] || skip "/var/tmp is in memory: not an ordinary file system"
	fi
	[[ $backing != hugetlb ]] || reserve_huge_pages $((2 * size)) || skip "$huge_missing"
}

memory_object() {
	local kind

	case $backing in
	memfd) kind="memory-backend-memfd,share=on" ;;
	memfd-private) kind="memory-backend-memfd,share=off" ;;
	ram) kind="memory-backend-ram" ;;
	hugetlb) kind="memory-backend-memfd,share=on,hugetlb=on,hugetlbsize=2M" ;;
	file) kind="memory-backend-file,share=on,mem-path=$work/$1.ram" ;;
	file-private) kind="memory-backend-file,share=off,mem-path=$work/$1.ram" ;;
	disk) kind="memory-backend-file,share=on,mem-path=$disk/$1.ram" ;;
	disk-private) kind="memory-backend-file,share=off,mem-path=$disk/$1.ram" ;;
	*) die "no such backing: $backing" ;;
	esac
	echo "$kind,id=ram0,size=$size$memory_properties"
}

# start END [OPTIONS…]: two monitors each, `drive` for us and `watch` for the tracer.
start() {
	local end=$1 object

	shift
	object=$(memory_object "$end")
	LD_PRELOAD=$preload "$qemu" "${stands[@]}" -display none -nodefaults -no-user-config -accel $accel \
		-machine pc,memory-backend=ram0 -object "$object" -m "$((size >> 20))M" \
		-name "guest=idle-$end$thread_names" \
		-qmp "unix:$work/$end.drive,server=on,wait=off" \
		-qmp "unix:$work/$end.watch,server=on,wait=off" "$@" 2>"$out/$end.log" &
	pid[$end]=$!
}

# qmp END MONITOR ARGS…: one command to a monitor of that end: drive or watch.
qmp() {
	local end=$1 monitor=$2

	shift 2
	"$cli" -t $((timeout * 1000)) -p "${pid[$end]}" "$work/$end.$monitor" "$@" ||
		die "$end: QEMU did not do: $*; its last words: $(tail -n 2 "$out/$end.log")"
}

# negotiate END CAPABILITY…: switch them on.
negotiate() {
	local end=$1 list='' name

	shift
	for name; do
		list+="${list:+, }{\"capability\": \"$name\", \"state\": true}"
	done
	[[ ! $list ]] || qmp "$end" drive migrate-set-capabilities "{\"capabilities\": [$list]}" >/dev/null
}

# Ends one by its monitor.
quit() {
	qmp "$1" drive quit >/dev/null
	wait "${pid[$1]}" || true
	unset "pid[$1]"
}

# --- the tracer ---

find_migpop() {
	: "${migpop:=$build/migpop}"
	command -v "$migpop" >/dev/null || die "no $migpop; build first"
}

# attach END, END.phase or END.incoming: by its monitor (or around it all), by its threads and stream,
# or without knowing who it is.
attach() {
	local end=$1 window

	case $end in
	*.phase) window=(-p "${pid[${end%.phase}]}" --phase auto) ;;
	*.incoming) window=(--incoming) ;;
	*)
		window=(-p "${pid[$end]}")
		((around)) || window+=(--qmp "$work/$end.watch")
		;;
	esac
	rm -f "$out/$end.trace.log"
	"$migpop" trace "${window[@]}" "${trace_options[@]}" \
		--format json -o "$out/$end.json" 2>"$out/$end.trace.log" &
	helper[$end]=$!
}

wait_attached() {
	local end=$1

	wait_line "$out/$end.trace.log" '^(tracing|waiting for a migration) ' "${helper[$end]}" "$timeout" && return
	# Status 3: this machine lacks something, and the tracer has said what.
	if ended "${helper[$end]}"; then
		local status=0
		wait "${helper[$end]}" || status=$?
		((status != 3)) || skip "migpop: $(tail -n 1 "$out/$end.trace.log")"
	fi
	die "$end: tracer did not attach: $(tail -n 3 "$out/$end.trace.log")"
}

# The tracer closes its window with the migration and ends by itself, unless it is around it.
collect() {
	local end=$1 status=0

	((!around)) || [[ $end == *.* ]] || kill -INT "${helper[$end]}"
	wait_until "$timeout" ended "${helper[$end]}" ||
		die "$end: the migration is over and the tracer has not ended"
	wait "${helper[$end]}" || status=$?
	unset "helper[$end]"
	((status == 0)) || die "$end: tracer failed ($status): $(tail -n 3 "$out/$end.trace.log")"
	[[ -s $out/$end.json ]] || die "$end: tracer left no record"
	"$build/tests/trace/record-validate" "$out/$end.json" || die "$end: the record is not as its schema says"
	"$migpop" report "$out/$end.json" --format text >"$out/$end.txt"
}
