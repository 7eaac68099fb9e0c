/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of a profile. Each thing is looked up in a tree, and gets a number if it is new.
 */
#include "output/pprof_tables.h"
#include "array.h"
#include "output/format.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct text {
	int64_t index;
	char *s;
};

typedef int compare_fn(const void *, const void *);

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int text__compare(const void *x, const void *y)
{
	const struct text *a = x, *b = y;

	return strcmp(a->s, b->s);
}

static int mapping__compare(const void *x, const void *y)
{
	const Pprof__Mapping *a = x, *b = y;
	int cmp = compare((uint64_t)a->filename, (uint64_t)b->filename);

	return cmp ? cmp : compare((uint64_t)a->build_id, (uint64_t)b->build_id);
}

static int function__compare(const void *x, const void *y)
{
	const Pprof__Function *a = x, *b = y;
	int cmp = compare((uint64_t)a->name, (uint64_t)b->name);

	if (!cmp)
		cmp = compare((uint64_t)a->system_name, (uint64_t)b->system_name);
	return cmp ? cmp : compare((uint64_t)a->filename, (uint64_t)b->filename);
}

static int location__compare(const void *x, const void *y)
{
	const Pprof__Location *a = x, *b = y;
	int cmp = compare(a->address, b->address);

	if (!cmp)
		cmp = compare(a->mapping_id, b->mapping_id);
	if (!cmp)
		cmp = compare(a->n_line, b->n_line);
	for (size_t i = 0; !cmp && i < a->n_line; i++) {
		cmp = compare(a->line[i]->function_id, b->line[i]->function_id);
		if (!cmp)
			cmp = compare((uint64_t)a->line[i]->line, (uint64_t)b->line[i]->line);
	}
	return cmp;
}

static void *table__find(const struct pprof_table *t, const void *key, compare_fn *cmp)
{
	void *const *found = tfind(key, &t->root, cmp);

	return found ? *found : NULL;
}

/* Appends a copy of "key" to the table and returns it; NULL without memory. */
static void *table__add(struct pprof_tables *all, struct pprof_table *t, const void *key,
			size_t size, compare_fn *cmp)
{
	void **more = array__grow(t->v, t->n, sizeof(*more)), *copy = malloc(size);

	if (more)
		t->v = more;
	if (more && copy) {
		memcpy(copy, key, size);
		if (tsearch(copy, &t->root, cmp)) {
			t->v[t->n++] = copy;
			return copy;
		}
	}
	free(copy);
	all->failed = true;
	return NULL;
}

void pprof_tables__init(struct pprof_tables *t)
{
	memset(t, 0, sizeof(*t));
	pprof_tables__string(t, "");
}

int64_t pprof_tables__string(struct pprof_tables *t, const char *s)
{
	/* pprof prints strings to terminals as they are, so harmful characters are replaced here */
	struct text key = {(int64_t)t->strings.n, format__name_copy(s ? s : "")}, *found;

	if (!key.s) {
		t->failed = true;
		return 0;
	}
	found = table__find(&t->strings, &key, text__compare);
	if (!found) {
		found = table__add(t, &t->strings, &key, sizeof(key), text__compare);
		if (found)
			return found->index;
	}
	free(key.s);
	return found ? found->index : 0;
}

Pprof__Mapping *pprof_tables__mapping(struct pprof_tables *t, const char *filename,
				      const char *build_id)
{
	Pprof__Mapping key = PPROF__MAPPING__INIT, *found;

	key.id = t->mappings.n + 1;
	key.filename = pprof_tables__string(t, filename);
	key.build_id = pprof_tables__string(t, build_id);
	key.memory_limit = UINT64_MAX;
	key.has_functions = key.has_filenames = true;
	key.has_line_numbers = key.has_inline_frames = true;
	found = table__find(&t->mappings, &key, mapping__compare);
	return found ? found : table__add(t, &t->mappings, &key, sizeof(key), mapping__compare);
}

uint64_t pprof_tables__function(struct pprof_tables *t, const char *name, const char *system_name,
				const char *filename)
{
	Pprof__Function key = PPROF__FUNCTION__INIT, *found;

	key.id = t->functions.n + 1;
	key.name = pprof_tables__string(t, name);
	key.system_name = pprof_tables__string(t, system_name);
	key.filename = pprof_tables__string(t, filename);
	found = table__find(&t->functions, &key, function__compare);
	if (!found)
		found = table__add(t, &t->functions, &key, sizeof(key), function__compare);
	return found ? found->id : 0;
}

Pprof__Line **pprof_tables__lines(struct pprof_tables *t, size_t n)
{
	Pprof__Line **line = calloc(n, sizeof(**line) + sizeof(*line)), *v;

	if (!line) {
		t->failed = true;
		return NULL;
	}
	v = (Pprof__Line *)(line + n);
	for (size_t i = 0; i < n; i++) {
		pprof__line__init(&v[i]);
		line[i] = &v[i];
	}
	return line;
}

uint64_t pprof_tables__location(struct pprof_tables *t, const Pprof__Location *key)
{
	Pprof__Location *found = table__find(&t->locations, key, location__compare);

	if (!found) {
		found = table__add(t, &t->locations, key, sizeof(*key), location__compare);
		if (found) {
			found->id = t->locations.n;
			return found->id;
		}
	}
	free(key->line);
	return found ? found->id : 0;
}

void pprof_tables__into(struct pprof_tables *t, Pprof__Profile *p)
{
	t->text = calloc(t->strings.n + 1, sizeof(*t->text));
	if (!t->text) {
		t->failed = true;
		return;
	}
	for (size_t i = 0; i < t->strings.n; i++)
		t->text[i] = ((struct text *)t->strings.v[i])->s;
	p->string_table = t->text;
	p->n_string_table = t->strings.n;
	p->mapping = (Pprof__Mapping **)t->mappings.v;
	p->n_mapping = t->mappings.n;
	p->function = (Pprof__Function **)t->functions.v;
	p->n_function = t->functions.n;
	p->location = (Pprof__Location **)t->locations.v;
	p->n_location = t->locations.n;
}

static void leave(void *item)
{
	(void)item;
}

static void table__clear(struct pprof_table *t)
{
	tdestroy(t->root, leave);
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i]);
	free(t->v);
}

void pprof_tables__clear(struct pprof_tables *t)
{
	for (size_t i = 0; i < t->strings.n; i++)
		free(((struct text *)t->strings.v[i])->s);
	for (size_t i = 0; i < t->locations.n; i++)
		free(((Pprof__Location *)t->locations.v[i])->line);
	table__clear(&t->strings);
	table__clear(&t->mappings);
	table__clear(&t->functions);
	table__clear(&t->locations);
	free(t->text);
}
