#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Install what is missing, build, run the tests, and say what came of them. Every test is a CTest
# test; those labelled `unit` run once more under the sanitizers, those labelled `full` only when
# asked for. The last line is "N passed, N failed, N skipped".
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

usage() {
	cat <<'USAGE'
usage: test.sh [--full] [NAME…]
  --full   also the long tests, with the figures in full
  NAME     only tests whose name matches one of these regular expressions, long ones included
USAGE
}

full=0 names=''
while (($#)); do
	case $1 in
	--full) full=1 ;;
	-h | --help) usage && exit 0 ;;
	-*) usage >&2 && exit 2 ;;
	*) names+="${names:+|}$1" ;;
	esac
	shift
done

passed=0 failed=0 skipped=0
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# run PRESET [CTEST-OPTIONS…]: ctest shows each test as it ends, and what a failed one printed.
run() {
	local preset=$1

	shift
	echo
	# An exit status says less than the results do: a suite that did not run has none.
	ctest --test-dir "build/$preset" --output-on-failure --no-tests=ignore \
		--test-output-size-passed 1000000 --test-output-size-failed 1000000 \
		--output-junit "$results/$preset.xml" "$@" || true
	[[ -s $results/$preset.xml ]] || die "ctest did not run in build/$preset"
}

# One line a test, from CTest's JUnit: RESULT TAB NAME TAB REASON. Only a test that says so itself, or
# is disabled, counts as skipped: one whose program is missing did not run and has failed.
outcomes() {
	awk '
	function attribute(name) {
		if (!match($0, " " name "=\"[^\"]*\""))
			return ""
		return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
	}
	function decode(text) {
		gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text)
		gsub(/&apos;/, "\047", text); gsub(/&amp;/, "\\&", text)
		return text
	}
	/^\t<testcase / {
		name = attribute("name"); status = attribute("status"); reason = ""
		result = status == "run" ? "passed" : status == "disabled" ? "skipped" : "failed"
		if (status == "disabled")
			reason = "disabled"
	}
	/^\t\t<skipped message="SKIP_(RETURN_CODE|REGULAR_EXPRESSION)/ { result = "skipped" }
	# Of a test of many parts: those left out.
	/(^|>)SKIP:? / && result == "passed" {
		part = $0
		sub(/^.*SKIP:? */, "", part); sub(/<\/system-out>.*/, "", part)
		print "part\t" decode(name) "\t" decode(part)
	}
	/(^|>)SKIP:? / && !reason {
		reason = $0
		sub(/^.*SKIP:? */, "", reason); sub(/<\/system-out>.*/, "", reason)
	}
	/^\t<\/testcase>/ {
		print result "\t" decode(name) "\t" (reason ? decode(reason) : "no reason given")
	}' "$1"
}

count() {
	local preset=$1 result name reason suffix='' seen=0 tests

	[[ $preset == release ]] || suffix=" ($preset)"
	while IFS=$'\t' read -r result name reason; do
		[[ $result == part ]] || ((++seen))
		case $result in
		passed) ((++passed)) ;;
		part) echo "partly   $name$suffix: left out $reason" ;;
		skipped) ((++skipped)) && echo "SKIPPED $name$suffix: $reason" ;;
		*) ((++failed)) && echo "FAILED  $name$suffix" ;;
		esac
	done < <(outcomes "$results/$preset.xml")
	tests=$(sed -n 's/^\ttests="\([0-9]*\)"/\1/p' "$results/$preset.xml")
	((seen == ${tests:-0})) || die "understood $seen of $tests results in build/$preset"
}

scripts/deps.sh test || exit
build release
build asan

filter=()
if [[ $names ]]; then
	filter=(-R "$names")
elif ((!full)); then
	filter=(-LE '^full$')
fi
export MIGPOP_TEST_FULL=$full
run release "${filter[@]}"
run asan -L '^unit$' "${filter[@]}"

echo
count release
count asan
((passed + failed + skipped)) || echo "no test is called ${names:-anything}: an empty run proves nothing"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed + skipped > 0))
