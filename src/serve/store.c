// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps records as files of one directory, named <start>-<guest or pid>-<role>.json. Names are made
 * here from few characters, and only such names are opened: nothing from outside is used as a path.
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
#include "serve/store.h"

enum { NAME_SIZE = 160, GUEST_MAX = 64 };

void store__close(struct store *s)
{
	if (s->dir >= 0)
		close(s->dir);
	s->dir = -1;
}

/* Opens the directory if it is not open, or if another directory has its name by now. Makes it if
 * there is none. */
static int open_directory(struct store *s)
{
	struct stat open_one, named;

	if (s->dir >= 0 && !fstat(s->dir, &open_one) && !stat(s->path, &named) &&
	    open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev)
		return 0;
	store__close(s);
	if (mkdir(s->path, 0750) && errno != EEXIST)
		return -errno;
	s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->dir < 0 ? -errno : 0;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static bool ends_with(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !strncmp(name + len - n, end, n);
}

/* True if "name" is the name of a record, without ".json". */
static bool is_name(const char *name, size_t len)
{
	if (!len || len >= NAME_SIZE || *name < '0' || *name > '9')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_plain(name[i]))
			return false;
	return ends_with(name, len, "-source") || ends_with(name, len, "-destination");
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
			guest[n++] = is_plain(*c) ? *c : '_';
	guest[n] = '\0';
	if (!n)
		snprintf(guest, sizeof(guest), "%u", t ? t->pid : 0);
	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%S", &tm);
	snprintf(out, NAME_SIZE, "%s.%06uZ-%s-%s", date, (unsigned int)(start_us % 1000000), guest,
		 role ? role : "unknown");
}

static int compare_newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

static int is_record(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return ends_with(entry->d_name, len, ".json") && is_name(entry->d_name, len - 5);
}

static void free_entries(struct dirent **entries, int n)
{
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
}

/* Removes the oldest records until the others take no more than max_size. Never removes "keep", the
 * record that was written last, named without ".json": a long migration may have begun before
 * others that are kept. If "keep" is NULL, the newest record is never removed. */
static int trim(struct store *s, const char *keep)
{
	struct dirent **entries = NULL;
	uint64_t sum = 0;
	int n, err = 0;

	n = scandirat(s->dir, ".", &entries, is_record, compare_newest_first);
	if (n < 0)
		return -errno;
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
	free_entries(entries, n);
	return err;
}

int store__trim(struct store *s)
{
	int err = open_directory(s);

	return err ? err : trim(s, NULL);
}

int store__add(struct store *s, const struct record *r, uint64_t start_us)
{
	char name[NAME_SIZE], path[4096];
	struct output_file out;
	int err = open_directory(s);

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
	size_t len = strlen(entry->d_name);

	return !strncmp(entry->d_name, ".migpop-", 8) && ends_with(entry->d_name, len, ".tmp");
}

int store__open(struct store *s, const char *path, uint64_t max_size)
{
	struct dirent **entries = NULL;
	int n, err;

	*s = (struct store){.path = path, .dir = -1, .max_size = max_size};
	err = open_directory(s);
	if (err)
		return err;
	/* A service that was killed may have left files that it had not renamed yet. */
	n = scandirat(s->dir, ".", &entries, is_unfinished, NULL);
	for (int i = 0; i < n; i++)
		unlinkat(s->dir, entries[i]->d_name, 0);
	free_entries(entries, n);
	return trim(s, NULL);
}

int store__each(struct store *s, int (*each)(const char *name, void *data), void *data)
{
	struct dirent **entries = NULL;
	int n, err = open_directory(s);

	if (err)
		return err;
	n = scandirat(s->dir, ".", &entries, is_record, compare_newest_first);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n && !err; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 5] = '\0';
		err = each(entries[i]->d_name, data);
	}
	free_entries(entries, n);
	return err;
}

static int read_file(int fd, char **text, size_t *len)
{
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	*text = malloc((size_t)st.st_size + 1);
	if (!*text)
		return -ENOMEM;
	/* one read() is enough: a record is never written again */
	got = read(fd, *text, (size_t)st.st_size);
	if (got != st.st_size) {
		free(*text);
		return -EIO;
	}
	(*text)[got] = '\0';
	*len = (size_t)got;
	return 0;
}

int store__read(struct store *s, const char *name, char **text, size_t *len)
{
	char file[NAME_SIZE + 8];
	int fd, err;

	if (!is_name(name, strlen(name)))
		return -ENOENT;
	err = open_directory(s);
	if (err)
		return err;
	snprintf(file, sizeof(file), "%s.json", name);
	fd = openat(s->dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP ? -ENOENT : -errno;
	err = read_file(fd, text, len);
	close(fd);
	return err;
}
