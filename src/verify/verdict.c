// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reaches the verdict: makes one check for each condition, and draws the conclusion. The guest's
 * content comes first, then whether the figures can be believed at all, then what they say.
 */
#include "verify/verdict_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const run_names[NR_RUNS] = {"stock", "fixed"};
static const char *const end_names[NR_ENDS] = {"source", "destination"};

void verification__init(struct verification *v)
{
	memset(v, 0, sizeof(*v));
	v->guest_pages = RECORD_UNKNOWN;
	v->max_ratio = 0.01;
	for (int run = 0; run < NR_RUNS; run++) {
		struct verify_run *r = &v->run[run];

		r->total_ms = r->downtime_ms = r->setup_ms = RECORD_UNKNOWN;
		r->pages = r->syncs = RECORD_UNKNOWN;
		for (int end = 0; end < NR_ENDS; end++)
			r->end[end].rss_before = r->end[end].rss_after = RECORD_UNKNOWN;
	}
	for (int end = 0; end < NR_ENDS; end++)
		v->judged[end] = true;
}

void verification__clear(struct verification *v)
{
	for (int run = 0; run < NR_RUNS; run++) {
		page_set__free(&v->run[run].differing);
		for (int end = 0; end < NR_ENDS; end++) {
			record__free(v->run[run].end[end].record);
			free(v->run[run].end[end].said);
		}
	}
	verification__init(v);
}

const char *verify_verdict__name(enum verify_verdict verdict)
{
	static const char *const names[] = {"fixed", "already-sparse", "not-fixed", "corrupt",
					    "unbalanced"};

	return names[verdict];
}

bool verify_verdict__holds(enum verify_verdict verdict)
{
	return verdict == VERDICT_FIXED || verdict == VERDICT_ALREADY_SPARSE;
}

const char *verify_result__name(enum verify_result result)
{
	static const char *const names[] = {"holds", "fails", "not known"};

	return names[result];
}

struct verify_check *verify__add_check(struct verify_judgement *j, const char *name,
				       const char *what)
{
	struct verify_check *c = &j->checks[j->nr_checks++];

	memset(c, 0, sizeof(*c));
	c->name = name;
	c->what = what;
	c->result = RESULT_HOLDS;
	return c;
}

void verify__set_result(struct verify_check *c, enum verify_result result, const char *format, ...)
{
	va_list args;

	c->result = result;
	va_start(args, format);
	vsnprintf(c->detail, sizeof(c->detail), format, args);
	va_end(args);
}

static void find_corrupted(const struct verification *v, struct verify_judgement *j)
{
	const struct page_set *stock = &v->run[RUN_STOCK].differing,
			      *fixed = &v->run[RUN_FIXED].differing;

	for (uint64_t page = page_set__next(fixed, stock, 0); page != UINT64_MAX;
	     page = page_set__next(fixed, stock, page + 1)) {
		if (j->corrupted < VERIFY_FIRST_DIFFERING)
			j->first_corrupted[j->corrupted] = page;
		j->corrupted++;
	}
}

/* A page that differs after the stock migration too is not the fault of the fix. */
static enum verify_result check_content(const struct verification *v, struct verify_judgement *j)
{
	struct verify_check *c = verify__add_check(j, "content",
						   "guest memory is equal, byte for byte");
	const struct verify_run *stock = &v->run[RUN_STOCK], *fixed = &v->run[RUN_FIXED];

	if (!stock->compared || !fixed->compared) {
		verify__set_result(c, RESULT_NOT_KNOWN, "not compared");
		return c->result;
	}
	find_corrupted(v, j);
	if (j->corrupted)
		verify__set_result(c, RESULT_FAILS,
				   "%" PRIu64
				   " pages differ after the fixed migration that are equal after "
				   "the stock one, the first at page %" PRIu64,
				   j->corrupted, j->first_corrupted[0]);
	else if (stock->differing.n)
		verify__set_result(c, RESULT_HOLDS,
				   "%" PRIu64
				   " pages differ after the stock migration, no others after "
				   "the fixed one",
				   stock->differing.n);
	else
		verify__set_result(c, RESULT_HOLDS, "no page differs");
	return c->result;
}

/* Anonymous pages that were given back can stay in a CPU's LRU batch until another process frees
 * them (docs/counting.md): a difference of up to one batch is no reason to disbelieve the other
 * figures. */
static enum record_books books_of(const struct record_accounting *a)
{
	enum { LRU_BATCH = 31 };
	struct record_accounting lenient = *a;

	if (a->kind && !strcmp(a->kind, "anon"))
		lenient.uncertainty_pages += LRU_BATCH;
	return record_accounting__books(&lenient);
}

/* Returns the first row of the record that does not balance. Adds to *n how many there are, and
 * sets *checked if any row could be checked. */
static const struct record_accounting *unbalanced(const struct record *r, size_t *n, bool *checked)
{
	const struct record_accounting *first = NULL;

	for (size_t i = 0; i < r->nr_accounting; i++) {
		enum record_books books = books_of(&r->accounting[i]);

		*checked = *checked || books != RECORD_BOOKS_UNKNOWN;
		if (books != RECORD_BOOKS_DO_NOT)
			continue;
		first = first ? first : &r->accounting[i];
		++*n;
	}
	return first;
}

enum verify_result verify__check_books(const struct verification *v, struct verify_judgement *j)
{
	struct verify_check *c = verify__add_check(j, "books",
						   "the kernel's figures are those traced");
	bool checked = false;
	size_t n = 0;

	for (int i = 0; i < NR_RUNS * NR_ENDS; i++) {
		const struct record *r = v->run[i / NR_ENDS].end[i % NR_ENDS].record;
		const struct record_accounting *a;
		size_t before = n;

		if (!r)
			continue;
		a = unbalanced(r, &n, &checked);
		if (a && !before)
			verify__set_result(c, RESULT_FAILS,
					   "%s %s: kernel %" PRId64 ", traced %" PRId64 " of %s %s",
					   run_names[i / NR_ENDS], end_names[i % NR_ENDS],
					   a->kernel_pages, a->traced_pages,
					   a->kind ? a->kind : "?", a->name ? a->name : "");
	}
	if (!n && !checked)
		verify__set_result(c, RESULT_NOT_KNOWN,
				   "no figure of the kernel's to compare with");
	else if (!n)
		verify__set_result(c, RESULT_HOLDS, "all rows balance");
	return c->result;
}

/* Chains that were cut short do not count here: their pages are counted all the same, so no figure
 * is less certain. */
enum verify_result verify__check_lost(const struct verification *v, struct verify_judgement *j)
{
	struct verify_check *c = verify__add_check(j, "lost", "nothing was lost");
	int64_t lost = 0;
	bool known = true;

	for (int i = 0; i < NR_RUNS * NR_ENDS; i++) {
		const struct record *r = v->run[i / NR_ENDS].end[i % NR_ENDS].record;

		if (!r)
			continue;
		known = known && r->lost.events != RECORD_UNKNOWN;
		lost = record_count__sum(lost, record_count__sum(r->lost.events, r->lost.stacks));
	}
	if (lost > 0)
		verify__set_result(c, RESULT_FAILS, "%" PRId64 " events or call chains", lost);
	else if (!known)
		verify__set_result(c, RESULT_NOT_KNOWN, "a record does not say");
	else
		verify__set_result(c, RESULT_HOLDS, "0 events, 0 call chains");
	return c->result;
}

/* The RAM of the guest in pages; RECORD_UNKNOWN if nothing tells. */
static int64_t ram_pages(const struct verification *v, const struct record *r)
{
	int64_t pages = v->guest_pages;

	if (pages == RECORD_UNKNOWN)
		for (size_t i = 0; i < r->nr_backing; i++)
			if (r->backing[i].ram_block)
				pages = record_count__sum(pages, r->backing[i].length_pages);
	/* RAM without a backend of its own is not in any RAM block, but its size is on the command
	 * line. */
	if (pages == RECORD_UNKNOWN && r->nr_target && r->host_page_size &&
	    r->target[0].ram_bytes != RECORD_UNKNOWN)
		pages = r->target[0].ram_bytes / r->host_page_size;
	return pages;
}

/* If no more pages than this were populated, there is no problem: a fix may leave as many. */
static int64_t sparse_limit(const struct verification *v, const struct record *r)
{
	int64_t pages = ram_pages(v, r);

	return pages == RECORD_UNKNOWN ? 0 : (int64_t)((double)pages * v->max_ratio);
}

/* Populated pages of the guest's RAM; of the whole process if it is not known which memory is RAM.
 * */
static int64_t populated_pages(const struct record *r)
{
	int64_t pages = RECORD_UNKNOWN;

	for (size_t i = 0; i < r->nr_backing; i++)
		if (r->backing[i].ram_block)
			pages = record_count__sum(pages, r->backing[i].populated_pages);
	return pages == RECORD_UNKNOWN ? r->totals.populated_pages : pages;
}

/* True if all of the guest's memory was populated, whatever its content: a loader that writes zeros
 * need not read pages first. If the size of RAM is not known, the RAM of the smallest guests is
 * still more than a sparse migration populates. */
static bool is_populated_whole(const struct verification *v, const struct record *r)
{
	enum { SMALLEST_GUEST_PAGES = 8192, WHOLE_PERCENT = 90 };
	int64_t ram = ram_pages(v, r), populated = populated_pages(r);

	if (ram == RECORD_UNKNOWN)
		return populated >= SMALLEST_GUEST_PAGES;
	return ram && populated / WHOLE_PERCENT >= ram / 100;
}

static enum verify_result within(const struct verification *v, int64_t fixed, int64_t stock)
{
	return (double)fixed <= v->max_ratio * (double)stock ? RESULT_HOLDS : RESULT_FAILS;
}

/* Checks an end where stock populates next to nothing by reading. */
static void check_not_reading(const struct verification *v, const struct record *base,
			      const struct record *fix, struct verify_check *c, bool *sparse)
{
	int64_t stock = base->totals.zero_populated_pages, fixed = fix->totals.zero_populated_pages;
	int64_t stock_zero = record_count__sum(stock, base->totals.zero_written_pages),
		fixed_zero = record_count__sum(fixed, fix->totals.zero_written_pages);

	if (stock_zero > sparse_limit(v, base) &&
	    fix->totals.zero_written_pages != RECORD_UNKNOWN) {
		verify__set_result(c, within(v, fixed_zero, stock_zero),
				   "stock %" PRId64 ", by writing zeros, fixed %" PRId64
				   ", ratio %.4f of at most %g",
				   stock_zero, fixed_zero, (double)fixed_zero / (double)stock_zero,
				   v->max_ratio);
	} else if (stock_zero > sparse_limit(v, base) || is_populated_whole(v, base)) {
		verify__set_result(c, within(v, populated_pages(fix), populated_pages(base)),
				   "stock populates %" PRId64
				   " pages of memory, zero or not, fixed %" PRId64,
				   populated_pages(base), populated_pages(fix));
	} else {
		*sparse = true;
		verify__set_result(c,
				   fixed <= sparse_limit(v, fix) || fixed <= stock ? RESULT_HOLDS
										   : RESULT_FAILS,
				   "stock populates %" PRId64 " only, fixed %" PRId64, stock,
				   fixed);
	}
}

/* Checks whether the fix works at one end. Stores in *sparse whether stock was sparse there
 * already. */
static enum verify_result check_sparse(const struct verification *v, struct verify_judgement *j,
				       enum verify_end_id end, bool *sparse)
{
	static const char *const names[NR_ENDS] = {"zero-pages-source", "zero-pages-destination"};
	static const char *const what[NR_ENDS] = {
		"the source populates no zero pages that nobody needs",
		"the destination populates no zero pages that nobody needs"};
	struct verify_check *c = verify__add_check(j, names[end], what[end]);
	const struct record *base = v->run[RUN_STOCK].end[end].record,
			    *fix = v->run[RUN_FIXED].end[end].record;
	int64_t stock, fixed;

	*sparse = false;
	if (!base || !fix || base->totals.zero_populated_pages == RECORD_UNKNOWN ||
	    fix->totals.zero_populated_pages == RECORD_UNKNOWN) {
		verify__set_result(c, RESULT_NOT_KNOWN, "a record does not say");
		return c->result;
	}
	stock = base->totals.zero_populated_pages;
	fixed = fix->totals.zero_populated_pages;
	if (stock <= sparse_limit(v, base))
		check_not_reading(v, base, fix, c, sparse);
	else
		verify__set_result(c, within(v, fixed, stock),
				   "stock %" PRId64 ", fixed %" PRId64 ", ratio %.4f of at most %g",
				   stock, fixed, (double)fixed / (double)stock, v->max_ratio);
	return c->result;
}

/* Pages that were populated on purpose must stay. */
static enum verify_result check_preallocated(const struct verification *v,
					     struct verify_judgement *j)
{
	struct verify_check *c = verify__add_check(j, "preallocated", "preallocated pages stay");
	int64_t gone = 0;

	for (int end = 0; end < NR_ENDS; end++) {
		const struct record *r = v->run[RUN_FIXED].end[end].record;

		for (size_t i = 0; r && i < r->nr_backing; i++)
			if (r->backing[i].ram_block)
				gone = record_count__sum(gone, r->backing[i].released_pages);
	}
	verify__set_result(c, gone > 0 ? RESULT_FAILS : RESULT_HOLDS, "%" PRId64 " given back",
			   gone);
	return c->result;
}

static double ratio(int64_t fixed, int64_t stock)
{
	if (fixed == RECORD_UNKNOWN || stock == RECORD_UNKNOWN || !stock)
		return NAN;
	return (double)fixed / (double)stock;
}

static int64_t rss_growth(const struct verify_end *e)
{
	if (e->rss_before == RECORD_UNKNOWN || e->rss_after == RECORD_UNKNOWN)
		return RECORD_UNKNOWN;
	return e->rss_after - e->rss_before;
}

void verify__set_ratios(const struct verification *v, struct verify_ratio *out)
{
	const struct verify_run *stock = &v->run[RUN_STOCK], *fixed = &v->run[RUN_FIXED];
	int64_t zero[NR_RUNS] = {RECORD_UNKNOWN, RECORD_UNKNOWN};

	for (int end = 0; end < NR_ENDS; end++) {
		out->rss_growth[end] = ratio(rss_growth(&fixed->end[end]),
					     rss_growth(&stock->end[end]));
		for (int run = 0; run < NR_RUNS; run++) {
			const struct record *r = v->run[run].end[end].record;

			if (r && v->judged[end])
				zero[run] = record_count__sum(zero[run],
							      r->totals.zero_populated_pages);
		}
	}
	out->zero_populated = ratio(zero[RUN_FIXED], zero[RUN_STOCK]);
	out->total_time = ratio(fixed->total_ms, stock->total_ms);
}

void verify__judge(const struct verification *v, struct verify_judgement *j)
{
	bool all_sparse = true, reduced = true;
	enum verify_result content, books, lost;

	memset(j, 0, sizeof(*j));
	verify__set_ratios(v, &j->ratio);
	content = check_content(v, j);
	books = verify__check_books(v, j);
	lost = verify__check_lost(v, j);
	for (int end = 0; end < NR_ENDS; end++) {
		bool sparse;

		if (!v->judged[end])
			continue;
		reduced = check_sparse(v, j, (enum verify_end_id)end, &sparse) == RESULT_HOLDS &&
			  reduced;
		all_sparse = all_sparse && sparse;
	}
	if (v->preallocated)
		reduced = check_preallocated(v, j) == RESULT_HOLDS && reduced;
	if (content == RESULT_FAILS)
		j->verdict = VERDICT_CORRUPT;
	else if (books != RESULT_HOLDS || lost != RESULT_HOLDS)
		j->verdict = VERDICT_UNBALANCED;
	else if (!reduced)
		j->verdict = VERDICT_NOT_FIXED;
	else
		j->verdict = all_sparse ? VERDICT_ALREADY_SPARSE : VERDICT_FIXED;
}
