#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What became of migrations, as QEMU says and as their records say, at both ends: by each way that a
# stream can take, ended in each manner, with and without events and return path. Of all the rows a
# seeded part is run; "all": every one. QEMU's own query-migrate decides, or how its process ended;
# "ended" is right where what is sent is encrypted and nobody hears QEMU's events.
# Arguments: MIGPOP QMP-CLI [all | N | ROW…]
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
shift 2
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

declare -A qemus=([7.2]=qemu-system-x86_64)
for version in 10 11; do
	path=$("$top/scripts/qemu$version.sh") || { echo "SKIP: of the QEMUs, $version: $path" && continue; }
	if ((version == 10)); then qemus[10.0]=$path; else qemus[11.1]=$path; fi
done
mkdir "$work/psk"
echo "migration:$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$work/psk/keys.psk"

# A row: VERSION EVENTS WAY WHAT RETURN-PATH. Ways through which nobody answers have no return path, and
# no destination to be killed or to refuse what it reads. Files by their name come with 8.2, mapped-ram
# with 9.0. A file takes all that it is given.
rows() {
	local version events way what back

	for version in "${!qemus[@]}"; do
		for events in events plain; do
			for way in unix tcp multifd postcopy tls exec file mapped-ram snapshot; do
				for what in completes cancel fails killed refused; do
					for back in return-path one-way; do
						[[ $version == 7.2 && $way =~ ^(file|mapped-ram)$ ]] && continue
						[[ $way =~ exec|file|mapped|snapshot && $back$what =~ return|refused ]] && continue
						[[ $way =~ file|mapped-ram && $what == fails ]] && continue
						[[ $way == postcopy && $back == one-way ]] && continue
						echo "$version $events $way $what $back"
					done
				done
			done
		done
	done
}

case ${1:-24} in
all) mapfile -t table < <(rows) ;;
[0-9]) ;&
[0-9][0-9])
	seed=${MIGPOP_SEED:-$RANDOM}
	echo "seed $seed"
	mapfile -t table < <(rows | sort | shuf --random-source=<(yes "$seed") -n "${1:-24}")
	;;
*) table=("$@") ;;
esac

# start NAME GUEST [OPTIONS…]: with a monitor for the test, and one that hears QEMU's events.
start() {
	local name=$1 guest=$2 port

	shift 2
	port=$(free_port)
	"$emulator" -S -display none -nodefaults -no-user-config -accel tcg \
		-object "memory-backend-memfd,id=ram0,share=on,size=$guest_memory" \
		-machine pc,memory-backend=ram0 -m $((guest_memory >> 20))M -name "guest=$guest" \
		-qmp "unix:$work/$name.qmp,server=on,wait=off" \
		-qmp "tcp:127.0.0.1:$port,server=on,wait=off" "$@" >"$work/$name.log" 2>&1 &
	echo $! >"$work/$name.pid"
	echo "pid $!: watched" >>"$work/started"
	wait_known "$name"
	if [[ $events == events ]]; then
		exec {listener}<>"/dev/tcp/127.0.0.1/$port"
		echo '{"execute": "qmp_capabilities"}' >&"$listener"
		cat <&"$listener" >"$work/$name.events" &
		listeners+=("$!")
		exec {listener}>&-
	fi
}

capabilities() {
	local name=$1 words=''

	shift
	for word; do words+="${words:+, }{\"capability\": \"$word\", \"state\": true}"; done
	[[ ! $words ]] || qmp "$name" migrate-set-capabilities "{\"capabilities\": [$words]}"
}

status() {
	"$cli" -t 60000 -p "$(<"$work/$1.pid")" "$work/$1.qmp" query-migrate 2>/dev/null | jq -r '.status // "none"'
}
# oracle NAME: QEMU's word for how it ended, or what its process ended by. Status 1: not over.
oracle() {
	local code=0 word

	if ! alive "$(<"$work/$1.pid")"; then
		wait "$(<"$work/$1.pid")" 2>/dev/null || code=$?
		if ((code > 128)); then echo killed; else echo failed; fi
		return
	fi
	word=$(status "$1") || true
	[[ $word =~ ^(completed|failed|cancelled)$ ]] && echo "$word"
}
over() { oracle "$1" >/dev/null; }
# It may have ended by itself by then.
kill_end() { kill -KILL "$(<"$work/$1.pid")" 2>/dev/null || true; }
under_way() { [[ ! $(status "$1") =~ ^(none|setup)$ ]]; }
recorded() { compgen -G "$records/*-$1.json" >/dev/null; }

# judge GUEST ROLE SAID: the record against QEMU's word; what it went through, and what for.
judge() {
	local guest=$1 role=$2 said=$3 transport=socket purpose=live got right

	wait_until 30 recorded "$guest-$role" || { echo "WRONG no record of the $role" && return; }
	case $way in
	exec) transport=pipe ;;
	file | mapped-ram) transport="file" ;;
	snapshot) transport=pipe purpose=snapshot ;;
	esac
	[[ $transport == socket || $purpose == snapshot ]] || purpose=$([[ $role == source ]] && echo save || echo restore)
	got=$(jq -r '.migration | "\(.outcome) \(.transport) \(.purpose) \(.role)"' "$records"/*-"$guest-$role.json")
	right="$said $transport $purpose $role"
	[[ $got == "$right" || $way$events == tlsplain && $got == "ended ${right#* }" ]] || right="WRONG, QEMU: $right, record:"
	[[ $right == WRONG* ]] || right="ok"
	echo "$right $got"
}

run() {
	local n=$1 guest=$vm$1 uri listeners=() s=$1.s d='' words=() other=() tls=() role end

	read -r version events way what back <<<"$2"
	emulator=${qemus[$version]}
	case $way in
	tls) tls=(-object "tls-creds-psk,id=tls0,dir=$work/psk,endpoint=") ;;
	multifd) words+=(multifd) ;;
	postcopy) words+=(postcopy-ram) ;;
	mapped-ram) words+=(mapped-ram) ;;
	snapshot) words+=(background-snapshot) ;;
	esac
	[[ $events == plain ]] || words+=(events)
	[[ $back == one-way ]] || words+=(return-path)
	uri=unix:$work/$n.stream
	case $way in
	tcp | tls) uri=tcp:127.0.0.1:$(free_port) ;;
	exec | snapshot) uri="exec:cat >/dev/null" && [[ $what != fails ]] || uri="exec:head -c 9000 >/dev/null" ;;
	file | mapped-ram) uri=file:$work/$n.saved ;;
	esac
	# The destination knows no such device.
	[[ $what != refused ]] || other=(-device virtio-rng-pci)
	start "$s" "$guest" ${tls[@]+-object "${tls[1]}client,username=migration"} "${other[@]}"
	capabilities "$s" "${words[@]}"
	if [[ $uri == unix:* || $uri == tcp:* ]]; then
		d=$n.d
		start "$d" "$guest" -incoming defer ${tls[@]+-object "${tls[1]}server"}
		capabilities "$d" "${words[@]}"
		for end in "$s" "$d"; do
			[[ $way != tls ]] || qmp "$end" migrate-set-parameters '{"tls-creds": "tls0", "tls-hostname": "localhost"}'
		done
		qmp "$d" migrate-incoming "{\"uri\": \"$uri\"}"
	fi
	# 32 MiB of zero pages are 74 kB of stream.
	[[ $what =~ completes|refused ]] || qmp "$s" migrate-set-parameters '{"max-bandwidth": 6000}'
	qmp "$s" migrate "{\"uri\": \"$uri\"}"
	case $what in
	cancel) wait_until 60 under_way "$s" && { qmp "$s" migrate_cancel || true; } ;;
	killed) wait_until 60 under_way "$s" && kill_end "$s" ;;
	fails) [[ ! $d ]] || { wait_until 60 under_way "$d" && kill_end "$d"; } ;;
	completes) [[ $way != postcopy ]] || qmp "$s" migrate-start-postcopy 2>/dev/null || true ;;
	esac
	for end in "$s" ${d:+"$d"}; do
		wait_until 60 over "$end" || { echo "WRONG $2: $end is not over: $(status "$end")" && continue; }
		role=source
		[[ $end == "$s" ]] || role=destination
		echo "$(judge "$guest" "$role" "$(oracle "$end")") | $2"
	done
	end_guest "$s" ${d:+"$d"}
	((!${#listeners[@]})) || kill "${listeners[@]}" 2>/dev/null || true
	rm -f "$work/$n".*
}

start_service --max-size 256M
for n in "${!table[@]}"; do
	run "$n" "${table[n]}"
done 2>&1 | tee "$work/judged"
right=$(grep -c '^ok ' "$work/judged") || true
wrong=$(grep -cE '^(WRONG|FAIL)' "$work/judged") || true
echo "${#table[@]} migrations: $right ends are recorded as QEMU says, $wrong are not"
((right >= ${#table[@]} && !wrong)) || failed "see the lines above"
stop_service
