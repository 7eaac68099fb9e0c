// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Damaged copies of an ELF file, the same ones every time; the code in it stays as it is. Each has
 *a build-id of its own, or none for another would be taken from a cache.
 *
 *	damage FILE DIR COUNT
 *
 * writes DIR/vNNNN-KIND, and vNNNN-cut-SIZE for what is to be cut to SIZE once it is mapped.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20, CODE_MAX = 16 };

struct range {
	size_t at, size;
};

struct image {
	unsigned char bytes[FILE_MAX];
	size_t size;
};

static struct image good, bad;
static struct range code[CODE_MAX], eh_frame, eh_frame_hdr, build_id;
static size_t nr_code, code_end;
static uint64_t state;

static uint64_t random_below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

/* Sizes and offsets that somebody forgot to check. */
static uint64_t nasty(void)
{
	const uint64_t values[] = {0,
				   1,
				   3,
				   UINT64_MAX,
				   UINT64_MAX - 7,
				   INT64_MAX,
				   1ULL << 63,
				   UINT32_MAX,
				   1ULL << 31,
				   good.size,
				   good.size - 1,
				   good.size + 1,
				   1ULL << 40,
				   random_below(2 * good.size)};

	return values[random_below(sizeof(values) / sizeof(values[0]))];
}

static int is_code(size_t at)
{
	for (size_t i = 0; i < nr_code; i++)
		if (at >= code[i].at && at - code[i].at < code[i].size)
			return 1;
	return 0;
}

static void put(size_t at, const void *value, size_t size)
{
	for (size_t i = 0; i < size && at + i < bad.size; i++)
		if (!is_code(at + i))
			bad.bytes[at + i] = ((const unsigned char *)value)[i];
}

static void spoil(struct range r, unsigned int bytes)
{
	while (bytes--) {
		unsigned char value = (unsigned char)random_below(256);

		put(r.at + random_below(r.size), &value, 1);
	}
}

static void spoil_header(void)
{
	spoil((struct range){0, sizeof(Elf64_Ehdr)}, 1 + (unsigned int)random_below(4));
}

/* One member of one of the table's headers. */
static void spoil_table(size_t at, size_t entry, size_t entries)
{
	uint64_t value = nasty();
	size_t member = random_below(entry / 8);

	put(at + random_below(entries) * entry + member * 8, &value, 8);
}

static const Elf64_Ehdr *header(void)
{
	return (const void *)good.bytes;
}

static const Elf64_Shdr *sections(void)
{
	return (const void *)(good.bytes + header()->e_shoff);
}

static void spoil_segments(void)
{
	spoil_table(header()->e_phoff, sizeof(Elf64_Phdr), header()->e_phnum);
}

static void spoil_sections(void)
{
	spoil_table(header()->e_shoff, sizeof(Elf64_Shdr), header()->e_shnum);
}

/* Size, offset or address of those that call frames are read from. */
static void spoil_frame_sections(void)
{
	uint64_t value = nasty();

	for (size_t i = 0; i < header()->e_shnum; i++) {
		const Elf64_Shdr *s = sections() + i;
		size_t members[] = {offsetof(Elf64_Shdr, sh_size), offsetof(Elf64_Shdr, sh_offset),
				    offsetof(Elf64_Shdr, sh_addr)};

		if (s->sh_offset == eh_frame.at || s->sh_offset == eh_frame_hdr.at)
			put(header()->e_shoff + i * sizeof(*s) + members[random_below(3)], &value,
			    8);
	}
}

static void spoil_frames(void)
{
	spoil(eh_frame, 1 + (unsigned int)random_below(8));
}

/* Where the n-th record of .eh_frame is; the last one there is if there are fewer. */
static size_t frame_record(uint64_t n)
{
	size_t at = eh_frame.at, end = eh_frame.at + eh_frame.size;
	uint32_t length;

	for (; n; n--) {
		memcpy(&length, good.bytes + at, 4);
		if (!length || at + 8 + length >= end)
			break;
		at += 4 + length;
	}
	return at;
}

static void spoil_lengths(void)
{
	uint32_t value = (uint32_t)nasty();

	put(frame_record(random_below(8)), &value, 4);
}

/* A record that names as its CIE itself, the next one, one before the section, ... */
static void spoil_cycles(void)
{
	const int32_t distances[] = {4, 0, -4, 8, 24, INT32_MAX, INT32_MIN, -24};
	int32_t value = distances[random_below(8)];
	size_t at = frame_record(random_below(8));

	put(at + 4, &value, 4);
	if (random_below(2)) {
		value = 0; /* or the other way round: an FDE that is a CIE */
		put(frame_record(1) + 4, &value, 4);
	}
}

static void spoil_search_table(void)
{
	spoil(eh_frame_hdr, 1 + (unsigned int)random_below(8));
}

static void spoil_anything(void)
{
	spoil((struct range){0, good.size}, 64);
}

static void cut_before(void)
{
	bad.size = code_end + random_below(good.size - code_end);
}

static const struct kind {
	const char *name;
	void (*spoil)(void);
} kinds[] = {
	{"cut", NULL},
	{"short", cut_before},
	{"header", spoil_header},
	{"segments", spoil_segments},
	{"sections", spoil_sections},
	{"frame-sections", spoil_frame_sections},
	{"frames", spoil_frames},
	{"lengths", spoil_lengths},
	{"cycles", spoil_cycles},
	{"search-table", spoil_search_table},
	{"anything", spoil_anything},
};

static int read_good(const char *path)
{
	const char *names;
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	good.size = fread(good.bytes, 1, FILE_MAX, f);
	fclose(f);
	if (good.size < sizeof(Elf64_Ehdr) || good.size == FILE_MAX)
		return -1;
	names = (const char *)good.bytes + sections()[header()->e_shstrndx].sh_offset;
	for (size_t i = 0; i < header()->e_shnum; i++) {
		const Elf64_Shdr *s = sections() + i;
		struct range r = {s->sh_offset, s->sh_size};

		if (s->sh_flags & SHF_EXECINSTR && nr_code < CODE_MAX) {
			code[nr_code++] = r;
			code_end = r.at + r.size;
		} else if (!strcmp(names + s->sh_name, ".eh_frame")) {
			eh_frame = r;
		} else if (!strcmp(names + s->sh_name, ".eh_frame_hdr")) {
			eh_frame_hdr = r;
		} else if (!strcmp(names + s->sh_name, ".note.gnu.build-id")) {
			build_id = r;
		}
	}
	return nr_code && eh_frame.size && eh_frame_hdr.size && build_id.size > 4 ? 0 : -1;
}

static int write_bad(const char *dir, unsigned long n)
{
	const struct kind *kind = &kinds[n % (sizeof(kinds) / sizeof(kinds[0]))];
	uint32_t id = (uint32_t)n;
	char path[4096];
	FILE *f;
	int err;

	state = 0x9e3779b97f4a7c15ULL * (n + 1);
	bad = good;
	put(build_id.at + build_id.size - 4, &id, 4);
	if (kind->spoil) {
		kind->spoil();
		snprintf(path, sizeof(path), "%s/v%04lu-%s", dir, n, kind->name);
	} else {
		snprintf(path, sizeof(path), "%s/v%04lu-%s-%zu", dir, n, kind->name,
			 code_end + (size_t)random_below(good.size - code_end));
	}
	f = fopen(path, "we");
	if (!f)
		return -1;
	err = fwrite(bad.bytes, 1, bad.size, f) != bad.size;
	return fclose(f) || err ? -1 : 0;
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 4 ? strtoul(argv[3], NULL, 0) : 0;

	if (!count) {
		fputs("usage: damage FILE DIR COUNT\n", stderr);
		return 2;
	}
	if (read_good(argv[1])) {
		fprintf(stderr, "damage: %s: not what this program knows to damage\n", argv[1]);
		return 1;
	}
	for (unsigned long n = 0; n < count; n++)
		if (write_bad(argv[2], n)) {
			perror("damage");
			return 1;
		}
	return 0;
}
