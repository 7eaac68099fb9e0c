/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a web process that obeys somebody else cannot do: each of these works before it is confined,
 * or would, and is refused after.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "serve/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/migpop-test-confine-XXXXXX";
static int records;
static pid_t tracer; /* in the place of which this process is */

static int setup(void **state)
{
	(void)state;
	tracer = getpid();
	if (!mkdtemp(dir))
		return -1;
	records = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return records < 0 ? -1 : 0;
}

/* Who is not confined removes the one, and makes the other. */
static void make_record(void)
{
	int fd = openat(records, "inside", O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
	unlinkat(records, "new", 0);
}

static int teardown(void **state)
{
	(void)state;
	unlinkat(records, "inside", 0);
	close(records);
	return rmdir(dir);
}

/* Each returns what the system call does. */
static long opens_inside(void)
{
	return openat(records, "inside", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}
static long lists(void)
{
	return openat(records, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}
static long forks(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}
static long makes_a_file_in_memory(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	return fd < 0 ? -1 : write(fd, "x", 1);
}
static long opens_outside(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}
static long opens_above(void)
{
	return openat(records, "../../etc/passwd", O_RDONLY | O_CLOEXEC);
}
static long opens_to_write(void)
{
	return openat(records, "inside", O_RDWR | O_CLOEXEC);
}
static long creates(void)
{
	return openat(records, "new", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}
static long empties(void)
{
	return openat(records, "inside", O_RDONLY | O_TRUNC | O_CLOEXEC);
}
static long removes(void)
{
	return unlinkat(records, "inside", 0);
}
static long makes_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}
static long signals_the_tracer(void)
{
	return kill(tracer, 0);
}
static long signals_by_a_descriptor(void)
{
	return fcntl(STDERR_FILENO, F_SETOWN, tracer);
}
static long limits_the_tracer(void)
{
	struct rlimit now;

	return prlimit(tracer, RLIMIT_CPU, NULL, &now);
}
static long traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static long executes(void)
{
	char *const args[] = {(char[]){"true"}, NULL};
	pid_t pid = fork();
	int status;

	if (!pid) {
		execv("/bin/true", args);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}
static long maps_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? -1
		       : 0;
}
static long has_a_name_space(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER);
}
static long clones_into_a_name_space(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0);

	if (!pid)
		_exit(0);
	return pid < 0 ? -1 : waitpid((pid_t)pid, NULL, 0);
}
static long is_dumped(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static const struct {
	const char *name;
	long (*does)(void);
	int err; /* 0: it is allowed */
	bool by_landlock;
} attempts[] = {
	{"open a record", opens_inside, 0, false},
	{"list the records", lists, 0, false},
	{"fork", forks, 0, false},
	{"make a file in memory", makes_a_file_in_memory, 0, false},
	{"open a file elsewhere", opens_outside, EACCES, true},
	{"climb to a file elsewhere", opens_above, EACCES, true},
	{"open a record to write", opens_to_write, EPERM, false},
	{"create a file", creates, EPERM, false},
	{"empty a record", empties, EPERM, false},
	{"remove a record", removes, EPERM, false},
	{"make a socket", makes_a_socket, EPERM, false},
	{"signal the tracer", signals_the_tracer, EPERM, false},
	{"have a descriptor signal the tracer", signals_by_a_descriptor, EPERM, false},
	{"limit the tracer", limits_the_tracer, EPERM, false},
	{"trace", traces, EPERM, false},
	{"execute a program", executes, EPERM, false},
	{"map code", maps_executable, EPERM, false},
	{"have a user name space", has_a_name_space, EPERM, false},
	{"have a child in one", clones_into_a_name_space, EPERM, false},
	{"change what prctl() changes", is_dumped, EPERM, false},
};
enum { NR_ATTEMPTS = sizeof(attempts) / sizeof(*attempts), CANNOT = 100 };

/* Runs in a child, so that each attempt is the first thing that a confined process does. Returns
 * its errno, 0 if it succeeds, or CANNOT if there is no confinement. */
static int attempt(size_t i, bool confined)
{
	char why[256];
	int status;
	pid_t pid;

	make_record();
	pid = fork();
	if (!pid) {
		if (confined && confine(records, why, sizeof(why))) {
			fprintf(stderr, "%s\n", why);
			_exit(CANNOT);
		}
		_exit(attempts[i].does() < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		fail_msg("%s: ended by signal %d", attempts[i].name, WTERMSIG(status));
	return WEXITSTATUS(status);
}

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static void refuses_what_is_not_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ATTEMPTS; i++) {
		int expected = attempts[i].by_landlock && !has_landlock() ? 0 : attempts[i].err;
		int before = attempt(i, false), got = attempt(i, true);

		/* Name spaces may be refused to everybody. */
		if (before)
			print_message("unconfined it cannot %s either: %s\n", attempts[i].name,
				      strerror(before));
		if (got != expected)
			fail_msg("%s: %s, not %s", attempts[i].name, strerror(got),
				 strerror(expected));
	}
}

/* In a child: returns 0 if each line is in its status, or the number of the first that is not. */
static int look_at_status(const char *const *lines, size_t n)
{
	/* A descriptor from before: then /proc is out of reach. */
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	char why[256], text[8192] = "\n", line[64];

	if (fd < 0 || confine(records, why, sizeof(why)) ||
	    pread(fd, text + 1, sizeof(text) - 2, 0) < 0)
		return CANNOT;
	for (size_t i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "\n%s\n", lines[i]);
		if (!strstr(text, line))
			return (int)i + 1;
	}
	return 0;
}

static void has_no_privilege(void **state)
{
	static const char *const lines[] = {
		"CapInh:\t0000000000000000",
		"CapPrm:\t0000000000000000",
		"CapEff:\t0000000000000000",
		"CapAmb:\t0000000000000000",
		"NoNewPrivs:\t1",
		"Seccomp:\t2",
	};
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid)
		_exit(look_at_status(lines, sizeof(lines) / sizeof(*lines)));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("status %#x", status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_needed),
		cmocka_unit_test(has_no_privilege),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
