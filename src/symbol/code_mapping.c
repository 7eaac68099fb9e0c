// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the executable mappings of a process, and opens the files that are mapped there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "proc/maps.h"
#include "proc/process.h"
#include "symbol/code_mapping.h"
#include "symbol/open_in_root.h"

enum { IMAGE_MAX = 1 << 16 }; /* the vDSO is a few pages long */

int code_mappings__each(const char *text, size_t len,
			int (*visit)(const struct code_mapping *, void *), void *data)
{
	struct code_mapping m, begin = {0};
	struct maps maps;
	int err = 0;

	maps__open_text(&maps, text, len, &maps_budget);
	while (!err && maps__next(&maps)) {
		struct maps_line *line = &maps.now;

		m = (struct code_mapping){
			.start = line->start,
			.end = line->end,
			.file_offset = line->offset,
			.device = makedev(line->major, line->minor),
			.inode = line->inode,
			.path = line->path,
		};
		/* Loaders map the beginning of a file first, and all of it in one piece. */
		if (!m.file_offset && m.inode)
			begin = m;
		if (line->perms[2] != 'x')
			continue;
		m.load = m.inode && m.inode == begin.inode && m.device == begin.device ? begin.start
										       : 0;
		err = visit(&m, data);
	}
	return err;
}

/* Returns "fd" if it is the mapped file, and else closes it. Only inode numbers are compared,
 * because btrfs and overlayfs show other device numbers in maps than fstat() does. */
static int of_mapping(int fd, const struct code_mapping *m)
{
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && st.st_ino == m->inode))
		return fd;
	close(fd);
	return -ESTALE;
}

/* A process that is ending gives up its root directory before it is gone. The kernel answers open()
 * by the capabilities of who asks, and access() without them: a service with a user of its own
 * would be told EACCES by the latter, whatever became of the root. */
static bool has_given_up_root(const char *root)
{
	int fd = open(root, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT;
	close(fd);
	return false;
}

/* maps shows the path from the reader's root. If the process has another root directory, in a mount
 * namespace that is not the reader's, the path may begin with directories above that root. So the
 * path is tried below the process's root, each time with one leading directory less. */
static int open_below_root(pid_t pid, const struct code_mapping *m)
{
	char root[32];
	int err = -ENOENT;

	snprintf(root, sizeof(root), "/proc/%d/root", (int)pid);
	for (const char *path = m->path; path && *path; path = strchr(path + 1, '/')) {
		int fd = of_mapping(open_regular(root, path), m);

		if (fd >= 0)
			return fd;
		if (path == m->path || err == -ENOENT)
			err = fd;
	}
	/* Asked last: the process may end at any time. */
	return err == -ENOENT && has_given_up_root(root) ? -ESRCH : err;
}

/* /proc/PID/map_files leads to the file itself, wherever it is and even if it was deleted, but
 * needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. /proc/PID/exe does the same for the main program,
 * and needs no more than reading the process's memory does. */
int code_mapping__open(pid_t pid, const struct code_mapping *m)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid, m->start,
		 m->end);
	fd = open_regular(NULL, path);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = of_mapping(open_regular(NULL, path), m);
	return fd >= 0 ? fd : open_below_root(pid, m);
}

bool code_mapping__is_vdso(const struct code_mapping *m)
{
	return !strcmp(m->path, "[vdso]");
}

void *code_mapping__read(pid_t pid, const struct code_mapping *m)
{
	size_t size = m->end - m->start;

	return size <= IMAGE_MAX ? proc__read_memory(pid, m->start, size) : NULL;
}
