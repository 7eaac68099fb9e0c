// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the verdict as JUnit XML, with a test case for each condition. A condition that cannot be
 * known is skipped, unless the verdict is negative because of it.
 */
#include "output/verify.h"
#include "output/xml.h"

#include <errno.h>

static bool check__failed(const struct verify_judgement *j, const struct verify_check *c)
{
	return c->result == RESULT_FAILS ||
	       (c->result == RESULT_NOT_KNOWN && j->verdict == VERDICT_UNBALANCED);
}

static void put__case(FILE *f, const struct verify_judgement *j, const struct verify_check *c)
{
	fprintf(f, "    <testcase classname=\"migpop.verify\" name=\"%s\"", c->name);
	if (check__failed(j, c)) {
		fprintf(f, ">\n      <failure type=\"%s\" message=\"",
			verify_verdict__name(j->verdict));
		xml__put(f, c->detail);
		fputs("\"/>\n    </testcase>\n", f);
	} else if (c->result == RESULT_NOT_KNOWN) {
		fputs(">\n      <skipped message=\"", f);
		xml__put(f, c->detail);
		fputs("\"/>\n    </testcase>\n", f);
	} else {
		fputs("/>\n", f);
	}
}

int output_verify__junit(const struct verify_report *r, FILE *f)
{
	const struct verify_judgement *j = r->j;
	size_t failures = 0, skipped = 0;
	struct format_text t;

	for (size_t i = 0; i < j->nr_checks; i++) {
		bool failed = check__failed(j, &j->checks[i]);

		failures += failed;
		skipped += !failed && j->checks[i].result == RESULT_NOT_KNOWN;
	}
	verify__describe(r, &t);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", f);
	fprintf(f,
		"  <testsuite name=\"migpop verify\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
		"skipped=\"%zu\">\n",
		j->nr_checks, failures, skipped);
	fprintf(f, "    <properties>\n      <property name=\"verdict\" value=\"%s\"/>\n",
		verify_verdict__name(j->verdict));
	fputs("      <property name=\"migrated\" value=\"", f);
	xml__put(f, t.s);
	fputs("\"/>\n    </properties>\n", f);
	for (size_t i = 0; i < j->nr_checks; i++)
		put__case(f, j, &j->checks[i]);
	fputs("  </testsuite>\n</testsuites>\n", f);
	return ferror(f) ? -EIO : 0;
}
