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
  --tests REGEX    tests to run (default ^(fix/|adopt/old-kernel$), the short ones)
USAGE
}

least=0 tests='^(fix/|adopt/old-kernel$)' build=build/coverage
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

mapfile -t notes < <(find "$build/fix/CMakeFiles/migfix_objects.dir" -name '*.gcno')
coverage_report fix/src/ "$least" "${notes[@]}"
