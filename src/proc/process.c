// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What /proc/PID says of a process and of its threads.
 */
#include "proc/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc/text.h"

char *proc__comm(pid_t tid)
{
	char *text = proc__read(tid, "comm", NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

void *proc__read_memory(pid_t pid, uint64_t address, size_t size)
{
	char path[64];
	void *copy = NULL;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	copy = malloc(size);
	if (copy && pread(fd, copy, size, (off_t)address) != (ssize_t)size) {
		free(copy);
		copy = NULL;
	}
	close(fd);
	return copy;
}

pid_t proc__tgid(pid_t pid)
{
	char *status = proc__read(pid, "status", NULL);
	int64_t tgid = status ? text__field(status, "Tgid:") : -1;

	free(status);
	return tgid > 0 ? (pid_t)tgid : -ESRCH;
}

enum { PF_EXITING = 0x4, PF_IO_WORKER = 0x10 };

/* The flags of a thread, of which stat(5) tells; PF_EXITING if the thread is gone. */
static unsigned int thread__flags(pid_t pid, pid_t tid)
{
	unsigned int flags = PF_EXITING;
	char name[32], *stat, *after;

	snprintf(name, sizeof(name), "task/%d/stat", (int)tid);
	stat = proc__read(pid, name, NULL);
	after = stat ? strrchr(stat, ')') : NULL;
	if (after)
		sscanf(after, ") %*c %*d %*d %*d %*d %*d %u", &flags);
	free(stat);
	return flags;
}

bool proc__thread_lives(pid_t pid, pid_t tid)
{
	return !(thread__flags(pid, tid) & PF_EXITING);
}

bool proc__has_descriptor(pid_t pid, int fd)
{
	char path[64], target[8];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	return readlink(path, target, sizeof(target)) >= 0;
}

/* True if the thread is exiting, or has not taken its SIGKILL yet: all threads of a process that
 * ends as a whole have one. Workers of io_uring live for other threads, whether or not they have
 * taken their SIGKILL. */
static bool thread__is_doomed(pid_t pid, pid_t tid)
{
	unsigned long long pending = 0;
	char name[32], *status, *after;

	snprintf(name, sizeof(name), "task/%d/status", (int)tid);
	status = proc__read(pid, name, NULL);
	after = status ? strstr(status, "\nSigPnd:") : NULL;
	if (after)
		sscanf(after, "\nSigPnd: %llx", &pending);
	free(status);
	return thread__flags(pid, tid) & (PF_EXITING | PF_IO_WORKER) ||
	       pending >> (SIGKILL - 1) & 1;
}

bool proc__others_live(pid_t pid)
{
	bool lives = false;
	struct dirent *entry;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && !lives && (entry = readdir(tasks))) {
		pid_t other = (pid_t)strtol(entry->d_name, NULL, 10);

		lives = other > 0 && other != pid && !thread__is_doomed(pid, other);
	}
	if (tasks)
		closedir(tasks);
	return lives;
}

/* True if the kernel's function in which the first thread sleeps is one that polls: do_sys_poll,
 * ep_poll, poll_schedule_timeout. */
static bool sleeps_in_poll(pid_t pid)
{
	char *text = proc__read(pid, "wchan", NULL);
	bool found = text && strstr(text, "poll");

	free(text);
	return found;
}

bool proc__waits(pid_t pid)
{
	char *text = proc__read(pid, "syscall", NULL);
	long nr = text && *text >= '0' && *text <= '9' ? strtol(text, NULL, 10) : -1;

	/* Only the owner of the process may read this file, whatever CAP_SYS_PTRACE allows. */
	if (!text && errno == EACCES)
		return sleeps_in_poll(pid);
	free(text);
#ifdef SYS_poll /* newer architectures have ppoll() and epoll_pwait() alone */
	if (nr == SYS_poll || nr == SYS_epoll_wait)
		return true;
#endif
	return nr == SYS_ppoll || nr == SYS_epoll_pwait || nr == SYS_epoll_pwait2;
}
