/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes folded stacks. The format has no way to escape characters, so a character that would end a
 * name is replaced.
 */
#include "output/folded.h"
#include "output/stack.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/*
 * Returns the blank before a number at the end of a name; NULL if there is no such number.
 * flamegraph.pl and inferno read "name 7 12" as a stack "name" with two counts, as in a difference
 * of profiles: so this blank must be replaced.
 */
static const char *name__number(const char *s)
{
	const char *blank = strrchr(s, ' ');

	return blank && isdigit((unsigned char)blank[1]) &&
			       strspn(blank + 1, "0123456789.") == strlen(blank + 1)
		       ? blank
		       : NULL;
}

static void put__name(FILE *f, const struct format_text *t)
{
	const char *number = name__number(t->s);

	for (const char *c = t->s; *c; c++) {
		if (c == number)
			fputs("\\x20", f);
		else
			/* stackcollapse-perf.pl replaces ';' in the same way */
			fputc(*c == ';' ? ':' : *c, f);
	}
}

int output_folded__write(const struct record *r, FILE *f)
{
	struct format_text t;

	errno = EIO;
	for (size_t i = 0; i < r->nr_callsites; i++) {
		const struct record_callsite *c = &r->callsites[i];

		if (c->populated_pages <= 0) /* this skips RECORD_UNKNOWN too */
			continue;
		for (size_t k = 0; k < stack__depth(c); k++) {
			format__clear(&t);
			stack__add_name(&t, r, c, k);
			if (k)
				fputc(';', f);
			put__name(f, &t);
		}
		fprintf(f, " %" PRId64 "\n", c->populated_pages);
	}
	return ferror(f) ? -errno : 0;
}
