/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting zero pages from outside: exact where there is time, a sample with its error where there
 * is not, and nothing is populated by it. The memory looked at is this process's own.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/zero_pages.h"

#define PLENTY_NS 20000000000ULL

enum { PAGE = 4096, PAGES = 8192 };

static int64_t blocks_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_blocks / 8;
}

/* A memfd: a third is a hole, a third zeros, and of the last third every fourth page is zero. */
static char *make_file(int *fd)
{
	char *mem;

	*fd = memfd_create("zeros", MFD_CLOEXEC);
	assert_true(*fd >= 0);
	assert_int_equal(ftruncate(*fd, (off_t)PAGES * PAGE), 0);
	mem = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	assert_true(mem != MAP_FAILED);
	for (size_t i = PAGES / 3; i < PAGES; i++)
		((volatile char *)mem)[i * PAGE + i % PAGE] = i > PAGES / 3 * 2 && i % 4 ? 1 : 0;
	return mem;
}

static int64_t zeros_of(const char *mem, size_t from)
{
	static const char zero[PAGE];
	int64_t n = 0;

	for (size_t i = from; i < PAGES; i++)
		n += !memcmp(mem + i * PAGE, zero, PAGE);
	return n;
}

static struct zero_pages of_file(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (struct zero_pages){.dev = st.st_dev, .inode = st.st_ino};
}

static void look(struct zero_pages *z, uint64_t budget)
{
	int err = zero_pages__count(z, getpid(), budget);

	if (err == -EBUSY) {
		print_message("the machine uses swap\n");
		skip();
	}
	assert_int_equal(err, 0);
}

static void file_is_counted_exactly(void **state)
{
	int fd;
	char *mem = make_file(&fd);
	struct zero_pages z = of_file(fd);
	int64_t blocks = blocks_of(fd), zeros = zeros_of(mem, PAGES / 3);

	(void)state;
	look(&z, PLENTY_NS);
	assert_int_equal(z.looked_pages, PAGES);
	assert_int_equal(z.zero_pages, zeros);
	assert_int_equal(blocks_of(fd), blocks);
	munmap(mem, (size_t)PAGES * PAGE);
	close(fd);
}

/* Time that is up at once still sees something, and never claims more than there is. */
static void sample_says_at_least(void **state)
{
	int fd;
	char *mem = make_file(&fd);
	int64_t zeros = zeros_of(mem, PAGES / 3), over = 0;
	int64_t blocks = blocks_of(fd);

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct zero_pages z = of_file(fd);

		look(&z, 1);
		assert_true(z.looked_pages > 0 && z.looked_pages < PAGES);
		over += z.zero_pages > zeros;
	}
	/* Two standard errors: one in 44 were samples of the normal sort. */
	assert_in_range(over, 0, 40);
	assert_int_equal(blocks_of(fd), blocks);
	munmap(mem, (size_t)PAGES * PAGE);
	close(fd);
}

static void private_memory_is_what_is_mapped(void **state)
{
	size_t size = (size_t)PAGES * PAGE;
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct zero_pages z = {.start = (uintptr_t)mem, .end = (uintptr_t)mem + size};
	volatile char *at = mem;

	(void)state;
	assert_true(mem != MAP_FAILED);
	madvise(mem, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES / 4; i++) {
		at[i * PAGE] = 0;                 /* there, and zero */
		at[(i + PAGES / 4) * PAGE] = 1;   /* payload */
		(void)at[(i + PAGES / 2) * PAGE]; /* the shared zero page: not there */
	}
	look(&z, PLENTY_NS);
	assert_int_equal(z.looked_pages, PAGES);
	assert_int_equal(z.zero_pages, PAGES / 4);
	munmap(mem, size);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct zero_pages z = {.dev = 1, .inode = 1};
	int err = zero_pages__count(&z, getpid(), PLENTY_NS);

	(void)state;
	assert_true(err == -ENOENT || err == -EBUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_counted_exactly),
		cmocka_unit_test(sample_says_at_least),
		cmocka_unit_test(private_memory_is_what_is_mapped),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
