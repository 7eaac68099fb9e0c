// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Getting pages really out of memory. MADV_PAGEOUT leaves them in the swap cache when swap is on a
 * disk, and what is found there again is no swap-in; only reclaim takes them out of it. A memory
 * cgroup of the program's own can be reclaimed without disturbing anybody.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "route.h"

static char parent[2048];
static char group[4096];
static bool is_v2;

static bool write_in(const char *dir, const char *name, const char *value)
{
	char path[8192];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* "PATH" of the line "N:controllers:PATH" of /proc/self/cgroup, so as to go back there. */
static bool own_path(const char *controller, char *path, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[2048];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		char *names = strchr(line, ':'), *at = names ? strchr(names + 1, ':') : NULL;

		if (!at)
			continue;
		*at++ = '\0';
		at[strcspn(at, "\n")] = '\0';
		found = !strcmp(names + 1, controller);
		if (found)
			snprintf(path, size, "%s", at);
	}
	if (file)
		fclose(file);
	return found;
}

/* The mount point of the memory controller of either version. */
static bool find_controller(char *dir, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	bool found = false;

	while (mounts && !found && (entry = getmntent(mounts))) {
		char controllers[256], path[1024];

		if (!strcmp(entry->mnt_type, "cgroup") && hasmntopt(entry, "memory")) {
			found = true;
		} else if (!strcmp(entry->mnt_type, "cgroup2")) {
			snprintf(path, sizeof(path), "%s/cgroup.controllers", entry->mnt_dir);
			found = is_v2 = setting_get(path, controllers, sizeof(controllers)) &&
					strstr(controllers, "memory");
		}
		if (found)
			snprintf(dir, size, "%s", entry->mnt_dir);
	}
	if (mounts)
		endmntent(mounts);
	return found;
}

static void reclaim_remove(void)
{
	write_in(parent, "cgroup.procs", "0");
	rmdir(group);
}

void reclaim_prepare(void)
{
	char top[512], own[1024] = "";

	if (!find_controller(top, sizeof(top)) ||
	    !own_path(is_v2 ? "" : "memory", own, sizeof(own)))
		return;
	snprintf(parent, sizeof(parent), "%s%s", top, own);
	/* Version 2 has controllers only below groups without processes; the root is exempt. */
	if (is_v2)
		write_in(top, "cgroup.subtree_control", "+memory");
	snprintf(group, sizeof(group), "%s/migpop-route-%d", top, getpid());
	if (mkdir(group, 0755)) {
		group[0] = '\0';
		return;
	}
	atexit(reclaim_remove);
	if (!write_in(group, "cgroup.procs", "0"))
		skip("cannot enter a cgroup of one's own: %s", strerror(errno));
}

static void reclaim(size_t pages)
{
	char bytes[32];

	if (is_v2) {
		snprintf(bytes, sizeof(bytes), "%zu", pages * page_size);
		write_in(group, "memory.reclaim", bytes);
	} else {
		write_in(group, "memory.force_empty", "0");
	}
}

void page_out(char *mem, size_t pages)
{
	/* A page that is still in a CPU's batch on its way to the LRU stays behind at first. */
	for (int tries = 0; tries < 100; tries++) {
		if (madvise(mem, pages * page_size, MADV_PAGEOUT)) {
			if (errno == EINVAL)
				skip("no MADV_PAGEOUT");
			check_call("MADV_PAGEOUT", false);
		}
		if (smaps_pages(mem, "Swap") == (long)pages)
			return;
	}
	fail("only %ld of %zu pages went to swap", smaps_pages(mem, "Swap"), pages);
}

void memory_limit(size_t pages)
{
	char bytes[32];

	if (!group[0])
		skip("no memory cgroup of one's own");
	snprintf(bytes, sizeof(bytes), "%zu", pages * page_size);
	if (!write_in(group, is_v2 ? "memory.max" : "memory.limit_in_bytes", bytes))
		skip("cannot limit the memory of a cgroup: %s", strerror(errno));
}

void page_out_of_memory(char *mem, size_t pages)
{
	long present;

	page_out(mem, pages);
	present = pages_present(mem, pages);
	/* The first rounds may meet pages that are still being written. */
	for (int tries = 0; present && group[0] && tries < 1000; tries++) {
		reclaim(pages);
		present = pages_present(mem, pages);
	}
	if (present)
		skip("%ld of %zu pages stay in the swap cache%s", present, pages,
		     group[0] ? "" : ": no memory cgroup to reclaim them with");
	check_equal("Swap in smaps", smaps_pages(mem, "Swap"), (long)pages);
}
