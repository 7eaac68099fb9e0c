// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starts and ends a QEMU. It gets a process group of its own, so that Ctrl-C reaches only us, and a
 * SIGKILL from the kernel if we die first.
 */
#include "qemu/emulator.h"
#include "proc/mapped_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECT_MS = 1000, COMMAND_MS = 10000, END_MS = 5000, ARGUMENTS_MAX = 64 };

void emulator__init(struct emulator *e)
{
	memset(e, 0, sizeof(*e));
	e->pidfd = -1;
}

static void set_or_unset(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* Runs in the child. Returns only if something failed, with a positive errno. */
static int become(char *const argv[], const char *log, const char *preload, const char *migfix,
		  pid_t parent)
{
	int null = open("/dev/null", O_RDONLY),
	    out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	sigset_t none;

	if (null < 0 || out < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		return errno;
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* Keeps QEMU from using huge pages. khugepaged would allocate pages that no call site
	 * populated, and the kernel splits huge pages and drops parts without freeing them (2,610
	 * pages of one migration under Linux 6.12, where huge pages are always on). */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		return errno;
	if (getppid() != parent)
		return ESRCH;
	set_or_unset("LD_PRELOAD", preload);
	set_or_unset("MIGFIX", migfix);
	execvp(argv[0], argv);
	return errno;
}

static int spawn(struct emulator *e, char *const argv[], const char *preload, const char *migfix)
{
	pid_t parent = getpid();
	int report[2], err = 0;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	e->pid = fork();
	if (!e->pid) {
		err = become(argv, e->log, preload, migfix, parent);
		_exit(write(report[1], &err, sizeof(err)) == sizeof(err) ? 127 : 126);
	}
	if (e->pid < 0)
		err = errno;
	close(report[1]);
	if (e->pid < 0)
		e->pid = 0;
	else if (read(report[0], &err, sizeof(err)) != sizeof(err))
		err = 0; /* execve() succeeded, which closed the pipe */
	close(report[0]);
	if (!err && e->pid) {
		e->pidfd = (int)syscall(SYS_pidfd_open, e->pid, 0);
		err = e->pidfd < 0 ? errno : 0;
	}
	return -err;
}

int emulator__start(struct emulator *e, const char *dir, const char *name, char *const argv[],
		    const char *preload, const char *migfix)
{
	char *all[ARGUMENTS_MAX + 3], *monitor = NULL;
	size_t n = 0;
	int err = -ENOMEM;

	emulator__init(e);
	if (asprintf(&e->socket, "%s/%s.qmp", dir, name) < 0) {
		e->socket = NULL;
		goto out;
	}
	if (asprintf(&e->log, "%s/%s.log", dir, name) < 0) {
		e->log = NULL;
		goto out;
	}
	if (asprintf(&monitor, "unix:%s,server=on,wait=off", e->socket) < 0) {
		monitor = NULL;
		goto out;
	}
	for (; n < ARGUMENTS_MAX && argv[n]; n++)
		all[n] = argv[n];
	all[n++] = (char[]){"-qmp"};
	all[n++] = monitor;
	all[n] = NULL;
	err = spawn(e, all, preload, migfix);
out:
	free(monitor);
	return err;
}

/* A monitor that is absent and one that does not listen yet both mean "not ready". So does a
 * missing greeting: a client that connects while QEMU sets its monitors up may wait for the
 * greeting for ever, so the caller tries again. */
int emulator__connect(struct emulator *e)
{
	int err;

	if (emulator__has_ended(e))
		return -ESRCH;
	err = qmp__open(&e->qmp, e->socket, CONNECT_MS);
	if (err == -ENOENT || err == -ECONNREFUSED || err == -ETIMEDOUT || err == -ECONNRESET)
		return -EAGAIN;
	if (err)
		return err;
	qmp__close(e->qmp);
	return qmp__open(&e->qmp, e->socket, COMMAND_MS);
}

bool emulator__has_ended(struct emulator *e)
{
	if (e->pid > 0 && waitpid(e->pid, &e->status, WNOHANG) == e->pid)
		e->pid = 0;
	return e->pid <= 0;
}

/* True if every thread of the process is stopped, or gone. */
static bool is_still(pid_t pid)
{
	char path[64], line[512];
	struct dirent *entry;
	bool still = true;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && still && (entry = readdir(tasks))) {
		const char *state;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", (int)pid, entry->d_name);
		f = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (!f)
			continue;
		state = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
		still = !state || strchr("TtZX", state[2]);
		fclose(f);
	}
	if (tasks)
		closedir(tasks);
	return still;
}

bool emulator__stop(struct emulator *e)
{
	if (emulator__has_ended(e))
		return true;
	kill(e->pid, SIGSTOP);
	return is_still(e->pid);
}

void emulator__continue(struct emulator *e)
{
	if (!emulator__has_ended(e))
		kill(e->pid, SIGCONT);
}

bool emulator__maps(const struct emulator *e, const char *path)
{
	return process__maps_file(e->pid, path);
}

static void read_words(const struct emulator *e, bool first, char *text, size_t size)
{
	char line[512];
	FILE *f = e->log ? fopen(e->log, "re") : NULL;

	text[0] = '\0';
	while (f && !(first && text[0]) && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			snprintf(text, size, "%s", line);
	}
	if (f)
		fclose(f);
}

void emulator__first_words(const struct emulator *e, char *text, size_t size)
{
	read_words(e, true, text, size);
}

void emulator__last_words(const struct emulator *e, char *text, size_t size)
{
	read_words(e, false, text, size);
}

void emulator__describe_end(const struct emulator *e, char *text, size_t size)
{
	char words[512];
	int n;

	n = WIFSIGNALED(e->status)
		    ? snprintf(text, size, "was killed by signal %d", WTERMSIG(e->status))
		    : snprintf(text, size, "ended with status %d", WEXITSTATUS(e->status));
	emulator__last_words(e, words, sizeof(words));
	if (words[0] && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, ": %s", words);
}

void emulator__end(struct emulator *e)
{
	struct pollfd p = {.fd = e->pidfd, .events = POLLIN};

	emulator__continue(e); /* a stopped QEMU would not answer */
	if (e->pid > 0 && e->qmp && !qmp__execute(e->qmp, "quit", NULL, NULL))
		poll(&p, 1, END_MS);
	if (!emulator__has_ended(e)) {
		kill(e->pid, SIGKILL);
		waitpid(e->pid, &e->status, 0);
	}
	qmp__close(e->qmp);
	if (e->pidfd >= 0)
		close(e->pidfd);
	free(e->socket);
	free(e->log);
	emulator__init(e);
}
