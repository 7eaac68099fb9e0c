#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libmigfix as strictly as two compilers, clang-tidy and cppcheck can look at it, each file with the
# flags that it is built with. Usage: fix.sh BUILD
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
build=$1
cd "$top"
for tool in gcc clang clang-tidy cppcheck jq; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

# Of each file of the library: its name and its flags.
# (The shell that they were written for is not asked to read them.)
jq -r --arg fix "$top/fix/" '[.[] | select(.file | startswith($fix) and (contains("/example/") | not))]
	| unique_by(.file)[]
	| "\(.file) \(.command | split(" ") | map(select(test("^-(D|I|isystem|std)"))) | join(" "))"' \
	"$build/compile_commands.json" | sed 's/=""/=/g; s/\\"/"/g' >"$build/fix-files"
mapfile -t files < <(cut -d ' ' -f 1 "$build/fix-files")
((${#files[@]} > 1)) || die "no files of libmigfix in $build/compile_commands.json"

status=0
wrong() {
	echo "FAIL: $*"
	status=1
}
while read -r file flags; do
	read -ra flags <<<"$flags"
	for cc in gcc clang; do
		"$cc" "${flags[@]}" -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
			-c -o /dev/null "$file" || wrong "$cc: $file"
	done
done <"$build/fix-files"
printf '%s\n' "${files[@]}" | xargs -P 2 -n 4 clang-tidy --quiet -p "$build" 2>"$build/fix-tidy" ||
	wrong "clang-tidy"
! grep -E '^(Error|error):' "$build/fix-tidy" || wrong "clang-tidy did not run"
cppcheck --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --quiet --std=c11 \
	--suppress=missingIncludeSystem -Ifix/include -Ifix/src "${files[@]}" || wrong "cppcheck"
echo "${#files[@]} files"
exit $status
