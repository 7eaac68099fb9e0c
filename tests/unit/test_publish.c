/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is published arrives whole, the last text of all, while it is written over and over; whoever
 * gets the descriptor can read it and no more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"
#include "serve/publish.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct publication *writer;
static const struct publication *reader;
static int fd;

static int setup(void **state)
{
	(void)state;
	fd = publish__open(&writer);
	return fd < 0 ? fd : publication__open(&reader, fd);
}

static int teardown(void **state)
{
	(void)state;
	publish__close(writer);
	publish__close((struct publication *)reader);
	return close(fd);
}

static void reads(const char *expected)
{
	size_t len;
	char *text = publication__text(reader, &len);

	assert_non_null(text);
	assert_int_equal(len, strlen(expected));
	assert_string_equal(text, expected);
	free(text);
}

static void the_last_text_is_read(void **state)
{
	(void)state;
	reads("");
	assert_true(publish__text(writer, "one\n", 4));
	reads("one\n");
	assert_true(publish__text(writer, "longer than one\n", 16));
	assert_true(publish__text(writer, "3\n", 2));
	assert_true(publish__text(writer, "3\n", 2));
	reads("3\n");
}

static void too_long_ends_with_a_line(void **state)
{
	size_t size = PUBLISH_MAX + 10, len;
	char *text = malloc(size), *got;

	(void)state;
	memset(text, 'x', size);
	text[PUBLISH_MAX - 1] = '\n';
	assert_true(publish__text(writer, text, PUBLISH_MAX));
	got = publication__text(reader, &len);
	assert_int_equal(len, PUBLISH_MAX);
	free(got);
	text[PUBLISH_MAX - 1] = 'x';
	text[5] = '\n';
	assert_false(publish__text(writer, text, size));
	reads("xxxxx\n");
	text[5] = 'x';
	assert_false(publish__text(writer, text, size));
	reads("");
	free(text);
}

/* A writer that is killed at any moment leaves a text that is whole, and of all texts that were
 * read meanwhile each was. */
static void a_text_is_of_one_piece(void **state)
{
	enum { LEN = 1000000, READS = 600 };
	char *text = malloc(LEN);
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		for (unsigned int i = 0;; i++) {
			memset(text, 'a' + (int)(i % 26), LEN);
			publish__text(writer, text, LEN - i % 1000);
		}
	}
	for (int i = 0; i < READS;) {
		size_t len;
		char *got = publication__text(reader, &len);

		i += len > 0; /* the writer has begun */
		for (size_t at = 1; at < len; at++)
			if (got[at] != got[0])
				fail_msg("text %d has %c, then %c at %zu", i, got[0], got[at], at);
		assert_true(!len || (len > LEN - 1000 && len <= LEN));
		free(got);
		if (i == READS / 2)
			assert_int_equal(kill(pid, SIGKILL), 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(text);
}

static void a_sign_of_life_has_its_time(void **state)
{
	uint64_t before = clock__ms(), at;
	bool watches = true;

	(void)state;
	publish__beat(writer, false);
	at = publication__beat_ms(reader, &watches);
	assert_false(watches);
	assert_true(at >= before && at <= clock__ms());
	publish__beat(writer, true);
	assert_true(publication__beat_ms(reader, &watches) >= at);
	assert_true(watches);
}

static void the_descriptor_is_for_reading(void **state)
{
	(void)state;
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(mprotect((void *)reader, 4096, PROT_READ | PROT_WRITE), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_text_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(too_long_ends_with_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(a_text_is_of_one_piece, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sign_of_life_has_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(the_descriptor_is_for_reading, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
