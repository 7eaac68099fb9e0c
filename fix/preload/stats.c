// SPDX-License-Identifier: LGPL-2.1-or-later
/* Counters that the threads of a migration share, and their JSON. Knows nothing of QEMU. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blocks.h"
#include "say.h"
#include "stats.h"

static struct {
	_Alignas(64) atomic_ulong counts[STATS_KINDS];
} ends[STATS_ENDS];
static struct {
	size_t bytes;
	const char *why;
} blocks[BLOCKS_MAX];
/* all blocks that were met, even if "blocks" has no room for them */
static atomic_size_t nr_blocks;
static char pattern[PATH_MAX], hooked[128], policy[32];

void stats_count(enum stats_end end, enum stats_kind kind)
{
	atomic_fetch_add_explicit(&ends[end].counts[kind], 1, memory_order_relaxed);
}

/* QEMU announces its blocks one after the other, so no lock is needed. */
void stats_block(size_t bytes, const char *why)
{
	size_t i = atomic_fetch_add(&nr_blocks, 1);

	if (i >= BLOCKS_MAX)
		return;
	blocks[i].why = why;
	blocks[i].bytes = bytes;
}

void stats_init(const char *name, const char *const *names, size_t count, const char *policy_name)
{
	char directory[PATH_MAX];
	bool relative = *name && *name != '/' && getcwd(directory, sizeof(directory));

	for (size_t i = 0, at = 0; i < count && at < sizeof(hooked); i++)
		at += (size_t)snprintf(hooked + at, sizeof(hooked) - at, "%s\"%s\"", i ? ", " : "",
				       names[i]);

	/* A QEMU that daemonizes changes its directory: the name is relative to the directory it
	 * was started in. */
	if (snprintf(pattern, sizeof(pattern), "%s%s%s", relative ? directory : "",
		     relative ? "/" : "", name) >= (int)sizeof(pattern))
		*pattern = '\0'; /* the name is too long to be opened: no statistics */
	snprintf(policy, sizeof(policy), "%s", policy_name);
}

/* The name of this process's file. Returns false if the name is too long. */
static bool file_name(char *name, size_t size)
{
	const char *place = strstr(pattern, "%p");
	int length;

	if (place)
		length = snprintf(name, size, "%.*s%d%s", (int)(place - pattern), pattern, getpid(),
				  place + 2);
	else
		length = snprintf(name, size, "%s.%d", pattern, getpid());
	return length > 0 && (size_t)length < size;
}

static void print_end(FILE *file, const char *name, enum stats_end end)
{
	fprintf(file,
		",\n\t\"%s\": {\"hole_pages\": %lu, \"populated_pages\": %lu, "
		"\"present_pages\": %lu}",
		name, atomic_load(&ends[end].counts[STATS_HOLE]),
		atomic_load(&ends[end].counts[STATS_POPULATED]),
		atomic_load(&ends[end].counts[STATS_PRESENT]));
}

static void print_blocks(FILE *file)
{
	size_t n = atomic_load(&nr_blocks);

	fprintf(file, ",\n\t\"blocks_met\": %zu,\n\t\"blocks\": [", n);
	for (size_t i = 0; i < n && i < BLOCKS_MAX; i++) {
		fprintf(file, "%s\n\t\t{\"bytes\": %zu, \"asked\": %s, \"reason\": ", i ? "," : "",
			blocks[i].bytes, blocks[i].why ? "false" : "true");
		fprintf(file, blocks[i].why ? "\"%s\"}" : "null}", blocks[i].why);
	}
	fprintf(file, "\n\t]");
}

static bool print(FILE *file)
{
	fprintf(file,
		"{\n\t\"schema\": \"migfix.preload/1\",\n\t\"version\": \"%s\",\n\t\"pid\": %d,\n"
		"\t\"hooked\": [%s],\n\t\"policy\": \"%s\"",
		MIGFIX_VERSION, getpid(), hooked, policy);
	print_end(file, "source", STATS_SOURCE);
	print_end(file, "destination", STATS_DESTINATION);
	print_blocks(file);
	fprintf(file, "\n}\n");
	return !ferror(file);
}

void stats_write(void)
{
	char name[PATH_MAX + 16], unfinished[sizeof(name) + 8];
	FILE *file;
	bool whole;

	if (!*pattern || !file_name(name, sizeof(name)))
		return;
	snprintf(unfinished, sizeof(unfinished), "%s.new", name);
	file = fopen(unfinished, "we");
	if (!file) {
		say("libmigfix: no statistics: cannot make %s: %s", unfinished, strerror(errno));
		return;
	}
	whole = print(file);
	whole &= !fclose(file);
	if (whole && !rename(unfinished, name))
		return;
	say("libmigfix: no statistics: cannot write %s: %s", name, strerror(errno));
	unlink(unfinished);
}
