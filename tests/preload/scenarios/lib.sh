# SPDX-License-Identifier: GPL-2.0-or-later
# What the scenarios share: two ends, the guest between them, and what can be asked of both. Sourced by
# scenario.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317 # variables are scenario.sh's, which calls scenarios by their names

# What the guest writes to; and what firmware does, in huge pages.
churned_kb=$((99 * 1024)) firmware_kb=$((8 * 1024))

ok() {
	echo "ok    $*"
}

# --- QEMU ---

# begin END [OPTIONS…]: one end, ready, that has the churning guest's disk.
begin() {
	local end=$1

	shift
	if [[ ! -e $work/$end.disk ]]; then
		"$tool" boot-sector "$work/$end.raw"
		qemu-img convert -f raw -O "$disk_format" "$work/$end.raw" "$work/$end.disk"
	fi
	MIGFIX_STATS=$out/statistics.%p start "$end" \
		-drive "if=ide,format=$disk_format,file=$work/$end.disk" "$@"
	qmp "$end" drive --wait-ready
	[[ ! $preload ]] || grep -q '^libmigfix [0-9.]*: .*; destination hooked;' "$out/$end.log" ||
		die "$end: not hooked: $(head -n 1 "$out/$end.log")"
	locate "$end"
}

# both [OPTIONS…]
both() {
	begin source "$@"
	begin destination -incoming defer "$@"
}

# monitor END COMMAND: of the human's monitor; what it says.
monitor() {
	qmp "$1" drive human-monitor-command "{\"command-line\": \"$2\"}" | jq -r .
}

# host_address END GUEST-ADDRESS
host_address() {
	monitor "$1" "gpa2hva $2" | sed -n 's/.* is \(0x[0-9a-f]*\).*/\1/p'
}

# Of the guest's memory, an end.
declare -A address
locate() {
	address[$1]=$(host_address "$1" 0)
	[[ ${address[$1]} ]] || die "$1: where is its memory?"
}

# enable CAPABILITY: at both ends.
enable() {
	negotiate source "$1"
	negotiate destination "$1"
}

parameters() {
	qmp "$1" drive migrate-set-parameters "$2" >/dev/null
}

# state END [JQ-FILTER]: of query-migrate.
state() {
	qmp "$1" drive query-migrate | jq -r "${2:-.status}"
}

is() {
	[[ $(state "$1" "$2") == true ]]
}

# Is it so, or will it never be?
is_settled() {
	ended "${pid[$1]}" || is "$1" "($2) or .status == \"failed\""
}

await() {
	wait_until "$timeout" is_settled "$1" "$2" || true
	alive "${pid[$1]}" || die "$1: QEMU has ended: $(tail -n 2 "$out/$1.log")"
	is "$1" "$2" || die "$1: not reached: $2: $(state "$1" .) $(tail -n 2 "$out/$1.log")"
}

# Rounds are as long as the guest needs to write all of its memory again, and none is the last one.
throttle='{"max-bandwidth": 100663296, "downtime-limit": 1}'
unthrottle='{"max-bandwidth": 107374182400, "downtime-limit": 60000}'

# --- the guest ---

passes() {
	"$tool" passes "${pid[$1]}" "${address[$1]}"
}

has_passed() {
	(($(passes "$1") >= $2))
}

# run END [PASSES]: let it go over its memory so often, again.
run() {
	local wanted=$(($(passes "$1") + ${2:-2}))

	qmp "$1" drive cont >/dev/null
	wait_until "$timeout" has_passed "$1" $wanted || die "$1: the guest does not get on: pass $(passes "$1")"
}

halt() {
	qmp "$1" drive stop >/dev/null
}

# dump END NAME: of a guest that stands still.
dump() {
	"$tool" dump "${pid[$1]}" "${address[$1]}" "$size" "$work/$2"
}

# whole END: does each byte hold what the guest must have left there?
whole() {
	local said

	dump "$1" "$1.now"
	said=$("$tool" churned "$work/$1.now") || die "$1: the guest's memory is not whole: $said"
	ok "$1: whole: $said"
}

# same NAME NAME: two dumps.
same() {
	cmp "$work/$1" "$work/$2" ||
		die "$1 and $2 differ in $(cmp -l "$work/$1" "$work/$2" | wc -l) bytes"
	ok "$1 and $2: all bytes are the same"
}

equal() {
	dump source source.memory
	dump destination destination.memory
	same source.memory destination.memory
	whole destination
}

# mapping END ADDRESS kb|inode: how much of what is mapped there is resident; which file it is, or 0.
# Nothing where nothing is mapped.
mapping() {
	awk -v address="$(($2))" -v what="$3" '
	function number(hex,   n, i) {
		for (i = 1; i <= length(hex); i++)
			n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
		return n
	}
	/^[0-9a-f]+-/ {
		split($1, range, "-")
		here = number(range[1]) <= address && address < number(range[2])
		if (here)
			inode = $5
	}
	here && /^(Rss|Shared_Hugetlb|Private_Hugetlb):/ { kb += $2 }
	END { if (inode != "") print what == "kb" ? kb + 0 : inode }' "/proc/${pid[$1]}/smaps"
}

# resident END: of the guest's memory, in kB.
resident() {
	mapping "$1" "${address[$1]}" kb
}

# Does the source of this QEMU read each page before the library is asked?
reads_before() {
	[[ $1 == source ]] && grep -q '^libmigfix.* reads each page before' "$out/source.log"
}

# sparse END…: no more of it is there than was written to.
sparse() {
	local end kb

	for end; do
		! reads_before "$end" || continue
		kb=$(resident "$end")
		((kb <= churned_kb + firmware_kb)) || die "$end: $kb kB of the guest's memory are there"
		ok "$end: $((kb >> 10)) of $((size >> 20)) MiB are there"
	done
}

# full END…: all of it is there.
full() {
	local end kb

	for end; do
		kb=$(resident "$end")
		((kb == size / 1024)) || die "$end: $kb kB of the guest's memory are there"
		ok "$end: all $((kb >> 10)) MiB are there"
	done
}

# --- precopy ---

# listen URI, send URI
listen() {
	qmp destination drive migrate-incoming "{\"uri\": \"$1\"}" >/dev/null
}

send() {
	qmp source drive migrate "{\"uri\": \"$1\"}" >/dev/null
}

connect() {
	listen "unix:$work/stream"
	send "unix:$work/stream"
}

# Up to where the dirty pages were synchronised so often, which is one more than rounds.
go_rounds() {
	await source ".ram[\"dirty-sync-count\"] >= $1 or .status == \"completed\""
	is source '.status == "active"' || die "the migration was over before"
}

# The guest runs for three rounds.
precopy() {
	parameters source "$throttle"
	run source
	connect
	go_rounds 4
	parameters source "$unthrottle"
	await source '.status == "completed"'
	await destination '.status == "completed"'
	ok "$(state source '"\(.ram["dirty-sync-count"] - 1) rounds, " +
		"\(.ram.duplicate) zero pages, \(.ram.normal) others"')"
}
