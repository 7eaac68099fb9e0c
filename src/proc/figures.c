// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's figures for the memory of a process, from status, smaps_rollup and smaps.
 */
#include "proc/figures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/maps.h"
#include "proc/text.h"

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
	out->page_tables = text__field(status, "VmPTE:");
	out->hugetlb = kb_to_pages(text__field(status, "HugetlbPages:"));
	out->rss = kb_to_pages(text__field(status, "VmRSS:"));
	out->anon = kb_to_pages(text__field(status, "RssAnon:"));
	if (out->anon >= 0 && text__field(status, "VmSwap:") > 0)
		out->anon += kb_to_pages(text__field(status, "VmSwap:"));
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
	anonymous = text__field(rollup, "Anonymous:");
	swap = text__field(rollup, "Swap:");
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
