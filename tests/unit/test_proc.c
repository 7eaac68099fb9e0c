// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a process says of itself in /proc is read up to a bound: its command line is as long as it
 * wants (PR_SET_MM_MAP takes no capability).
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/prctl.h>

#include "proc/describe.h"
#include "proc/text.h"
#include "record.h"

enum { WORDS_MAX = 1 << 16 }; /* as in src/proc/describe.c */

/* Field "n" of /proc/self/stat, counted as proc(5) does. */
static uint64_t stat_field(int n)
{
	char *stat = text__read("/proc/self/stat", NULL), *at = stat ? strrchr(stat, ')') : NULL;
	uint64_t value;

	for (int i = 2; at && i < n; i++)
		at = strchr(at + 1, ' ');
	value = at ? strtoull(at, NULL, 10) : 0;
	free(stat);
	return value;
}

/* Says that the command line are these bytes. */
static int take_command_line(const char *bytes, size_t len)
{
	struct prctl_mm_map m = {
		.start_code = stat_field(26),
		.end_code = stat_field(27),
		.start_stack = stat_field(28),
		.start_data = stat_field(45),
		.end_data = stat_field(46),
		.start_brk = stat_field(47),
		.brk = (uint64_t)(uintptr_t)sbrk(0),
		.arg_start = (uint64_t)(uintptr_t)bytes,
		.arg_end = (uint64_t)(uintptr_t)bytes + len,
		.env_start = stat_field(50),
		.env_end = stat_field(51),
		.exe_fd = (uint32_t)-1,
	};

	return prctl(PR_SET_MM, PR_SET_MM_MAP, &m, sizeof(m), 0);
}

/* A child whose command line has "len" bytes, each of which is "byte", but for a 0 at the end. */
static pid_t start(char byte, size_t len)
{
	char *bytes = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	assert_ptr_not_equal(bytes, MAP_FAILED);
	memset(bytes, byte, len - 1); /* of a line without a 0 at its end the kernel shows a page */
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (take_command_line(bytes, len))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	munmap(bytes, len);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	if (WIFEXITED(status)) /* a kernel without CONFIG_CHECKPOINT_RESTORE */
		skip();
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_command_line_of_any_length(void **state)
{
	struct record_target t;
	size_t len = 0;
	pid_t pid = start('x', 3 * (size_t)TEXT_MAX);
	char *text = proc__read(pid, "cmdline", &len);

	(void)state;
	assert_non_null(text);
	assert_int_equal(len, TEXT_MAX);
	assert_int_equal(strspn(text, "x"), TEXT_MAX);
	free(text);
	record_target__init(&t);
	proc__describe(pid, &t);
	assert_int_equal(t.nr_cmdline, 0); /* its first word does not end */
	assert_int_equal(t.pid, pid);
	record_target__clear(&t);
	end(pid);
}

static void a_command_line_of_any_number_of_words(void **state)
{
	struct record_target t;
	pid_t pid = start('\0', TEXT_MAX);

	(void)state;
	record_target__init(&t);
	proc__describe(pid, &t);
	assert_int_equal(t.nr_cmdline, WORDS_MAX);
	record_target__clear(&t);
	end(pid);
}

static void fields_of_a_text(void **state)
{
	static const char text[] = "Name:\tmigpop\nVmRSS:\t   12 kB\nVmSwap: 3 kB";

	(void)state;
	assert_int_equal(text__field(text, "VmRSS:"), 12);
	assert_int_equal(text__field(text, "VmSwap:"), 3);
	assert_int_equal(text__field(text, "RSS:"), -1); /* not at the start of a line */
	assert_int_equal(text__field("", "VmRSS:"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_line_of_any_length),
		cmocka_unit_test(a_command_line_of_any_number_of_words),
		cmocka_unit_test(fields_of_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
