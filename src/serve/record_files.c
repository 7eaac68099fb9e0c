// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names are compared with what store.c makes, and only such names are opened: nothing from outside
 * is used as a path.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/record_files.h"

static const char suffix[] = ".json";
enum { SUFFIX_LEN = sizeof(suffix) - 1 };

bool record_file__is_plain(char c)
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
	if (!len || len >= RECORD_NAME_SIZE || *name < '0' || *name > '9')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!record_file__is_plain(name[i]))
			return false;
	return ends_with(name, len, "-source") || ends_with(name, len, "-destination");
}

static int is_record(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return ends_with(entry->d_name, len, suffix) && is_name(entry->d_name, len - SUFFIX_LEN);
}

static int compare_newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

int record_files__list(int dir, struct dirent ***entries)
{
	int n;

	*entries = NULL;
	n = scandirat(dir, ".", entries, is_record, compare_newest_first);
	return n < 0 ? -errno : n;
}

void record_files__free(struct dirent **entries, int n)
{
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
}

int record_file__open(int dir, const char *name, uint64_t *size)
{
	char file[RECORD_NAME_SIZE + SUFFIX_LEN];
	struct stat st;
	int fd, err;

	if (!is_name(name, strlen(name)))
		return -ENOENT;
	snprintf(file, sizeof(file), "%s%s", name, suffix);
	fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP ? -ENOENT : -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		*size = (uint64_t)st.st_size;
		return fd;
	}
	err = S_ISREG(st.st_mode) ? -errno : -ENOENT;
	close(fd);
	return err;
}
