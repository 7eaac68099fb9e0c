#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Short commands: the books of their anonymous memory are exact where they neither fork nor execute
# another program, and else within what they say is uncertain: pages that children hold, or that
# wait in a batch of a CPU, are released later than they are unmapped.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

# books NAME: of anonymous memory.
books() {
	ask "$1" '.accounting[] | select(.kind == "anon") |
		"kernel \(.kernel_pages), residual \(.residual_pages), uncertainty \(.uncertainty_pages)"'
}

# balances NAME JQ-CONDITION COMMAND…
balances() {
	local name=$1 condition=$2

	shift 2
	"$migpop" trace -q --mode "$mode" --format json -o "$name.json" -- "$@" >/dev/null 2>"$name.err" ||
		failed "$name: $(<"$name.err")"
	equal "$name: $(books "$name"): holds" \
		"$(ask "$name" ".accounting[] | select(.kind == \"anon\") | $condition")" true
}

exact='.residual_pages == 0 and .uncertainty_pages == 0'
# Without a reason there is no uncertainty, and never more of it than pages that were there.
within='(.residual_pages | fabs) <= .uncertainty_pages and .uncertainty_pages < 2000'

balances true "$exact" /bin/true
balances anonymous "$exact" "$target" anon 500
balances vfork "$exact" "$target" vfork 500
equal "all that the target and the child by vfork() wrote" \
	"$(ask vfork '[.callsites[] | select(.syscall == null) | .populated_pages] | add >= 500')" true
balances sh-vfork "$exact" sh -c 'head -c 0 /dev/zero >/dev/null; :' # dash has its commands by vfork()
balances sh-reads "$exact" sh -c 'read line </etc/passwd'
for ((i = 0; i < 5; i++)); do
	balances exec "$within" bash -c 'exec ls /'
	# shellcheck disable=SC2016 # the words of that shell
	balances children "$within" bash -c 'a=$(ls /); (true); b=$(ls /usr); exec ls /'
done
passed "short commands balance: exec $(books exec); children $(books children)"
