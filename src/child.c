// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Children are executed, not forked: a fork would have the tracer's memory, the maps of its kernel
 * programs among it, and a fork of a process with threads may run into their locks. /proc/self/exe
 * is this very program even after an upgrade has put another one in its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"

static int set_attributes(posix_spawnattr_t *a)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGHUP);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGQUIT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGTSTP);
	posix_spawnattr_setsigmask(a, &blocked);
	posix_spawnattr_setpgroup(a, 0);
	return -posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
}

static int set_files(posix_spawn_file_actions_t *f, const int *fds, size_t n, bool speaks)
{
	int nr_null = speaks ? STDERR_FILENO : CHILD_FD, err = 0;

	for (size_t i = 0; !err && i < n; i++)
		err = posix_spawn_file_actions_adddup2(f, fds[i], CHILD_FD + (int)i);
	for (int fd = 0; !err && fd < nr_null; fd++)
		err = posix_spawn_file_actions_addopen(f, fd, "/dev/null", O_RDWR, 0);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(f, CHILD_FD + (int)n);
	return -err;
}

int child__start(pid_t *pid, const char *mode, const int *fds, size_t n, bool speaks)
{
	char *const argv[] = {(char *)"migpop", (char *)(uintptr_t)mode, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int err = -posix_spawn_file_actions_init(&files);

	if (err)
		return err;
	err = -posix_spawnattr_init(&attributes);
	if (!err) {
		err = set_attributes(&attributes);
		if (!err)
			err = set_files(&files, fds, n, speaks);
		if (!err)
			err = -posix_spawn(pid, "/proc/self/exe", &files, &attributes, argv,
					   environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return err;
}

/* A child is missed less than any other process. If its badness cannot be written, it is as likely
 * to be ended as the tracer. */
static void offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "1000");
	close(fd);
}

int child__begin(const char *name)
{
	prctl(PR_SET_NAME, name);
	offer_to_oom_killer();
	return prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_DUMPABLE, 0) ? -errno : 0;
}

int child__limit(int resource, uint64_t most)
{
	struct rlimit now, l;

	if (getrlimit((__rlimit_resource_t)resource, &now))
		return -errno;
	l.rlim_cur = l.rlim_max = most < now.rlim_max ? most : now.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &l) ? -errno : 0;
}

int child__drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	/* The bounding set can be emptied only with CAP_SETPCAP. Without that, no_new_privs keeps
	 * execve() from gaining anything. */
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			break;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	    syscall(SYS_capset, &header, none) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}
