#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Follows the recipes of README.md and docs/ that a QEMU is enough for: each command of a block, taken out of
# the text, with what it leaves open filled in, and made to end. A command that nothing here knows fails, as
# one does that is not in the text any more. Those that take a host of their own: tests/host/recipes.sh.
# Usage: recipes.sh MIGPOP QMP-CLI
# shellcheck disable=SC2016 # the documents have backticks and dollars
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../serve/lib.sh"
# shellcheck source=tests/manual/blocks.sh
. "$(dirname "${BASH_SOURCE[0]}")/blocks.sh"
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(dirname "$migpop") started=$SECONDS
[[ -f $build/fix/libmigfix-preload.so ]] || skip "no libmigfix-preload.so here"
mkdir "$work/bin" "$work/debug"
PATH=$work/bin:$build:$PATH
flamegraph=$(command -v flamegraph.pl || true)
# Debian has it in libdevel-nytprof-perl.
[[ $flamegraph ]] || ln -s /usr/share/perl5/Devel/NYTProf/flamegraph.pl "$work/bin/flamegraph.pl"
cd "$work"
declare -A followed=()

# commands FILE WORDS: of the block below these words, without their comments and the prompt.
commands() {
	block "$top/$1" "$2" | sed -e 's/  *# .*//' -e 's/^\$ //'
}

# each FILE WORDS FUNCTION: is given each command of that block.
each() {
	local text line lines

	text=$(commands "$1" "$2") || failed "no recipe"
	mapfile -t lines <<<"$text"
	for line in "${lines[@]}"; do "$3" "$line"; done
}
unknown() { failed "no test follows: $1"; }

# Those that take systemd, or a host with no other QEMU: they are followed there.
on_a_host() {
	local begin

	while read -r begin; do
		[[ $1 != "$begin"* ]] || return 0
	done < <(grep -oP "own '\K[^']+" "$top/tests/host/recipes.sh")
	unknown "$1"
}

# said COMMAND REGEX: what it has said has such a line.
said() {
	grep -qE -- "$2" said || failed "$1 says no '$2': $(<said)"
	printf '%-78s %s\n' "$1" "$(grep -E -m 1 -- "$2" said)"
}

# run COMMAND REGEX [FILLED]: COMMAND, or what it becomes when it is filled, ends well and says so. Once.
run() {
	local filled=${3:-$1}

	[[ ! ${followed["$filled"]:-} ]] || return 0
	bash -o pipefail -c "$filled" >said 2>&1 || failed "$1: status $?: $(tail -n 5 said)"
	said "$1" "$2"
	followed["$filled"]=1
}

# start COMMAND WORD: in the background, until it says so.
start() {
	: >said # what the command before has said is no sign of this one
	bash -c "exec $1" >said 2>&1 &
	echo $! >tracer.pid
	wait_line said "^$2 " "$(<tracer.pid)" 60 || failed "$1: $(tail -n 3 said)"
}
end() {
	wait "$(<tracer.pid)" || failed "$1: status $?: $(tail -n 5 said)"
	rm tracer.pid
}

# traced COMMAND FILLED REGEX ACTION…: COMMAND, filled, traces while the action is done, and ends then.
traced() {
	start "$2" tracing
	"${@:4}"
	end "$1"
	said "$1" "$3"
}

# --- two QEMUs, and a migration between them ---

pair() {
	start_guest s recipe -qmp "unix:$work/watch,server=on,wait=off"
	start_guest d recipe -incoming "unix:$work/stream"
	qmp s --wait-ready
	qmp d --wait-ready
	pid=$(<s.pid)
}
migrate_pair() {
	qmp s migrate "{\"uri\": \"unix:$work/stream\"}"
	qmp s --wait-migration completed
}
migrate_and_end() {
	migrate_pair
	kill -INT "$(<tracer.pid)"
}
# migrated COMMAND FILLED: the source is traced, and the window is the migration's.
migrated() {
	pair
	filled=${2//PID/$pid}
	traced "$1" "${filled//\/run\/qmp.sock/$work/watch}" "^window .*creation of QEMU's migration thread → end of QEMU's" migrate_pair
	grep -q 'books balance' said || failed "$1: $(<said)"
	end_guest s d
}

# --- README.md, docs/manual.md: tracing ---

tracing() {
	case $1 in
	'migpop doctor') run "$1" '^auto takes ' ;;
	'migpop trace -p $('* | 'migpop trace --incoming' | 'migpop trace -c '*) on_a_host "$1" ;;
	'migpop trace -p PID --qmp /run/qmp.sock'* | 'migpop trace -p PID --phase auto') migrated "$1" "$1" ;;
	'migpop trace -p PID -d 30 --save rec.json')
		pair
		traced "$1" "${1/PID/$pid}" '^populated [1-9]' migrate_and_end
		end_guest s d
		;;
	'migpop trace -p PID --debug-dir DIR') alone "$1" "${1/DIR/$work/debug} -d 0.1" ;;
	'migpop trace -- qemu-system-x86_64 …') run "$1" '^populated ' "${1/…/-version}" ;;
	'migpop serve') serves "$1" ;;
	'migpop report rec.json --format '*' | flamegraph.pl '*)
		[[ -r $(realpath "$(command -v flamegraph.pl)") ]] || { echo "SKIP: no flamegraph.pl: $1" && return; }
		run "$1" . "$1 && tail -n 1 rec.svg"
		;;
	'migpop report rec.json') run "$1" '^populated ' ;;
	'migpop report rec.json --format '*' -o rec.'*) run "$1" "${1##*-o }" "$1 && ls -s rec.*" ;;
	'migpop diff base.json fixed.json') run "$1" '^ .*call site' "cp rec.json base.json; cp rec.json fixed.json; $1" ;;
	*) unknown "$1" ;;
	esac
}

# alone COMMAND FILLED: of one QEMU, for a while.
alone() {
	start_guest s alone
	qmp s --wait-ready
	run "$1" '^populated ' "${2//PID/$(<s.pid)}"
	end_guest s
}

serves() {
	start "$1 --listen 127.0.0.1:0 --records $work/served" serving
	kill -TERM "$(<tracer.pid)"
	end "$1"
	said "$1" '^serving at '
}

# --- README.md, docs/verify.md: the verdict ---

verdicts() {
	local small="$1 --memory 64M"

	case $1 in
	'migpop verify' | 'migpop verify --routine populate') run "$1" '^verdict: fixed$' "$small" ;;
	'migpop verify --guest churn'*) run "$1" '^verdict: fixed$' "$1 --memory 128M" ;;
	'migpop verify '*'-o v.json --junit v.xml --markdown v.md')
		run "$1" '^verdict: fixed$' "$small && ls v.json v.xml v.md"
		;;
	'migpop verify --qemu PATH --fixed-qemu PATH')
		# As a distribution would wrap it.
		printf '#!/bin/sh\nLD_PRELOAD=%s exec qemu-system-x86_64 "$@"\n' "$build/fix/libmigfix-preload.so" >bin/fixed-qemu
		chmod +x bin/fixed-qemu
		small=${small/--qemu PATH/--qemu qemu-system-x86_64}
		run "$1" '^verdict: fixed$' "${small/PATH/fixed-qemu}"
		;;
	'migpop verify base.json fixed.json')
		# The records of the verdict, as docs/verify.md says.
		local save='jq .stock.destination.record v.json >base.json' fixed
		fixed=${save/stock/fixed} fixed=${fixed/base/fixed}
		grep -qF "\`$save\`" "$top/docs/verify.md" || failed "docs/verify.md does not say how to save a record of v.json"
		run "$1" '^verdict: fixed$' "$save && $fixed && $1"
		;;
	'migpop replay '*) replays "$1" ;;
	*) unknown "$1" ;;
	esac
}

# The routine's own options, which stand in brackets.
routine() {
	[[ $1 == 'migpop verify --routine populate [--memory SIZE] [--backing memfd|ram|memfd-private|hugetlb] [--discarded A/B]' ]] ||
		unknown "$1"
	local filled=${1//[][]/}
	filled=${filled/SIZE/64M} filled=${filled/|ram|memfd-private|hugetlb/}
	run "$1" '^verdict: fixed$' "${filled/A\/B/3/4}"
}

# --- README.md, docs/replay.md: a stream without a QEMU ---

# A stream in the file "stream.bin", recorded as docs/replay.md says.
record() {
	[[ ! -s stream.bin ]] || return 0
	grep -qF '`exec:cat > FILE`' "$top/docs/replay.md" || failed "docs/replay.md does not say how to record a stream"
	start_guest s stream
	qmp s --wait-ready
	qmp s migrate "{\"uri\": \"exec:cat > $work/stream.bin\"}"
	qmp s --wait-migration completed
	end_guest s
}

replays() {
	local address

	record
	case $1 in
	'migpop replay STREAM --digest' | 'migpop replay FILE') run "$1" '^populated ' "${1/ [SF]*[ME]/ stream.bin}" ;;
	'migpop replay -') run "$1" '^populated ' "cat stream.bin | $1" ;;
	'migpop replay --listen unix:PATH'* | 'migpop replay --listen tcp:HOST:PORT')
		address=unix:$work/replay
		[[ $1 != *tcp:* ]] || address=tcp:127.0.0.1:$(free_port)
		start_guest s replay
		qmp s --wait-ready
		start "$(sed -E "s|unix:PATH\|tcp:HOST:PORT|$address|" <<<"$1")" waiting
		qmp s migrate "{\"uri\": \"$address\"}"
		qmp s --wait-migration completed
		end "$1"
		said "$1" '^populated '
		end_guest s
		;;
	*) unknown "$1" ;;
	esac
}
# replay_line LINE: of docs/replay.md, where comments have no sign.
replay_line() { replays "${1%%   *}"; }

# --- docs/categories.md: a rule, a mistake in one, what it makes of pmemsave ---

pmemsave_and_end() {
	qmp s pmemsave "{\"val\": 0, \"size\": $guest_memory, \"filename\": \"/dev/null\"}"
	kill -INT "$(<tracer.pid)"
}
# saved COMMAND: traces a pmemsave of a whole guest, into rec.json.
saved() {
	start_guest s saved
	qmp s --wait-ready
	start "${1/PID/$(<s.pid)}" tracing
	pmemsave_and_end
	end "$1"
	end_guest s
}
# sums COMMAND CATEGORY: it finds nearly all pages of the guest in this category.
sums() {
	run "$1" " $2\$"
	awk -v category="$2" -v all=$((guest_memory / 4096)) '
		$NF == category { gsub(",", ""); pages = $1 }
		END { exit !(pages > 0.99 * all) }' said || failed "$1: pmemsave is not $2: $(<said)"
}
category=other
transcript() {
	case $1 in
	'migpop trace -p PID -o rec.json --format json') saved "$1" ;;
	'migpop report rec.json --by category' | 'migpop report rec.json --rules '*'.rules --by category') sums "$1" "$category" ;;
	'migpop trace -p PID --rules mine.rules -o rec.json --format json') saved "$1" ;;
	' '*) ;; # what it prints
	*) unknown "$1" ;;
	esac
}
categories() {
	each docs/categories.md 'populates what it finds not populated' transcript
	category=memory-dump
	block "$top/docs/categories.md" 'gives it a name, in that record' >backup.rules
	each docs/categories.md 'The same record then' transcript
	cp backup.rules mine.rules
	each docs/categories.md '`report` shows these categories' transcript
	# The third line is as the text has it.
	echo 'x access=raed' >>mine.rules
	! migpop report rec.json --rules mine.rules >said 2>&1 || failed "a mistake in a rule is none"
	[[ $(<said) == "$(block "$top/docs/categories.md" 'A mistake is reported with its place')" ]] || failed "of a mistake: $(<said)"
}

# --- docs/preload.md ---

# preload COMMAND MEMORY…: a QEMU that says what the library hooked, and of which memory it cannot tell.
preload() {
	[[ $1 == 'LD_PRELOAD=libmigfix-preload.so qemu-system-x86_64 …' ]] || unknown "$1"
	local line file=$build/Testing/recipe.$$

	line=$(block "$top/docs/preload.md" 'what it hooked and what it could not')
	LD_LIBRARY_PATH=$build/fix bash -c "${1/…/-version}" >said 2>&1 || failed "$1: $(<said)"
	[[ $(grep ^libmigfix said) == "$line" ]] || failed "$1: $(<said)"
	said "$1" ^libmigfix
	[[ $(stat -f -c %T "$build") == ext2/ext3 ]] || { echo "SKIP: a file on ext4: $build is not" && return; }
	line=$(block "$top/docs/preload.md" 'so in a line of its own')
	mkdir -p "${file%/*}"
	LD_LIBRARY_PATH=$build/fix bash -c "${1/…/-S -display none -nodefaults -m 256M -machine pc,memory-backend=ram0 -pidfile $work/s.pid \
		-object memory-backend-file,id=ram0,share=on,size=256M,mem-path=$file -daemonize}" >said 2>&1 || failed "$1: $(<said)"
	rm "$file"
	kill "$(<s.pid)"
	grep -qxF "$line" said || failed "$1: $(<said)"
}

each README.md '## Trace your own QEMU' tracing
each docs/manual.md '## Reading a record' tracing
each docs/replay.md '`migpop replay` is the destination' replay_line
each README.md '## Try a fix' verdicts
each docs/verify.md '# The verdict' verdicts
each docs/verify.md '## The populate routine' routine
each docs/preload.md 'Loaded into an existing QEMU' preload
categories
echo "recipes of README.md and docs/: $((SECONDS - started)) s"
