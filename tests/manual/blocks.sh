# SPDX-License-Identifier: GPL-2.0-or-later
# The indented blocks of our Markdown, by which recipes are taken out of the text that a user reads. Sourced
# where they are counted, and where they are run: the booted host has this file, too.
# shellcheck shell=bash

# blocks FILE: a line for each line of a block: the block's number in the file, a tab, and the line without its
# indentation; before a block, with the number and "<", what stands between it and the block before, as one line.
blocks() {
	awk '
		function begin() {
			print ++number "<" above
			above = ""
			inside = 1
		}
		/^    / && (inside || blank || NR == 1) {
			if (!inside)
				begin()
			for (; empty > 0; empty--)
				print number "\t"
			print number "\t" substr($0, 5)
			next
		}
		/^[ \t]*$/ { blank = 1; empty += inside; next }
		{ inside = blank = empty = 0; above = above " " $0 }' "$1"
}

# number FILE WORDS: of the one block of the file that these words stand above. Else 1, and what is wrong.
number() {
	local numbers

	numbers=$(blocks "$1" | awk -F '<' -v words="$2" '/^[0-9]+</ && index($0, words) { print $1 }')
	[[ $numbers ]] || { echo "$1 has no block below '$2'" >&2 && return 1; }
	[[ $numbers != *$'\n'* ]] || { echo "$1 has several blocks below '$2'" >&2 && return 1; }
	echo "$numbers"
}

# block FILE WORDS: the lines of that block.
block() {
	local number

	number=$(number "$1" "$2") || return
	blocks "$1" | sed -n "s/^$number\t//p"
}
