/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes two records side by side as JSON, schema "migpop.diff/1", with all rows, even those
 * without a change.
 */
#include "output/diff.h"
#include "output/format.h"
#include "output/json_writer.h"

static void json__triple(struct writer *w, json_object *parent, const char *name, int64_t base,
			 int64_t fixed)
{
	json_object *o = writer__object(w, parent, name);

	writer__put(w, o, "base", writer__count(w, base));
	writer__put(w, o, "fixed", writer__count(w, fixed));
	writer__put(w, o, "change", writer__count(w, diff__change(base, fixed)));
}

static void json__record(struct writer *w, json_object *root, const char *name,
			 const struct record *r)
{
	json_object *o = writer__object(w, root, name);
	const struct record_target *t = r->nr_target ? &r->target[0] : NULL;

	writer__put(w, o, "pid", writer__count(w, t ? t->pid : RECORD_UNKNOWN));
	writer__put(w, o, "comm", writer__string(w, t ? t->comm : NULL));
	writer__put(w, o, "guest", writer__string(w, t ? t->guest : NULL));
	writer__put(w, o, "build_id", writer__string(w, t ? t->build_id : NULL));
	writer__put(w, o, "mode", writer__string(w, r->mode));
	writer__put(w, o, "stack", writer__string(w, r->stack));
}

static void json__site(struct writer *w, json_object *o, const struct record_callsite *c)
{
	json_object *chain;

	writer__put(w, o, "category", writer__string(w, c->category ? c->category : "other"));
	writer__put(w, o, "access", writer__string(w, record_access__name(c->access)));
	writer__put(w, o, "context", writer__string(w, record_context__name(c->context)));
	writer__put(w, o, "syscall", writer__string(w, c->syscall));
	chain = writer__array(w, o, "chain");
	for (size_t i = 0; chain && i < c->frames.n; i++) {
		struct format_text t;

		format__clear(&t);
		format__add_frame(&t, &c->frames.v[i]);
		writer__append(w, chain, writer__string(w, t.s));
	}
}

static void json__table(struct writer *w, json_object *root, const char *name,
			const struct diff_table *t)
{
	json_object *array = writer__array(w, root, name);

	for (size_t i = 0; array && i < t->n; i++) {
		const struct diff_row *row = &t->v[i];
		json_object *o = writer__element(w, array);
		bool both = row->in[DIFF_BASE] && row->in[DIFF_FIXED];

		if (row->site)
			json__site(w, o, row->site);
		else
			writer__put(w, o, "name", writer__string(w, row->key));
		if (row->backing)
			writer__put(w, o, "kind", writer__string(w, row->backing->kind));
		writer__put(w, o, "in",
			    writer__string(w, both                 ? "both"
					      : row->in[DIFF_BASE] ? "base"
								   : "fixed"));
		for (int k = 0; k < DIFF_NR_COUNTS; k++)
			if (k != DIFF_FAULTS || !row->backing)
				json__triple(w, o, diff_count__name((enum diff_count)k),
					     row->count[DIFF_BASE][k], row->count[DIFF_FIXED][k]);
	}
}

int output_diff__json(const struct diff *d, FILE *f)
{
	struct writer w = {.failed = false};
	json_object *root = writer__check(&w, json_object_new_object()), *totals;

	writer__put(&w, root, "schema", writer__string(&w, DIFF_SCHEMA));
	json__record(&w, root, "base", d->record[DIFF_BASE]);
	json__record(&w, root, "fixed", d->record[DIFF_FIXED]);
	totals = writer__object(&w, root, "totals");
	for (int i = 0; totals && i < DIFF_NR_TOTALS; i++)
		json__triple(&w, totals, d->totals[i].name, d->totals[i].n[DIFF_BASE],
			     d->totals[i].n[DIFF_FIXED]);
	json__table(&w, root, "categories", &d->categories);
	json__table(&w, root, "backing", &d->backings);
	json__table(&w, root, "callsites", &d->callsites);
	return writer__finish(&w, root, f);
}
