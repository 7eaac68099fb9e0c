// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the figures of a replay. Figures that only a tracer knows are null, or "?" on screen, if
 * there was none.
 */
#include "replay/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <migfix_policy.h>

#include "output/format.h"
#include "output/json_write_internal.h"

static int64_t populated_pages(const struct replay_report *r)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->memory->nr_blocks; i++)
		n += (int64_t)r->memory->blocks[i].populated_pages;
	return n;
}

static int64_t zero_populated_pages(const struct replay_report *r)
{
	return r->record ? r->record->totals.zero_populated_pages : RECORD_UNKNOWN;
}

static const char *digest_text(const struct replay_report *r, const struct replay_block *b,
			       char text[2 * REPLAY_DIGEST + 1])
{
	if (!r->digest)
		return NULL;
	for (size_t i = 0; i < REPLAY_DIGEST; i++)
		sprintf(text + 2 * i, "%02x", b->digest[i]);
	return text;
}

/* --- JSON --- */

static void put_count(struct writer *w, json_object *o, const char *name, uint64_t n)
{
	writer__put(w, o, name, writer__count(w, (int64_t)n));
}

static void put_bool(struct writer *w, json_object *o, const char *name, bool b)
{
	writer__put(w, o, name, writer__check(w, json_object_new_boolean(b)));
}

static void json__stream(struct writer *w, json_object *root, const struct stream_info *s)
{
	json_object *o = writer__object(w, root, "stream");

	writer__put(w, o, "machine", writer__string(w, s->machine[0] ? s->machine : NULL));
	put_count(w, o, "page_size", s->page_size);
	put_count(w, o, "begin", s->begin);
	put_bool(w, o, "save_file", s->save_file);
	put_bool(w, o, "mapped_ram", s->mapped_ram);
	put_bool(w, o, "snapshot", s->snapshot);
	put_bool(w, o, "ignore_shared", s->ignore_shared);
	put_count(w, o, "sections", s->sections);
	put_count(w, o, "bytes", s->bytes);
}

static void json__blocks(struct writer *w, json_object *root, const struct replay_report *r)
{
	json_object *array = writer__array(w, root, "blocks");

	for (size_t i = 0; array && i < r->memory->nr_blocks; i++) {
		const struct replay_block *b = &r->memory->blocks[i];
		json_object *o = writer__element(w, array);
		char text[2 * REPLAY_DIGEST + 1];

		writer__put(w, o, "name", writer__string(w, b->name));
		put_count(w, o, "length", b->length);
		put_count(w, o, "page_size", b->page_size);
		writer__put(w, o, "backing", writer__string(w, ram_backing__name(b->backing)));
		put_count(w, o, "populated_pages", b->populated_pages);
		writer__put(w, o, "digest", writer__string(w, digest_text(r, b, text)));
	}
}

/* Writes what libmigfix did for zero pages, in pages of the memory; "pages.zero" counts target
 * pages. */
static void json__handled(struct writer *w, json_object *root, const struct migfix_stats *s)
{
	json_object *o = writer__object(w, root, "handled");

	put_count(w, o, "clean_pages", s->clean_pages);
	put_count(w, o, "hole_pages", s->hole_pages);
	put_count(w, o, "discarded_pages", s->discarded_pages);
	put_count(w, o, "compared_pages", s->compared_pages);
	put_count(w, o, "written_pages", s->written_pages);
}

static void json__all(struct writer *w, json_object *root, const struct replay_report *r)
{
	const struct replay_setup *setup = &r->memory->setup;
	json_object *o;

	writer__put(w, root, "schema", writer__string(w, "migpop.replay/1"));
	o = writer__object(w, root, "tool");
	writer__put(w, o, "version", writer__string(w, MIGPOP_VERSION));
	writer__put(w, root, "backing", writer__string(w, ram_backing__name(setup->backing)));
	writer__put(w, root, "handler", writer__string(w, migfix_policy__name(setup->handler)));
	put_bool(w, root, "batch", setup->batch);
	put_bool(w, root, "track", setup->track);
	json__stream(w, root, r->stream);
	json__blocks(w, root, r);
	o = writer__object(w, root, "pages");
	put_count(w, o, "zero", r->stream->zero_pages);
	put_count(w, o, "payload", r->stream->payload_pages);
	put_count(w, o, "xbzrle", r->stream->xbzrle_pages);
	put_count(w, o, "runs", r->memory->handled.runs);
	json__handled(w, root, &r->memory->handled);
	writer__put(w, root, "populated_pages", writer__count(w, populated_pages(r)));
	writer__put(w, root, "zero_populated_pages", writer__count(w, zero_populated_pages(r)));
	put_count(w, root, "handler_ns", r->memory->handler_ns);
	put_count(w, root, "payload_ns", r->memory->payload_ns);
	writer__put(w, root, "seconds", writer__double(w, (double)r->ns / 1e9));
}

int replay_report__json(const struct replay_report *r, FILE *f)
{
	struct record_writer rw = {.frame = NULL};
	json_object *root = writer__check(&rw.w, json_object_new_object()), *record;

	if (root)
		json__all(&rw.w, root, r);
	if (root && r->record) {
		record = writer__object(&rw.w, root, "record");
		if (record)
			record_writer__put(&rw, record, r->record);
	}
	return writer__finish(&rw.w, root, f);
}

/* --- text --- */

/* Prints what is different from a live migration of a PC. */
static void text__kind(const struct stream_info *s, FILE *f)
{
	char size[FORMAT_NUMBER];

	if (s->save_file)
		fprintf(f, "a save file of libvirt: the stream begins at offset %" PRIu64 "\n",
			s->begin);
	if (s->snapshot)
		fputs("a background snapshot: each page was sent once, as it was when it began\n",
		      f);
	if (s->page_size != STREAM_PAGE_USUAL)
		fprintf(f, "pages of the target are of %s\n",
			format__size(size, (double)s->page_size));
}

static void text__head(const struct replay_report *r, FILE *f)
{
	const struct replay_setup *setup = &r->memory->setup;
	char size[FORMAT_NUMBER];
	struct format_text t;

	format__clear(&t);
	format__add_name(&t, r->stream->machine[0] ? r->stream->machine : "a machine of no name");
	fprintf(f, "%s   %s in %zu RAM blocks   %smemory %s   handler %s, %s, %s\n\n", t.s,
		format__size(size, (double)r->memory->declared), r->memory->nr_blocks,
		r->stream->mapped_ram ? "mapped-ram   " : "", ram_backing__name(setup->backing),
		migfix_policy__name(setup->handler), setup->batch ? "batched" : "not batched",
		setup->track ? "tracked" : "not tracked");
}

static void text__figures(const struct replay_report *r, FILE *f)
{
	const struct replay_memory *m = r->memory;
	char a[FORMAT_NUMBER], b[FORMAT_NUMBER], c[FORMAT_NUMBER], d[FORMAT_NUMBER];

	fprintf(f, "read        %s zero pages   %s of payload   %s sections   %s\n",
		format__count(a, (int64_t)r->stream->zero_pages),
		format__count(b, (int64_t)r->stream->payload_pages),
		format__count(c, (int64_t)r->stream->sections),
		format__size(d, (double)r->stream->bytes));
	fprintf(f, "populated   %s pages   zero pages nobody needed %s\n",
		format__count(a, populated_pages(r)), format__count(b, zero_populated_pages(r)));
	fprintf(f, "time        %s, of it %s in the handler and %s in payload   %s a second\n",
		format__time(a, (double)r->ns), format__time(b, (double)m->handler_ns),
		format__time(c, (double)m->payload_ns),
		format__size(d, r->ns ? (double)m->loaded * 1e9 / (double)r->ns : 0));
	text__kind(r->stream, f);
	if (r->stream->ignore_shared)
		fputs("x-ignore-shared: shared blocks have no pages in this stream\n", f);
}

static void text__block(const struct replay_report *r, const struct replay_block *b, FILE *f)
{
	char size[FORMAT_NUMBER], populated[FORMAT_NUMBER], digest[2 * REPLAY_DIGEST + 1];
	const char *shown = digest_text(r, b, digest);
	struct format_text t;

	format__clear(&t);
	format__add_name(&t, b->name);
	format__put(f, &t, 28);
	fprintf(f, "%-14s %12s %12s%s%s\n", ram_backing__name(b->backing),
		format__size(size, (double)b->length),
		format__count(populated, (int64_t)b->populated_pages), shown ? "   " : "",
		shown ? shown : "");
}

int replay_report__text(const struct replay_report *r, FILE *f, const struct text_options *opt)
{
	text__head(r, f);
	text__figures(r, f);
	fprintf(f, "\n%-28s%-14s %12s %12s%s\n", "RAM block", "memory", "size", "populated",
		r->digest ? "   SHA-256" : "");
	for (size_t i = 0; i < r->memory->nr_blocks; i++)
		text__block(r, &r->memory->blocks[i], f);
	if (r->record) {
		int err;

		fputc('\n', f);
		err = output_text__write(r->record, f, opt);
		if (err)
			return err;
	}
	return ferror(f) ? -EIO : 0;
}
