// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the verdict as JSON, schema "migpop.verify/1", with the record of each end. Sizes are in
 * bytes. Of the pages that differ, the first few are listed by guest-physical address, for a guest
 * whose memory has no hole.
 */
#include "output/json_write_internal.h"
#include "output/verify.h"

#include <math.h>
#include <unistd.h>

static int64_t bytes(int64_t pages)
{
	return pages == RECORD_UNKNOWN ? pages : pages * sysconf(_SC_PAGESIZE);
}

static void put__bool(struct writer *w, json_object *o, const char *name, bool value)
{
	writer__put(w, o, name, writer__check(w, json_object_new_boolean(value)));
}

static void put__end(struct record_writer *rw, json_object *run, const char *name,
		     const struct verify_end *e)
{
	struct writer *w = &rw->w;
	json_object *o = writer__object(w, run, name), *record;
	const struct record *r = e->record;

	writer__put(w, o, "rss_before", writer__count(w, bytes(e->rss_before)));
	writer__put(w, o, "rss_after", writer__count(w, bytes(e->rss_after)));
	writer__put(w, o, "zero_populated_pages",
		    writer__count(w, r ? r->totals.zero_populated_pages : RECORD_UNKNOWN));
	writer__put(w, o, "populated_pages",
		    writer__count(w, r ? r->totals.populated_pages : RECORD_UNKNOWN));
	writer__put(w, o, "said", writer__string(w, e->said));
	if (!r) {
		writer__put(w, o, "record", NULL);
		return;
	}
	record = writer__object(w, o, "record");
	if (record)
		record_writer__put(rw, record, r);
}

/* Writes where the first pages of a set lie, in bytes from the start of the guest's memory. */
static void put__first(struct writer *w, json_object *o, const struct page_set *s)
{
	json_object *array = writer__array(w, o, "first_differing");
	uint64_t page = s->n ? page_set__next(s, NULL, 0) : UINT64_MAX;

	for (int i = 0; i < VERIFY_FIRST_DIFFERING && page != UINT64_MAX; i++) {
		writer__append(w, array, writer__count(w, bytes((int64_t)page)));
		page = page_set__next(s, NULL, page + 1);
	}
}

static void put__run(struct record_writer *rw, json_object *root, const char *name,
		     const struct verify_run *r)
{
	struct writer *w = &rw->w;
	json_object *run = writer__object(w, root, name), *migration;

	put__end(rw, run, "source", &r->end[END_SOURCE]);
	put__end(rw, run, "destination", &r->end[END_DESTINATION]);
	migration = writer__object(w, run, "migration");
	writer__put(w, migration, "total_ms", writer__count(w, r->total_ms));
	writer__put(w, migration, "downtime_ms", writer__count(w, r->downtime_ms));
	writer__put(w, migration, "setup_ms", writer__count(w, r->setup_ms));
	writer__put(w, migration, "pages", writer__count(w, r->pages));
	writer__put(w, migration, "dirty_syncs", writer__count(w, r->syncs));
	if (!r->compared) {
		writer__put(w, run, "content_equal", NULL);
		writer__put(w, run, "differing_pages", NULL);
		return;
	}
	put__bool(w, run, "content_equal", !r->differing.n);
	writer__put(w, run, "differing_pages", writer__count(w, (int64_t)r->differing.n));
	put__first(w, run, &r->differing);
}

static void put__setup(struct writer *w, json_object *root, const struct verify_setup *s)
{
	json_object *o;

	if (!s) {
		writer__put(w, root, "migrated", NULL);
		return;
	}
	if (s->routine) {
		writer__put(w, root, "migrated", NULL);
		o = writer__object(w, root, "populated");
		writer__put(w, o, "memory_bytes", writer__count(w, s->memory));
		writer__put(w, o, "backing", writer__string(w, s->backing));
		writer__put(w, o, "discarded", writer__count(w, s->discarded));
		writer__put(w, o, "of", writer__count(w, s->of));
		return;
	}
	o = writer__object(w, root, "migrated");
	writer__put(w, o, "qemu", writer__string(w, s->qemu));
	writer__put(w, o, "memory_bytes", writer__count(w, s->memory));
	writer__put(w, o, "backing", writer__string(w, s->backing));
	put__bool(w, o, "prealloc", s->prealloc);
	writer__put(w, o, "guest", writer__string(w, s->guest));
	writer__put(w, o, "accel", writer__string(w, s->accel));
	writer__put(w, o, "fixed_by", writer__string(w, s->fixed_by));
	writer__put(w, o, "fix", writer__string(w, s->fix));
}

static void put__judgement(struct writer *w, json_object *root, const struct verify_judgement *j)
{
	const struct verify_ratio *r = &j->ratio;
	json_object *o = writer__object(w, root, "ratio"), *checks;

	writer__put(w, o, "zero_populated", writer__double(w, r->zero_populated));
	writer__put(w, o, "total_time", writer__double(w, r->total_time));
	writer__put(w, o, "destination_rss_growth",
		    writer__double(w, r->rss_growth[END_DESTINATION]));
	writer__put(w, o, "source_rss_growth", writer__double(w, r->rss_growth[END_SOURCE]));
	writer__put(w, root, "corrupted_pages", writer__count(w, (int64_t)j->corrupted));
	checks = writer__array(w, root, "checks");
	for (size_t i = 0; i < j->nr_checks; i++) {
		o = writer__element(w, checks);
		writer__put(w, o, "name", writer__string(w, j->checks[i].name));
		writer__put(w, o, "result",
			    writer__string(w, verify_result__name(j->checks[i].result)));
		writer__put(w, o, "detail", writer__string(w, j->checks[i].detail));
	}
}

int output_verify__json(const struct verify_report *r, FILE *f)
{
	struct record_writer rw = {.frame = NULL};
	struct writer *w = &rw.w;
	json_object *root = writer__check(w, json_object_new_object()), *tool;

	writer__put(w, root, "schema", writer__string(w, VERIFY_SCHEMA));
	tool = writer__object(w, root, "tool");
	writer__put(w, tool, "version", writer__string(w, MIGPOP_VERSION));
	writer__put(w, root, "verdict", writer__string(w, verify_verdict__name(r->j->verdict)));
	writer__put(w, root, "max_ratio", writer__double(w, r->v->max_ratio));
	put__setup(w, root, r->setup);
	put__run(&rw, root, "stock", &r->v->run[RUN_STOCK]);
	put__run(&rw, root, "fixed", &r->v->run[RUN_FIXED]);
	put__judgement(w, root, r->j);
	return writer__finish(w, root, f);
}
