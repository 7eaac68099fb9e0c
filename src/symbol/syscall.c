// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of system calls, by libseccomp, and of what they are asked to do.
 */
#include <linux/falloc.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "migpop.h"
#include "symbol/syscall.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

struct name {
	int32_t value;
	const char *name;
};

static const char *find_name(const struct name *names, size_t n, int32_t value)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].value == value)
			return names[i].name;
	return NULL;
}

static const struct name workers[] = {
	{SYSCALL_IO_URING, "io_uring worker"},
	{SYSCALL_VHOST, "vhost worker"},
	{SYSCALL_KTHREAD, "kernel thread"},
	{SYSCALL_EXIT, "exit"},
};

char *syscall__name(int32_t nr)
{
	const char *worker = find_name(workers, ARRAY_SIZE(workers), nr);
	char *name;

	if (worker)
		return strdup(worker);
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	if (!name && asprintf(&name, "syscall %d", nr) < 0)
		return NULL;
	return name;
}

static const struct name calls[] = {
	{SYS_madvise, "madvise"},     {SYS_process_madvise, "process_madvise"},
	{SYS_fallocate, "fallocate"}, {SYS_munmap, "munmap"},
	{SYS_mremap, "mremap"},       {SYS_truncate, "truncate"},
	{SYS_ftruncate, "ftruncate"}, {SYS_close, "close"},
};

const char *syscall__static_name(int32_t nr)
{
	const char *name = find_name(calls, ARRAY_SIZE(calls), nr);

	return name ? name : "other";
}

#define NAME(x)                                                                                    \
	{                                                                                          \
		x, #x                                                                              \
	}

/* linux/mman.h of 6.18; those that older C libraries lack by number. */
static const struct name advice[] = {
	NAME(MADV_NORMAL),           NAME(MADV_RANDOM),          NAME(MADV_SEQUENTIAL),
	NAME(MADV_WILLNEED),         NAME(MADV_DONTNEED),        NAME(MADV_FREE),
	NAME(MADV_REMOVE),           NAME(MADV_DONTFORK),        NAME(MADV_DOFORK),
	NAME(MADV_MERGEABLE),        NAME(MADV_UNMERGEABLE),     NAME(MADV_HUGEPAGE),
	NAME(MADV_NOHUGEPAGE),       NAME(MADV_DONTDUMP),        NAME(MADV_DODUMP),
	NAME(MADV_WIPEONFORK),       NAME(MADV_KEEPONFORK),      NAME(MADV_COLD),
	NAME(MADV_PAGEOUT),          NAME(MADV_POPULATE_READ),   NAME(MADV_POPULATE_WRITE),
	NAME(MADV_DONTNEED_LOCKED),  NAME(MADV_HWPOISON),        {25, "MADV_COLLAPSE"},
	{102, "MADV_GUARD_INSTALL"}, {103, "MADV_GUARD_REMOVE"},
};

static const struct name fallocate_modes[] = {
	{0, "allocate"},
	NAME(FALLOC_FL_KEEP_SIZE),
	{FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, "FALLOC_FL_PUNCH_HOLE"},
	NAME(FALLOC_FL_COLLAPSE_RANGE),
	NAME(FALLOC_FL_ZERO_RANGE),
	{FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, "FALLOC_FL_ZERO_RANGE"},
	NAME(FALLOC_FL_INSERT_RANGE),
	NAME(FALLOC_FL_UNSHARE_RANGE),
};

const char *syscall__behavior(int32_t nr, int32_t behavior)
{
	const char *name;

	switch (nr) {
	case SYS_madvise:
	case SYS_process_madvise:
		name = find_name(advice, ARRAY_SIZE(advice), behavior);
		break;
	case SYS_fallocate:
		name = find_name(fallocate_modes, ARRAY_SIZE(fallocate_modes), behavior);
		break;
	default:
		return NULL;
	}
	return name ? name : "unknown";
}
