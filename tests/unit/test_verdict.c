// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verdict on records that are made by hand: each verdict, and what it must not be misled by.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verify/routine.h"
#include "verify/verdict.h"

enum { GUEST_PAGES = 262144 };

static struct record *record_of(int64_t zero_pages)
{
	struct record *r = record__new();
	struct record_accounting *a;
	struct record_backing *b;

	assert_non_null(r);
	a = record__add_accounting(r);
	a->kind = "shmem";
	a->name = strdup("memfd:ram0");
	a->traced_pages = a->kernel_pages = zero_pages;
	a = record__add_accounting(r);
	a->kind = "page-tables";
	a->traced_pages = a->residual_pages = RECORD_UNKNOWN;
	b = record__add_backing(r);
	b->ram_block = strdup("ram0");
	b->length_pages = GUEST_PAGES;
	r->lost.events = r->lost.stacks = 0;
	r->totals.populated_pages = zero_pages + 80;
	r->totals.zero_populated_pages = zero_pages;
	return r;
}

/* Both ends of both runs, of which the stock ones populate all of the guest. */
static void make(struct verification *v, int64_t stock, int64_t fixed)
{
	verification__init(v);
	v->guest_pages = GUEST_PAGES;
	for (int run = 0; run < NR_RUNS; run++) {
		struct verify_run *r = &v->run[run];

		assert_int_equal(page_set__init(&r->differing, GUEST_PAGES), 0);
		r->compared = true;
		r->total_ms = run == RUN_FIXED ? 300 : 3000;
		for (int end = 0; end < NR_ENDS; end++) {
			int64_t pages = run == RUN_FIXED ? fixed : stock;

			r->end[end].record = record_of(pages);
			r->end[end].rss_before = 9000;
			r->end[end].rss_after = 9000 + pages;
		}
	}
}

static enum verify_verdict verdict(const struct verification *v)
{
	struct verify_judgement j;

	verify__judge(v, &j);
	return j.verdict;
}

static enum verify_result result(const struct verification *v, const char *name)
{
	struct verify_judgement j;

	verify__judge(v, &j);
	for (size_t i = 0; i < j.nr_checks; i++)
		if (!strcmp(j.checks[i].name, name))
			return j.checks[i].result;
	fail_msg("no check %s", name);
	return RESULT_NOT_KNOWN;
}

static void fixed_when_zero_pages_are_gone(void **state)
{
	struct verify_judgement j;
	struct verification v;

	(void)state;
	make(&v, 262144, 0);
	verify__judge(&v, &j);
	assert_int_equal(j.verdict, VERDICT_FIXED);
	assert_true(verify_verdict__holds(j.verdict));
	assert_string_equal(verify_verdict__name(j.verdict), "fixed");
	assert_true(j.ratio.zero_populated == 0 && j.ratio.total_time == 0.1);
	assert_true(j.ratio.rss_growth[END_SOURCE] == 0);
	verification__clear(&v);
}

static void ratio_may_reach_its_limit_at_each_end(void **state)
{
	struct verification v;

	(void)state;
	make(&v, 200000, 2000);
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	v.run[RUN_FIXED].end[END_SOURCE].record->totals.zero_populated_pages = 2001;
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	/* Both together are within it: one end must not hide behind the other. */
	v.run[RUN_FIXED].end[END_DESTINATION].record->totals.zero_populated_pages = 0;
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	assert_int_equal(result(&v, "zero-pages-source"), RESULT_FAILS);
	assert_int_equal(result(&v, "zero-pages-destination"), RESULT_HOLDS);
	v.judged[END_SOURCE] = false;
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	v.judged[END_SOURCE] = true;
	v.max_ratio = 0.02;
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	verification__clear(&v);
}

static void already_sparse_without_the_problem(void **state)
{
	struct verify_judgement j;
	struct verification v;

	(void)state;
	make(&v, 0, 0);
	verify__judge(&v, &j);
	assert_int_equal(j.verdict, VERDICT_ALREADY_SPARSE);
	assert_true(verify_verdict__holds(j.verdict));
	assert_true(isnan(j.ratio.zero_populated));
	verification__clear(&v);
	/* As few as a fix might leave are no problem either, more by the fix are. */
	make(&v, 2621, 2621);
	assert_int_equal(verdict(&v), VERDICT_ALREADY_SPARSE);
	v.run[RUN_FIXED].end[END_SOURCE].record->totals.zero_populated_pages = 2622;
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	verification__clear(&v);
	make(&v, 2622, 2622);
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	verification__clear(&v);
}

/* Two records alone, as "verify BASE.json FIXED.json" has them. */
static void make_saved(struct verification *v, int64_t stock_populated, int64_t fixed_populated)
{
	make(v, 0, 0);
	v->guest_pages = RECORD_UNKNOWN;
	v->judged[END_SOURCE] = false;
	for (int run = 0; run < NR_RUNS; run++) {
		struct record *r = v->run[run].end[END_DESTINATION].record;

		v->run[run].compared = false;
		r->totals.populated_pages = r->backing[0].populated_pages =
			run == RUN_FIXED ? fixed_populated : stock_populated;
	}
}

static struct record *saved(struct verification *v, enum verify_run_id run)
{
	return v->run[run].end[END_DESTINATION].record;
}

/* Whoever populates without reading is not sparse for that. */
static void populated_whole_is_not_sparse(void **state)
{
	struct verification v;

	(void)state;
	make_saved(&v, GUEST_PAGES + 1123, GUEST_PAGES + 1123);
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	verification__clear(&v);
	make_saved(&v, GUEST_PAGES + 1123, 900);
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	verification__clear(&v);
	make_saved(&v, 900, 900);
	assert_int_equal(verdict(&v), VERDICT_ALREADY_SPARSE);
	verification__clear(&v);
	/* A record of a guest whose RAM blocks nobody knew. */
	make_saved(&v, GUEST_PAGES + 1123, GUEST_PAGES + 1123);
	for (int run = 0; run < NR_RUNS; run++) {
		struct record *r = saved(&v, (enum verify_run_id)run);

		free(r->backing[0].ram_block);
		r->backing[0].ram_block = NULL;
		r->backing[0].length_pages = RECORD_UNKNOWN;
	}
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	/* Its command line said how much it has. */
	for (int run = 0; run < NR_RUNS; run++) {
		struct record *r = saved(&v, (enum verify_run_id)run);
		struct record_target *t = record__add_target(r);

		assert_non_null(t);
		t->ram_bytes = (int64_t)GUEST_PAGES * 4096 * 4;
		r->host_page_size = 4096;
	}
	assert_int_equal(verdict(&v), VERDICT_ALREADY_SPARSE);
	verification__clear(&v);
}

/* Zeros that are written count as those that are read, where a record tells them. */
static void written_zeros_are_zero_pages(void **state)
{
	struct verification v;

	(void)state;
	make_saved(&v, GUEST_PAGES / 2, GUEST_PAGES / 2);
	saved(&v, RUN_STOCK)->totals.zero_written_pages = GUEST_PAGES / 4;
	saved(&v, RUN_FIXED)->totals.zero_written_pages = GUEST_PAGES / 4;
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	saved(&v, RUN_FIXED)->totals.zero_written_pages = GUEST_PAGES / 1000;
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	saved(&v, RUN_STOCK)->totals.zero_written_pages = GUEST_PAGES / 1000;
	assert_int_equal(verdict(&v), VERDICT_ALREADY_SPARSE);
	verification__clear(&v);
}

static void one_sparse_end_does_not_make_both_so(void **state)
{
	struct verification v;

	(void)state;
	make(&v, 262144, 0);
	v.run[RUN_STOCK].end[END_DESTINATION].record->totals.zero_populated_pages = 100;
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	verification__clear(&v);
}

static void corrupt_by_a_page_that_stock_has_right(void **state)
{
	struct verify_judgement j;
	struct verification v;

	(void)state;
	make(&v, 262144, 0);
	/* Firmware's shadow under KVM: it differs without the fix as well. */
	page_set__add(&v.run[RUN_STOCK].differing, 0xe8);
	page_set__add(&v.run[RUN_FIXED].differing, 0xe8);
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	for (uint64_t page = 1000; page < 1020; page++)
		page_set__add(&v.run[RUN_FIXED].differing, page);
	page_set__add(&v.run[RUN_FIXED].differing, GUEST_PAGES - 1);
	verify__judge(&v, &j);
	assert_int_equal(j.verdict, VERDICT_CORRUPT);
	assert_false(verify_verdict__holds(j.verdict));
	assert_int_equal(j.corrupted, 21);
	for (uint64_t i = 0; i < VERIFY_FIRST_DIFFERING; i++)
		assert_int_equal(j.first_corrupted[i], 1000 + i);
	/* Content comes first, whatever else is wrong. */
	v.run[RUN_FIXED].end[END_SOURCE].record->lost.events = 1;
	assert_int_equal(verdict(&v), VERDICT_CORRUPT);
	verification__clear(&v);
}

static void unbalanced_books_prove_nothing(void **state)
{
	struct verification v;
	struct record_accounting *a;

	(void)state;
	make(&v, 262144, 0);
	a = &v.run[RUN_STOCK].end[END_DESTINATION].record->accounting[0];
	a->residual_pages = -3;
	a->uncertainty_pages = 3;
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	a->uncertainty_pages = 2;
	assert_int_equal(verdict(&v), VERDICT_UNBALANCED);
	assert_int_equal(result(&v, "books"), RESULT_FAILS);
	/* Of anonymous memory a batch may be on its way. */
	a->kind = "anon";
	a->residual_pages = -33;
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	a->residual_pages = -34;
	assert_int_equal(verdict(&v), VERDICT_UNBALANCED);
	a->residual_pages = 0;
	v.run[RUN_FIXED].end[END_SOURCE].record->lost.stacks = 1;
	assert_int_equal(verdict(&v), VERDICT_UNBALANCED);
	assert_int_equal(result(&v, "lost"), RESULT_FAILS);
	v.run[RUN_FIXED].end[END_SOURCE].record->lost.stacks = 0;
	v.run[RUN_FIXED].end[END_SOURCE].record->lost.events = RECORD_UNKNOWN;
	assert_int_equal(verdict(&v), VERDICT_UNBALANCED);
	verification__clear(&v);
}

static void preallocated_pages_are_to_stay(void **state)
{
	struct verification v;

	(void)state;
	make(&v, 0, 0);
	v.preallocated = true;
	assert_int_equal(verdict(&v), VERDICT_ALREADY_SPARSE);
	v.run[RUN_FIXED].end[END_DESTINATION].record->backing[0].released_pages = 1;
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	v.preallocated = false;
	assert_int_equal(verdict(&v), VERDICT_ALREADY_SPARSE);
	verification__clear(&v);
}

/* Of two saved records: one end, no content, no size but that of the RAM block in them. */
static void saved_records_are_enough(void **state)
{
	struct verification v;

	(void)state;
	verification__init(&v);
	v.judged[END_SOURCE] = false;
	v.run[RUN_STOCK].end[END_DESTINATION].record = record_of(262144);
	v.run[RUN_FIXED].end[END_DESTINATION].record = record_of(0);
	assert_int_equal(verdict(&v), VERDICT_FIXED);
	assert_int_equal(result(&v, "content"), RESULT_NOT_KNOWN);
	v.run[RUN_FIXED].end[END_DESTINATION].record->totals.zero_populated_pages = 262144;
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	v.run[RUN_STOCK].end[END_DESTINATION].record->totals.zero_populated_pages = 12;
	v.run[RUN_FIXED].end[END_DESTINATION].record->totals.zero_populated_pages = 11;
	assert_int_equal(verdict(&v), VERDICT_ALREADY_SPARSE);
	v.run[RUN_STOCK].end[END_DESTINATION].record->totals.zero_populated_pages = RECORD_UNKNOWN;
	assert_int_equal(verdict(&v), VERDICT_NOT_FIXED);
	verification__clear(&v);
}

/* 512 sections, 64 of them kept. */
static void populate_routine_leaves_discarded_sections_alone(void **state)
{
	const struct routine_expectation expected = {64 * 512, 64};
	struct record *routine;
	struct verify_judgement j;
	struct verification v;

	(void)state;
	verification__init(&v);
	v.run[RUN_STOCK].end[END_DESTINATION].record = record_of(GUEST_PAGES);
	v.run[RUN_STOCK].end[END_DESTINATION].record->accounting[1].kernel_pages = 513;
	v.run[RUN_FIXED].end[END_DESTINATION].record = routine = record_of(64 * 512);
	routine->accounting[1].kernel_pages = 65;
	routine__judge(&v, &expected, &j);
	assert_int_equal(j.verdict, VERDICT_FIXED);
	routine->totals.zero_populated_pages++;
	routine__judge(&v, &expected, &j);
	assert_int_equal(j.verdict, VERDICT_NOT_FIXED);
	routine->totals.zero_populated_pages -= 2;
	routine__judge(&v, &expected, &j);
	assert_int_equal(j.verdict, VERDICT_NOT_FIXED);
	routine->totals.zero_populated_pages++;
	routine->accounting[1].kernel_pages = 512;
	routine__judge(&v, &expected, &j);
	assert_int_equal(j.verdict, VERDICT_NOT_FIXED);
	routine->accounting[1].kernel_pages = 63;
	routine__judge(&v, &expected, &j);
	assert_int_equal(j.verdict, VERDICT_NOT_FIXED);
	routine->accounting[1].kernel_pages = 64;
	routine->lost.events = 1;
	routine__judge(&v, &expected, &j);
	assert_int_equal(j.verdict, VERDICT_UNBALANCED);
	verification__clear(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_when_zero_pages_are_gone),
		cmocka_unit_test(ratio_may_reach_its_limit_at_each_end),
		cmocka_unit_test(already_sparse_without_the_problem),
		cmocka_unit_test(populated_whole_is_not_sparse),
		cmocka_unit_test(written_zeros_are_zero_pages),
		cmocka_unit_test(one_sparse_end_does_not_make_both_so),
		cmocka_unit_test(corrupt_by_a_page_that_stock_has_right),
		cmocka_unit_test(unbalanced_books_prove_nothing),
		cmocka_unit_test(preallocated_pages_are_to_stay),
		cmocka_unit_test(saved_records_are_enough),
		cmocka_unit_test(populate_routine_leaves_discarded_sections_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
