// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser of /proc/PID/maps and smaps: lines as the kernel writes them, lines as nobody should
 * write them, and a walk that ends where its budget does.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/maps.h"

#define HEAD "1000-3000 r-xp 00001000 fe:01 77 "

static const struct {
	const char *line;
	const char *is; /* start end offset dev inode perms deleted "path"; NULL: no mapping */
} lines[] = {
	{"7f0c8a000000-7f0c8c000000 rw-s 00002000 00:01 1041                       /memfd:ram0 "
	 "(deleted)",
	 "7f0c8a000000 7f0c8c000000 2000 0:1 1041 rw-s deleted '/memfd:ram0'"},
	{"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
	 "ffffffffff600000 ffffffffff601000 0 0:0 0 --xp '[vsyscall]'"},
	{"1000-2000 rw-p 00000000 00:00 0", "1000 2000 0 0:0 0 rw-p ''"},
	{"1000-2000 rw-p 00000000 00:00 0 ", "1000 2000 0 0:0 0 rw-p ''"},
	{HEAD "/a b  c", "1000 3000 1000 fe:1 77 r-xp '/a b  c'"},
	{HEAD "/new\\012line", "1000 3000 1000 fe:1 77 r-xp '/new\nline'"},
	{HEAD "/\\012\\012 (deleted)", "1000 3000 1000 fe:1 77 r-xp deleted '/\n\n'"},
	{HEAD "/cut\\01", "1000 3000 1000 fe:1 77 r-xp '/cut\\01'"},
	{HEAD "/twice (deleted) (deleted)",
	 "1000 3000 1000 fe:1 77 r-xp deleted '/twice (deleted)'"},
	{HEAD " (deleted)", "1000 3000 1000 fe:1 77 r-xp '(deleted)'"},
	{"0-ffffffffffffffff ---p ffffffffffffffff ffffffff:ffffffff 18446744073709551615",
	 "0 ffffffffffffffff ffffffffffffffff ffffffff:ffffffff 18446744073709551615 ---p ''"},
	/* a number too large for its type */
	{"0-10000000000000000 ---p 0 0:0 0", NULL},
	{"10000000000000000-20000000000000000 ---p 0 0:0 0", NULL},
	{"1000-2000 ---p 10000000000000000 0:0 0", NULL},
	{"1000-2000 ---p 0 100000000:0 0", NULL},
	{"1000-2000 ---p 0 0:100000000 0", NULL},
	{"1000-2000 ---p 0 0:0 18446744073709551616", NULL},
	/* an empty range, and one that runs backwards */
	{"1000-1000 r--p 00000000 00:00 0", NULL},
	{"2000-1000 r--p 00000000 00:00 0", NULL},
	/* fields that are missing, or are something else */
	{"", NULL},
	{"1000", NULL},
	{"1000-", NULL},
	{"-2000 r--p 00000000 00:00 0", NULL},
	{"1000-2000", NULL},
	{"1000-2000 ", NULL},
	{"1000-2000 r-x", NULL},
	{"1000-2000 r-xp", NULL},
	{"1000-2000 r-xp ", NULL},
	{"1000-2000 r-xp 0", NULL},
	{"1000-2000 r-xp 0 00", NULL},
	{"1000-2000 r-xp 0 00:", NULL},
	{"1000-2000 r-xp 0 00:00", NULL},
	{"1000-2000 r-xp 0 00:00 ", NULL},
	{"1000-2000 r-xp 0 00:00 7x", NULL},
	{"1000-2000 xxxp 0 00:00 7", NULL},
	{"1000-2000 r-xq 0 00:00 7", NULL},
	{"1000-2000 R-XP 0 00:00 7", NULL},
	{" 1000-2000 r-xp 0 00:00 7", NULL},
	{"+1000-2000 r-xp 0 00:00 7", NULL},
	{"0x1000-2000 r-xp 0 00:00 7", NULL},
	{"Rss:  4 kB", NULL},
};

static void lines_are_parsed(void **state)
{
	static struct maps_line m;
	char is[256];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		bool parsed = maps_line__parse(&m, lines[i].line, strlen(lines[i].line));

		if (parsed != (lines[i].is != NULL))
			fail_msg("\"%s\" was %staken", lines[i].line, parsed ? "" : "not ");
		if (!parsed)
			continue;
		snprintf(is, sizeof(is),
			 "%" PRIx64 " %" PRIx64 " %" PRIx64 " %x:%x %" PRIu64 " %s %s'%.100s'",
			 m.start, m.end, m.offset, m.major, m.minor, m.inode, m.perms,
			 m.deleted ? "deleted " : "", m.path);
		assert_string_equal(is, lines[i].is);
		assert_false(m.path_cut);
	}
	assert_false(maps_line__parse(&m, HEAD "/a\0b", sizeof(HEAD "/a\0b") - 1));
}

/* Every prefix of a line is parsed within its length: it lies at the end of a page. */
static void no_byte_behind_a_line_is_read(void **state)
{
	static const char line[] = "7f0c-7f0d rw-s 00002000 00:01 1041 /a\\012b (deleted)";
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
	static struct maps_line m;

	(void)state;
	assert_ptr_not_equal(two, MAP_FAILED);
	assert_int_equal(mprotect(two + page, page, PROT_NONE), 0);
	for (size_t len = 0; len < sizeof(line); len++) {
		char *at = two + page - len;

		memcpy(at, line, len);
		assert_int_equal(maps_line__parse(&m, at, len),
				 len >= strlen("7f0c-7f0d rw-s 00002000 00:01 1"));
	}
	munmap(two, 2 * page);
}

static void a_path_is_whole_or_empty(void **state)
{
	static char line[64 + 4 * MAPS_PATH_MAX];
	static struct maps_line m;
	size_t head = strlen(HEAD);

	(void)state;
	strcpy(line, HEAD);
	memset(line + head, 'x', MAPS_PATH_MAX);
	assert_true(maps_line__parse(&m, line, head + MAPS_PATH_MAX - 1));
	assert_false(m.path_cut);
	assert_int_equal(strlen(m.path), MAPS_PATH_MAX - 1);
	assert_true(maps_line__parse(&m, line, head + MAPS_PATH_MAX));
	assert_true(m.path_cut);
	assert_string_equal(m.path, "");
	for (size_t i = 0; i < MAPS_PATH_MAX - 1; i++)
		memcpy(line + head + 4 * i, "\\012", 4);
	assert_true(maps_line__parse(&m, line, head + 4 * (MAPS_PATH_MAX - 1)));
	assert_false(m.path_cut);
	assert_int_equal(strspn(m.path, "\n"), MAPS_PATH_MAX - 1);
}

static const char three[] = "1000-2000 rw-p 00000000 00:00 0 \n"
			    "nonsense\n"
			    "2000-3000 r-xp 00000000 fe:01 7 /bin/x\n"
			    "3000-4000 rw-s 00000000 fe:01 8 /shm";

static size_t walk(const struct maps_budget *budget, bool *cut, size_t *malformed)
{
	struct maps m;
	size_t n = 0;

	maps__open_text(&m, three, strlen(three), budget);
	while (maps__next(&m))
		assert_int_equal(m.now.start, ++n << 12);
	assert_int_equal(m.err, 0);
	assert_int_equal(m.swap_kb, -1);
	*cut = m.cut;
	*malformed = m.malformed;
	return n;
}

static void a_walk_keeps_its_budget(void **state)
{
	static const struct {
		struct maps_budget budget;
		size_t n;
		bool cut;
	} cases[] = {
		{{1000, 1000}, 3, false},
		{{sizeof(three) - 1, 3}, 3, false},
		{{sizeof(three) - 2, 3}, 2, true},
		{{1000, 2}, 2, true},
		{{1000, 0}, 0, true},
		{{0, 1000}, 0, true},
		{{33, 1000}, 1, true},
		{{32, 1000}, 0, true},
	};
	size_t malformed;
	bool cut;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(walk(&cases[i].budget, &cut, &malformed), cases[i].n);
		assert_int_equal(cut, cases[i].cut);
	}
	walk(&maps_budget, &cut, &malformed);
	assert_int_equal(malformed, 1);
}

/* The mapping at "address" of this process, as the file says. */
static bool find(const char *file, const void *address, struct maps *m)
{
	bool found = false;

	assert_int_equal(maps__open(m, getpid(), file, &maps_budget), 0);
	while (!found && maps__next(m))
		found = m->now.start == (uint64_t)(uintptr_t)address;
	maps__close(m);
	assert_int_equal(m->err, 0);
	assert_int_equal(m->malformed, 0);
	assert_false(m->cut);
	return found;
}

/* The kernel writes a name of newlines as four characters each: no mapping is lost before it or
 * behind it. */
static void the_kernel_is_read(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char name[250];
	static struct maps m;
	char *at, *behind;
	int fd;

	(void)state;
	memset(name, '\n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	fd = memfd_create(name, MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)page), 0);
	at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	behind = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(mprotect(behind, page, PROT_NONE), 0);
	for (int smaps = 0; smaps < 2; smaps++) {
		const char *file = smaps ? "smaps" : "maps";

		assert_true(find(file, at, &m));
		assert_true(m.now.deleted);
		assert_string_equal(m.now.perms, "rw-s");
		assert_int_equal(strlen(m.now.path), strlen("/memfd:") + strlen(name));
		assert_string_equal(m.now.path + strlen("/memfd:"), name);
		assert_int_equal(m.swap_kb, smaps ? 0 : -1);
		assert_true(find(file, behind, &m));
		assert_string_equal(m.now.perms, "---p");
		assert_string_equal(m.now.path, "");
	}
	munmap(at, page);
	munmap(behind, 3 * page);
	close(fd);
}

/* A line that is longer than the buffer loses its path, not its neighbours. */
static void a_line_of_any_length_is_one_mapping(void **state)
{
	static const char first[] = "1000-2000 r--p 00000000 fe:01 7 /";
	static const char second[] = "2000-3000 r--p 00000000 fe:01 8 /b\nSwap:    12 kB\n";
	char path[] = "/tmp/maps-XXXXXX", *x = malloc(1 << 20);
	static struct maps m;
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	unlink(path);
	memset(x, 'x', 1 << 20);
	for (size_t len = 1; len <= 1 << 20; len *= 2) {
		assert_int_equal(ftruncate(file, 0), 0);
		lseek(file, 0, SEEK_SET);
		assert_int_equal(write(file, first, strlen(first)), strlen(first));
		assert_int_equal(write(file, x, len), len);
		assert_int_equal(write(file, "\nSwap:    4 kB\n", 15), 15);
		assert_int_equal(write(file, second, strlen(second)), strlen(second));
		lseek(file, 0, SEEK_SET);
		/* The walk is over this file in place of the kernel's. */
		assert_int_equal(maps__open(&m, getpid(), "maps", &maps_budget), 0);
		assert_int_equal(dup2(file, m.fd), m.fd);
		assert_true(maps__next(&m));
		assert_int_equal(m.now.inode, 7);
		assert_int_equal(m.now.path_cut, len > MAPS_PATH_MAX - 2);
		assert_int_equal(m.swap_kb, 4);
		assert_true(maps__next(&m));
		assert_string_equal(m.now.path, "/b");
		assert_int_equal(m.swap_kb, 12);
		assert_false(maps__next(&m));
		assert_int_equal(m.malformed, 0);
		maps__close(&m);
	}
	free(x);
	close(file);
}

static void text_is_cut_at_a_line(void **state)
{
	size_t whole, len;
	char *text;
	bool cut;

	(void)state;
	text = maps__read(getpid(), &maps_budget, &whole, &cut);
	assert_non_null(text);
	assert_false(cut);
	assert_int_equal(strlen(text), whole);
	free(text);
	text = maps__read(getpid(), &(struct maps_budget){whole - 2, 1}, &len, &cut);
	assert_true(cut);
	assert_true(len && len < whole);
	assert_int_equal(text[len - 1], '\n');
	assert_int_equal(text[len], '\0');
	free(text);
}

static void a_process_that_is_gone_has_none(void **state)
{
	struct maps m;
	size_t len;
	bool cut;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(maps__open(&m, pid, "maps", &maps_budget), -ENOENT);
	assert_false(maps__next(&m));
	maps__close(&m);
	assert_null(maps__read(pid, &maps_budget, &len, &cut));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_parsed),
		cmocka_unit_test(no_byte_behind_a_line_is_read),
		cmocka_unit_test(a_path_is_whole_or_empty),
		cmocka_unit_test(a_walk_keeps_its_budget),
		cmocka_unit_test(the_kernel_is_read),
		cmocka_unit_test(a_line_of_any_length_is_one_mapping),
		cmocka_unit_test(text_is_cut_at_a_line),
		cmocka_unit_test(a_process_that_is_gone_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
