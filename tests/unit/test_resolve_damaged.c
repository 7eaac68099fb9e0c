// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names from files that are damaged: each address has a frame in its module, asking ends, and
 * nothing crashes. The same 1,000 damages in every run.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "names/target.h"

enum { VARIANTS = 1000, SIZE_MAX_FILE = 1 << 20, STEP = 24, SPREAD = 512 };

static char sound[SIZE_MAX_FILE], damaged[SIZE_MAX_FILE];

static size_t read_sound(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(sound, 1, sizeof(sound), f);
	fclose(f);
	assert_in_range(n, 1024, sizeof(sound) - 1);
	return n;
}

/* The part that variant "i" damages: headers, the section table at the end, or anything. */
static void choose_part(int i, size_t n, size_t *start, size_t *len)
{
	*start = 0;
	*len = n;
	if (i % 4 == 1)
		*len = 1024;
	if (i % 4 == 2)
		*start = n - (*len = 64 * 32);
}

/* The size of the damaged file. */
static size_t damage(int i, size_t n)
{
	static const unsigned char nasty[] = {0, 1, 0x7f, 0x80, 0xff};
	size_t start, len;
	int bytes = 1 + rand() % 64;

	memcpy(damaged, sound, n);
	if (i % 4 == 3)
		return (size_t)rand() % n;
	choose_part(i, n, &start, &len);
	for (; bytes; bytes--)
		damaged[start + (size_t)rand() % len] = (char)nasty[rand() % sizeof(nasty)];
	return n;
}

static void write_damaged(const char *path, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, damaged, n), n);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	close(fd);
}

/* The number of addresses that got a function. */
static unsigned int ask_all(const struct target *t, const char *path)
{
	struct resolver *r = new_resolver(NULL, false);
	uint64_t first = target__number(t, "first");
	unsigned int named = 0;

	assert_int_equal(resolver__remember(r, t->pid), 0);
	for (uint64_t at = first - SPREAD; at < first + SPREAD; at += STEP) {
		struct record_frames f = resolve(r, t->pid, at, false);

		assert_name(f.v[0].module, f.v[0].module ? path : NULL);
		named += f.v[f.n - 1].function != NULL;
		record_frames__clear(&f);
	}
	resolver__free(r);
	return named;
}

/* The process has loaded the sound library and runs none of it any more. */
static void check_damages(const char *name)
{
	unsigned int named = 0, named_sound;
	const char *path = in_temp(name);
	size_t n = read_sound(path);
	struct target t;

	target__start(&t, NAMES_PROGRAM, path);
	named_sound = ask_all(&t, path);
	srand(1);
	for (int i = 0; i < VARIANTS; i++) {
		write_damaged(path, damage(i, n));
		named += ask_all(&t, path);
	}
	/* It was read, then, and what was damaged was not all that matters. */
	assert_true(named_sound > 4);
	assert_in_range(named, VARIANTS, VARIANTS * named_sound - 1);
	target__end(&t);
}

static void test_stripped(void **state)
{
	(void)state;
	check_damages("stripped.so");
}

static void test_with_source(void **state)
{
	(void)state;
	run("cp $lib source.so");
	check_damages("source.so");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stripped),
		cmocka_unit_test(test_with_source),
	};

	return cmocka_run_group_tests(tests, make_temp, remove_temp);
}
