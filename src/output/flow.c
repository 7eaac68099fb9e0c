/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phrases side by side: a line ends where the next one would not fit, and colour takes no columns.
 */
#include "output/flow.h"

int options__width(const struct text_options *opt)
{
	int width = opt && opt->width > 0 ? opt->width : 100;

	return width < 40 ? 40 : width > 400 ? 400 : width;
}

const char *flow__color(const struct text_options *opt, enum verdict v)
{
	static const char *const codes[] = {"", "\033[32m", "\033[1;31m", "\033[33m"};

	return opt && opt->color ? codes[v] : "";
}

const char *flow__color_end(const struct text_options *opt, enum verdict v)
{
	return opt && opt->color && v != VERDICT_NONE ? "\033[0m" : "";
}

void flow__end(struct flow *w)
{
	if (!w->column)
		return;
	fputc('\n', w->f);
	w->lines++;
	w->column = 0;
}

void flow__blank(struct flow *w)
{
	flow__end(w);
	fputc('\n', w->f);
	w->lines++;
}

void flow__add(struct flow *w, enum verdict v, const char *words, struct format_text *t)
{
	struct format_text head;
	int room = w->width, len;

	format__clear(&head);
	format__add(&head, "%s", words);
	format__fit(t, room - head.columns);
	len = head.columns + t->columns;
	if (w->column && w->column + 3 + len > w->width)
		flow__end(w);
	if (w->column)
		w->column += fprintf(w->f, "   ");
	fprintf(w->f, "%s%s%s%s", flow__color(w->opt, v), head.s, flow__color_end(w->opt, v), t->s);
	w->column += len;
	format__clear(t);
}

void flow__line(struct flow *w, struct format_text *t)
{
	flow__end(w);
	flow__add(w, VERDICT_NONE, "", t);
	flow__end(w);
}
