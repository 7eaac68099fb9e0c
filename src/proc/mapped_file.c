// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks for a file among the mappings of a process. /proc/PID/map_files leads to the mapped files
 * themselves, but needs rights that not everybody has. Otherwise the device and inode number in
 * /proc/PID/maps identify the file, except on overlayfs and btrfs: there they are those of the file
 * system below, and stat() shows others. Then the path helps, from here or from the process's root,
 * if it still leads to the file.
 */
#include "proc/mapped_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "proc/maps.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* True if PREFIX PATH exists and is the file "wanted". */
static bool leads_to(const char *prefix, const char *path, const struct stat *wanted)
{
	char full[4352];
	struct stat st;

	return (size_t)snprintf(full, sizeof(full), "%s%s", prefix, path) < sizeof(full) &&
	       !stat(full, &st) && same_file(&st, wanted);
}

static bool mapping__is(pid_t pid, const struct maps_line *m, const struct stat *wanted)
{
	char path[96], root[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid, m->start,
		 m->end);
	if (!stat(path, &st))
		return same_file(&st, wanted);
	if (m->inode == wanted->st_ino && makedev(m->major, m->minor) == wanted->st_dev)
		return true;
	snprintf(root, sizeof(root), "/proc/%d/root", (int)pid);
	return m->path[0] == '/' &&
	       (leads_to("", m->path, wanted) || leads_to(root, m->path, wanted));
}

static bool maps(pid_t pid, const struct stat *wanted)
{
	bool found = false;
	struct maps m;

	if (!maps__open(&m, pid, "maps", &maps_budget))
		while (!found && maps__next(&m))
			found = m.now.inode && mapping__is(pid, &m.now, wanted);
	maps__close(&m);
	return found;
}

bool process__maps_file(pid_t pid, const char *path)
{
	char in_its_root[4352];
	struct stat st;

	if (!stat(path, &st) && maps(pid, &st))
		return true;
	return path[0] == '/' &&
	       (size_t)snprintf(in_its_root, sizeof(in_its_root), "/proc/%d/root%s", (int)pid,
				path) < sizeof(in_its_root) &&
	       !stat(in_its_root, &st) && maps(pid, &st);
}
