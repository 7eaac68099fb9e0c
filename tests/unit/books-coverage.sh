#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit tests of the books run at least 95 % of the lines of src/books/. They are built here with nothing but
# the books, counters, records and words: the books would not link if they asked anybody.
# Arguments: the least per cent (default 95), and the tests to run (default: all of the books').
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

least=${1:-95}
tests=("${@:2}")
((${#tests[@]})) || tests=(books books_chains books_memory books_rows books_property account zeros phases outcome)
for tool in gcc gcov jq; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for source in src/books/*.c src/counters.c src/record.c src/names.c; do
	gcc -std=gnu11 -O0 --coverage -D_GNU_SOURCE= -Isrc -Ibpf -c "$source" \
		-o "$work/$(basename "$source" .c).o" || die "$source does not compile"
done
for test in "${tests[@]}"; do
	wrap=()
	for function in calloc reallocarray strdup strndup asprintf; do
		[[ $test != books_memory ]] || wrap+=("-Wl,--wrap=$function")
	done
	gcc -std=gnu11 -O0 --coverage -D_GNU_SOURCE= -Isrc -Ibpf -o "$work/$test" "tests/unit/test_$test.c" \
		"$work"/*.o "${wrap[@]}" -lcmocka -lseccomp -lm || die "test_$test does not link with the books alone"
	MIGPOP_RUNS=5000 "$work/$test" >"$work/log" 2>&1 || die "test_$test fails: $(tail -n 20 "$work/log")"
done
notes=()
for source in src/books/*.c; do
	notes+=("$work/$(basename "$source" .c).gcno")
done
coverage_report src/books/ "$least" "${notes[@]}"
