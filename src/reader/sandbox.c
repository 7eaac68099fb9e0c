// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits, capabilities, then system calls: each step takes away what the next ones do not need.
 * What is not allowed fails with EPERM, so that a library which asks for more than it needs goes
 * on.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "child.h"
#include "reader/sandbox.h"

/* AddressSanitizer reserves terabytes, and says what it found on stderr. */
#ifdef __SANITIZE_ADDRESS__
enum { LIMITS_SPACE = 0 };
#else
enum { LIMITS_SPACE = 1 };
#endif

static int set_limits(void)
{
	int err = child__limit(RLIMIT_CPU, SANDBOX_CPU_SECONDS);

	if (!err && LIMITS_SPACE)
		err = child__limit(RLIMIT_AS, (rlim_t)SANDBOX_SPACE_MIB << 20);
	/* A descriptor for each file that has names, and one for its debug file. */
	if (!err)
		err = child__limit(RLIMIT_NOFILE, 4096);
	if (!err)
		err = child__limit(RLIMIT_FSIZE, 0);
	return err ? err : child__limit(RLIMIT_CORE, 0);
}

static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(close),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(sysinfo),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int allow(scmp_filter_ctx c)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(allowed) / sizeof(*allowed); i++)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, allowed[i], 0);
	/* Memory of its own, never a file, and nothing that can be executed. */
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				       SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* How glibc asks for fstat(). */
	if (!err)
		err = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
				       SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
	return err;
}

static int filter_calls(void)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = c ? allow(c) : -ENOMEM;

	if (!err)
		err = seccomp_load(c);
	seccomp_release(c);
	return err;
}

int sandbox__enter(void)
{
	int err = child__begin("migpop-reader");

	if (!err)
		err = set_limits();
	if (!err)
		err = child__drop_capabilities();
	return err ? err : filter_calls();
}
