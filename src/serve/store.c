// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps records as files of one directory. Their names are made here, from few characters.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output/file.h"
#include "output/json.h"
#include "serve/record_files.h"
#include "serve/store.h"

enum { GUEST_MAX = 64 };

void store__close(struct store *s)
{
	if (s->dir >= 0)
		close(s->dir);
	s->dir = -1;
}

int store__follow(struct store *s)
{
	struct stat open_one, named;

	if (s->dir >= 0 && !fstat(s->dir, &open_one) && !stat(s->path, &named) &&
	    open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev)
		return 0;
	store__close(s);
	if (mkdir(s->path, 0750) && errno != EEXIST)
		return -errno;
	s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return -errno;
	s->opened++;
	return 0;
}

static void make_name(char *out, uint64_t start_us, const struct record *r)
{
	const struct record_target *t = r->nr_target ? &r->target[0] : NULL;
	const char *role = names__word(NAMES_ROLE, r->migration.role);
	time_t seconds = (time_t)(start_us / 1000000);
	char guest[GUEST_MAX + 1], date[32];
	struct tm tm;
	size_t n = 0;

	if (t && t->guest && *t->guest)
		for (const char *c = t->guest; *c && n < GUEST_MAX; c++)
			guest[n++] = record_file__is_plain(*c) ? *c : '_';
	guest[n] = '\0';
	if (!n)
		snprintf(guest, sizeof(guest), "%u", t ? t->pid : 0);
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%S", &tm);
	snprintf(out, RECORD_NAME_SIZE, "%s.%06uZ-%s-%s", date, (unsigned int)(start_us % 1000000),
		 guest, role ? role : "unknown");
}

/* Removes the oldest records until the others take no more than max_size. Never removes "keep", the
 * record that was written last, named without ".json": a long migration may have begun before
 * others that are kept. If "keep" is NULL, the newest record is never removed. */
static int trim(struct store *s, const char *keep)
{
	struct dirent **entries = NULL;
	uint64_t sum = 0;
	int n, err = 0;

	n = record_files__list(s->dir, &entries);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		struct stat st;

		if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		sum += (uint64_t)st.st_size;
		if (sum > s->max_size && (keep ? strncmp(name, keep, strlen(name) - 5) : i) &&
		    unlinkat(s->dir, name, 0))
			err = -errno;
	}
	record_files__free(entries, n);
	return err;
}

int store__trim(struct store *s)
{
	int err = store__follow(s);

	return err ? err : trim(s, NULL);
}

int store__add(struct store *s, const struct record *r, uint64_t start_us)
{
	char name[RECORD_NAME_SIZE], path[4096];
	struct output_file out;
	int err = store__follow(s);

	if (err)
		return err;
	do {
		make_name(name, start_us++, r);
		if ((size_t)snprintf(path, sizeof(path), "%s/%s.json", s->path, name) >=
		    sizeof(path))
			return -ENAMETOOLONG;
	} while (!access(path, F_OK));
	err = output_file__open(&out, path);
	if (err)
		return err;
	err = output_json__write(r, out.f);
	if (!err)
		err = output_file__commit(&out);
	output_file__abort(&out);
	return err ? err : trim(s, name);
}

static int is_unfinished(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return !strncmp(entry->d_name, ".migpop-", 8) && !strcmp(end, ".tmp");
}

int store__open(struct store *s, const char *path, uint64_t max_size)
{
	struct dirent **entries = NULL;
	int n, err;

	*s = (struct store){.path = path, .dir = -1, .max_size = max_size};
	err = store__follow(s);
	if (err)
		return err;
	/* A service that was killed may have left files that it had not renamed yet. */
	n = scandirat(s->dir, ".", &entries, is_unfinished, NULL);
	for (int i = 0; i < n; i++)
		unlinkat(s->dir, entries[i]->d_name, 0);
	record_files__free(entries, n);
	return trim(s, NULL);
}
