// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file is known by its inode, length and time of change. What it states is looked for in all of
 * its read-only data, which takes some milliseconds if the file is in the page cache.
 */
#include "vmm/program.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/process.h"
#include "reader/client.h"
#include "reader/opener.h"
#include "reader/unreadable.h"
#include "vmm/vmm.h"

/* No VMM is smaller than SMALLEST, and nearly all programs of a host are: they need no
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

/* Stores in *vmm which monitor the file states that it is, or NULL. Returns 0, or why it cannot be
 * read. */
static int stated_in(const struct opened *f, const struct vmm **vmm)
{
	const struct reader_file file = {.fd = f->fd, .st = &f->st};
	struct reader *r = reader__new();
	int err = r ? 0 : -ENOMEM;

	for (const struct vmm *const *row = vmm_rows; !err && !*vmm && *row; row++) {
		char *text;

		if (!(*row)->version)
			continue;
		err = reader__text(r, &file, (*row)->version, &text);
		*vmm = text ? vmm__by_statement(text) : NULL;
		free(text);
	}
	reader__free(r);
	/* It is no ELF file of this machine, or a damaged one. */
	return err == -ENOEXEC || err == -EBADMSG ? 0 : err;
}

/* The kernel names a process after the script, not after the interpreter that the script names. */
static const struct vmm *named_script(pid_t pid)
{
	char *comm = proc__comm(pid);
	const struct vmm *vmm = comm ? vmm__by_script(comm) : NULL;

	free(comm);
	return vmm;
}

static int read_file(const struct opened *file, const struct vmm **vmm)
{
	const struct stat *st = &file->st;
	const struct known_file *known = find(st);
	int err = 0;

	*vmm = known ? known->vmm : NULL;
	if (known)
		return 0;
	if (S_ISREG(st->st_mode) && st->st_size >= SMALLEST)
		err = stated_in(file, vmm);
	if (err)
		return err;
	files[nr_files++ % FILES] = (struct known_file){st->st_dev, st->st_ino, st->st_size,
							st->st_ctim, *vmm};
	return 0;
}

struct program program__of(pid_t pid)
{
	struct program p = {0};
	char path[64], exe[4096];
	struct opened file;
	ssize_t got;

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
	p.error = opener__program(pid, &file);
	if (!p.error) {
		p.error = read_file(&file, &p.vmm);
		close(file.fd);
	}
	p.tell = reader__has_failed(p.error) && unreadable__tell(&file.st);
	return p;
}
