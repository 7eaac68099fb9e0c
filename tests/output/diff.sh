#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two runs of one program differ in no call site of its own, though its addresses do; with one of
# them taken out of the second, that is the first row.
# shellcheck source=tests/output/lib.sh
. "$(dirname "$0")/lib.sh"

record one
record two
"$migpop" diff --format json one.json two.json >same.json
jq -e '.schema == "migpop.diff/1"' same.json >/dev/null || failed "schema"
[[ $(jq -c '[.callsites[] | select(.chain[0] == "leaf" and .populated_pages.base > 0)
	| [.in, .populated_pages.base, .populated_pages.change]] | sort' same.json) == \
	'[["both",50,0],["both",100,0]]' ]] || failed "leaf: $(jq -c '.callsites' same.json)"

jq 'del(.callsites[] | select(.frames[1].symbol == "first"))' two.json >less.json
"$migpop" diff one.json less.json >less
grep -A1 ' call site$' less | tail -n 1 >first
has first '^ +100 +– +-100 < write other: leaf ← first'

"$migpop" diff one.json /dev/null 2>said && failed "no record, no failure"
[[ $? == 2 ]] || failed "not exit status 2"
has said '^migpop: cannot read /dev/null: is empty$'

echo "PASS"
