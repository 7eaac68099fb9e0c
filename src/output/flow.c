/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts phrases side by side. A phrase that would not fit on the line begins the next one. Colour
 * takes no columns.
 */
#include "output/flow.h"

int options__width(const struct text_options *opt)
{
	int width = opt && opt->width > 0 ? opt->width : 100;

	return width < 40 ? 40 : width > 400 ? 400 : width;
}

const char *flow__color(const struct text_options *opt, enum tone tone)
{
	static const char *const codes[] = {"", "\033[32m", "\033[1;31m", "\033[33m"};

	return opt && opt->color ? codes[tone] : "";
}

const char *flow__color_end(const struct text_options *opt, enum tone tone)
{
	return opt && opt->color && tone != TONE_PLAIN ? "\033[0m" : "";
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

void flow__add(struct flow *w, enum tone tone, const char *words, struct format_text *t)
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
	fprintf(w->f, "%s%s%s%s", flow__color(w->opt, tone), head.s, flow__color_end(w->opt, tone),
		t->s);
	w->column += len;
	format__clear(t);
}

void flow__line(struct flow *w, struct format_text *t)
{
	flow__end(w);
	flow__add(w, TONE_PLAIN, "", t);
	flow__end(w);
}
