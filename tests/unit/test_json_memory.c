/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever memory there is, a record is read whole or not at all. json-c by itself leaves out
 * members for which it has no memory, without a word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/json.h"
#include "sample_record.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome { WHOLE, REFUSED, WRONG };
enum { STEP = 64 << 10, TEXT_MAX = 16 << 20 };

static rlim_t address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* In a child: reads the text with so much more memory than there is already. */
static enum outcome read_within(const char *text, size_t len, rlim_t more)
{
	struct rlimit limit = {address_space() + more, RLIM_INFINITY};
	struct record *r;
	char why[256], *again;
	size_t again_len;
	int err;

	mallopt(M_TOP_PAD, 0); /* it takes what it needs, and no more */
	if (setrlimit(RLIMIT_AS, &limit))
		return WRONG;
	err = output_json__parse(&r, text, len, why, sizeof(why));
	limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_AS, &limit))
		return WRONG;
	if (err)
		return err == -ENOMEM ? REFUSED : WRONG;
	again = sample__print(r, output_json__write, &again_len);
	return again_len == len && !memcmp(again, text, len) ? WHOLE : WRONG;
}

/* Returns the length of the text. */
static size_t write_sample(char *text)
{
	struct record *r = sample__record();
	size_t len;
	char *made;

	for (int i = 0; i < 500; i++)
		sample__callsite(r, "other", RECORD_ACCESS_WRITE, i, 0, "memset");
	record__judge_losses(r);
	made = sample__print(r, output_json__write, &len);
	memcpy(text, made, len < TEXT_MAX ? len : 0);
	return len;
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void whole_or_not_at_all(void **state)
{
	enum outcome outcome = REFUSED;
	unsigned int refused = 0;
	char *text;
	pid_t pid;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its shadow memory has no room within any limit */
#endif
	text = mmap(NULL, TEXT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(text, MAP_FAILED);
	/* A child makes the text, so that no heap is left here that later ones would read into. */
	pid = fork();
	if (!pid)
		_exit(!write_sample(text));
	assert_int_equal(end_of(pid), 0);
	for (rlim_t more = 0; outcome == REFUSED; more += STEP) {
		int status;

		pid = fork();
		if (!pid)
			_exit((int)read_within(text, strlen(text), more));
		status = end_of(pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) == WRONG)
			fail_msg("with %lu KiB: status %#x", (unsigned long)more >> 10, status);
		outcome = (enum outcome)WEXITSTATUS(status);
		refused += outcome == REFUSED;
	}
	assert_true(refused > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whole_or_not_at_all)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
