/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes two successive records as one line of rates, or draws it over the screen, with the tables
 * below.
 */
#include "output/text_internal.h"
#include "output/format.h"

#include <errno.h>
#include <math.h>

/* Returns the increase per second. A count that was not known before started at 0. */
static int64_t rate__of(int64_t before, int64_t after, double seconds)
{
	double rate;

	if (after == RECORD_UNKNOWN || seconds <= 0)
		return RECORD_UNKNOWN;
	rate = ((double)after - (before == RECORD_UNKNOWN ? 0 : (double)before)) / seconds;
	if (fabs(rate) > 9e18)
		return RECORD_UNKNOWN;
	return llround(rate);
}

static void put__rates(const struct record *prev, const struct record *now, FILE *f)
{
	const struct record_tick *tick = now->nr_timeline ? &now->timeline[now->nr_timeline - 1]
							  : NULL;
	uint64_t from = prev ? prev->end_ns : now->start_ns;
	double seconds = now->end_ns > from ? (double)(now->end_ns - from) / 1e9 : 0;
	double since = now->end_ns > now->start_ns ? (double)(now->end_ns - now->start_ns) / 1e9
						   : 0;
	char n[FORMAT_NUMBER];

#define BEFORE(m) (prev ? prev->totals.m : 0)
	fprintf(f, "%9.1f", since);
	put__count(f, rate__of(BEFORE(faults), now->totals.faults, seconds), 13);
	put__count(f, rate__of(BEFORE(populated_pages), now->totals.populated_pages, seconds), 13);
	put__count(
		f,
		rate__of(BEFORE(zero_populated_pages), now->totals.zero_populated_pages, seconds),
		13);
	put__count(f, rate__of(BEFORE(released_pages), now->totals.released_pages, seconds), 13);
#undef BEFORE
	put__count(f, now->totals.populated_pages, 15);
	if (tick && tick->rss_pages >= 0)
		format__size(n, (double)tick->rss_pages *
					(now->host_page_size ? now->host_page_size : 4096));
	else
		snprintf(n, sizeof(n), "?");
	fprintf(f, "%11s\n", n);
}

int output_text__live(const struct record *prev, const struct record *now, FILE *f,
		      const struct text_options *opt)
{
	struct flow w = {.f = f, .opt = opt, .width = options__width(opt)};
	bool refresh = opt && opt->refresh;

	errno = EIO;
	if (refresh) {
		fputs("\033[H\033[J", f);
		text__head(&w, now);
	}
	if (refresh || !prev)
		fprintf(f, "%9s%13s%13s%13s%13s%15s%11s\n", "seconds", "faults/s", "pages/s",
			"zero/s", "given back/s", "pages", "rss");
	put__rates(prev, now, f);
	if (refresh) {
		text__callsites(&w, now, MAX_SITES);
		text__backings(&w, now);
	}
	/* a reader of a pipe wants each line at once */
	return fflush(f) || ferror(f) ? -errno : 0;
}
