// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What /proc says of a process: who it is, and the kernel's own figures for its memory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collect/proc.h"
#include "proc/container.h"
#include "proc/maps.h"
#include "record.h"
#include "vmm/program.h"
#include "vmm/qemu_options.h"
#include "vmm/vmm.h"

static char *read_all(const char *path, size_t *len)
{
	size_t n = 0, room = 0;
	char *buf = NULL;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	for (;;) {
		ssize_t got;

		if (room - n < 4096) {
			char *more = realloc(buf, room = room ? room * 2 : 16384);

			if (!more)
				goto fail;
			buf = more;
		}
		got = read(fd, buf + n, room - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto fail;
		if (!got)
			break;
		n += (size_t)got;
	}
	close(fd);
	buf[n] = '\0';
	if (len)
		*len = n;
	return buf;
fail:
	err = errno;
	close(fd);
	free(buf);
	errno = err;
	return NULL;
}

char *proc__read(pid_t pid, const char *name, size_t *len)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return read_all(path, len);
}

/* The number behind "key" at the start of a line of "text", or -1. */
static int64_t field(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len))
			return strtoll(line + len, NULL, 10);
	}
	return -1;
}

static int64_t kb_to_pages(int64_t kb)
{
	return kb < 0 ? -1 : kb * 1024 / sysconf(_SC_PAGESIZE);
}

/* smaps has about 25 lines a mapping. */
static const struct maps_budget smaps_budget = {.bytes = 128 << 20, .mappings = 1 << 16};

/* kB of private memory in swap; -1 if the process has more mappings than are read. Shared memory
 * in swap is not the process's own, and VmSwap of status is not exact: up to 6.1 each thread holds
 * back up to 64 of its changes. */
static int64_t private_swap(pid_t pid)
{
	struct maps m;
	int64_t sum = 0;

	if (!maps__open(&m, pid, "smaps", &smaps_budget))
		while (maps__next(&m))
			if (m.now.perms[3] == 'p' && m.swap_kb > 0)
				sum += m.swap_kb;
	if (m.cut || m.err)
		sum = -1;
	maps__close(&m);
	return sum;
}

int proc__figures_cheap(pid_t pid, struct proc_figures *out)
{
	char *status = proc__read(pid, "status", NULL);

	memset(out, 0xff, sizeof(*out));
	if (!status)
		return -ESRCH;
	out->page_tables = field(status, "VmPTE:");
	out->hugetlb = kb_to_pages(field(status, "HugetlbPages:"));
	out->rss = kb_to_pages(field(status, "VmRSS:"));
	out->anon = kb_to_pages(field(status, "RssAnon:"));
	if (out->anon >= 0 && field(status, "VmSwap:") > 0)
		out->anon += kb_to_pages(field(status, "VmSwap:"));
	free(status);
	return out->anon < 0 ? -ESRCH : 0;
}

int64_t proc__counter_slack(void)
{
	int64_t cpus = sysconf(_SC_NPROCESSORS_CONF), batch = cpus * 2 > 32 ? cpus * 2 : 32;

	return 2 * cpus * batch;
}

int64_t proc__pages_waiting(void)
{
	return 31 * sysconf(_SC_NPROCESSORS_ONLN);
}

int proc__figures(pid_t pid, struct proc_figures *out)
{
	int64_t anonymous, swap, private_kb = 0;
	char *rollup;

	if (proc__figures_cheap(pid, out))
		return -ESRCH;
	out->anon = -1;
	rollup = proc__read(pid, "smaps_rollup", NULL);
	if (!rollup)
		return -ESRCH;
	anonymous = field(rollup, "Anonymous:");
	swap = field(rollup, "Swap:");
	free(rollup);
	if (anonymous < 0)
		return -ESRCH;
	if (swap > 0)
		private_kb = private_swap(pid);
	if (private_kb < 0)
		return -EFBIG;
	out->anon = kb_to_pages(anonymous + private_kb);
	return 0;
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
	int64_t tgid = status ? field(status, "Tgid:") : -1;

	free(status);
	return tgid > 0 ? (pid_t)tgid : -ESRCH;
}

enum { PF_EXITING = 0x4, PF_IO_WORKER = 0x10 };

/* Its flags of stat(5); those of one that is gone are PF_EXITING. */
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

/* Exiting, or with a SIGKILL that it has not taken yet, as all threads of a process that ends as a
 * whole have. Workers of io_uring live for others, whether or not they have taken theirs. */
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

bool proc__has_swap(void)
{
	char *swaps = read_all("/proc/swaps", NULL);
	char *second = swaps ? strchr(swaps, '\n') : NULL;
	bool has = second && second[1];

	free(swaps);
	return has;
}

bool proc__huge_always(void)
{
	char *text = read_all("/sys/kernel/mm/transparent_hugepage/enabled", NULL);
	bool always = text && strstr(text, "[always]");

	free(text);
	return always;
}

int64_t proc__pages_of_fault(void)
{
	char *enabled = read_all("/sys/kernel/mm/transparent_hugepage/enabled", NULL);
	char *size = read_all("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", NULL);
	bool huge = enabled && size && !strstr(enabled, "[never]");
	int64_t pages = huge ? strtoll(size, NULL, 10) / sysconf(_SC_PAGESIZE) : 1;

	free(enabled);
	free(size);
	return pages > 0 ? pages : 1;
}

const char *proc__lockdown(void)
{
	static const char *const levels[] = {"none", "integrity", "confidentiality"};
	char *text = read_all("/sys/kernel/security/lockdown", NULL);
	const char *found = NULL, *open = text ? strchr(text, '[') : NULL;

	for (size_t i = 0; open && i < sizeof(levels) / sizeof(*levels); i++)
		if (!strncmp(open + 1, levels[i], strlen(levels[i])))
			found = levels[i];
	free(text);
	return found;
}

static void split_cmdline(struct record_target *t, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += !text[i];
	t->cmdline = calloc(n ? n : 1, sizeof(*t->cmdline));
	if (!t->cmdline)
		return;
	for (size_t at = 0; at < len && t->nr_cmdline < n; at += strlen(text + at) + 1) {
		char *word = strdup(text + at);

		if (!word)
			return;
		t->cmdline[t->nr_cmdline++] = word;
	}
}

char *proc__comm(pid_t tid)
{
	char *text = proc__read(tid, "comm", NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The effective one. */
static int64_t uid_of(pid_t pid)
{
	char *status = proc__read(pid, "status", NULL);
	const char *line = status ? strstr(status, "\nUid:") : NULL;
	unsigned int uid;
	int n = line ? sscanf(line, "\nUid: %*u %u", &uid) : 0;

	free(status);
	return n == 1 ? uid : RECORD_UNKNOWN;
}

/* In the hierarchy of version 2, which is number 0, on hosts with both as well. */
static char *cgroup_of(const char *text)
{
	char *path = NULL;

	for (const char *line = text; line && !path; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "0::", 3))
			path = strndup(line + 3, strcspn(line + 3, "\n"));
	}
	return path;
}

static void describe_cgroup(pid_t pid, struct record_target *t)
{
	char *text = proc__read(pid, "cgroup", NULL);
	struct container c;

	if (!text)
		return;
	t->cgroup = cgroup_of(text);
	container__find(text, &c);
	if (*c.pod)
		t->pod_uid = strdup(c.pod);
	if (*c.id)
		t->container_id = strdup(c.id);
	free(text);
}

const char *proc__boot_id(void)
{
	static char id[64];
	char *text = *id ? NULL : read_all("/proc/sys/kernel/random/boot_id", NULL);

	if (text)
		snprintf(id, sizeof(id), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return *id ? id : NULL;
}

void proc__describe(pid_t pid, struct record_target *t)
{
	char path[64], exe[4096];
	struct program program;
	size_t len = 0;
	ssize_t got;
	char *text;

	t->pid = (uint32_t)pid;
	t->uid = uid_of(pid);
	describe_cgroup(pid, t);
	t->comm = proc__comm(pid);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	got = readlink(path, exe, sizeof(exe) - 1);
	if (got > 0) {
		exe[got] = '\0';
		t->exe = strdup(exe);
	}
	text = proc__read(pid, "cmdline", &len);
	if (text)
		split_cmdline(t, text, len);
	free(text);
	t->guest = qemu_options__guest(t);
	program = program__of(pid);
	if (program.vmm)
		t->vmm_name = strdup(program.vmm);
	vmm__describe(t);
}

static bool has_argument(pid_t pid, const char *name)
{
	size_t len = 0;
	char *text = proc__read(pid, "cmdline", &len);
	bool found = false;

	for (size_t at = 0; text && at < len && !found; at += strlen(text + at) + 1) {
		const char *word = text + at;

		if (word[0] == '-' && word[1] == '-')
			word++;
		found = !strcmp(word, name);
	}
	free(text);
	return found;
}

/* As in bpf/window.bpf.h. */
enum sender_thread proc__sender(pid_t tid)
{
	/* As in bpf/window.bpf.h. */
	static const struct {
		const char *comm;
		enum sender_thread is;
	} senders[] = {
		{"live_migration", SENDER_LIVE}, {"bg_snapshot", SENDER_SNAPSHOT},
		{"mig/src/main", SENDER_LIVE},   {"mig/snapshot", SENDER_SNAPSHOT},
		{"dump_thread", SENDER_DUMP},
	};
	char *comm = proc__comm(tid);
	enum sender_thread is = SENDER_UNKNOWN;

	for (size_t i = 0; comm && i < sizeof(senders) / sizeof(*senders); i++)
		if (!strcmp(comm, senders[i].comm))
			is = senders[i].is;
	free(comm);
	return is;
}

void proc__emulator_state(pid_t pid, struct emulator_state *out)
{
	struct dirent *entry;
	char path[64];
	DIR *tasks;

	*out = (struct emulator_state){.incoming = has_argument(pid, "-incoming")};
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && !out->migration_thread && (entry = readdir(tasks))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && proc__sender(tid) != SENDER_UNKNOWN)
			out->migration_thread = tid;
	}
	if (tasks)
		closedir(tasks);
}

/* By the kernel's function that it sleeps in: do_sys_poll, ep_poll, poll_schedule_timeout. */
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

	/* Its owner's alone to read, whatever CAP_SYS_PTRACE allows. */
	if (!text && errno == EACCES)
		return sleeps_in_poll(pid);
	free(text);
#ifdef SYS_poll /* newer architectures have ppoll() and epoll_pwait() alone */
	if (nr == SYS_poll || nr == SYS_epoll_wait)
		return true;
#endif
	return nr == SYS_ppoll || nr == SYS_epoll_pwait || nr == SYS_epoll_pwait2;
}

bool proc__is_emulator(pid_t pid)
{
	return program__of(pid).vmm;
}
