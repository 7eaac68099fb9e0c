// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the verdict as Markdown, for the summary of a CI job.
 */
#include "output/verify.h"

#include <errno.h>
#include <string.h>

/* Escapes what Markdown or HTML would interpret, because the text may come from outside. */
static void put__text(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '&')
			fputs("&amp;", f);
		else
			fprintf(f, strchr("\\`*_[]|#~>", *s) ? "\\%c" : "%c", *s);
	}
}

int output_verify__markdown(const struct verify_report *r, FILE *f)
{
	struct verify_row rows[VERIFY_MAX_ROWS];
	size_t n = verify_rows__make(r, rows);
	struct format_text t;

	fprintf(f, "### migpop verify: %s\n\n", verify_verdict__name(r->j->verdict));
	verify__describe(r, &t);
	put__text(f, t.s);
	for (int end = 0; end < NR_ENDS; end++) {
		if (!verify__said(r, (enum verify_end_id)end, &t))
			continue;
		fputs("\n\n", f);
		put__text(f, t.s);
	}
	fprintf(f, "\n\n| | %s | %s | |\n| --- | ---: | ---: | --- |\n",
		verify__run_name(r, RUN_STOCK), verify__run_name(r, RUN_FIXED));
	for (size_t i = 0; i < n; i++)
		fprintf(f, "| %s | %s | %s | %s |\n", rows[i].name, rows[i].cell[RUN_STOCK],
			rows[i].cell[RUN_FIXED], rows[i].remark);
	fputs("\n| condition | | |\n| --- | --- | --- |\n", f);
	for (size_t i = 0; i < r->j->nr_checks; i++) {
		const struct verify_check *c = &r->j->checks[i];

		fprintf(f, "| %s | %s | ", c->what, verify_result__name(c->result));
		put__text(f, c->detail);
		fputs(" |\n", f);
	}
	return ferror(f) ? -EIO : 0;
}
