// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Judges the populate routine by the tracer's figures alone: discarded sections must get neither
 * pages nor page tables, and all others must get theirs.
 */
#include "verify/routine.h"
#include "verify/verdict_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Page tables besides those of the sections: the upper levels, and the loader's own. */
enum { TABLES_ASIDE = 6 };

static int64_t tables_of(const struct record *r)
{
	for (size_t i = 0; i < r->nr_accounting; i++)
		if (r->accounting[i].kind && !strcmp(r->accounting[i].kind, "page-tables"))
			return r->accounting[i].kernel_pages;
	return RECORD_UNKNOWN;
}

static bool is_sparse(const struct record *r, const struct routine_expectation *e)
{
	return r->totals.zero_populated_pages <= e->pages &&
	       tables_of(r) <= e->tables + TABLES_ASIDE;
}

static enum verify_result check_discarded(struct verify_judgement *j, const struct record *r,
					  const struct routine_expectation *e)
{
	struct verify_check *c = verify__add_check(
		j, "discarded", "discarded sections get no page and no page table");
	int64_t pages = r->totals.zero_populated_pages, tables = tables_of(r);

	if (pages == RECORD_UNKNOWN || tables == RECORD_UNKNOWN)
		verify__set_result(c, RESULT_NOT_KNOWN, "the record does not say");
	else
		verify__set_result(c, is_sparse(r, e) ? RESULT_HOLDS : RESULT_FAILS,
				   "%" PRId64 " pages and %" PRId64 " page tables; %" PRId64
				   " and %" PRId64 " are of kept sections",
				   pages, tables, e->pages, e->tables);
	return c->result;
}

/* If a read maps the shared zero page no page is counted; then a page table for each section shows
 * that the section was populated. */
static enum verify_result check_kept(struct verify_judgement *j, const struct record *r,
				     const struct routine_expectation *e)
{
	struct verify_check *c = verify__add_check(j, "kept", "kept sections get all of theirs");
	int64_t pages = r->totals.zero_populated_pages, tables = tables_of(r);

	if (pages == RECORD_UNKNOWN || tables == RECORD_UNKNOWN)
		verify__set_result(c, RESULT_NOT_KNOWN, "the record does not say");
	else
		verify__set_result(
			c, pages >= e->pages && tables >= e->tables ? RESULT_HOLDS : RESULT_FAILS,
			"%" PRId64 " pages of %" PRId64 ", %" PRId64 " page tables of %" PRId64,
			pages, e->pages, tables, e->tables);
	return c->result;
}

void routine__judge(const struct verification *v, const struct routine_expectation *expected,
		    struct verify_judgement *j)
{
	const struct record *loop = v->run[RUN_STOCK].end[END_DESTINATION].record,
			    *routine = v->run[RUN_FIXED].end[END_DESTINATION].record;
	enum verify_result books, lost, discarded, kept;

	memset(j, 0, sizeof(*j));
	verify__set_ratios(v, &j->ratio);
	books = verify__check_books(v, j);
	lost = verify__check_lost(v, j);
	discarded = check_discarded(j, routine, expected);
	kept = check_kept(j, routine, expected);
	if (books != RESULT_HOLDS || lost != RESULT_HOLDS)
		j->verdict = VERDICT_UNBALANCED;
	else if (discarded != RESULT_HOLDS || kept != RESULT_HOLDS)
		j->verdict = VERDICT_NOT_FIXED;
	else
		j->verdict = is_sparse(loop, expected) ? VERDICT_ALREADY_SPARSE : VERDICT_FIXED;
}
