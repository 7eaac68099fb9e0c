#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The code as its readers expect it: format, shell scripts, static analysis, licences. Says what is
# wrong where; exit status 1 then, 77 without git.

# shellcheck disable=SC2046 # names in this tree have no blanks

cd "$(dirname "$0")/../.." || exit 1
git rev-parse --git-dir >/dev/null 2>&1 || { echo "SKIP: not a git checkout" && exit 77; }
status=0
wrong() {
	echo "FAIL: $*"
	status=1
}

clang-format --dry-run -Werror $(git ls-files '*.c' '*.h') || wrong "clang-format"
shellcheck -x $(git ls-files '*.sh' '*.bash' .ci/run tests/vm/init) || wrong "shellcheck"
# cleanup passes on the status with which the test ended; a command before it would put its own in that place,
# and what follows cleanup never runs.
! grep -nE "^[[:space:]]*trap '.*(; *cleanup|cleanup *;).*' EXIT" $(git ls-files '*.sh') || wrong "a trap with more than cleanup"
cppcheck --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --quiet \
	--suppress=missingIncludeSystem -Isrc -Ibpf src || wrong "cppcheck"
# What differs between architectures is in files of their own: src/symbol/arch.h says what another one needs.
! git grep -nE '^#.*(__(aarch64|arm|x86_64|i386|amd64|riscv|powerpc|s390x?|loongarch)[0-9_]*|__TARGET_ARCH)' \
	-- src bpf ':!bpf/arch' || wrong "an architecture in the preprocessor, outside of its file"
for file in $(git ls-files '*.c' '*.h' '*.sh' '*.bash' '*.awk' '*.1.in' '*.css' '*.js' '*.html' '*.cmake' '*CMakeLists.txt' .ci/run tests/vm/init); do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: ' || wrong "$file has no SPDX line"
done
exit $status
