// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which of QEMU's RAM blocks is a backing? Told from its command line: -object memory-backend-*.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/tracer.h"
#include "qemu/ram_block.h"
#include "record.h"

/* Value of "key" in QEMU's "type,key=value,..." into out; false if it has none. */
static bool option(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	for (const char *at = strchr(text, ','); at; at = strchr(at + 1, ',')) {
		if (strncmp(at + 1, key, len) || at[1 + len] != '=')
			continue;
		at += 2 + len;
		snprintf(out, size, "%.*s", (int)strcspn(at, ","), at);
		return true;
	}
	return false;
}

/* QEMU's size suffixes; bytes without one. */
static int64_t parse_size(const char *text)
{
	static const char suffixes[] = "BKMGTP";
	char *end;
	double n = strtod(text, &end);
	const char *suffix = *end ? strchr(suffixes, *end & ~0x20) : suffixes;

	for (const char *s = suffixes; suffix && s < suffix; s++)
		n *= 1024;
	return (int64_t)n;
}

/* How many files of that name came before this one: inode numbers of memfds rise. */
static size_t rank_of(const struct counters *c, const struct backing_row *row)
{
	size_t rank = 0;

	for (size_t i = 0; i < c->nr_backings; i++) {
		const struct backing_row *other = &c->backings[i];

		rank += !other->key.tgid && other->key.dev == row->key.dev &&
			other->key.id < row->key.id && !strcmp(other->value.name, row->value.name);
	}
	return rank;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Does the object's memory look like this row? "nth" counts the memfd objects before it. */
static bool matches(const char *object, const struct counters *c, const struct backing_row *row,
		    int64_t bytes, size_t *nth)
{
	bool is_file = row->value.name[0];
	char path[256];

	if (!strncmp(object, "memory-backend-memfd", strlen("memory-backend-memfd")))
		return is_file && !strcmp(row->value.name, "memfd:memory-backend-memfd") &&
		       rank_of(c, row) == (*nth)++;
	if (!strncmp(object, "memory-backend-file", strlen("memory-backend-file")))
		return is_file && option(object, "mem-path", path, sizeof(path)) &&
		       !strcmp(base_name(path), base_name(row->value.name));
	if (!strncmp(object, "memory-backend-ram", strlen("memory-backend-ram")))
		return !is_file && row->value.end - row->value.start >= (u64)bytes &&
		       row->value.end - row->value.start < (u64)bytes + (4 << 20);
	return false;
}

bool ram_block__find(const struct record_target *t, const struct counters *c,
		     const struct backing_row *row, struct ram_block *out)
{
	size_t nth = 0;

	for (size_t i = 0; i + 1 < t->nr_cmdline; i++) {
		const char *object = t->cmdline[i + 1];
		char size[32];
		int64_t bytes;

		if ((strcmp(t->cmdline[i], "-object") && strcmp(t->cmdline[i], "--object")) ||
		    !option(object, "size", size, sizeof(size)))
			continue;
		bytes = parse_size(size);
		if (!matches(object, c, row, bytes, &nth))
			continue;
		if (!option(object, "id", out->id, sizeof(out->id)))
			return false;
		out->length_pages = bytes / sysconf(_SC_PAGESIZE);
		return true;
	}
	return false;
}
