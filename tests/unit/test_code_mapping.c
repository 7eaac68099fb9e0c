// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of a process that is ending are not missed: what it executes can no longer be opened,
 * and the answer is that the process is gone, for root and for a service that has a user of its
 * own.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "proc/maps.h"
#include "symbol/code_mapping.h"

enum { OTHER_USER = 65534 };

/* The libc of this process, as it is mapped in all children that were forked and have not executed.
 */
static struct code_mapping libc;

static int find_libc(const struct code_mapping *m, void *data)
{
	(void)data;
	if (!strstr(m->path, "/libc.so"))
		return 0;
	libc = *m;
	libc.path = strdup(m->path);
	return 1;
}

static int setup(void **state)
{
	size_t len;
	bool cut;
	char *text = maps__read(getpid(), &maps_budget, &len, &cut);
	int found = text && !cut ? code_mappings__each(text, len, find_libc, NULL) : -1;

	(void)state;
	free(text);
	return found == 1 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(libc.path);
	return 0;
}

/* A child that has ended, and that nobody has waited for. */
static pid_t start_zombie(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	return pid;
}

/* Becomes another user that keeps CAP_SYS_PTRACE, and that alone. */
static int become_tracer(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	data[0].effective = data[0].permitted = 1U << CAP_SYS_PTRACE;
	if (prctl(PR_SET_KEEPCAPS, 1) || setgid(OTHER_USER) || setuid(OTHER_USER))
		return -errno;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static void a_process_that_ended_is_gone(void **state)
{
	pid_t pid = start_zombie();

	(void)state;
	assert_int_equal(code_mapping__open(pid, &libc), -ESRCH);
	waitpid(pid, NULL, 0);
	assert_int_equal(code_mapping__open(pid, &libc), -ESRCH);
}

static void so_it_is_to_another_user(void **state)
{
	int status, err;
	pid_t pid, tracer;

	(void)state;
	if (geteuid())
		skip();
	pid = start_zombie();
	tracer = fork();
	if (!tracer) {
		err = become_tracer();
		_exit(err ? 0 : -code_mapping__open(pid, &libc));
	}
	assert_int_equal(waitpid(tracer, &status, 0), tracer);
	waitpid(pid, NULL, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ESRCH);
}

/* A name that is missing is told while the process lives. */
static void a_missing_file_is_missed(void **state)
{
	struct code_mapping gone = libc;

	(void)state;
	gone.path = "/no/such/libc.so.6";
	gone.start++; /* nor is it found by address */
	assert_int_equal(code_mapping__open(getpid(), &gone), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_ended_is_gone),
		cmocka_unit_test(so_it_is_to_another_user),
		cmocka_unit_test(a_missing_file_is_missed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
