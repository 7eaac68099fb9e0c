// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings of the system that a route needs for a moment: huge pages, swap. What was changed is put
 * back when the program ends, however it ends by itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "route.h"

static struct setting {
	const char *path;
	char value[64];
} changed[4];
static size_t changes;

static char swap_path[4096];

bool setting_get(const char *path, char *value, size_t size)
{
	char all[256], *chosen;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, all, sizeof(all) - 1);
	close(fd);
	if (n <= 0)
		return false;
	all[n] = '\0';
	/* "always [madvise] never" is how sysfs says madvise. */
	chosen = strchr(all, '[');
	chosen = chosen ? chosen + 1 : all;
	chosen[strcspn(chosen, "]\n")] = '\0';
	snprintf(value, size, "%s", chosen);
	return true;
}

static bool setting_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

	if (fd >= 0)
		close(fd);
	return ok;
}

static void settings_restore(void)
{
	while (changes) {
		changes--;
		setting_write(changed[changes].path, changed[changes].value);
	}
}

bool setting_set(const char *path, const char *value)
{
	struct setting *old = &changed[changes];

	if (changes == sizeof(changed) / sizeof(changed[0]))
		fail("too many settings changed");
	if (!setting_get(path, old->value, sizeof(old->value)))
		return false;
	if (!strcmp(old->value, value))
		return true;
	if (!setting_write(path, value))
		return false;
	old->path = path;
	if (!changes++)
		atexit(settings_restore);
	return true;
}

void hugetlb_need(size_t huge_pages)
{
	static const char path[] = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
	char value[64], found[64];

	if (!setting_get(path, value, sizeof(value)))
		skip("no huge pages of 2 MiB: %s", path);
	snprintf(value, sizeof(value), "%lu", strtoul(value, NULL, 10) + (unsigned long)huge_pages);
	if (!setting_set(path, value))
		skip("cannot set %s: %s", path, strerror(errno));
	if (!setting_get(path, found, sizeof(found)) || strcmp(found, value))
		skip("only %s of %s huge pages could be had", found, value);
}

char *map_thp(size_t pages)
{
	char *mem = map_anon_aligned(pages, HUGE_SIZE), how[32] = "";

	if (!setting_get("/sys/kernel/mm/transparent_hugepage/enabled", how, sizeof(how)) ||
	    !strcmp(how, "never"))
		skip("no transparent huge pages: enabled is \"%s\"", how);
	check_call("MADV_HUGEPAGE", !madvise(mem, pages * page_size, MADV_HUGEPAGE));
	return mem;
}

void thp_need_all(const char *mem, size_t pages)
{
	long huge = smaps_pages(mem, "AnonHugePages");

	if (huge != (long)pages)
		skip("only %ld of %zu pages came as huge ones", huge, pages);
}

bool swap_is_on(void)
{
	struct sysinfo info;

	return !sysinfo(&info) && info.totalswap;
}

static size_t swap_free_pages(void)
{
	FILE *meminfo = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[256];

	check_call("/proc/meminfo", meminfo != NULL);
	while (fgets(line, sizeof(line), meminfo))
		if (sscanf(line, "SwapFree: %lu", &kib) == 1)
			break;
	fclose(meminfo);
	return kib * 1024 / page_size;
}

static void swap_remove(void)
{
	swapoff(swap_path);
	unlink(swap_path);
}

/* The header that mkswap writes: version 1, number of the last page, signature. */
static void swap_header(char *page, size_t pages)
{
	uint32_t info[3] = {1, (uint32_t)(pages - 1), 0};

	memset(page, 0, page_size);
	memcpy(page + 1024, info, sizeof(info));
	memcpy(page + page_size - 10, "SWAPSPACE2", 10);
}

static void swap_file(size_t pages)
{
	const char *dir = getenv("TMPDIR");
	char *page = malloc(page_size);
	int fd;

	check_call("malloc", page != NULL);
	snprintf(swap_path, sizeof(swap_path), "%s/swap.XXXXXX", dir ? dir : "/var/tmp");
	fd = mkostemp(swap_path, O_CLOEXEC);
	check_call(swap_path, fd >= 0);
	atexit(swap_remove);
	swap_header(page, pages);
	for (size_t i = 0; i < pages; i++) {
		if (write(fd, page, page_size) != (ssize_t)page_size)
			skip("no room for swap in %s: %s", swap_path, strerror(errno));
		if (!i)
			memset(page, 0, page_size);
	}
	check_call("fsync", !fsync(fd));
	close(fd);
	free(page);
	if (swapon(swap_path, 0))
		skip("no swap is on, and cannot swap on %s: %s", swap_path, strerror(errno));
}

void swap_need(size_t pages)
{
	size_t room = 2 * pages;

	if (swap_free_pages() < room)
		swap_file(room);
}
