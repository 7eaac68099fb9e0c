/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Draws the flame graph: threads start at the top, each call is below its caller, and is as wide as
 * the pages that it populated. It must not know where records come from.
 */
#include "output/svg.h"
#include "output/flame.h"
#include "output/palette.h"
#include "output/xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH     1200
#define MARGIN    12
#define ROW       20
#define HEAD      64
#define FOOT      34
#define CHARACTER 6.7 /* width of a character in px, of 11 px monospace */
#define NARROWEST 0.5 /* px; a narrower node cannot be seen */

static const char style[] =
	"svg{font:11px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:var(--ink)}"
	".paper{fill:var(--paper)}"
	".title{font:600 16px system-ui,sans-serif}.sub{font:12px system-ui,sans-serif;"
	"fill:var(--soft)}.name{fill:var(--on)}.zero{fill:var(--zero)}.f:hover rect{opacity:.8}";

struct span {
	double x, width;
};

struct picture {
	struct flame flame;
	struct span *spans; /* one for each node */
	size_t depth;       /* number of levels on which anything can be seen */
};

/* Divides the width of node "i" among its children. A sum that was capped at 2^63 - 1 can be less
 * than its parts, so the parts are summed here: no child may stick out of its parent. */
static void span__share(struct span *spans, const struct flame *flame, size_t i)
{
	const struct flame_node *node = &flame->v[i], *child = flame->v + node->first;
	double parts = 0, whole = (double)node->populated_pages, x = spans[i].x;

	for (size_t k = 0; k < node->n; k++)
		parts += (double)child[k].populated_pages;
	whole = whole > parts ? whole : parts;
	for (size_t k = 0; k < node->n && whole > 0; k++) {
		spans[node->first + k].x = x;
		spans[node->first + k].width = spans[i].width * (double)child[k].populated_pages /
					       whole;
		x += spans[node->first + k].width;
	}
}

/* Parents come before their children, so one pass is enough to place all nodes. */
static int picture__make(struct picture *p, const struct record *r)
{
	int err = flame__make(&p->flame, r);

	if (err)
		return err;
	p->spans = calloc(p->flame.n, sizeof(*p->spans));
	if (!p->spans)
		return -ENOMEM;
	p->spans[0] = (struct span){MARGIN, WIDTH - 2 * MARGIN};
	for (size_t i = 0; i < p->flame.n; i++) {
		if (p->spans[i].width < NARROWEST)
			continue;
		span__share(p->spans, &p->flame, i);
		if (p->flame.v[i].depth >= p->depth)
			p->depth = p->flame.v[i].depth + 1;
	}
	return 0;
}

static void svg__sentence(FILE *f, const struct record *r, const struct flame *flame)
{
	const struct flame_node *all = &flame->v[0];
	const struct record_target *t = r->nr_target ? &r->target[0] : NULL;
	char n[FORMAT_NUMBER];

	if (t) {
		fprintf(f, "pid %u ", t->pid);
		xml__put(f, t->guest ? t->guest : t->comm ? t->comm : "");
		fputs(" · ", f);
	}
	if (r->nr_target > 1)
		fprintf(f, "and %zu more · ", r->nr_target - 1);
	fprintf(f, "populated %s pages", format__count(n, all->populated_pages));
	if (all->populated_pages > 0 && r->host_page_size)
		fprintf(f, " (%s)",
			format__size(n, (double)all->populated_pages * r->host_page_size));
	fprintf(f, " · zero pages nobody needed %s", format__count(n, all->zero_populated_pages));
	if (all->populated_pages > 0)
		fprintf(f, " (%s)",
			format__percent(n, all->zero_populated_pages, all->populated_pages));
}

static void svg__head(FILE *f, const struct record *r, const struct picture *p)
{
	int height = HEAD + FOOT + (int)p->depth * ROW;

	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" role=\"img\">\n<title>migpop: populated pages by call "
		"chain</title>\n<style>",
		WIDTH, height, WIDTH, height);
	xml__put(f, palette_css);
	for (unsigned int i = 0; i < PALETTE_COLORS; i++)
		fprintf(f, ".c%u{fill:var(--c%u)}", i, i);
	fprintf(f,
		"%s</style>\n<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n"
		"<text class=\"title\" x=\"%d\" y=\"26\">Populated pages by call chain</text>\n"
		"<text class=\"sub\" x=\"%d\" y=\"46\">",
		style, MARGIN, MARGIN);
	svg__sentence(f, r, &p->flame);
	fputs("</text>\n", f);
}

static void svg__tooltip(FILE *f, const struct flame_node *node, const struct flame_node *all,
			 const char *name)
{
	char n[FORMAT_NUMBER];

	fputs("<title>", f);
	xml__put(f, name);
	if (node->frame && node->frame->inlined)
		fputs(" (inlined)", f);
	if (node->frame && node->frame->module) {
		struct format_text module;

		format__clear(&module);
		format__add_name(&module, node->frame->module);
		fputs("\n", f);
		xml__put(f, module.s);
	}
	fprintf(f, "\n%s pages", format__count(n, node->populated_pages));
	fprintf(f, ", %s of all", format__percent(n, node->populated_pages, all->populated_pages));
	fprintf(f, ", %s of them zero pages nobody needed",
		format__count(n, node->zero_populated_pages));
	if (node->category) {
		fputs("\nmostly ", f);
		xml__put(f, node->category);
	}
	fputs("</title>", f);
}

static void svg__node(FILE *f, const struct flame *flame, const struct flame_node *node,
		      const struct span *span)
{
	double share = node->populated_pages > 0
			       ? (double)node->zero_populated_pages / (double)node->populated_pages
			       : 0;
	struct format_text t;

	/* nobody can foretell how wide a font is: an <svg> of its own cuts text off that is too
	 * long */
	fprintf(f, "<svg class=\"f\" x=\"%.2f\" y=\"%zu\" width=\"%.2f\" height=\"%d\">", span->x,
		HEAD + node->depth * ROW, span->width, ROW - 1);
	format__clear(&t);
	flame_node__name(flame, node, &t);
	svg__tooltip(f, node, &flame->v[0], t.s);
	fprintf(f, "<rect class=\"c%u\" width=\"100%%\" height=\"100%%\" rx=\"1\"/>",
		node == flame->v ? PALETTE_NEUTRAL : palette__color(node->category));
	if (share > 0)
		fprintf(f, "<rect class=\"zero\" y=\"%d\" width=\"%.2f%%\" height=\"2\"/>", ROW - 3,
			100 * (share < 1 ? share : 1));
	format__fit(&t, (int)((span->width - 6) / CHARACTER));
	if (t.columns > 2) {
		fputs("<text class=\"name\" x=\"3\" y=\"12\">", f);
		xml__put(f, t.s);
		fputs("</text>", f);
	}
	fputs("</svg>\n", f);
}

static void svg__nodes(FILE *f, const struct picture *p)
{
	for (size_t i = 0; i < p->flame.n; i++)
		if (p->spans[i].width >= NARROWEST)
			svg__node(f, &p->flame, &p->flame.v[i], &p->spans[i]);
}

/* Shows each colour once, with the first category that has it. */
static void svg__legend(FILE *f, const struct picture *p)
{
	const struct flame *flame = &p->flame;
	size_t y = HEAD + p->depth * ROW + 22;
	bool seen[PALETTE_COLORS] = {false};
	double x = MARGIN;
	struct format_text t;

	for (size_t i = 1; i < flame->n && x < WIDTH - 240; i++) {
		const char *category = flame->v[i].category;
		unsigned int color = palette__color(category);

		if (seen[color])
			continue;
		seen[color] = true;
		format__clear(&t);
		format__add_name(&t, category ? category : "other");
		format__fit(&t, 24);
		fprintf(f,
			"<rect class=\"c%u\" x=\"%.0f\" y=\"%zu\" width=\"10\" height=\"10\"/>"
			"<text x=\"%.0f\" y=\"%zu\">",
			color, x, y - 9, x + 15, y);
		xml__put(f, t.s);
		fputs("</text>\n", f);
		x += 15 + CHARACTER * t.columns + 18;
	}
	fprintf(f,
		"<rect class=\"zero\" x=\"%.0f\" y=\"%zu\" width=\"16\" height=\"2\"/>"
		"<text class=\"sub\" x=\"%.0f\" y=\"%zu\">zero pages, as a share</text>\n",
		x, y - 4, x + 22, y);
}

int output_svg__write(const struct record *r, FILE *f)
{
	struct picture p = {0};
	int err = picture__make(&p, r);

	if (err)
		goto out;
	svg__head(f, r, &p);
	if (p.flame.v[0].populated_pages > 0) {
		svg__nodes(f, &p);
		svg__legend(f, &p);
	} else {
		fprintf(f,
			"<text x=\"%d\" y=\"%d\">This record has no call site that populated a "
			"page.</text>\n",
			MARGIN, HEAD + 13);
	}
	fputs("</svg>\n", f);
	if (ferror(f))
		err = -EIO;
out:
	free(p.spans);
	flame__clear(&p.flame);
	return err;
}
