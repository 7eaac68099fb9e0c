// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The unwinder of the kernel side, built for user space, on stacks that were recorded from real
 * processes. The format is described in recorded/README.md.
 *
 *	replay FILE…
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/unwind.h"

enum { ROWS_MAX = 1024, MAPPINGS_MAX = 32 };

/* Memory is kept as lines of the file; what was not recorded of a page reads as POISON. */
enum { LINE_MAX_BYTES = 32, LINES_MAX = 2048, POISON = 0xa5 };

static struct recorded {
	struct unwind_row rows[ROWS_MAX];
	struct unwind_mapping mappings[MAPPINGS_MAX];
	u32 nr_rows, nr_mappings;
	struct {
		u64 at;
		u32 len;
		unsigned char bytes[LINE_MAX_BYTES];
	} lines[LINES_MAX];
	u32 nr_lines;
	u64 frames[CHAIN_FRAMES_MAX + 1];
	u32 nr_frames;
	u64 ip, sp, bp;
	char title[128], end[32];
} recorded;

UNWIND_INLINE const struct unwind_mapping *unwind__mapping(u32 i)
{
	return i < recorded.nr_mappings ? &recorded.mappings[i] : NULL;
}

UNWIND_INLINE const struct unwind_row *unwind__row(u32 i)
{
	return i < recorded.nr_rows ? &recorded.rows[i] : NULL;
}

static bool page_is_recorded(u64 page)
{
	for (u32 i = 0; i < recorded.nr_lines; i++)
		if (recorded.lines[i].at >> 12 == page)
			return true;
	return false;
}

UNWIND_INLINE long unwind__read_user(void *to, u32 size, u64 from)
{
	for (u64 page = from >> 12; page <= (from + size - 1) >> 12; page++)
		if (!page_is_recorded(page))
			return -1;
	memset(to, POISON, size);
	for (u32 i = 0; i < recorded.nr_lines; i++)
		for (u32 k = 0; k < recorded.lines[i].len; k++) {
			u64 offset = recorded.lines[i].at + k - from;

			if (offset < size)
				((unsigned char *)to)[offset] = recorded.lines[i].bytes[k];
		}
	return 0;
}

static bool add_mapping(const char *line)
{
	struct unwind_mapping *m = &recorded.mappings[recorded.nr_mappings];
	unsigned long long start, end, base;

	if (recorded.nr_mappings == MAPPINGS_MAX ||
	    sscanf(line, "map %llx %llx %llx", &start, &end, &base) != 3)
		return false;
	*m = (struct unwind_mapping){
		.start = start, .end = end, .base = base, .first_row = recorded.nr_rows};
	recorded.nr_mappings++;
	return true;
}

static bool add_row(const char *line)
{
	struct unwind_row *row = &recorded.rows[recorded.nr_rows];

	if (!recorded.nr_mappings || recorded.nr_rows == ROWS_MAX ||
	    sscanf(line, "row %x %x", &row->pc, &row->rule) != 2)
		return false;
	recorded.nr_rows++;
	recorded.mappings[recorded.nr_mappings - 1].nr_rows++;
	return true;
}

static bool add_memory(const char *line)
{
	unsigned long long at;
	unsigned int byte;
	int used;

	if (recorded.nr_lines == LINES_MAX || sscanf(line, "mem %llx %n", &at, &used) != 1)
		return false;
	recorded.lines[recorded.nr_lines].at = at;
	for (u32 n = 0; n < LINE_MAX_BYTES && sscanf(line + used + 2 * n, "%2x", &byte) == 1; n++) {
		recorded.lines[recorded.nr_lines].bytes[n] = (unsigned char)byte;
		recorded.lines[recorded.nr_lines].len = n + 1;
	}
	return recorded.lines[recorded.nr_lines++].len;
}

static bool add_register(const char *line)
{
	unsigned long long value;
	char name;

	if (sscanf(line, "reg %c%*c %llx", &name, &value) != 2)
		return false;
	if (name == 'i')
		recorded.ip = value;
	else if (name == 's')
		recorded.sp = value;
	else
		recorded.bp = value;
	return true;
}

static bool add_frame(const char *line)
{
	unsigned long long pc;

	if (recorded.nr_frames > CHAIN_FRAMES_MAX || sscanf(line, "frame %llx", &pc) != 1)
		return false;
	/* The first is always exact, and not marked. */
	if (recorded.nr_frames && strstr(line, " exact"))
		pc |= CHAIN_FRAME_EXACT;
	recorded.frames[recorded.nr_frames++] = pc;
	return true;
}

static bool add(const char *line)
{
	if (!strncmp(line, "map ", 4))
		return add_mapping(line);
	if (!strncmp(line, "row ", 4))
		return add_row(line);
	if (!strncmp(line, "mem ", 4))
		return add_memory(line);
	if (!strncmp(line, "reg ", 4))
		return add_register(line);
	if (!strncmp(line, "frame ", 6))
		return add_frame(line);
	return sscanf(line, "title %127[^\n]", recorded.title) == 1 ||
	       sscanf(line, "end %31s", recorded.end) == 1 || *line == '#' || *line == '\n';
}

static bool read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	bool good = f != NULL;
	char line[256];

	memset(&recorded, 0, sizeof(recorded));
	while (good && fgets(line, sizeof(line), f)) {
		good = add(line);
		if (!good)
			printf("%s: not understood: %s", path, line);
	}
	if (f)
		fclose(f);
	return good && recorded.nr_frames && *recorded.end;
}

static void unwind(struct unwind *u)
{
	memset(u, 0, sizeof(*u));
	u->start_ip = recorded.ip;
	u->start_sp = recorded.sp;
	u->start_bp = recorded.bp;
	u->start_exact = 1;
	u->nr_mappings = recorded.nr_mappings;
	unwind__begin(u);
	while (!unwind__step(u))
		;
}

static bool same(const struct chain *chain, u32 end)
{
	if (chain->n != recorded.nr_frames ||
	    (end == CHAIN_COMPLETE) != !strcmp(recorded.end, "complete"))
		return false;
	return !memcmp(chain->frames, recorded.frames, chain->n * sizeof(chain->frames[0]));
}

static bool replay(const char *path)
{
	static struct unwind u;

	if (!read_file(path)) {
		printf("FAIL: %s cannot be read\n", path);
		return false;
	}
	unwind(&u);
	if (same(&u.chain, u.end)) {
		printf("%s: %u frames\n", recorded.title, u.chain.n);
		return true;
	}
	printf("FAIL: %s (%s): end %u\n", path, recorded.title, u.end);
	for (u32 i = 0; i < u.chain.n || i < recorded.nr_frames; i++)
		printf("  %16llx %16llx\n",
		       i < u.chain.n ? (unsigned long long)u.chain.frames[i] : 0,
		       i < recorded.nr_frames ? (unsigned long long)recorded.frames[i] : 0);
	return false;
}

int main(int argc, char **argv)
{
	bool good = argc > 1;

	for (int i = 1; i < argc; i++)
		good &= replay(argv[i]);
	return !good;
}
