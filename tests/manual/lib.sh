# SPDX-License-Identifier: GPL-2.0-or-later
# What the program says of itself: commands, and options of a command. Sourced, with $migpop set.
# shellcheck shell=bash
# shellcheck disable=SC2154 # migpop is set by who sources this

commands() {
	"$migpop" --help | sed -n 's/^  \([a-z]\+\) .*/\1/p'
}

# help COMMAND: one option a line.
help() {
	ARGP_HELP_FMT=rmargin=9999 "$migpop" "$1" --help
}

# options COMMAND: their names, long and short, one a line, sorted.
options() {
	help "$1" | sed -n 's/^ *\(-.*\)/\1/p' | sed 's/   *.*//' | grep -oE -- '--?[a-zA-Z?][a-z-]*' | sort -u
}
