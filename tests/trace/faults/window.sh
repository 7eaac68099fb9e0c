#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What opens, shows and closes a window: live lines, a duration, a cgroup with the children that its
# processes have later.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

# Live lines, on stdout where the record is a file, on stderr where the record is on stdout.
has_lines() { (($(grep -cE '^ +[0-9]+\.[0-9] ' "$1" || true) >= $2)); }
trace live -i 0.1 -- "$target" say ready wait memfd 100 say "done" wait
await live ready
until_true "three live lines" has_lines live.out 3
go "$said"
await live "done"
lines=$(grep -cE '^ +[0-9]+\.[0-9] ' live.out)
until_true "two more" has_lines live.out $((lines + 2))
grep -E '^ +[0-9]+\.[0-9] ' live.out | awk '{ if ($6 + 0 >= 100) found = 1 } END { exit !found }' ||
	failed "no live line has the 100 pages: $(tail -n 2 live.out)"
go "$said"
finish "$tracer"
record_is_sound live 100
start piped "$migpop" trace --mode "$mode" -i 0.1 --format json -- "$target" say ready wait exit
until_true "live lines on stderr" has_lines piped.err 2
kill -INT "$pid"
finish "$pid"
equal "piped: exit status" "$status" 0

# A duration ends the window, and not before.
start held "$target" say ready hold
await held ready
held=$said
trace lasts -d 0.5 -p "$held"
finish "$tracer"
equal "lasts: exit status" "$status" 0
equal "lasts: closed by" "$(ask lasts .window.closed_by_text)" duration
equal "lasts: half a second or more" "$(ask lasts '.window.end_ns - .window.start_ns >= 5e8')" true
kill -0 "$held" || failed "the target ended with the window"
kill -KILL "$held"

# A cgroup: those in it, and children that they have later.
parent=
for parent in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd ""; do
	[[ -z $parent || -w $parent/cgroup.procs ]] && break
done
group=$parent/migpop-faults.$$
if [[ -z $parent ]] || ! mkdir "$group" 2>/dev/null; then
	echo "SKIP: the cgroup: none can be made"
	passed "live lines, a duration"
	exit
fi
remove_group() { wait_until 5 rmdir "$group" 2>/dev/null || true; }
trap 'cleanup' EXIT
start outside "$target" say ready wait memfd 5000 say "done"
outside=$pid
start inside "$target" say ready wait memfd 100 children 3 memfd 200 children 2 memfd 10 say "done"
inside=$pid
await outside ready
await inside ready
echo "$inside" >"$group/cgroup.procs"
trace group -c "$group"
go "$outside"
await outside "done"
go "$inside"
finish "$inside"
finish "$tracer"
remove_group
equal "group: exit status of the parent" "$status" 0
equal "group: lost" "$(ask group .lost.events)" 0
equal "group: pages" "$(populated_of_memfds group)" $((100 + 3 * 200 + 6 * 10))
equal "group: processes that populated memfds" "$(ask group '[.callsites[] |
	select(.backing[]?.kind == "shmem" and .populated_pages > 0) | .pid] | unique | length')" 10

# One without processes is no target.
mkdir "$group"
status=0
"$migpop" trace --mode "$mode" -c "$group" 2>empty.err || status=$?
remove_group
equal "empty cgroup: exit status" "$status" 2
grep -q '^migpop: no process in cgroup' empty.err || failed "empty cgroup: $(<empty.err)"

passed "live lines, a duration, a cgroup's 760 pages in 10 processes and none of another's 5,000"
