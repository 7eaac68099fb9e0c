#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines of libmigfix its tests run: a figure a file, and the lines that nothing ran.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

usage() {
	cat <<'USAGE'
usage: coverage.sh [--least PERCENT] [--tests REGEX]
  --least PERCENT  fail below that (default 0)
  --tests REGEX    tests to run (default ^(fix/|adopt-old-kernel$), the short ones)
USAGE
}

least=0 tests='^(fix/|adopt-old-kernel$)' build=build/coverage
take_options "least tests" "$@"
for tool in gcov jq; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building libmigfix and its tests in $build"
{ cmake --preset coverage && cmake --build "$build" --target fix/all tests/{fix,adopt,bench}/all; } >"$log" 2>&1 ||
	die "the build failed: $(tail -n 20 "$log")"
# What earlier runs counted is not of this one.
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" -R "$tests" -LE '^full$' --output-on-failure --no-tests=error >"$log" 2>&1 ||
	die "the tests fail: $(tail -n 20 "$log")"
sed -n 's/^100% tests passed.*out of /tests: /p' "$log"

# By the compiler's notes: those of a file of which nothing ran are there, too. A line of a header is in
# every file that includes it: it ran if it ran in any.
mapfile -t notes < <(find "$build/fix/CMakeFiles/migfix_objects.dir" -name '*.gcno')
gcov --json-format --stdout "${notes[@]}" 2>/dev/null | jq -rs --arg top "$PWD/" --argjson least "$least" '
	def share($ran; $all): if $all == 0 then 100 else 1000 * $ran / $all | floor / 10 end;
	[.[].files[] | .file as $file | select($file | contains("fix/src/"))
		| .lines[] | {file: ($file | ltrimstr($top)), line: .line_number, ran: (.count > 0)}]
	| group_by([.file, .line]) | map({file: .[0].file, line: .[0].line, ran: any(.[]; .ran)})
	| (length as $all | (map(select(.ran)) | length) as $ran
		| {figure: share($ran; $all), text: "\($ran) of \($all) lines"}) as $sum
	| (group_by(.file)[] | . as $lines | (map(select(.ran)) | length) as $ran
		| "\(share($ran; length)) %\t\(.[0].file)\t\($ran) of \(length)\t\(
			map(select(.ran | not).line) | if length > 0 then "not: " + (map(tostring) | join(" ")) else "" end)"),
	  "\($sum.figure) %\tof all\t\($sum.text)\t",
	  if $sum.figure < $least then "below \($least) %\n" | halt_error(1) else empty end' |
	column -t -s $'\t'
