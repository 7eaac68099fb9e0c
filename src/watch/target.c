// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads what a target is while it lives: its process id says nothing of it afterwards.
 */
#include "watch/target.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "symbol/resolve.h"
#include "vmm/process.h"

int target__init(struct target *t, pid_t pid, struct resolver *resolver)
{
	*t = (struct target){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
	if (t->pidfd < 0)
		return -errno;
	record_target__init(&t->described);
	target__describe(t, resolver);
	return 0;
}

void target__free(struct target *t)
{
	close(t->pidfd);
	target__forget_looks(t);
	ram_blocks__free(&t->blocks);
	free(t->told);
	record_target__clear(&t->described);
}

bool target__is_gone(struct target *t)
{
	struct pollfd p = {.fd = t->pidfd, .events = POLLIN};

	if (!t->gone && poll(&p, 1, 0) > 0)
		t->gone = true;
	return t->gone;
}

bool target__has_memory(struct target *t)
{
	return !t->at_exit_known && !target__is_gone(t);
}

void target__figures(struct target *t, struct target_figures *out)
{
	struct proc_figures read = t->at_exit;

	if (!t->at_exit_known) {
		proc__figures_cheap(t->pid, &read);
		/* If it is there after the reading, it was the process that was read. */
		if (target__is_gone(t))
			memset(&read, 0xff, sizeof(read));
	}
	*out = (struct target_figures){
		.figures = {.anon = read.anon,
			    .hugetlb = read.hugetlb,
			    .page_tables = read.page_tables < 0 ? FIGURE_UNKNOWN
								: read.page_tables * 1024,
			    .known = read.anon >= 0},
		.rss = read.rss,
	};
}

void target__find_blocks(struct target *t)
{
	if (!target__is_gone(t))
		ram_blocks__read(&t->blocks, &t->described, t->pid, t->told, t->nr_told);
}

void target__describe(struct target *t, struct resolver *resolver)
{
	struct record_target now, *d = &t->described;

	record_target__init(&now);
	vmm_process__describe(t->pid, &now);
	/* A process that is ending has no command line any more: keep what was known of it. */
	if (d->nr_cmdline && !now.nr_cmdline) {
		record_target__clear(&now);
		return;
	}
	record_target__clear(d);
	*d = now;
	if (!resolver__remember(resolver, t->pid))
		d->build_id = resolver__exe_build_id(resolver, t->pid, d->exe);
	ram_blocks__free(&t->blocks);
	target__find_blocks(t);
}

void target__forget_looks(struct target *t)
{
	free(t->looks);
	t->looks = NULL;
	t->nr_looks = 0;
}
