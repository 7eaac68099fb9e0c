#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pprof reads the profile of a record: the pages of each function, sums by label, and, of functions
# whose names are taken out, what it finds in the program itself by address. A terminal gets none.
# shellcheck source=tests/output/lib.sh
. "$(dirname "$0")/lib.sh"

record made
"$migpop" report --format pprof -o made.pb.gz made.json
# "script" of util-linux, to have a terminal.
! script -qec "$migpop report --format pprof made.json" /dev/null </dev/null >terminal 2>&1 ||
	failed "binary on a terminal"
has terminal 'not for a terminal: give -o FILE'

go=$(command -v go || compgen -G '/usr/lib/go-*/bin/go' | head -n 1 || true)
[[ $go ]] || skip "no go tool pprof"
export HOME=$work PPROF_TMPDIR=$work

pprof() {
	"$go" tool pprof "$@" 2>said || failed "pprof $*: $(<said)"
}

pprof -top -nodecount 1000 made.pb.gz >top
has top "^Type: populated_pages$"
has top '^ *150 .* 150 .* leaf$'
has top '^ *0 .* 100 .* first$'
has top '^ *0 .* 50 .* second$'
all=$(jq '[.callsites[].populated_pages] | add' made.json)
has top " of $all total$"
pprof -tags made.pb.gz >tags
has tags ' context: Total'
pprof -top -sample_index=populated_space -unit=bytes made.pb.gz >space
has space " of $((all * 4096))B total$"

jq 'del(.. | objects | select(.function?) | .function, .symbol)' made.json >nameless.json
"$migpop" report --format pprof -o nameless.pb.gz nameless.json
pprof -top -nodecount 1000 nameless.pb.gz >found
has found '^ *150 .* 150 .* leaf( |$)'
has found '^ *0 .* 100 .* first( |$)'

echo "PASS: $all pages"
