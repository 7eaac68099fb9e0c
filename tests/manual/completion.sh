#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion offers what --help names: commands, all options of each, and the words that an option
# chooses from. Usage: completion.sh BUILD
set -eo pipefail # bash-completion reads variables that are not set

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
# shellcheck source=tests/manual/lib.sh
. "$top/tests/manual/lib.sh"

migpop=$1/migpop
PATH=$1:$PATH
framework=/usr/share/bash-completion/bash_completion
[[ -f $framework ]] || skip "bash-completion is not installed"
shopt -s extglob progcomp
set +e
# shellcheck source=/dev/null
. "$framework"
# shellcheck source=completion/migpop.bash
. "$top/completion/migpop.bash"
set -e
compopt() { :; } # there is no completion under way to set it for

# offered WORDS…: what is offered for the last of them, one a line, sorted.
offered() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$*
	COMP_POINT=${#COMP_LINE} COMPREPLY=()
	_migpop migpop "${*: -1}" "${*: -2:1}" || true
	printf '%s\n' "${COMPREPLY[@]}" | sort -u
}

# same WHAT FILE FILE
same() {
	diff "$2" "$3" || die "$1: expected (<), offered (>)"
}

same commands <(commands | sort) <(offered migpop '' | grep -v '^--')
words=0
for command in $(commands); do
	# --usage and --help of argp and all the others, with = where something is taken.
	same "$command --" <(help "$command" | grep '^ *-' | sed 's/   *[^ -].*//' | grep -oE -- '--[a-z-]+=?' | sort -u) \
		<(offered migpop "$command" --)
	# Each word that is offered is one that the option's description has.
	while read -r option description; do
		while read -r word; do
			[[ $word ]] || continue
			grep -qwF -- "$word" <<<"$description" || die "$command $option $word: no such word in --help"
			words=$((words + 1))
		done < <(offered migpop "$command" "$option" '' | grep -v /)
	done < <(help "$command" | sed -n 's/^ .*\(--[a-z-]*\)=\(MODE\|KIND\|FORMAT\|WHEN\|WHAT\|WHERE\|WHETHER\|POLICY\|populate\)  *\(.*\)/\1 \2 \3/p')
done
((words > 20)) || die "only $words words were offered"
same "-o" <(echo CMakeLists.txt) <(cd "$top" && offered migpop report -o CMakeL)
offered migpop trace -p '' | grep -qx $$ || die "trace -p: process $$ is not offered"
same "trace -- COMMAND" <(echo migpop) <(offered migpop trace -- migpo | grep -x migpop)
echo "options of $(commands | wc -l) commands, $words words"
