#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may include whom in src/, by the table below: a folder, or a file beside the folders with its header, and
# what it may include of the others. What stands in no row may be included by nobody else. No two of them may
# include each other, in however many steps, but for what "circles" names. Says what is wrong where; exit status 1
# then. Argument: another src/ to look at.

cd "$(dirname "$0")/../.." || exit 1
src=${1:-src}

# Of bpf/, only shared/ and arch/ are for both sides. Headers that the build makes stand by their names.
table='
	clock:
	names: shared
	array:
	loop: clock
	child:
	counters: shared
	record: names array
	losses: record shared
	main: cmd reader serve

	books: shared record names counters
	proc: record
	stream: array
	qemu: array proc
	vmm: shared record names array clock books proc reader qemu
	symbol: shared record array proc vmm reader
	reader: shared record clock child symbol
	probe: names proc
	tracer: shared names counters clock proc vmm symbol reader probe casting.skel.h migpop.skel.h
	watch: record names array counters losses clock loop books proc vmm symbol reader tracer
	verify: record names clock loop proc vmm qemu symbol tracer watch
	output: record names array clock losses verify profile.pb-c.h page.html.h palette.css.h
	serve: record array losses clock loop child output
	replay: record array clock vmm stream output
	cmd: shared record names array clock loop books proc vmm symbol probe tracer watch verify output stream serve replay
'

# Circles that are left: the arrow FROM>TO that closes each. One that is gone is to be taken off.
circles='symbol>reader symbol>vmm'

# One line an include: FILE TAB UNIT TAB INCLUDED, where a unit is a folder or a file beside the folders.
includes() {
	find "$src" -name '*.[ch]' | sort | while read -r file; do
		of=${file#"$src"/}
		of=${of%%/*}
		of=${of%.[ch]}
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file" | while read -r name; do
			case $name in
			*/*) to=${name%%/*} ;;
			*) to=$name && [ ! -e "$src/$name" ] || to=${name%.h} ;;
			esac
			[ "$to" != "$of" ] || continue
			# A header of the same folder may be named without it.
			[ "${file%/*}" = "$src" ] || [ ! -e "${file%/*}/$name" ] || continue
			printf '%s\t%s\t%s\n' "$file" "$of" "$to"
		done
	done
}

includes | awk -F '\t' -v table="$table" -v circles="$circles" '
	function wrong(text) { print "FAIL: " text; failed = 1 }
	BEGIN {
		n = split(table, rows, "\n")
		for (i = 1; i <= n; i++) {
			if (split(rows[i], row, ":") < 2)
				continue
			gsub(/[ \t]/, "", row[1])
			known[row[1]] = 1
			m = split(row[2], names, " ")
			for (k = 1; k <= m; k++)
				may[row[1], names[k]] = 1
		}
		n = split(circles, arrows, " ")
		for (i = 1; i <= n; i++) {
			split(arrows[i], ends, ">")
			closes[ends[1], ends[2]] = 1
		}
	}
	{
		if (!($2 in known) && !($2 in told)) {
			wrong($2 " has no row in the table of " "tests/lint/arrows.sh")
			told[$2] = 1
		}
		if (!(($2, $3) in may))
			wrong($1 " includes " $3 ", which " $2 " may not (see the table in tests/lint/arrows.sh)")
		if (!($3 in known))
			next # neither shared/ nor what the build makes includes anything of src/
		units[$2] = units[$3] = 1
		if (($2, $3) in closes)
			seen[$2, $3] = 1
		else
			reach[$2, $3] = 1
	}
	END {
		for (arrow in closes)
			if (!(arrow in seen)) {
				split(arrow, ends, SUBSEP)
				wrong(ends[1] " does not include " ends[2] " any more: take that off \"circles\"")
			}
		for (via in units)
			for (from in units)
				for (to in units)
					if ((from, via) in reach && (via, to) in reach)
						reach[from, to] = 1
		for (arrow in seen) {
			split(arrow, ends, SUBSEP)
			if (!((ends[2], ends[1]) in reach))
				wrong(ends[1] " includes " ends[2] ", and that closes no circle any more: take it off \"circles\"")
		}
		for (unit in units)
			if ((unit, unit) in reach) {
				others = ""
				for (other in units)
					if (other != unit && (unit, other) in reach && (other, unit) in reach)
						others = others " " other
				wrong("a circle: " unit " and" others " include each other")
			}
		exit failed
	}'
