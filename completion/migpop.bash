# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for bash. Commands, options and what an option takes are read from --help when they are
# asked for; known here are only the words that some options choose from.
# shellcheck shell=bash

# The words that OPTION of COMMAND chooses from.
_migpop_words() {
	case "$1 $2" in
	'diff --format') echo text json ;;
	*' --format') echo text json folded pprof html svg ;;
	*' --color') echo auto always never ;;
	*' --mode') echo auto fentry kprobe tracepoint ;;
	*' --stack') echo cfi fp none ;;
	'report --by') echo callsite category backing thread syscall ;;
	*' --backing') echo memfd ram memfd-private hugetlb file ;;
	*' --batch' | *' --track') echo on off ;;
	*' --handler') echo auto read-first madvise-first ;;
	*' --guest') echo idle churn ;;
	*' --accel') echo tcg kvm ;;
	*' --fix') echo dst src both ;;
	*' --routine') echo populate ;;
	esac
}

_migpop() {
	# shellcheck disable=SC2034 # some are _init_completion's
	local cur prev words cword split help takes command word

	_init_completion -s || return
	if ((cword == 1)); then
		help=$(migpop --help 2>/dev/null | sed -n 's/^  \([a-z]\+\) .*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$help --help --version" -- "$cur")
		return
	fi
	command=${words[1]}
	for ((word = 2; word < cword; word++)); do
		[[ ${words[word]} != -- ]] || { _command_offset $((word + 1)) && return; }
	done

	help=$(ARGP_HELP_FMT=rmargin=9999 migpop "$command" --help 2>/dev/null)
	# "-p, --pid=PID": what PID is called, of the short and of the long name.
	takes=$(sed -n "s/^ *\(-., \|\)\(--[a-z-]*\)=\([^ ]*\) .*/\1\2 \3/p" <<<"$help" | grep -E "^($prev,|(-., )?$prev )")
	if [[ $prev == -* && $takes ]]; then
		case ${takes##* } in
		FILE | PATH | SOCKET) _filedir ;;
		DIR) _filedir -d ;;
		PID) _pids ;;
		*)
			prev=${takes% *}
			mapfile -t COMPREPLY < <(compgen -W "$(_migpop_words "$command" "${prev##* }")" -- "$cur")
			;;
		esac
		return
	fi
	[[ $split == false ]] || return
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$(_parse_help - <<<"$help")" -- "$cur")
		[[ ${COMPREPLY-} != *= ]] || compopt -o nospace
		;;
	*) _filedir ;;
	esac
} && complete -F _migpop migpop
