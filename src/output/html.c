/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a record as an HTML page. The page is made from html/ when migpop is built; here its
 * title, its text for readers without scripts, and its data are filled in. It must not know where
 * records come from.
 */
#include "output/html.h"
#include "output/format.h"
#include "output/html_data.h"
#include "output/text.h"
#include "output/xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char template[] = {
#include "page.html.h"
};

static int html__title(const struct record *r, FILE *f)
{
	const struct record_target *t = r->nr_target ? &r->target[0] : NULL;
	struct format_text text;

	format__clear(&text);
	if (t)
		format__add_name(&text, t->guest ? t->guest : t->comm ? t->comm : "?");
	format__fit(&text, 80);
	xml__put(f, text.s);
	fputs(t ? " – migpop" : "migpop", f);
	return 0;
}

static int html__text(const struct record *r, FILE *f)
{
	const struct text_options opt = {.width = 120};
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	int err;

	if (!stream)
		return -ENOMEM;
	err = output_text__write(r, stream, &opt);
	if (fclose(stream) && !err)
		err = -ENOMEM;
	if (!err)
		xml__put(f, text);
	free(text);
	return err;
}

static const struct {
	const char *mark;
	int (*write)(const struct record *r, FILE *f);
} holes[] = {
	{"{{title}}", html__title},
	{"{{text}}", html__text},
	{"{{data}}", html_data__write},
};

/* The template has each mark once, in this order: the build checks it. */
int output_html__write(const struct record *r, FILE *f)
{
	const char *s = template, *mark;
	int err;

	for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++) {
		mark = strstr(s, holes[i].mark);
		if (!mark)
			return -EINVAL;
		fwrite(s, 1, (size_t)(mark - s), f);
		err = holes[i].write(r, f);
		if (err)
			return err;
		s = mark + strlen(holes[i].mark);
	}
	fputs(s, f);
	return ferror(f) ? -EIO : 0;
}
