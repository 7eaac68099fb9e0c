#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A soak of real migrations under migpop serve, a mixture drawn by a seed: QEMU versions, ways to move
# the stream, kinds of guest memory, ends of every sort, some at once, beside a load on the processors.
# Each end's record must balance within the uncertainty that it states, and its outcome must be the one
# that QEMU itself tells, or "ended" where nothing told: that is not known. By TLS it never is (what is
# sent at the end is encrypted, and nobody hears QEMU's events), else of one end in twenty at most.
# Arguments: MIGPOP QMP-CLI CHURN-SECTOR MIGRATIONS AT-ONCE
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
way='' how='' version='' events='' backing='' guest=''
sector=$(realpath "$3") migrations=$4 at_once=$5
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seed=${MIGPOP_SEED:-$RANDOM}
echo "seed $seed"

# The QEMUs that are there, by their major version.
declare -A qemus=([7]=qemu-system-x86_64)
for version in 10 11; do
	path=$("$top/scripts/qemu$version.sh") && qemus[$version]=$path || echo "SKIP: of the QEMUs, $version: $path"
done

"$sector" >"$work/churn.disk"
disk=$(mktemp -d "$top/build/soak.XXXXXX")
at_end=(rm -rf "$disk")
mkdir "$work/psk"
echo "migration:$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$work/psk/keys.psk"

# pick NAME WORD…: the variable of that name is one of the words.
pick() {
	printf -v "$1" %s "${*:2+RANDOM%($#-1):1}"
}

# draw N: what migration N is: $version, $way, $how, $events, $backing and $guest. The ways and ends take
# turns, so that each occurs in the shortest run; the rest is drawn.
ways=(precopy multifd postcopy tls pipe file mapped-ram precopy)
hows=(completed completed cancelled failed killed completed)
draw() {
	local -a versions=("${!qemus[@]}")

	RANDOM=$((seed + $1))
	way=${ways[$1 % ${#ways[@]}]}
	how=${hows[($1 + $1 / ${#ways[@]}) % ${#hows[@]}]}
	pick version "${versions[@]}"
	pick events on off
	pick backing memfd memfd memfd-private tmpfs ext4 anonymous
	pick guest idle churn
	# What there is not: files by URI before 8.2, mapped-ram before 9.0; userfaultfd on ext4.
	[[ $way == postcopy && $backing =~ ext4|private ]] && backing=memfd
	[[ $way =~ file|mapped-ram && $version == 7 ]] && version=${versions[-1]}
	[[ $way =~ file|mapped-ram && $version == 7 ]] && way=pipe
	# A file takes what it is given, and whoever is killed with it was no destination.
	[[ $way =~ file|mapped-ram && $how == failed ]] && how=cancelled
	[[ $way/$how == pipe/failed || $how == completed || $guest == churn ]] || guest=churn
}

memory_options() {
	local size=256M

	case $2 in
	memfd) echo "memory-backend-memfd,id=ram0,size=$size,share=on" ;;
	memfd-private) echo "memory-backend-memfd,id=ram0,size=$size,share=off" ;;
	tmpfs) echo "memory-backend-file,id=ram0,size=$size,share=on,mem-path=$work/$1.ram" ;;
	ext4) echo "memory-backend-file,id=ram0,size=$size,share=on,mem-path=$disk/$1.ram" ;;
	anonymous) echo "memory-backend-ram,id=ram0,size=$size" ;;
	esac
}

# start NAME GUEST ROLE [OPTIONS…]
start() {
	local name=$1 vm=$2 role=$3 tls=()

	shift 3
	[[ $way != tls ]] || tls=(-object "tls-creds-psk,id=tls0,dir=$work/psk,endpoint=$(
		[[ $role == source ]] && echo client,username=migration || echo server)")
	"${qemus[$version]}" -S -display none -nodefaults -no-user-config -accel tcg,thread=single \
		-object "$(memory_options "$name" "$backing")" "${tls[@]}" \
		-machine pc,memory-backend=ram0 -m 256M -name "guest=$vm" \
		-drive "if=ide,format=raw,file=$work/churn.disk,snapshot=on" \
		-qmp "unix:$work/$name.qmp,server=on,wait=off" "$@" >"$work/$name.log" 2>&1 &
	echo $! >"$work/$name.pid"
	echo "pid $!: watched" >>"$work/started"
}

capability() {
	local name=$1 words=''

	shift
	for word; do words+="${words:+, }{\"capability\": \"$word\", \"state\": true}"; done
	qmp "$name" migrate-set-capabilities "{\"capabilities\": [$words]}"
}

status() {
	"$cli" -t 60000 -p "$(<"$work/$1.pid")" "$work/$1.qmp" query-migrate 2>/dev/null | jq -r '.status // "none"'
}
# What QEMU says became of it, for good; of a process that is gone what we did to it. Status 1: it is not
# over, or did not answer.
said() {
	local status

	status=$(status "$1") || true
	if [[ $status =~ ^(completed|failed|cancelled)$ ]]; then
		echo "$status"
	elif ! alive "$(<"$work/$1.pid")"; then
		[[ -e $work/$1.killed ]] && echo killed || echo failed
	else
		return 1
	fi
}
# tell NAME GUEST END: once it is over.
tell() {
	local word

	until word=$(said "$1"); do sleep 0.1; done
	echo "$2 $3 $word" >>"$work/told"
}
migration_is_over() { alive "$(<"$work/$1.pid")" || return 0; said "$1" >/dev/null; }
is_moving() { [[ $(status "$1") =~ active|device|completed|failed|cancelled|postcopy ]]; }
# Has the source sent of its memory, or is it over? A destination that got nothing has no migration to record.
has_sent() {
	migration_is_over "$1" || "$cli" -t 60000 -p "$(<"$work/$1.pid")" "$work/$1.qmp" query-migrate 2>/dev/null |
		jq -e '.ram.transferred > 0' >/dev/null
}

kill_end() {
	touch "$work/$1.killed"
	kill -KILL "$(<"$work/$1.pid")"
}

# one N: migration N, and the records of its ends. Leaves lines in $work/told: NAME END WHAT-QEMU-SAID.
one() {
	local name=$vm$1 s=$1.s d=$1.d uri="unix:$work/$1.stream" capabilities=() saved=$work/$1.saved

	draw "$1"
	start "$s" "$name" source
	[[ $events == off ]] || capabilities+=(events)
	case $way in
	multifd) capabilities+=(multifd) ;;
	postcopy) capabilities+=(postcopy-ram) ;;
	mapped-ram) capabilities+=(mapped-ram multifd) ;;
	esac
	case $way in
	pipe) uri="exec:cat >$saved" && [[ $how != failed ]] || uri="exec:head -c 100000 >$saved" ;;
	file | mapped-ram) uri="file:$saved" ;;
	*)
		start "$d" "$name" destination -incoming defer
		wait_known "$d"
		((!${#capabilities[@]})) || capability "$d" "${capabilities[@]}"
		[[ $way != tls ]] || qmp "$d" migrate-set-parameters '{"tls-creds": "tls0"}'
		qmp "$d" migrate-incoming "{\"uri\": \"$uri\"}"
		;;
	esac
	wait_known "$s"
	((!${#capabilities[@]})) || capability "$s" "${capabilities[@]}"
	[[ $way != tls ]] || qmp "$s" migrate-set-parameters '{"tls-creds": "tls0", "tls-hostname": "localhost"}'
	# One that is to be met under way must not be over by then.
	[[ $how == completed ]] || qmp "$s" migrate-set-parameters '{"max-bandwidth": 2000000}'
	[[ $guest == idle ]] || qmp "$s" cont
	[[ $guest == idle ]] || sleep 0.5
	qmp "$s" migrate "{\"uri\": \"$uri\"}"
	wait_until 60 is_moving "$s" || failed "$name: does not begin: $(status "$s")"
	[[ ! $how =~ failed|killed ]] || wait_until 60 has_sent "$s" || failed "$name: sends nothing"
	case $how in
	cancelled) qmp "$s" migrate_cancel || true ;;
	failed) [[ $way == pipe ]] || kill_end "$d" ;;
	killed) kill_end "$s" ;;
	completed)
		[[ $way != postcopy ]] || qmp "$s" migrate-start-postcopy || true
		[[ $guest == idle ]] || qmp "$s" migrate-set-parameters '{"max-bandwidth": 107374182400, "downtime-limit": 60000}' || true
		;;
	esac
	wait_until 120 migration_is_over "$s" || failed "$name ($way, $how, QEMU $version): source still $(status "$s")"
	tell "$s" "$name" source
	if [[ $way =~ pipe|file|mapped-ram ]]; then
		[[ $(grep "^$name source " "$work/told") == *completed ]] || return 0
		# The other end reads what was saved.
		[[ $way != pipe ]] || uri="exec:cat $saved"
		start "$d" "$name" destination -incoming defer
		wait_known "$d"
		((!${#capabilities[@]})) || capability "$d" "${capabilities[@]}"
		qmp "$d" migrate-incoming "{\"uri\": \"$uri\"}"
	fi
	wait_until 120 migration_is_over "$d" || failed "$name ($way, $how, QEMU $version): destination still $(status "$d")"
	tell "$d" "$name" destination
}

# one_after_another FIRST: every at_once'th from there on.
one_after_another() {
	local i

	trap - EXIT
	for ((i = $1; i < migrations; i += at_once)); do
		one "$i" || failed "migration $i"
		echo "$i $way $how $version $events $backing $guest" >>"$work/migrated"
		# What is not there by then is judged missing below.
		wait_until 20 recorded "$i" || true
		for end in s d; do [[ ! -e $work/$i.$end.pid ]] || end_guest "$i.$end"; done
		rm -f "$work/$i."*saved "$work/$i."*.ram "$disk/$i."*
	done
}
recorded() {
	local guest end said

	while read -r guest end said; do
		[[ $guest != "$vm$1" ]] || [[ -n $(find "$records" -name "*-$guest-$end.json") ]] || return 1
	done <"$work/told"
}

start_service --max-size 1G
touch "$work/told" "$work/migrated"
# By these files they are ended with all else, however the test ends.
for n in 1 2; do
	(trap - EXIT && while :; do :; done) &
	echo $! >"$work/load.$n.pid"
done
jobs=()
for ((n = 0; n < at_once; n++)); do
	one_after_another $n &
	jobs+=($!)
done
bad=0
for job in "${jobs[@]}"; do
	wait "$job" || bad=1
done
end_guest load.1 load.2
((!bad)) || failed "a migration: see above"

# Each line of "told" against its record.
while read -r guest end said; do
	record=$(find "$records" -name "*-$guest-$end.json" | head -n 1)
	what=$(grep "^${guest#"$vm"} " "$work/migrated")
	[[ $record ]] || { echo "MISSING 0 0 - | $what $end | QEMU $said" && continue; }
	jq -r --arg said "$said" --arg what "$what $end" '
		(.migration.outcome // (.window.closed_by_text | sub(".*, migration "; ""))) as $outcome
		| [.accounting[] | select(.residual_pages != null and .kind != "rss")] as $books
		| ([$books[] | select((.residual_pages | fabs) > .uncertainty_pages)]) as $wrong
		| ([$books[].uncertainty_pages] | add // 0) as $unsure
		| (if $outcome == $said then "right" elif $outcome != "ended" then "WRONG outcome" elif ($what | test(" tls ")) then "ended" else "untold" end) as $word
		| "\(if $wrong == [] then "balanced" else "UNBALANCED" end) \($unsure) \(.totals.populated_pages) \($word) | \($what) | QEMU \($said), record \($outcome) | lost \(.lost.events) \(.lost.stacks) late \(.window.late_pages) | \($wrong)"' "$record"
done <"$work/told" >"$work/judged"
cat "$work/judged"
awk -v migrations="$migrations" '
	$1 == "MISSING" { missing++; next }
	$1 == "UNBALANCED" { unbalanced++ }
	/WRONG outcome/ { wrong++ }
	$4 == "ended" { ended++ }
	$4 == "untold" { untold++ }
	$2 > 0 { unsure++ }
	$2 > 0.01 * $3 && $2 > 0 { very++ }
	END {
		printf "%d migrations, %d ends: %d records missing, %d unbalanced, %d outcomes wrong, %d not known by TLS and %d else; uncertainty above 0 in %d, above 1 %% of what was populated in %d\n",
			migrations, NR, missing, unbalanced, wrong, ended, untold, unsure, very
		exit missing + unbalanced + wrong > 0 || untold > NR / 20
	}' "$work/judged" || failed "see the lines above"
stop_service
