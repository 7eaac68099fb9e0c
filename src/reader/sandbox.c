// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits, capabilities, then system calls: each step takes away what the next ones do not need.
 * What is not allowed fails with EPERM, so that a library which asks for more than it needs goes
 * on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reader/sandbox.h"

/* AddressSanitizer reserves terabytes, and says what it found on stderr. */
#ifdef __SANITIZE_ADDRESS__
enum { LIMITS_SPACE = 0 };
#else
enum { LIMITS_SPACE = 1 };
#endif

static int limit(int resource, rlim_t value)
{
	struct rlimit now, l;

	if (getrlimit((__rlimit_resource_t)resource, &now))
		return -errno;
	l.rlim_cur = l.rlim_max = value < now.rlim_max ? value : now.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &l) ? -errno : 0;
}

static int set_limits(void)
{
	int err = limit(RLIMIT_CPU, SANDBOX_CPU_SECONDS);

	if (!err && LIMITS_SPACE)
		err = limit(RLIMIT_AS, (rlim_t)SANDBOX_SPACE_MIB << 20);
	/* A descriptor for each file that has names, and one for its debug file. */
	if (!err)
		err = limit(RLIMIT_NOFILE, 4096);
	if (!err)
		err = limit(RLIMIT_FSIZE, 0);
	return err ? err : limit(RLIMIT_CORE, 0);
}

/* Where memory is short, the kernel is to end this process before any other: it is missed least. */
static void offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) < 0) {
		/* It is as likely as the tracer then. */
	}
	close(fd);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	/* The bounding set can be emptied only with CAP_SETPCAP. Without that, no_new_privs keeps
	 * execve() from gaining anything, and there is no execve(). */
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			break;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	    syscall(SYS_capset, &header, none))
		return -errno;
	return 0;
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

	/* It sets no_new_privs as well. */
	if (!err)
		err = seccomp_load(c);
	seccomp_release(c);
	return err;
}

int sandbox__enter(void)
{
	int err;

	prctl(PR_SET_NAME, "migpop-reader");
	offer_to_oom_killer();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_DUMPABLE, 0))
		return -errno;
	err = set_limits();
	if (!err)
		err = drop_capabilities();
	return err ? err : filter_calls();
}
