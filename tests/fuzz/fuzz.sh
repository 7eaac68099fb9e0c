#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzz the reader of streams by libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer,
# from the corpus: no crash, no leak, no input that takes longer than five seconds or more than 64
# MiB at once. What is found lies in --out, and a new corpus beside it.
# Usage: fuzz.sh --out DIR [--runs N]    (default 10 million)
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

out='' runs=10000000
while (($# >= 2)); do
	case $1 in
	--out) out=$2 ;;
	--runs) runs=$2 ;;
	*) die "usage: fuzz.sh --out DIR [--runs N]" ;;
	esac
	shift 2
done
[[ $out ]] || die "usage: fuzz.sh --out DIR [--runs N]"
command -v clang >/dev/null || skip "clang is not installed"
mkdir -p "$out/corpus"

clang -std=gnu11 -D_GNU_SOURCE -O2 -g -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=undefined -I"$top/src" -I"$top/tests/stream" \
	"$top"/tests/fuzz/fuzz_stream.c \
	"$top"/src/stream/{input,mapped_ram,page_size,ram,reader,save_file,sections,xbzrle}.c -o "$out/fuzz_stream" \
	2>"$out/log" || skip "clang cannot build fuzzers: $(tail -n 1 "$out/log")"

# As long as the input that one change of a stream is found in; the rest of the corpus is cut off.
cd "$out"
export ASAN_OPTIONS=quarantine_size_mb=1:allocator_release_to_os_interval_ms=-1
"$out/fuzz_stream" -runs="$runs" -max_len=20000 -len_control=20 -timeout=5 -malloc_limit_mb=64 \
	-print_final_stats=1 -artifact_prefix="$out/" "$out/corpus" "$top/tests/fuzz/corpus" \
	>"$out/log" 2>&1 || die "$(grep -m 1 -E 'ERROR|runtime error' "$out/log"): see $out/log"
grep -E 'stat::number_of_executed_units|stat::average_exec_per_sec|stat::peak_rss_mb' "$out/log"
grep -oE 'cov: [0-9]+ ft: [0-9]+' "$out/log" | tail -n 1
