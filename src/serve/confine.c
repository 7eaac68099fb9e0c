// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Capabilities, limits, Landlock and seccomp, in this order: each leaves what the next one needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "serve/confine.h"

static int set_limits(void)
{
	int err = child__limit(RLIMIT_FSIZE, CONFINE_FILE_BYTES);

	if (!err)
		err = child__limit(RLIMIT_NOFILE, CONFINE_DESCRIPTORS);
#ifndef __SANITIZE_ADDRESS__ /* AddressSanitizer reserves terabytes. */
	if (!err)
		err = child__limit(RLIMIT_AS, CONFINE_MEMORY_BYTES);
#endif
	return err ? err : child__limit(RLIMIT_CORE, 0);
}

/* Whatever Landlock can refuse since its first version, it refuses everywhere but there. */
static int keep_to_directory(int records)
{
	const struct landlock_ruleset_attr refused = {
		.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,
	};
	const struct landlock_path_beneath_attr allowed = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		.parent_fd = records,
	};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &refused, sizeof(refused), 0);
	int err = 0;

	/* The kernel is older than 5.13, was started without Landlock, or somebody's filter does
	 * not know these calls. */
	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &allowed, 0) ||
	    syscall(SYS_landlock_restrict_self, rules, 0))
		err = -errno;
	close(rules);
	return err;
}

/* What libmicrohttpd, libc, json-c and a process that renders a report call with any arguments. */
static const char *const calls[] = {
	"accept4",         "brk",          "clock_gettime",
	"close",           "close_range",  "dup3",
	"epoll_create1",   "epoll_ctl",    "epoll_pwait",
	"epoll_wait",      "eventfd2",     "exit",
	"exit_group",      "fstat",        "futex",
	"getdents64",      "getpeername",  "getpid",
	"getrandom",       "getsockname",  "getsockopt",
	"gettid",          "gettimeofday", "lseek",
	"madvise",         "memfd_create", "mremap",
	"munmap",          "newfstatat",   "pidfd_open",
	"pread64",         "read",         "recvfrom",
	"restart_syscall", "rseq",         "rt_sigaction",
	"rt_sigprocmask",  "rt_sigreturn", "sendfile",
	"sendmsg",         "sendto",       "set_robust_list",
	"setsockopt",      "shutdown",     "wait4",
	"waitid",          "write",        "writev",
#ifdef __SANITIZE_ADDRESS__
	"sigaltstack", /* before a process ends */
#endif
};

/* The flags of clone() that give the child name spaces of its own, and with them capabilities. */
enum {
	NAME_SPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
		      CLONE_NEWNET | CLONE_NEWCGROUP,
};

/* What is allowed with some arguments only: all bits of "mask" are as in "value". */
static const struct {
	const char *name;
	unsigned int arg;
	uint64_t mask, value;
} bounded_calls[] = {
	/* to read, and neither to create nor to empty a file */
	{"openat", 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY},
	{"mmap", 2, PROT_EXEC, 0},
	{"mprotect", 2, PROT_EXEC, 0},
	{"clone", 0, NAME_SPACES, 0},
	/* not F_SETOWN, by which a descriptor sends signals to another process */
	{"fcntl", 1, UINT32_MAX, F_GETFD},
	{"fcntl", 1, UINT32_MAX, F_SETFD},
	{"fcntl", 1, UINT32_MAX, F_GETFL},
	{"fcntl", 1, UINT32_MAX, F_SETFL},
	{"prctl", 0, UINT32_MAX, PR_SET_PDEATHSIG},
	{"prlimit64", 0, UINT32_MAX, 0}, /* of this process, not of the tracer */
};

/* Allows a call if its argument is as "arg" says; if "arg" is NULL, with any arguments. */
static int allow(scmp_filter_ctx filter, const char *name, const struct scmp_arg_cmp *arg)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		return -EINVAL;
	if (number < 0) /* Other architectures have this call. */
		return 0;
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, arg ? 1 : 0, arg);
}

static int filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < sizeof(calls) / sizeof(*calls); i++)
		err = allow(filter, calls[i], NULL);
	for (size_t i = 0; !err && i < sizeof(bounded_calls) / sizeof(*bounded_calls); i++) {
		const struct scmp_arg_cmp is = {
			.arg = bounded_calls[i].arg,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = bounded_calls[i].mask,
			.datum_b = bounded_calls[i].value,
		};

		err = allow(filter, bounded_calls[i].name, &is);
	}
	/* The flags of clone3() are in memory, where a filter cannot look. If the kernel does not
	 * have the call, libc takes clone(). */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

int confine(int records, char *why, size_t size)
{
	int err = set_limits();

	if (err) {
		snprintf(why, size, "cannot set limits: %s", strerror(-err));
		return err;
	}
	err = child__drop_capabilities();
	if (err) {
		snprintf(why, size, "cannot give up capabilities: %s", strerror(-err));
		return err;
	}
	err = keep_to_directory(records);
	if (err) {
		snprintf(why, size, "cannot be kept to the records by Landlock: %s",
			 strerror(-err));
		return err;
	}
	err = filter_calls();
	if (err)
		snprintf(why, size, "cannot be confined by seccomp: %s", strerror(-err));
	return err;
}
