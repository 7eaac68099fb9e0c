// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file is known by its device, inode and time of change: one that is written anew is tried again.
 */
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "reader/unreadable.h"

enum { FILES_MAX = 1024 };

struct file {
	dev_t device;
	ino_t inode;
	struct timespec changed;
	int err; /* 0: no entry */
	bool told;
};

static struct file files[FILES_MAX];
static size_t nr_added;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct file *find(const struct stat *st)
{
	for (size_t i = 0; i < FILES_MAX && i < nr_added; i++)
		if (files[i].inode == st->st_ino && files[i].device == st->st_dev &&
		    !memcmp(&files[i].changed, &st->st_ctim, sizeof(st->st_ctim)))
			return &files[i];
	return NULL;
}

int unreadable__find(const struct stat *st)
{
	const struct file *f;
	int err;

	pthread_mutex_lock(&lock);
	f = find(st);
	err = f ? f->err : 0;
	pthread_mutex_unlock(&lock);
	return err;
}

void unreadable__add(const struct stat *st, int err)
{
	pthread_mutex_lock(&lock);
	if (!find(st))
		files[nr_added++ % FILES_MAX] = (struct file){st->st_dev, st->st_ino, st->st_ctim,
							      err, false};
	pthread_mutex_unlock(&lock);
}

bool unreadable__tell(const struct stat *st)
{
	struct file *f;
	bool first;

	pthread_mutex_lock(&lock);
	f = find(st);
	first = !f || !f->told;
	if (f)
		f->told = true;
	pthread_mutex_unlock(&lock);
	return first;
}
