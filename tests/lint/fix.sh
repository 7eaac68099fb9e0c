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

# Each file of the library once, though it is built for several targets: clang-tidy would look at it as
# often.
mkdir -p "$build/fix-lint"
jq --arg fix "$top/fix/" '[.[] | select(.file | startswith($fix) and (contains("/example/") | not))]
	| unique_by(.file)' "$build/compile_commands.json" >"$build/fix-lint/compile_commands.json"
# Its name and its flags. (The shell that they were written for is not asked to read them.)
jq -r '.[] | "\(.file) \(.command | split(" ") | map(select(test("^-(D|I|isystem|std)"))) | join(" "))"' \
	"$build/fix-lint/compile_commands.json" | sed 's/=""/=/g; s/\\"/"/g' >"$build/fix-files"
mapfile -t files < <(cut -d ' ' -f 1 "$build/fix-files")
((${#files[@]} > 1)) || die "no files of libmigfix in $build/compile_commands.json"

status=0
wrong() {
	echo "FAIL: $*"
	status=1
}
compile_all() {
	local file flags cc bad=0

	while read -r file flags; do
		read -ra flags <<<"$flags"
		for cc in gcc clang; do
			"$cc" "${flags[@]}" -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
				-c -o /dev/null "$file" || bad=1
		done
	done <"$build/fix-files"
	return $bad
}
compile_all &
compiling=$!
printf '%s\n' "${files[@]}" | xargs -P 2 -n 2 clang-tidy --quiet -p "$build/fix-lint" 2>"$build/fix-tidy" ||
	wrong "clang-tidy"
! grep -E '^(Error|error):' "$build/fix-tidy" || wrong "clang-tidy did not run"
cppcheck -j 2 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --quiet --std=c11 \
	--suppress=missingIncludeSystem -Ifix/include -Ifix/src "${files[@]}" || wrong "cppcheck"
wait $compiling || wrong "gcc or clang"
echo "${#files[@]} files"
exit $status
