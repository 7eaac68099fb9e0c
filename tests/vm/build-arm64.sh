#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds migpop and the programs of its tests for arm64, in build/arm64, for the tests that run there.
#
# Exit status: 0 it is built, 1 it cannot be, 77 the compiler or the libraries are not to be had.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

command -v aarch64-linux-gnu-gcc >/dev/null ||
	skip "no compiler for arm64: aarch64-linux-gnu-gcc (package gcc-aarch64-linux-gnu)"
scripts/arm64-sysroot.sh
build arm64
