// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes a directory for the files of a trial, removes it with everything in it, and makes QEMU's
 * command line.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify/guest/churn.h"
#include "verify/workspace.h"

enum { DISK_BYTES = 1 << 20 };

/* Guest memory in a file belongs on tmpfs; elsewhere the path must be short, because it is part of
 * the names of sockets. */
static const char *parent_of(const struct trial_options *o)
{
	const char *named = getenv("TMPDIR");

	if (o->backing == BACKING_FILE)
		return "/dev/shm";
	return named && *named && strlen(named) <= WORKSPACE_PARENT_MAX ? named : "/tmp";
}

int workspace__make(struct workspace *w, const struct trial_options *o)
{
	snprintf(w->dir, sizeof(w->dir), "%s/migpop-verify.XXXXXX", parent_of(o));
	if (!mkdtemp(w->dir)) {
		w->dir[0] = '\0';
		return -errno;
	}
	snprintf(w->uri, sizeof(w->uri), "unix:%s/stream", w->dir);
	return 0;
}

void workspace__remove(struct workspace *w)
{
	DIR *dir = w->dir[0] ? opendir(w->dir) : NULL;
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	if (w->dir[0])
		rmdir(w->dir);
	w->dir[0] = '\0';
}

/* Makes a disk with nothing on it but the boot sector. */
static int make_disk(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), err = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, DISK_BYTES))
		err = -errno;
	else if (pwrite(fd, guest_churn, GUEST_CHURN_SIZE, 0) != GUEST_CHURN_SIZE)
		err = -EIO;
	close(fd);
	return err;
}

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(&a->v[a->n], format, args) < 0)
		a->failed = true;
	else
		a->n++;
	va_end(args);
}

static void add_memory(struct arguments *a, const struct workspace *w,
		       const struct trial_options *o, const char *end)
{
	static const char *const kinds[] = {
		[BACKING_MEMFD] = "memory-backend-memfd,share=on",
		[BACKING_RAM] = "memory-backend-ram",
		[BACKING_MEMFD_PRIVATE] = "memory-backend-memfd,share=off",
		[BACKING_HUGETLB] = "memory-backend-memfd,share=on,hugetlb=on,hugetlbsize=2M",
		[BACKING_FILE] = "memory-backend-file,share=on",
	};
	char path[160] = "";

	if (o->backing == BACKING_FILE)
		snprintf(path, sizeof(path), ",mem-path=%s/%s.ram", w->dir, end);
	add(a, "-object");
	add(a, "%s%s,id=ram0,size=%" PRIu64 "%s", kinds[o->backing], path, o->memory,
	    o->prealloc ? ",prealloc=on" : "");
	add(a, "-m");
	add(a, "%" PRIu64 "M", o->memory >> 20);
}

/* Each end has a disk of its own, so that neither waits for the other's lock. */
static int add_guest(struct arguments *a, const struct workspace *w, const char *end)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s.disk", w->dir, end);
	add(a, "-drive");
	add(a, "if=ide,format=raw,file=%s", path);
	return make_disk(path);
}

int workspace__arguments(const struct workspace *w, const struct trial_options *o, const char *end,
			 bool incoming, struct arguments *out)
{
	static const char *const common[] = {"-S", "-display", "none", "-nodefaults",
					     "-no-user-config"};
	int err = 0;

	memset(out, 0, sizeof(*out));
	add(out, "%s", o->qemu);
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		add(out, "%s", common[i]);
	add(out, "-machine");
	add(out, "pc,memory-backend=ram0");
	add(out, "-accel");
	add(out, "%s", o->kvm ? "kvm" : "tcg");
	if (o->kvm) {
		add(out, "-cpu");
		add(out, "qemu64");
	}
	add(out, "-name");
	add(out, "guest=%s-%s", o->name, end);
	add_memory(out, w, o, end);
	if (incoming) {
		add(out, "-incoming");
		add(out, "defer");
	}
	if (o->churn)
		err = add_guest(out, w, end);
	if (out->failed) {
		out->v[out->n] = NULL;
		err = -ENOMEM;
	}
	if (err)
		arguments__free(out);
	return err;
}

void arguments__free(struct arguments *a)
{
	while (a->n)
		free(a->v[--a->n]);
}
