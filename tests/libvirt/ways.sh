#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each way in which libvirt moves or saves a guest, without and with the preload, on each kind of memory: the
# record of each end is right, and guest memory is equal byte for byte, and as sparse as it was with the
# preload. A table says what was seen.
# Arguments: MIGPOP QMP-CLI PRELOAD GUEST-MEMORY [WAY:MEMORY:FIX…]
# MIGPOP_HOST: set on a booted host, where AppArmor confines QEMU (tests/host/ways.sh).
# shellcheck disable=SC2317 # called by its name
# shellcheck source=tests/libvirt/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
shift 4

migrate=(timeout 600 virsh -q -c "$(uri a)" migrate --migrateuri tcp://localhost)
of_a=(timeout 600 virsh -q -c "$(uri a)")

# --- the ways: each leaves the guest in $pid, or nowhere, and what its ends' records must say in $ends:
# ROLE OUTCOME TRANSPORT PURPOSE ---

completed="socket live"
go() {
	say "${migrate[@]}" "$@"
	ends=("source completed $completed" "destination completed $completed")
	pid=$(pid_of "$guest" b)
}
native() { go "$guest" "$(uri b)"; }
p2p() { go --p2p "$guest" "$(peer b)"; }
# libvirt refuses it of a guest that is paused.
postcopy() {
	run_guest
	go --live --postcopy --postcopy-after-precopy "$guest" "$(uri b)"
}
parallel() { go --parallel --parallel-connections 2 "$guest" "$(uri b)"; }
tls() { go --tls "$guest" "$(uri b)"; }
tls-parallel() { go --tls --parallel --parallel-connections 2 "$guest" "$(uri b)"; }
# Through libvirt's own connection: QEMU has a pipe at either end, and a guest that does not run looks like one
# that is saved.
tunnelled() {
	say "${of_a[@]}" migrate --p2p --tunnelled "$guest" "$(peer b)"
	ends=("source completed pipe save" "destination completed pipe null")
	pid=$(pid_of "$guest" b)
}

# begin_slowly: a migration at 1 MiB/s, under way.
begin_slowly() {
	"${migrate[@]}" --bandwidth 1 "$guest" "$(uri b)" >"$lv/slow" 2>&1 &
	slow=$!
	moves() { "${of_a[@]}" domjobinfo "$guest" 2>/dev/null | grep -q '^Data processed: *[^0 ]'; }
	wait_until 300 moves || failed "$guest does not migrate: $(cat "$lv/slow")"
}
abort() {
	begin_slowly
	say "${of_a[@]}" domjobabort "$guest"
	! wait "$slow" || failed "$guest was not aborted"
	ends=("source cancelled $completed" "destination failed $completed")
}
killed() {
	begin_slowly
	kill -KILL "$(pid_of "$guest" b)"
	! wait "$slow" || failed "$guest was not killed"
	ends=("source failed $completed" "destination killed $completed")
}

save() {
	say "${of_a[@]}" save "$guest" "$lv/$guest.save"
	say "${of_a[@]}" restore --paused "$lv/$guest.save"
	ends=("source completed pipe save" "destination completed file restore")
	pid=$(pid_of "$guest" a)
}
managedsave() {
	say "${of_a[@]}" managedsave "$guest"
	say "${of_a[@]}" start --paused "$guest"
	ends=("source completed pipe save" "destination completed file restore")
	pid=$(pid_of "$guest" a)
}
snapshot() {
	say "${of_a[@]}" snapshot-create-as "$guest" one --memspec "file=$lv/$guest.memory,snapshot=external"
	say "${of_a[@]}" destroy "$guest"
	say "${of_a[@]}" restore --paused "$lv/$guest.memory"
	ends=("source completed pipe save" "destination completed file restore")
	pid=$(pid_of "$guest" a)
}
dump() {
	say "${of_a[@]}" dump "$guest" "$lv/$guest.dump"
	ends=("source completed pipe save")
}
dump-memory() {
	say "${of_a[@]}" dump --memory-only "$guest" "$lv/$guest.dump"
	ends=("source ended pipe dump")
}

watched() { grep -q "^pid $1: watched" "$work/service.log"; }

# run_guest: it goes on, in its firmware, which writes to the first megabyte and the last ones.
run_guest() {
	from_mib=2 to_mib=$((mib - 8))
	before=$(content "$pid")
	say "${of_a[@]}" resume "$guest"
}

# --- what was seen ---

row() { printf '%-12s %-13s %-5s %-11s %-9s %-7s %-4s %-5s %-4s %-6s %-6s %-5s %9s %6s  %s\n' "$@"; }

# Equal to what was there before? The guest is in $pid, or in the file that a dump has made.
compare() {
	local now

	case $way in
	dump) now=$("$migpop" replay --digest --json "$lv/$guest.dump" | jq -r '.blocks[] | select(.name == "pc.ram") | "\(.digest)  -"') ;;
	dump-memory) now=$(dumped_memory "$lv/$guest.dump") ;;
	*) now=$(content "$pid") ;;
	esac
	if [[ $now == "$before" ]]; then echo equal; else echo DIFFERENT; fi
}
# The guest's first megabyte is in several segments: it is taken from where it was.
dumped_memory() {
	local offset size

	read -r offset size < <(readelf -lW "$1" | awk '$1 == "LOAD" && $4 ~ /^0x0*100000$/ { print $2, $5 }')
	((size == (mib - 1) << 20)) || { echo "segment of $size" && return; }
	{
		head -c 1M "$lv/memory.$pid"
		dd if="$1" bs=1M iflag=skip_bytes,count_bytes skip=$((offset)) count=$((size)) status=none
	} | sha256sum
}

run() {
	local way=$1 memory=$2 fix=$3 guest=$vm$4 from_mib=0 to_mib=$mib ends=() pid before same rss end role outcome transport purpose blocks cells

	define "$guest" "$memory" "$([[ $fix != fixed ]] || echo "$with_preload")"
	say "${of_a[@]}" start --paused "$guest"
	pid=$(pid_of "$guest" a)
	wait_until 300 watched "$pid" || failed "$guest is not watched"
	[[ ! ${MIGPOP_HOST:-} ]] || grep -q '^libvirt-.*(enforce)' "/proc/$pid/attr/current" || failed "AppArmor does not confine $guest"
	if [[ $way =~ abort|killed ]]; then fill "$pid" 5; else fill "$pid"; fi
	before=$(content "$pid")
	"$way"
	same=$(compare)
	rss=$(awk '/^RssShmem:/ { print $2 }' "/proc/$pid/status")
	# In postcopy each page must be there, or whoever waits for it waits for ever; a dump writes each page.
	[[ $fix$memory != fixedmemfd || $way =~ postcopy|dump-memory ]] || ((rss <= 2048 + written_kib)) || same+=,TOO-MUCH
	# Of anonymous memory, of huge pages that were there before, and of what ends early not all is populated.
	blocks=some
	[[ $fix$memory =~ fixed|anonymous|huge || $way =~ abort|killed ]] || blocks=all
	for end in "${ends[@]}"; do
		read -r role outcome transport purpose <<<"$end"
		read -ra cells < <(judge "$guest" "$memory" 1 "$role" "$outcome" "$transport" "$purpose" "$blocks")
		row "$way" "$memory" "$fix" "$role" "$outcome" "${cells[@]}" "$same,${rss}kB"
	done
	virsh -q -c "$(uri a)" destroy "$guest" >/dev/null 2>&1 || true
	virsh -q -c "$(uri b)" destroy "$guest" >/dev/null 2>&1 || true
}

ways=(native p2p tunnelled postcopy parallel tls tls-parallel abort killed save managedsave snapshot dump dump-memory)
memories=(memfd-private file huge anonymous numa memfd)
table=("$@")
if ((!$#)); then
	for n in "${!ways[@]}"; do
		# A dump of two nodes has their memory in pieces.
		[[ ${ways[n]} != dump* ]] || memories=("${memories[@]/numa/huge}")
		table+=("${ways[n]}:memfd:fixed" "${ways[n]}:${memories[n % 6]}:stock" "${ways[n]}:${memories[(n + 3) % 6]}:fixed")
	done
fi
reserve_huge_pages $((4 * mib << 20)) || echo "SKIP: huge memory: $huge_missing"
start_libvirts
start_service --max-size 1G
# On an emulated host a save may be over before the hooks that count are attached: as long as one waits for a
# stream they stay so.
[[ ! ${MIGPOP_HOST:-} ]] || start_guest waits "${vm}waits" -incoming "unix:$work/waits.stream"
row way memory fix end "QEMU's" outcome kind guest uuid blocks chains books populated zero content
for n in "${!table[@]}"; do
	IFS=: read -r way memory fix <<<"${table[n]}"
	run "$way" "$memory" "$fix" "$n"
done 2>&1 | tee "$work/table"
! grep -qE 'WRONG|DIFFERENT|TOO-MUCH|RECORD|FAIL' "$work/table" || failed "see the table"
stop_service
