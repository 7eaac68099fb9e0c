/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zero pages that were written: what follows from the zero pages that were seen, the counts of the
 * window, and what was there before. Never more than can be known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "books/zeros.h"

enum { PID = 7 };

static const struct backing_key file = {.kind = KIND_SHMEM, .id = 5, .dev = 1};
static const struct backing_key anon = {.kind = KIND_ANON, .id = 0x7000, .tgid = PID};

/* What was seen, how much was there before, and two call sites: populated, and read of that. */
struct given {
	int64_t zero_pages;
	u64 before, populated[2], zero_populated[2];
};

static struct zeros zeros_of(const struct backing_key *key, const struct given *g,
			     struct site_row rows[2])
{
	struct look look = {*key, 4096, g->zero_pages};
	struct backing_row backing = {.key = *key, .value = {.open_pages = g->before}};
	struct target_figures figures = {.figures = {.anon = (s64)g->before, .known = 1}};
	struct snapshot before = {.figures = &figures, .nr_targets = 1};
	struct snapshot after = {.counters = {.backings = &backing, .nr_backings = 1}};
	struct facts_target target = {.pid = PID, .looks = &look, .nr_looks = g->zero_pages >= 0};
	struct facts facts = {.targets = &target, .nr_targets = 1};
	struct books b = {
		.before = &before, .after = &after, .facts = &facts, .rows = rows, .nr_rows = 2};

	for (int i = 0; i < 2; i++)
		rows[i] = (struct site_row){.key = {.backing = *key, .ip = (u64)i},
					    .value = {.populated = g->populated[i],
						      .zero_populated = g->zero_populated[i]}};
	return zeros__of(&b, key);
}

static const struct {
	struct given given;
	int64_t written_zeros, of_site[2];
} cases[] = {
	/* All is written, half of it zeros: whose it was is not known. */
	{{500, 0, {600, 400}, {0, 0}}, 500, {100, 0}},
	/* One site wrote it all. */
	{{500, 0, {1000, 0}, {0, 0}}, 500, {500, 0}},
	/* What was read is zero as well, and so may be what was there. */
	{{1000, 100, {600, 500}, {0, 300}}, 600, {400, 0}},
	/* Fewer zeros than reads alone account for: pages were overwritten. */
	{{200, 0, {600, 500}, {0, 500}}, 0, {0, 0}},
	/* More than was written: some were there. */
	{{5000, 100, {600, 0}, {0, 0}}, 600, {600, 0}},
};

static void it_is_what_nothing_else_explains(void **state)
{
	struct site_row rows[2];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct backing_key *keys[] = {&file, &anon};

		for (int k = 0; k < 2; k++) {
			struct zeros z = zeros_of(keys[k], &cases[i].given, rows);

			assert_int_equal(z.looked_pages, 4096);
			assert_int_equal(z.written_zeros, cases[i].written_zeros);
			for (int at = 0; at < 2; at++)
				assert_int_equal(zeros__of_site(&z, &rows[at].value),
						 cases[i].of_site[at]);
		}
	}
}

static void nobody_looked(void **state)
{
	const struct given given = {-1, 0, {600, 400}, {0, 0}};
	struct site_row rows[2];
	struct zeros z = zeros_of(&file, &given, rows);

	(void)state;
	assert_int_equal(z.looked_pages, RECORD_UNKNOWN);
	assert_int_equal(z.written_zeros, RECORD_UNKNOWN);
	assert_int_equal(zeros__of_site(&z, &rows[0].value), RECORD_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_nothing_else_explains),
		cmocka_unit_test(nobody_looked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
