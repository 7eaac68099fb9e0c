// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Damaged libraries: nothing is taken from what contradicts itself, what only the section headers
 * say wrong does not matter, and a thousand seeded mutations give an error or rows in good order.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <elf.h>

#include "shared/row.h"
#include "symbol/cfi.h"
#include "symbol/code.h"

enum { MUTATIONS = 1000 };

/* A library in memory, and where in it is what gets damaged. */
struct library {
	uint8_t *bytes, *pristine;
	size_t size;
	Elf64_Ehdr *elf;
	Elf64_Phdr *eh_segment;
	Elf64_Shdr *eh_section;
	uint32_t *header; /* .eh_frame_hdr */
	uint32_t *table;
	uint8_t *eh_frame;
	struct cfi_table rows;
};

static uint8_t *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *size), *size);
	close(fd);
	return bytes;
}

static void find_parts(struct library *l)
{
	Elf64_Phdr *p;
	Elf64_Shdr *s;

	l->elf = (Elf64_Ehdr *)l->bytes;
	p = (Elf64_Phdr *)(l->bytes + l->elf->e_phoff);
	while (p->p_type != PT_GNU_EH_FRAME)
		p++;
	l->eh_segment = p;
	l->header = (uint32_t *)(l->bytes + p->p_offset);
	l->table = l->header + 3;
	l->eh_frame = (uint8_t *)(l->header + 1) + (int32_t)l->header[1];
	s = (Elf64_Shdr *)(l->bytes + l->elf->e_shoff);
	while (s->sh_offset != (uint64_t)(l->eh_frame - l->bytes))
		s++;
	l->eh_section = s;
}

static void library__open(struct library *l, const char *path)
{
	memset(l, 0, sizeof(*l));
	l->bytes = read_file(path, &l->size);
	l->pristine = read_file(path, &l->size);
	find_parts(l);
	assert_int_equal(cfi__read_image(l->bytes, l->size, &l->rows), 0);
}

static void library__close(struct library *l)
{
	cfi__free(&l->rows);
	free(l->bytes);
	free(l->pristine);
}

static void assert_in_order(const struct library *l, const struct cfi_table *t)
{
	assert_true(t->n >= 2);
	for (size_t i = 0; i < t->n; i++) {
		assert_true(UNWIND_KIND(t->rows[i].rule) <= UNWIND_UNSUPPORTED);
		assert_true(!i || t->rows[i].pc > t->rows[i - 1].pc);
		assert_true(!i || t->rows[i].rule != t->rows[i - 1].rule);
	}
	assert_true(t->rows[t->n - 1].pc < 16 * l->size);
	assert_int_equal(t->rows[t->n - 1].rule, UNWIND_NONE);
}

/* Reads the library as it is now, then mends it. */
static int try(struct library *l, const char *what)
{
	struct cfi_table t;
	int err = cfi__read_image(l->bytes, l->size, &t);

	if (!err)
		assert_in_order(l, &t);
	else if (t.rows || t.n)
		fail_msg("%s: %d, but rows", what, err);
	if (!err && (t.n != l->rows.n || memcmp(t.rows, l->rows.rows, t.n * sizeof(*t.rows))))
		err = 1;
	cfi__free(&t);
	memcpy(l->bytes, l->pristine, l->size);
	return err;
}

/* What one damage must give: 0 for the rows of the undamaged one. */
#define EXPECT(want, damage)                                                                       \
	do {                                                                                       \
		int got;                                                                           \
		damage;                                                                            \
		got = try(&l, #damage);                                                            \
		if (got != (want))                                                                 \
			fail_msg(#damage ": %d", got);                                             \
	} while (0)

/* The n-th entry of .eh_frame; 0 is the CIE. */
static uint32_t *entry(const struct library *l, size_t n)
{
	uint8_t *at = l->eh_frame;

	while (n--)
		at += *(uint32_t *)at + 4;
	return (uint32_t *)at;
}

static void test_frames(void **state)
{
	struct library l;
	uint32_t *second, last;

	(void)state;
	library__open(&l, CFI_CASES);
	second = entry(&l, 2);
	EXPECT(-EBADMSG, second[1] = 4);  /* its own CIE */
	EXPECT(-EBADMSG, second[1] += 4); /* into the CIE's neighbour */
	EXPECT(-EBADMSG, second[1] = 0x7fffffff);
	EXPECT(-EBADMSG, second[1] = (uint32_t)((uint8_t *)&second[1] - (uint8_t *)entry(&l, 1)));
	EXPECT(-EBADMSG, second[2] += 1);         /* not what the table says */
	EXPECT(-EBADMSG, second[2] += 0x1000000); /* no segment */
	EXPECT(-EBADMSG, second[3] += 0x100);     /* into the next function */
	EXPECT(-EBADMSG, second[3] = 0xfffffff0);
	EXPECT(-EBADMSG, second[0] = 0); /* ends here */
	EXPECT(-EBADMSG, second[0] += 4);
	EXPECT(-EBADMSG, second[0] = 0xffffffff);
	EXPECT(-EBADMSG, ((uint8_t *)second)[17] = 0x7f);      /* instructions leave the function */
	EXPECT(-EBADMSG, ((uint8_t *)second)[17] = 0x3f);      /* no instruction */
	EXPECT(-EBADMSG, ((uint8_t *)entry(&l, 0))[8] = 2);    /* version */
	EXPECT(-EBADMSG, ((uint8_t *)entry(&l, 0))[10] = 'Q'); /* augmentation */
	last = l.header[2];
	EXPECT(-EBADMSG, l.header[2] = last - 1);
	EXPECT(-EBADMSG, l.header[2] = last + 1);
	EXPECT(-EBADMSG, l.header[2] = 0xffffffff);
	EXPECT(-EBADMSG, l.header[1] += 8);
	EXPECT(-EBADMSG, l.header[1] = 0x7ffffff0);
	EXPECT(-EBADMSG, l.table[4] += 1);
	EXPECT(-EBADMSG, l.table[5] += 4);
	EXPECT(-EBADMSG, memcpy(l.table, l.table + 2, 8));
	EXPECT(-EBADMSG, l.eh_segment->p_filesz = 8);
	EXPECT(-EBADMSG, l.eh_segment->p_filesz = INT64_MAX);
	EXPECT(-EBADMSG, l.eh_segment->p_vaddr += 4);
	library__close(&l);
}

static void test_headers(void **state)
{
	struct library l;

	(void)state;
	library__open(&l, CFI_CASES);
	EXPECT(-ENOEXEC, l.elf->e_machine = EM_386);
	EXPECT(-ENOEXEC, l.elf->e_type = ET_REL);
	EXPECT(-ENOEXEC, l.bytes[0] = 0);
	EXPECT(0, l.elf->e_shoff = 0; l.elf->e_shnum = 0; l.elf->e_shstrndx = 0);
	EXPECT(0, l.elf->e_shoff = UINT64_MAX - 8);
	EXPECT(0, l.eh_section->sh_size = INT64_MAX);
	/* Without the segment, sections are all there is. */
	EXPECT(0, l.eh_segment->p_type = PT_NULL);
	EXPECT(-EBADMSG, l.eh_segment->p_type = PT_NULL; l.eh_section->sh_size = INT64_MAX);
	EXPECT(-EBADMSG, l.eh_segment->p_type = PT_NULL; l.eh_section->sh_size -= 8);
	EXPECT(-EBADMSG, l.eh_segment->p_type = PT_NULL; l.eh_section->sh_offset += 8);
	EXPECT(-EBADMSG, l.eh_segment->p_type = PT_NULL; l.eh_section->sh_addr = 8 * l.size);
	EXPECT(-ENOENT, l.eh_segment->p_type = PT_NULL; l.eh_section->sh_size = 0);
	EXPECT(-ENOENT, l.eh_segment->p_type = PT_NULL; l.elf->e_shoff = 0; l.elf->e_shnum = 0);
	library__close(&l);
}

/* A cut loses what a segment would load; behind the last one there are only section headers. */
static void test_truncated(void **state)
{
	struct cfi_table t;
	struct library l;
	size_t loaded = 0;

	(void)state;
	library__open(&l, CFI_CASES);
	for (uint16_t i = 0; i < l.elf->e_phnum; i++) {
		const Elf64_Phdr *p = (Elf64_Phdr *)(l.bytes + l.elf->e_phoff) + i;

		if (p->p_type == PT_LOAD && p->p_offset + p->p_filesz > loaded)
			loaded = p->p_offset + p->p_filesz;
	}
	for (size_t size = 0; size < l.size; size += size < 4096 ? 8 : 256) {
		/* An allocation of its own, so that a look beyond the end is seen. */
		uint8_t *cut = malloc(size + !size);
		int err;

		assert_non_null(cut);
		memcpy(cut, l.bytes, size);
		err = cfi__read_image(cut, size, &t);
		if (size < loaded ? err != -EBADMSG && err != -ENOEXEC : err)
			fail_msg("%zu of %zu: %d", size, l.size, err);
		cfi__free(&t);
		free(cut);
	}
	library__close(&l);
}

/* xorshift64 */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void mutate(uint8_t *from, size_t len, uint64_t *seed)
{
	static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff};
	size_t n = 1 + next_random(seed) % 4;

	while (n--) {
		uint8_t *at = &from[next_random(seed) % len];

		if (next_random(seed) % 2)
			*at = telling[next_random(seed) % sizeof(telling)];
		else
			*at ^= (uint8_t)(1u << next_random(seed) % 8);
	}
}

static int read_as_file(const struct library *l, size_t size, struct cfi_table *t)
{
	int fd = memfd_create("damaged", MFD_CLOEXEC), err;
	struct cfi_ranges ranges;
	struct code *code;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, l->bytes, size), size);
	err = cfi__read(fd, t);
	if (!err) {
		assert_int_equal(cfi__read_ranges(fd, &ranges), 0);
		assert_int_equal(code__open(&code, fd), 0);
		for (size_t i = 0; i < ranges.n; i++)
			assert_true(code__is_after_call(code, ranges.v[i].end) >= -EFAULT);
		code__close(code);
		cfi__free_ranges(&ranges);
	}
	close(fd);
	return err;
}

static void test_mutations(void **state)
{
	uint64_t seed = 0x6d6967706f70;
	size_t refused = 0, equal = 0;
	struct library l;

	(void)state;
	library__open(&l, "/lib64/ld-linux-x86-64.so.2");
	for (int i = 0; i < MUTATIONS; i++) {
		size_t size = l.size;
		struct cfi_table t;
		int err;

		switch (i % 6) {
		case 0:
			mutate(l.bytes, sizeof(Elf64_Ehdr), &seed);
			break;
		case 1:
			mutate(l.bytes + l.elf->e_phoff, l.elf->e_phnum * sizeof(Elf64_Phdr),
			       &seed);
			break;
		case 2:
			mutate(l.bytes + l.elf->e_shoff, l.elf->e_shnum * sizeof(Elf64_Shdr),
			       &seed);
			break;
		case 3:
			mutate((uint8_t *)l.header, l.eh_segment->p_filesz, &seed);
			break;
		case 4:
			mutate(l.eh_frame, l.eh_section->sh_size, &seed);
			break;
		default:
			size = next_random(&seed) % l.size;
		}
		err = read_as_file(&l, size, &t);
		if (!err) {
			assert_in_order(&l, &t);
			equal += t.n == l.rows.n &&
				 !memcmp(t.rows, l.rows.rows, t.n * sizeof(*t.rows));
		}
		refused += !!err;
		cfi__free(&t);
		memcpy(l.bytes, l.pristine, l.size);
	}
	print_message("of %d mutations %zu refused, %zu without effect\n", MUTATIONS, refused,
		      equal);
	assert_true(refused > MUTATIONS / 3);
	library__close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
