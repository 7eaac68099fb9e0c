#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each command has a page; its list of options is that of --help, in both directions, and no option
# that it names anywhere is none. All pages as strictly as groff, man and mandoc look at them.
# Usage: pages.sh BUILD
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
# shellcheck source=tests/manual/lib.sh
. "$top/tests/manual/lib.sh"

migpop=$1/migpop pages=$1/docs/man
for tool in groff man mandoc; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

# names PAGE: the options that it has a paragraph of, one a line.
names() {
	sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' "$1" | sed 's/\\-/-/g' | grep '^\\fB-' |
		grep -oE 'fB--?[a-zA-Z?][a-z-]*' | sed 's/^fB//' | sort -u
}

# said PAGE: what looks like a long option in its prose. Those of other programs' examples are not ours.
said() {
	grep -v '^migpop .*flamegraph' "$1" | sed 's/\\-/-/g' | grep -oE -- '--[a-z][a-z-]+' | sort -u
}

! commands | grep -vxE '[a-z]+' || die "a command with a strange name"
commands | sort >"$pages/commands"
(cd "$pages" && printf '%s\n' migpop-*.1 | sed 's/migpop-\(.*\)\.1/\1/' | sort) |
	diff "$pages/commands" - || die "commands (<) and pages (>) differ"
for command in $(commands); do
	page=$pages/migpop-$command.1
	diff <(options "$command") <(names "$page") || die "migpop $command: --help (<) and its page (>) differ"
	grep -q "^\.BR migpop\\\\-$command (1)" "$pages/migpop.1" || die "migpop(1) does not list $command"
done
for page in "$pages"/*.1; do
	other=$(comm -13 <(for command in $(commands); do options "$command"; done | sort -u) <(said "$page"))
	[[ ! $other ]] || die "$(basename "$page") names what is no option: $other"
	! grep -n '@' "$page" || die "$(basename "$page") has a place that was not filled"
done

for page in "$pages"/*.1 "$top/fix/man/migfix.3"; do
	{
		groff -ww -man -Tutf8 -z "$page"
		mandoc -T lint -W warning "$page"
		LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null
	} >"$pages/said" 2>&1 || true
	[[ ! -s $pages/said ]] || die "$(<"$pages/said")"
done
echo "migpop(1) and $(wc -l <"$pages/commands") commands: the options that they have, no more, no fewer"
