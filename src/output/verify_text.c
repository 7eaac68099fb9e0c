// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the verdict on one screen: the figures of both migrations, the conditions that do not
 * hold, and the verdict.
 */
#include "output/flow.h"
#include "output/verify.h"

#include <errno.h>

static void put__cell(FILE *f, const char *text, int columns)
{
	struct format_text t;

	format__clear(&t);
	format__add(&t, "%s", text);
	format__put(f, &t, columns);
}

static void put__row(FILE *f, const char *name, const char *stock, const char *fixed,
		     const char *remark)
{
	put__cell(f, name, 36);
	put__cell(f, stock, -20);
	put__cell(f, fixed, -20);
	fprintf(f, "%s%s\n", remark[0] ? "   " : "", remark);
}

static void put__checks(const struct verify_report *r, FILE *f, const struct text_options *opt)
{
	for (size_t i = 0; i < r->j->nr_checks; i++) {
		const struct verify_check *c = &r->j->checks[i];
		enum tone color = c->result == RESULT_FAILS ? TONE_BAD : TONE_WARN;

		if (c->result == RESULT_HOLDS)
			continue;
		fprintf(f, "%s%s%s: %s", flow__color(opt, color), verify_result__name(c->result),
			flow__color_end(opt, color), c->what);
		fprintf(f, ": %s\n", c->detail);
	}
}

int output_verify__text(const struct verify_report *r, FILE *f, const struct text_options *opt)
{
	struct verify_row rows[VERIFY_MAX_ROWS];
	size_t n = verify_rows__make(r, rows);
	bool holds = verify_verdict__holds(r->j->verdict);
	enum tone color = holds ? TONE_GOOD : TONE_BAD;
	struct format_text t;

	verify__describe(r, &t);
	fprintf(f, "%s\n", t.s);
	for (int end = 0; end < NR_ENDS; end++)
		if (verify__said(r, (enum verify_end_id)end, &t))
			fprintf(f, "%s\n", t.s);
	fputc('\n', f);
	put__row(f, "", verify__run_name(r, RUN_STOCK), verify__run_name(r, RUN_FIXED), "");
	for (size_t i = 0; i < n; i++)
		put__row(f, rows[i].name, rows[i].cell[RUN_STOCK], rows[i].cell[RUN_FIXED],
			 rows[i].remark);
	fputc('\n', f);
	put__checks(r, f, opt);
	fprintf(f, "verdict: %s%s%s\n", flow__color(opt, color),
		verify_verdict__name(r->j->verdict), flow__color_end(opt, color));
	return ferror(f) ? -EIO : 0;
}
