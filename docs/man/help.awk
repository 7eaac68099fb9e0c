# SPDX-License-Identifier: GPL-2.0-or-later
# Fills a manual page with what the program itself says: @COMMANDS@ and @OPTIONS@ are replaced by
# the lists of its --help, @VERSION@ by its version. Knows argp's layout with an endless right margin.
#
#	migpop … --help | awk -v version=0.1.0 -f help.awk - PAGE.in >PAGE

function roff(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return (text ~ /^[.']/ ? "\\\\&" : "") text
}

# What it is about, as a sentence: with a full stop.
function sentence(text) {
	return roff(text) (text ~ /[.?]$/ ? "" : ".")
}

# "-p, --pid=PID" with the names in bold and the argument in italics.
function head(text,	n, i, names, part, all) {
	n = split(text, names, ", ")
	for (i = 1; i <= n; i++) {
		split(names[i], part, "=")
		all = all (i > 1 ? ", " : "") "\\fB" roff(part[1]) "\\fR"
		if (names[i] ~ /=/)
			all = all "=\\fI" roff(part[2]) "\\fR"
	}
	return all
}

FNR == NR && /^ +-/ {
	line = $0
	sub(/^ +/, "", line)
	at = match(line, /  +/)
	options = options ".TP\n" head(substr(line, 1, at - 1)) "\n" sentence(substr(line, at + RLENGTH)) "\n"
}

FNR == NR && /^  [a-z]/ {
	what = $0
	sub(/^ +[a-z]+ +/, "", what)
	commands = commands ".TP\n.BR migpop\\-" $1 " (1)\n" roff(what) "\n"
}

FNR == NR { next }
/^@OPTIONS@$/ { printf "%s", options; next }
/^@COMMANDS@$/ { printf "%s", commands; next }
{ gsub(/@VERSION@/, version); print }
