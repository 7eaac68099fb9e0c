// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parts of an array that are taken and given back: none twice, none lost, side by side again in the
 * end.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tracer/ranges.h"

static void takes_and_gives_back(void **state)
{
	struct ranges r;
	size_t a, b, c;

	(void)state;
	assert_int_equal(ranges__init(&r, 10, 100), 0);
	assert_int_equal(ranges__take(&r, 40, &a), 0);
	assert_int_equal(ranges__take(&r, 40, &b), 0);
	assert_int_equal(a, 10);
	assert_int_equal(b, 50);
	assert_int_equal(ranges__take(&r, 40, &c), -ENOSPC);
	assert_int_equal(ranges__take(&r, 20, &c), 0);
	assert_int_equal(ranges__take(&r, 1, &c), -ENOSPC);
	assert_int_equal(r.free.elements, 0);
	ranges__free(&r);
}

static void what_is_given_back_waits(void **state)
{
	struct ranges r;
	size_t a, b;

	(void)state;
	assert_int_equal(ranges__init(&r, 0, 100), 0);
	assert_int_equal(ranges__take(&r, 100, &a), 0);
	ranges__give_back(&r, a, 100);
	assert_int_equal(ranges__take(&r, 1, &b), -ENOSPC);
	assert_int_equal(r.waiting.elements, 100);
	ranges__settle(&r);
	assert_int_equal(r.waiting.elements, 0);
	assert_int_equal(ranges__take(&r, 100, &b), 0);
	ranges__free(&r);
}

/* A small part is not cut out of a large one while a small one is free. */
static void the_smallest_that_fits(void **state)
{
	struct ranges r;
	size_t large, wall, small, at;

	(void)state;
	assert_int_equal(ranges__init(&r, 0, 100), 0);
	assert_int_equal(ranges__take(&r, 80, &large), 0);
	assert_int_equal(ranges__take(&r, 10, &wall), 0);
	ranges__give_back(&r, large, 80);
	ranges__settle(&r);
	assert_int_equal(ranges__take(&r, 5, &small), 0);
	assert_int_equal(small, 90);
	assert_int_equal(ranges__take(&r, 80, &at), 0);
	assert_int_equal(at, large);
	ranges__free(&r);
}

enum { SIZE = 4096, PARTS = 200, ROUNDS = 20000 };

/* The same on a map of bytes, one an element. */
static void as_a_map_of_bytes_has_it(void **state)
{
	struct range taken[PARTS];
	uint8_t owner[SIZE] = {0};
	size_t n = 0, in_use = 0;
	struct ranges r;

	(void)state;
	srand(20);
	assert_int_equal(ranges__init(&r, 0, SIZE), 0);
	for (int i = 0; i < ROUNDS; i++) {
		size_t want = 1 + (size_t)rand() % 120, first;

		if (n < PARTS && rand() % 2 && !ranges__take(&r, want, &first)) {
			assert_true(first + want <= SIZE);
			for (size_t j = first; j < first + want; j++)
				assert_int_equal(owner[j]++, 0);
			taken[n++] = (struct range){first, want};
			in_use += want;
		} else if (n) {
			size_t which = (size_t)rand() % n;

			ranges__give_back(&r, taken[which].first, taken[which].n);
			memset(owner + taken[which].first, 0, taken[which].n);
			in_use -= taken[which].n;
			taken[which] = taken[--n];
		}
		if (!(rand() % 5))
			ranges__settle(&r);
		assert_int_equal(r.free.elements + r.waiting.elements + in_use, SIZE);
		assert_int_equal(r.nr_taken, n);
	}
	while (n) {
		n--;
		ranges__give_back(&r, taken[n].first, taken[n].n);
	}
	ranges__settle(&r);
	assert_int_equal(r.free.n, 1);
	assert_int_equal(r.free.v[0].first, 0);
	assert_int_equal(r.free.v[0].n, SIZE);
	ranges__free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_and_gives_back),
		cmocka_unit_test(what_is_given_back_waits),
		cmocka_unit_test(the_smallest_that_fits),
		cmocka_unit_test(as_a_map_of_bytes_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
