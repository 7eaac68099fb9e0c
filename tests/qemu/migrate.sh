#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Migrate one real, paused, stock QEMU to another over a UNIX socket, each end under the tracer, and
# leave in --out what was measured:
#   {source,destination}.json .txt   the record of each end and its rendering (not with --no-trace)
#   {source,destination}.phase.json destination.incoming.json   with --phase, those of tracers that
#                                    ask no monitor, or wait for whoever receives
#   run.json                         pids, memory, inodes of guest memory, RSS before and after
#   migration.json                   query-migrate of the source
#   {source,destination}.log         stderr of QEMU, {…}.trace.log that of the tracer
# Exit status: 0 done, 1 failed, 77 the machine lacks something (the reason is on stdout).
set -euo pipefail

# shellcheck source=tests/qemu/emulators.sh
. "$(dirname "${BASH_SOURCE[0]}")/emulators.sh"

usage() {
	cat <<'USAGE'
usage: migrate.sh --out DIR [options]
  --memory SIZE       guest memory (default 1G)
  --qemu PATH         emulator (default qemu-system-x86_64)
  --backing KIND      memfd|ram|memfd-private|hugetlb|file|file-private (default memfd), disk|disk-private:
                      a file as well, of an ordinary file system
  --bandwidth BYTES   throttle the migration, bytes a second (default: unthrottled)
  --capability NAME   switch a migration capability on at both ends (repeatable)
  --preload FILE      LD_PRELOAD this into both ends
  --ready COMMAND     run this before the migration; it gets the pid of each end and where guest
                      memory is mapped there: SOURCE 7f…-7f… DESTINATION 7f…-7f…
  --done COMMAND      run this after it, and after all was measured, with the same
  --build DIR         where the build left migpop and qmp-cli (default build/release)
  --migpop PATH       the tracer (default: the one in --build)
  --no-trace          measure without a tracer
  --phase             trace each end by migpop trace --phase auto, the destination also by --incoming;
                      and from before the migration until after it, which is the record of each end
  --names             QEMU names its threads, as under libvirt
  --mode MODE         handed to migpop trace
  --stack KIND        handed to migpop trace
  --timeout SECONDS   for each thing waited for (default 120)
USAGE
}

bandwidth=0 trace=1 phase=0
capabilities=() ready='' done=''

while (($#)); do
	case $1 in
	--no-trace) trace=0 && shift && continue ;;
	--phase) phase=1 && shift && continue ;;
	--names) thread_names=,debug-threads=on && shift && continue ;;
	-h | --help) usage && exit 0 ;;
	esac
	(($# >= 2)) || { usage >&2 && exit 2; }
	case $1 in
	--memory) memory=$2 ;;
	--qemu) qemu=$2 ;;
	--backing) backing=$2 ;;
	--bandwidth) bandwidth=$(bytes "$2") ;;
	--capability) capabilities+=("$2") ;;
	--preload) preload=$2 ;;
	--ready) ready=$2 ;;
	--done) done=$2 ;;
	--build) build=$2 ;;
	--migpop) migpop=$2 ;;
	--out) out=$2 ;;
	--mode) trace_options+=(--mode "$2") ;;
	--stack) trace_options+=(--stack "$2") ;;
	--timeout) timeout=$2 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift 2
done
[[ $out ]] || { usage >&2 && exit 2; }
prepare
((!trace)) || find_migpop
rm -f "$out"/{source,destination}{,.phase,.incoming}.{json,txt,log,trace.log} "$out"/{run,migration}.json
declare -A inode before after

# The file behind guest memory, by number: its name may be anything, /proc/PID/maps has the inode.
guest_inode() {
	local range inode name

	while read -r range _ _ _ inode name; do
		[[ $name == /memfd:* || $name == "$work"/*.ram* || $disk && $name == "$disk"/*.ram* ]] || continue
		if ((0x${range#*-} - 0x${range%-*} >= size)); then
			echo "$inode"
			return
		fi
	done <"/proc/$1/maps"
}

# Where guest memory is mapped: the first mapping large enough that is neither code nor a guard.
guest_range() {
	local range perms

	while read -r range perms _; do
		if [[ $perms == rw-? ]] && ((0x${range#*-} - 0x${range%-*} >= size)); then
			echo "$range"
			return
		fi
	done <"/proc/$1/maps"
}

run() {
	[[ ! $1 ]] || "$1" "${pid[source]}" "$(guest_range "${pid[source]}")" \
		"${pid[destination]}" "$(guest_range "${pid[destination]}")" || die "$1 failed"
}

rss() {
	awk '/^(VmRSS|RssAnon|RssFile|RssShmem|VmPTE|HugetlbPages):/ {
		printf "%s\"%s\": %d", sep, substr($1, 1, length($1) - 1), $2; sep = ", "
	}' "/proc/$1/status"
}

describe() {
	local end=$1

	echo "\"$end\": {\"pid\": ${pid[$end]}, \"inode\": ${inode[$end]:-null}," \
		"\"before_kb\": {${before[$end]}}, \"after_kb\": {${after[$end]}}}"
}

start source
start destination -incoming defer
for end in source destination; do
	qmp "$end" drive --wait-ready
	qmp "$end" watch --wait-ready
	inode[$end]=$(guest_inode "${pid[$end]}")
	negotiate "$end" "${capabilities[@]}"
done
run "$ready"
for end in source destination; do
	before[$end]=$(rss "${pid[$end]}")
done
if ((trace)); then
	ends=(source destination)
	((!phase)) || { around=1 && ends+=(source.phase destination.phase destination.incoming); }
	for end in "${ends[@]}"; do attach "$end"; done
	for end in "${ends[@]}"; do wait_attached "$end"; done
fi

qmp destination drive migrate-incoming "{\"uri\": \"unix:$work/stream\"}" >/dev/null
# As fast as it goes unless told otherwise: the default of old QEMUs is 32 MiB/s.
((bandwidth)) || bandwidth=$((100 << 30))
qmp source drive migrate-set-parameters "{\"max-bandwidth\": $bandwidth}" >/dev/null
qmp source drive migrate "{\"uri\": \"unix:$work/stream\"}" >/dev/null
qmp source drive --wait-migration completed >/dev/null
qmp destination drive --wait-migration completed >/dev/null
qmp source drive query-migrate | jq . >"$out/migration.json"
for end in source destination; do
	after[$end]=$(rss "${pid[$end]}")
done
if ((trace)); then
	for end in "${ends[@]}"; do collect "$end"; done
fi
run "$done"
jq . >"$out/run.json" <<EOR
{
	"qemu": "$("$qemu" --version | head -n 1)", "kernel": "$(uname -r)",
	"memory_bytes": $size, "page_size": $(getconf PAGE_SIZE), "backing": "$backing", "traced": $trace,
	$(describe source),
	$(describe destination)
}
EOR
for end in source destination; do
	quit "$end"
done

jq -r --slurpfile migration "$out/migration.json" '
	def mb: . / 1024 | floor;
	"\(.qemu)", "\(.memory_bytes / 1048576) MiB \(.backing), migrated in \($migration[0]["total-time"]) ms",
	(("source", "destination") as $side | .[$side] |
		"\($side): RSS \(.before_kb.VmRSS | mb) → \(.after_kb.VmRSS | mb) MiB, huge pages " +
		"\(.before_kb.HugetlbPages | mb) → \(.after_kb.HugetlbPages | mb) MiB")
' "$out/run.json"
