// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file is known by its inode, length and time of change. What it states is looked for in all of
 * its read-only data, which takes some milliseconds if the file is in the page cache.
 */
#include "vmm/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/process.h"
#include "symbol/image.h"
#include "vmm/vmm.h"

/* No monitor is smaller than SMALLEST, and nearly all programs of a host are: they need no
 * reading. */
enum { SMALLEST = 1 << 20, FILES = 1024 };

struct known_file {
	dev_t dev;
	ino_t inode;
	off_t size;
	struct timespec changed;
	const struct vmm *vmm;
};

static struct known_file files[FILES];
static size_t nr_files; /* how many there have been: the oldest makes room */

static const struct known_file *find(const struct stat *st)
{
	for (size_t i = 0; i < FILES && i < nr_files; i++) {
		const struct known_file *f = &files[i];

		if (f->inode == st->st_ino && f->dev == st->st_dev && f->size == st->st_size &&
		    f->changed.tv_sec == st->st_ctim.tv_sec &&
		    f->changed.tv_nsec == st->st_ctim.tv_nsec)
			return f;
	}
	return NULL;
}

static const struct vmm *stated_in(int fd)
{
	const struct vmm *found = NULL;
	struct image image;

	if (image__open(&image, fd))
		return NULL;
	for (const struct vmm *const *vmm = vmm_rows; !found && *vmm; vmm++) {
		char *text = (*vmm)->version ? image__text(&image, (*vmm)->version) : NULL;

		found = text ? vmm__by_statement(text) : NULL;
		free(text);
	}
	image__close(&image);
	return found;
}

/* The kernel names a process after the script, not after the interpreter that the script names. */
static const struct vmm *named_script(pid_t pid)
{
	char *comm = proc__comm(pid);
	const struct vmm *vmm = comm ? vmm__by_script(comm) : NULL;

	free(comm);
	return vmm;
}

static const struct vmm *read_file(int fd, const struct stat *st)
{
	const struct known_file *known = find(st);
	struct known_file *f;

	if (known)
		return known->vmm;
	f = &files[nr_files++ % FILES];
	*f = (struct known_file){st->st_dev, st->st_ino, st->st_size, st->st_ctim, NULL};
	if (S_ISREG(st->st_mode) && st->st_size >= SMALLEST)
		f->vmm = stated_in(fd);
	return f->vmm;
}

struct program program__of(pid_t pid)
{
	struct program p = {NULL, false, 0};
	char path[64], exe[4096];
	struct stat st;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	got = readlink(path, exe, sizeof(exe) - 1);
	if (got <= 0) {
		p.error = got < 0 ? -errno : -ENOENT;
		return p;
	}
	exe[got] = '\0';
	p.vmm = vmm__by_program(exe);
	if (!p.vmm)
		p.vmm = named_script(pid);
	p.by_name = p.vmm;
	if (p.vmm)
		return p;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		p.error = -errno;
		return p;
	}
	if (fstat(fd, &st))
		p.error = -errno;
	else
		p.vmm = read_file(fd, &st);
	close(fd);
	return p;
}
