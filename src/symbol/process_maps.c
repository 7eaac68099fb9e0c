// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The code that one process has mapped now, and had mapped before. It is updated twice a second, so
 * an update without changes must cost no more than reading /proc/PID/maps.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "proc/maps.h"
#include "reader/opener.h"
#include "symbol/module.h"
#include "symbol/process_maps.h"

/* Most past mappings that are kept: a compiler at run time maps and unmaps without end. */
enum { PAST_MAX = 1024 };

static void mapping__clear(struct mapped_code *m)
{
	free(m->code.path);
}

static void mappings__clear(struct mappings *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		mapping__clear(&ms->v[i]);
	free(ms->v);
	memset(ms, 0, sizeof(*ms));
}

void process_maps__clear(struct process_maps *p)
{
	mappings__clear(&p->now);
	mappings__clear(&p->past);
}

/* Appends *m, and takes over what it points to. */
static int add(struct mappings *ms, const struct mapped_code *m)
{
	struct mapped_code *v = array__grow(ms->v, ms->n, sizeof(*v));

	if (!v)
		return -ENOMEM;
	ms->v = v;
	v[ms->n++] = *m;
	return 0;
}

static bool same_mapping(const struct code_mapping *a, const struct code_mapping *b)
{
	return a->start == b->start && a->end == b->end && a->file_offset == b->file_offset &&
	       a->device == b->device && a->inode == b->inode && !strcmp(a->path, b->path);
}

static struct module *read_image(struct modules *modules, pid_t pid, const struct code_mapping *m)
{
	void *image = code_mapping__read(pid, m);
	struct module *module = image ? modules__of_image(modules, image, m->end - m->start) : NULL;

	free(image);
	return module;
}

static struct module *find_module(struct modules *modules, pid_t pid, const struct code_mapping *m)
{
	struct opened file;

	if (code_mapping__is_vdso(m))
		return read_image(modules, pid, m);
	if (*m->path != '/')
		return NULL;
	if (opener__mapping(pid, m, &file))
		return NULL;
	return modules__of_file(modules, &file, m->path, pid);
}

/* Finds the mapping of "ms" that equals "m". Both lists are sorted by address, so the search goes
 * on at *next. */
static const struct mapped_code *find_same(const struct mappings *ms, size_t *next,
					   const struct code_mapping *m)
{
	while (*next < ms->n && ms->v[*next].code.start < m->start)
		++*next;
	return *next < ms->n && same_mapping(&ms->v[*next].code, m) ? &ms->v[*next] : NULL;
}

struct update {
	const struct process_maps *before;
	struct modules *modules;
	struct mappings now;
	size_t next;
};

static int update_mapping(const struct code_mapping *code, void *data)
{
	struct update *u = data;
	const struct mapped_code *same = find_same(&u->before->now, &u->next, code);
	struct mapped_code m = {.code = *code};
	int err;

	m.module = same ? same->module : find_module(u->modules, u->before->pid, code);
	m.code.path = strdup(code->path);
	err = m.code.path ? add(&u->now, &m) : -ENOMEM;
	if (err)
		mapping__clear(&m);
	return err;
}

/* Moves a mapping that is gone into the past. If the past is full, its oldest mapping goes; if it
 * has the same mapping already, the old entry goes. */
static void retire(struct mappings *past, struct mapped_code *m)
{
	for (size_t i = 0; i < past->n; i++) {
		if (past->n < PAST_MAX && !same_mapping(&past->v[i].code, &m->code))
			continue;
		mapping__clear(&past->v[i]);
		memmove(&past->v[i], &past->v[i + 1], (past->n - i - 1) * sizeof(*past->v));
		past->n--;
		break;
	}
	if (add(past, m))
		mapping__clear(m);
}

int process_maps__update(struct process_maps *p, struct modules *modules)
{
	struct update u = {.before = p, .modules = modules};
	size_t len, next = 0;
	bool cut;
	char *text = maps__read(p->pid, &maps_budget, &len, &cut);
	int err;

	/* maps is empty if the process has ended and was not waited for yet. */
	if (!text || !*text) {
		free(text);
		return -ESRCH;
	}
	err = code_mappings__each(text, len, update_mapping, &u);
	free(text);
	if (err) {
		mappings__clear(&u.now);
		return err;
	}
	for (size_t i = 0; i < p->now.n; i++) {
		if (find_same(&u.now, &next, &p->now.v[i].code))
			mapping__clear(&p->now.v[i]);
		else
			retire(&p->past, &p->now.v[i]);
	}
	free(p->now.v);
	p->now = u.now;
	return 0;
}

const struct mapped_code *process_maps__find(const struct process_maps *p, uint64_t address)
{
	size_t low = 0, high = p->now.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->now.v[middle].code.end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < p->now.n && p->now.v[low].code.start <= address)
		return &p->now.v[low];
	for (size_t i = p->past.n; i-- > 0;)
		if (address >= p->past.v[i].code.start && address < p->past.v[i].code.end)
			return &p->past.v[i];
	return NULL;
}
