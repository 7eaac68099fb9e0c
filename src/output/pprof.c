/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns a record into a profile: call sites become samples with values, labels and stacks of
 * locations. The message borrows from the tables and the samples, and is packed when it is
 * complete.
 */
#include "output/pprof.h"
#include "array.h"
#include "clock.h"
#include "output/gzip.h"
#include "output/pprof_tables.h"
#include "output/stack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { POPULATED, ZERO_POPULATED, RELEASED, FAULTS, SPACE, NR_VALUES };
enum { MAX_LABELS = 9 };

static const char *const value_types[NR_VALUES][2] = {
	[POPULATED] = {"populated_pages", "count"},
	[ZERO_POPULATED] = {"zero_populated_pages", "count"},
	[RELEASED] = {"released_pages", "count"},
	[FAULTS] = {"faults", "count"},
	[SPACE] = {"populated_space", "bytes"},
};

struct values {
	int64_t v[NR_VALUES];
};

struct sample {
	Pprof__Sample message;
	int64_t value[NR_VALUES];
	Pprof__Label label[MAX_LABELS], *labels[MAX_LABELS];
	uint64_t location[]; /* room for the whole stack */
};

struct builder {
	const struct record *r;
	struct pprof_tables tables;
	Pprof__Profile profile;
	Pprof__ValueType types[NR_VALUES], *type[NR_VALUES];
	bool known[NR_VALUES]; /* whether any call site knows this value */
};

/* --- values --- */

static int64_t pages__space(int64_t pages, uint32_t page_size)
{
	int64_t bytes;

	if (pages == RECORD_UNKNOWN || !page_size)
		return RECORD_UNKNOWN;
	return __builtin_mul_overflow(pages, page_size, &bytes) ? INT64_MAX : bytes;
}

static struct values callsite__values(const struct builder *b, const struct record_callsite *c)
{
	return (struct values){{c->populated_pages, c->zero_populated_pages, c->released_pages,
				c->faults, pages__space(c->populated_pages, b->r->host_page_size)}};
}

/* A call site with several backings does not tell which of them its faults were for. */
static struct values backing__values(const struct builder *b, const struct record_callsite *c,
				     const struct record_backing *v)
{
	return (struct values){{v->populated_pages, v->zero_populated_pages, v->released_pages,
				c->nr_backing == 1 ? c->faults : RECORD_UNKNOWN,
				pages__space(v->populated_pages, b->r->host_page_size)}};
}

/* Subtracts "part" from "v". Returns false if nothing is left. */
static bool values__subtract(struct values *v, const struct values *part)
{
	bool any = false;

	for (int i = 0; i < NR_VALUES; i++) {
		if (v->v[i] != RECORD_UNKNOWN && part->v[i] != RECORD_UNKNOWN)
			v->v[i] = v->v[i] > part->v[i] ? v->v[i] - part->v[i] : 0;
		any = any || v->v[i] > 0;
	}
	return any;
}

static void builder__types(struct builder *b)
{
	Pprof__Profile *p = &b->profile;

	for (size_t i = 0; i < b->r->nr_callsites; i++) {
		struct values v = callsite__values(b, &b->r->callsites[i]);

		for (int k = 0; k < NR_VALUES; k++)
			b->known[k] = b->known[k] || v.v[k] != RECORD_UNKNOWN;
	}
	p->sample_type = b->type;
	for (int k = 0; k < NR_VALUES; k++) {
		Pprof__ValueType *type = &b->types[p->n_sample_type];

		if (!b->known[k] && k != POPULATED && b->r->nr_callsites)
			continue;
		b->known[k] = true;
		pprof__value_type__init(type);
		type->type = pprof_tables__string(&b->tables, value_types[k][0]);
		type->unit = pprof_tables__string(&b->tables, value_types[k][1]);
		b->type[p->n_sample_type++] = type;
	}
	/* period 1: every event is counted, not a sample of them */
	p->period_type = b->type[0];
	p->period = 1;
	p->default_sample_type = b->types[0].type;
}

/* --- stacks --- */

/* The number of the frame's function; 0 if the frame has no name. A reader that finds a name may
 * add it. */
static uint64_t builder__function(struct builder *b, const struct record_frame *f)
{
	const char *name = frame__name(f);
	struct format_text t;

	if (!name)
		return 0;
	if (frame__is_stripped(f)) {
		format__clear(&t);
		format__add_frame(&t, f); /* with its module: else functions of different modules
					     would be the same */
		name = t.s;
	}
	return pprof_tables__function(&b->tables, name, f->symbol, f->file);
}

static void mapping__claim(Pprof__Mapping *m, const struct record_frame *f)
{
	m->has_functions &= frame__name(f) && !frame__is_stripped(f);
	m->has_filenames &= f->file != NULL;
	m->has_line_numbers &= f->line != 0;
	m->has_inline_frames = m->has_line_numbers;
}

/* Makes a location of the frames "from" to "to", which have the same address: all but the last are
 * inlined. */
static uint64_t builder__location(struct builder *b, const struct record_frames *frames,
				  size_t from, size_t to)
{
	const struct record_frame *last = &frames->v[to];
	Pprof__Location key = PPROF__LOCATION__INIT;
	Pprof__Mapping *m = NULL;

	if (last->module || last->build_id)
		m = pprof_tables__mapping(&b->tables, last->module, last->build_id);
	key.mapping_id = m ? m->id : 0;
	/* a return address is just behind its call: take an address inside the call */
	key.address = last->offset - (from && last->offset);
	key.line = pprof_tables__lines(&b->tables, to - from + 1);
	for (size_t i = from; key.line && i <= to; i++) {
		const struct record_frame *f = &frames->v[i];
		Pprof__Line *line = key.line[key.n_line];

		if (m)
			mapping__claim(m, f);
		line->function_id = builder__function(b, f);
		line->line = f->line;
		key.n_line += line->function_id != 0;
	}
	return pprof_tables__location(&b->tables, &key);
}

/* Makes a location for something that is not code: why a chain ends, a system call, a kernel
 * worker. */
static uint64_t builder__mark(struct builder *b, const char *name)
{
	Pprof__Location key = PPROF__LOCATION__INIT;

	key.line = pprof_tables__lines(&b->tables, 1);
	if (key.line) {
		key.n_line = 1;
		key.line[0]->function_id = pprof_tables__function(&b->tables, name, NULL, NULL);
	}
	return pprof_tables__location(&b->tables, &key);
}

/* Stores the ids of the call site's locations in "id", which has room for all of them, and returns
 * how many there are. */
static size_t builder__stack(struct builder *b, const struct record_callsite *c, uint64_t *id)
{
	struct format_text t;
	size_t n = 0, from = 0;

	format__clear(&t);
	if (stack__add_origin(&t, c))
		id[n++] = builder__mark(b, t.s);
	for (size_t i = 0; i < c->frames.n; i++) {
		if (c->frames.v[i].inlined && i + 1 < c->frames.n)
			continue;
		id[n++] = builder__location(b, &c->frames, from, i);
		from = i + 1;
	}
	format__clear(&t);
	if (stack__add_chain_end(&t, c))
		id[n++] = builder__mark(b, t.s);
	return n;
}

/* --- samples --- */

static void builder__label(struct builder *b, struct sample *s, const char *key, const char *text,
			   int64_t n)
{
	Pprof__Label *label = &s->label[s->message.n_label];

	if (!text && !n)
		return;
	pprof__label__init(label);
	label->key = pprof_tables__string(&b->tables, key);
	label->str = pprof_tables__string(&b->tables, text);
	label->num = n;
	s->labels[s->message.n_label++] = label;
}

/* The guest that process "pid" runs; NULL if it runs none. */
static const char *builder__guest(const struct record *r, uint32_t pid)
{
	for (size_t i = 0; i < r->nr_target; i++)
		if (r->target[i].pid == pid)
			return r->target[i].guest;
	return NULL;
}

static void builder__sample(struct builder *b, const struct record_callsite *c,
			    const struct record_backing *backing, const struct values *v)
{
	Pprof__Profile *p = &b->profile;
	struct sample *s = calloc(1, sizeof(*s) + stack__depth(c) * sizeof(s->location[0]));
	Pprof__Sample **more = array__grow(p->sample, p->n_sample, sizeof(*p->sample));
	struct format_text process;

	p->sample = more ? more : p->sample;
	if (!s || !more) {
		free(s);
		b->tables.failed = true;
		return;
	}
	p->sample[p->n_sample++] = &s->message;
	pprof__sample__init(&s->message);
	s->message.location_id = s->location;
	s->message.n_location_id = builder__stack(b, c, s->location);
	s->message.value = s->value;
	for (int i = 0; i < NR_VALUES; i++)
		if (b->known[i])
			s->value[s->message.n_value++] = v->v[i] == RECORD_UNKNOWN ? 0 : v->v[i];
	s->message.label = s->labels;
	format__clear(&process);
	stack__add_process(&process, b->r, c->pid);
	builder__label(b, s, "category", c->category ? c->category : "other", 0);
	builder__label(b, s, "access", record_access__name(c->access), 0);
	builder__label(b, s, "context", record_context__name(c->context), 0);
	builder__label(b, s, "syscall", c->syscall, 0);
	if (backing)
		builder__label(b, s, "backing",
			       backing->ram_block ? backing->ram_block : backing->name, 0);
	builder__label(b, s, "guest", builder__guest(b->r, c->pid), 0);
	builder__label(b, s, "role", names__word(NAMES_ROLE, (int)b->r->migration.role), 0);
	builder__label(b, s, "process", process.s, 0);
	builder__label(b, s, "pid", NULL, c->pid);
}

/* Makes one sample for each backing, so that sums by backing are exact, and one for the pages that
 * no backing accounts for. */
static void builder__callsite(struct builder *b, const struct record_callsite *c)
{
	struct values rest = callsite__values(b, c);
	bool any = true;

	for (size_t i = 0; i < c->nr_backing; i++) {
		struct values v = backing__values(b, c, &c->backing[i]);

		builder__sample(b, c, &c->backing[i], &v);
		any = values__subtract(&rest, &v);
	}
	if (any)
		builder__sample(b, c, NULL, &rest);
}

/* --- the profile --- */

static int64_t builder__comment(struct builder *b)
{
	const struct record *r = b->r;
	char text[512];

	snprintf(text, sizeof(text),
		 "migpop %s, %s mode, %s stacks, window %" PRIu64 " to %" PRIu64
		 " ns of CLOCK_BOOTTIME, Linux %s %s",
		 r->tool_version ? r->tool_version : "?", r->mode ? r->mode : "unknown",
		 r->stack ? r->stack : "unknown", r->start_ns, r->end_ns,
		 r->host_kernel ? r->host_kernel : "?", r->host_arch ? r->host_arch : "?");
	return pprof_tables__string(&b->tables, text);
}

static int builder__write(struct builder *b, FILE *f)
{
	Pprof__Profile *p = &b->profile;
	int64_t comment = builder__comment(b);
	uint8_t *packed;
	int err = -ENOMEM;

	p->comment = &comment;
	p->n_comment = 1;
	if (b->r->started_at)
		p->time_nanos = (int64_t)clock__of_rfc3339(b->r->started_at);
	if (b->r->end_ns > b->r->start_ns)
		p->duration_nanos = (int64_t)(b->r->end_ns - b->r->start_ns);
	pprof_tables__into(&b->tables, p);
	if (b->tables.failed)
		return -ENOMEM;
	packed = malloc(pprof__profile__get_packed_size(p));
	if (packed)
		err = gzip__write(packed, pprof__profile__pack(p, packed), f);
	free(packed);
	return err;
}

int output_pprof__write(const struct record *r, FILE *f)
{
	struct builder b = {.r = r, .profile = PPROF__PROFILE__INIT};
	int err;

	pprof_tables__init(&b.tables);
	builder__types(&b);
	if (r->nr_target && r->target[0].exe)
		pprof_tables__mapping(&b.tables, r->target[0].exe, r->target[0].build_id);
	for (size_t i = 0; i < r->nr_callsites; i++)
		builder__callsite(&b, &r->callsites[i]);
	err = builder__write(&b, f);
	for (size_t i = 0; i < b.profile.n_sample; i++)
		free(b.profile.sample[i]); /* the message is the first member of struct sample */
	free(b.profile.sample);
	pprof_tables__clear(&b.tables);
	return err;
}
