/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record starts unknown, grows, sorts the same way every time and frees all that it owns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sample_record.h"

#include <math.h>

static void starts_unknown(void **state)
{
	struct record *r = record__new();

	(void)state;
	assert_non_null(r);
	assert_true(r->totals.faults == RECORD_UNKNOWN);
	assert_true(r->totals.advice_bytes == RECORD_UNKNOWN);
	assert_true(r->lost.events == RECORD_UNKNOWN);
	assert_true(r->overhead.events == RECORD_UNKNOWN);
	assert_true(isnan(r->overhead.ns_per_event));
	assert_int_equal(r->nr_callsites, 0);
	record__sort(r);
	record__free(r);
	record__free(NULL);
}

static void grows_zeroed(void **state)
{
	struct record *r = record__new();

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct record_callsite *c = record__add_callsite(r);

		assert_non_null(c);
		assert_int_equal(c->populated_pages, 0);
		assert_null(c->frames.v);
		c->populated_pages = i;
	}
	assert_int_equal(r->nr_callsites, 5000);
	assert_int_equal(r->callsites[1234].populated_pages, 1234);
	record__sort(r);
	assert_int_equal(r->callsites[0].populated_pages, 4999);
	record__free(r);
}

static void sorts_larger_first(void **state)
{
	struct record *r = record__new();
	struct record_backing *b;

	(void)state;
	sample__callsite(r, "other", RECORD_ACCESS_READ, 5, 0, "b")->faults = 1;
	sample__callsite(r, "other", RECORD_ACCESS_READ, RECORD_UNKNOWN, 0, "unknown");
	sample__callsite(r, "other", RECORD_ACCESS_READ, 5, 0, "a")->faults = 9;
	sample__callsite(r, "other", RECORD_ACCESS_READ, 7, 0, "c");
	b = record__add_backing(r);
	b->name = strdup("[heap]");
	b->populated_pages = 100;
	b = record__add_backing(r);
	b->ram_block = strdup("ram0");
	b->populated_pages = 1;
	record__sort(r);
	assert_string_equal(r->callsites[0].frames.v[0].symbol, "c");
	assert_string_equal(r->callsites[1].frames.v[0].symbol, "a");
	assert_string_equal(r->callsites[2].frames.v[0].symbol, "b");
	assert_string_equal(r->callsites[3].frames.v[0].symbol, "unknown");
	assert_non_null(r->backing[0].ram_block);
	record__free(r);
}

/* Equal figures: the order must come from what the call sites are, not from how they came in. */
static void sorts_the_same_always(void **state)
{
	struct record *r = record__new(), *s = record__new();

	(void)state;
	for (int i = 0; i < 50; i++) {
		sample__callsite(r, "other", RECORD_ACCESS_READ, 5, 0, "x")->frames.v[3].offset =
			(uint64_t)i;
		sample__callsite(s, "other", RECORD_ACCESS_READ, 5, 0, "x")->frames.v[3].offset =
			(uint64_t)(49 - i);
	}
	record__sort(r);
	record__sort(s);
	for (int i = 0; i < 50; i++)
		assert_int_equal(r->callsites[i].frames.v[3].offset,
				 s->callsites[i].frames.v[3].offset);
	record__free(r);
	record__free(s);
}

static void losses_add_up(void **state)
{
	struct record *r = record__new();

	(void)state;
	assert_int_equal(record__add_lost(r, "map-full", 3), 0);
	assert_int_equal(record__add_lost(r, "missed", 4), 0);
	assert_int_equal(record__add_lost(r, "map-full", 5), 0);
	assert_int_equal(r->lost.nr_kinds, 2);
	assert_int_equal(r->lost.kinds[0].n, 8);
	assert_int_equal(r->lost.events, 12);
	record__free(r);
}

static void sums_know_the_unknown(void **state)
{
	(void)state;
	assert_true(record_count__sum(RECORD_UNKNOWN, RECORD_UNKNOWN) == RECORD_UNKNOWN);
	assert_int_equal(record_count__sum(RECORD_UNKNOWN, 3), 3);
	assert_int_equal(record_count__sum(4, 3), 7);
	assert_true(record_count__sum(INT64_MAX, 3) == INT64_MAX);
	assert_true(record_count__sum(-INT64_MAX, -1) != RECORD_UNKNOWN);
	assert_true(record_count__sum(-INT64_MAX, -INT64_MAX) == -INT64_MAX);
}

static void names_are_of_a_set(void **state)
{
	char name[] = "EACCES";

	(void)state;
	assert_null(names__static(NAMES_KIND, NULL));
	assert_string_equal(names__static(NAMES_KIND, "page-tables"), "page-tables");
	assert_string_equal(names__static(NAMES_KIND, "\033[2J"), "other");
	assert_string_equal(names__static(NAMES_ERRNO, name), "EACCES");
	assert_ptr_not_equal(names__static(NAMES_ERRNO, name), name);
	assert_string_equal(names__static(NAMES_ERRNO, "EWHAT"), "other");
	assert_string_equal(names__static(NAMES_CHAIN_END, "jit"), "jit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_unknown),     cmocka_unit_test(grows_zeroed),
		cmocka_unit_test(sorts_larger_first), cmocka_unit_test(sorts_the_same_always),
		cmocka_unit_test(losses_add_up),      cmocka_unit_test(sums_know_the_unknown),
		cmocka_unit_test(names_are_of_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
