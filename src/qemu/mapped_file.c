// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks for a file among the mappings of a process. /proc/PID/map_files leads to the mapped files
 * themselves, but needs rights that not everybody has. Otherwise the device and inode number in
 * /proc/PID/maps identify the file, except on overlayfs and btrfs: there they are those of the file
 * system below, and stat() shows others. Then the path helps, from here or from the process's root,
 * if it still leads to the file.
 */
#include "qemu/mapped_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct mapping {
	uint64_t start, end, inode;
	unsigned int major, minor;
	const char *name;
};

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

static bool mapping__is(pid_t pid, const struct mapping *m, const struct stat *wanted)
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
	return m->name[0] == '/' &&
	       (leads_to("", m->name, wanted) || leads_to(root, m->name, wanted));
}

static bool maps(pid_t pid, const struct stat *wanted)
{
	char path[64], line[4352];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		struct mapping m;
		int name = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*x %x:%x %" SCNu64 " %n", &m.start,
			   &m.end, &m.major, &m.minor, &m.inode, &name) != 5 ||
		    !m.inode)
			continue;
		m.name = line + name;
		found = mapping__is(pid, &m, wanted);
	}
	if (f)
		fclose(f);
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
