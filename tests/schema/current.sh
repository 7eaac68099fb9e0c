#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Are the schema and the page of the record what the tables of members make? Usage: current.sh DESCRIBE
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

status=0
diff -u schema/migpop.record-2.json <("$1" schema) || status=1
diff -u docs/record.md <("$1" docs) || status=1
((!status)) || echo "FAIL: make them anew: cmake --build DIR --target record-docs, and again to have the tests know them"
exit $status
