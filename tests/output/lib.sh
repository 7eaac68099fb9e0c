# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of formats share: a record of a program whose leaf() populates 100 pages for first()
# and 50 for second(). Sourced by each; their arguments are MIGPOP and CHAINS.
# shellcheck shell=bash

set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

migpop=$(realpath "$1") chains=$(realpath "$2")
work=$(mktemp -d)
cleanup() {
	local status=$?

	records_hold "$migpop" "$work" || status=1
	rm -rf "$work"
	exit $status
}
trap cleanup EXIT
cd "$work"

failed() {
	echo "FAIL: $*"
	exit 1
}

# has FILE PATTERN: of grep -E.
has() {
	grep -qE -- "$2" "$1" || {
		cat "$1"
		failed "no \"$2\" in $1"
	}
}

# record NAME: in NAME.json.
record() {
	((EUID == 0)) || skip "not root"
	"$migpop" trace -q --stack fp --format json -o "$1.json" -- "$chains"
}
