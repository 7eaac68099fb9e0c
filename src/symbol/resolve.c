// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns a user PC into the frames of a record, by the mappings of processes and the names in
 * modules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "reader/client.h"
#include "record.h"
#include "symbol/debug_file.h"
#include "symbol/module.h"
#include "symbol/process_maps.h"
#include "symbol/resolve.h"

enum { MODULES_KEPT = 256 };

struct resolver {
	struct debug_finder *finder;
	struct modules *modules;
	struct process_maps *v;
	size_t n;
};

struct resolver *resolver__new(const struct resolver_options *options)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->finder = debug_finder__new(options->debug_dir, options->debuginfod);
	r->modules = modules__new(&(struct modules_options){
		.finder = r->finder, .unreadable = options->unreadable, .data = options->data});
	if (!r->finder || !r->modules) {
		resolver__free(r);
		return NULL;
	}
	return r;
}

void resolver__say_unreadable(char *text, size_t size, pid_t pid, const char *path, int err)
{
	snprintf(
		text, size,
		"cannot read names of %.200s, which pid %d executes: %s: functions in it are shown "
		"without them",
		path, (int)pid, reader__why(err));
}

void resolver__free(struct resolver *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		process_maps__clear(&r->v[i]);
	free(r->v);
	modules__free(r->modules);
	debug_finder__free(r->finder);
	free(r);
}

static struct process_maps *find(struct resolver *r, pid_t pid)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].pid == pid)
			return &r->v[i];
	return NULL;
}

int resolver__remember(struct resolver *r, pid_t pid)
{
	struct process_maps *p = find(r, pid), *more;

	if (!p) {
		more = array__grow(r->v, r->n, sizeof(*more));
		if (!more)
			return -ENOMEM;
		r->v = more;
		p = &r->v[r->n++];
		*p = (struct process_maps){.pid = pid};
	}
	return process_maps__update(p, r->modules);
}

static void mark(struct mappings *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		if (ms->v[i].module)
			module__mark(ms->v[i].module);
}

/* Files that no process has mapped any more are kept open for the next process that maps them:
 * enough for some builds of QEMU with their libraries, but not for all files there ever were. */
static void trim(struct resolver *r)
{
	if (modules__count(r->modules) <= MODULES_KEPT)
		return;
	modules__unmark(r->modules);
	for (size_t i = 0; i < r->n; i++) {
		mark(&r->v[i].now);
		mark(&r->v[i].past);
	}
	modules__drop_unmarked(r->modules);
}

void resolver__forget(struct resolver *r, pid_t pid)
{
	struct process_maps *p = find(r, pid);

	if (!p)
		return;
	process_maps__clear(p);
	*p = r->v[--r->n];
	trim(r);
}

static bool set(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

/* Appends a frame. Its names are copied from "name", unless that is NULL. */
static int append(struct record_frames *frames, const char *module, const char *build_id,
		  uint64_t offset, const struct record_frame *name)
{
	struct record_frame *f = record_frames__add(frames);

	if (!f)
		return -ENOMEM;
	f->offset = offset;
	if (!set(&f->module, module) || !set(&f->build_id, build_id))
		return -ENOMEM;
	if (!name)
		return 0;
	f->line = name->line;
	f->inlined = name->inlined;
	return set(&f->symbol, name->symbol) && set(&f->function, name->function) &&
			       set(&f->file, name->file)
		       ? 0
		       : -ENOMEM;
}

static uint64_t file_offset(const struct mapped_code *m, uint64_t address)
{
	return address - m->code.start + m->code.file_offset;
}

bool resolver__is_return(struct resolver *r, pid_t pid, uint64_t address)
{
	struct process_maps *p = find(r, pid);
	const struct mapped_code *m = p ? process_maps__find(p, address) : NULL;

	return m && (!m->module || module__can_return_to(m->module, file_offset(m, address)));
}

int resolver__resolve(struct resolver *r, pid_t pid, uint64_t address, bool is_return,
		      struct record_frames *frames)
{
	struct process_maps *p = find(r, pid);
	const struct mapped_code *m = p ? process_maps__find(p, address - is_return) : NULL;
	const struct record_frames *names;
	uint64_t at, offset;
	int err = 0;

	/* The address stands where a return address should, but it begins a function and nothing is
	 * called from the byte before it. */
	if (is_return && m && m->module &&
	    module__begins_function(m->module, file_offset(m, address)))
		is_return = false;
	at = address - is_return;
	if (!m)
		return append(frames, NULL, NULL, address, NULL);
	/* Code that is in no file was made by a compiler at run time. */
	if (!*m->code.path)
		return append(frames, "[jit]", NULL, address, NULL);
	offset = file_offset(m, at);
	if (!m->module)
		return append(frames, m->code.path, NULL, offset + is_return, NULL);
	names = module__find(m->module, offset, &offset);
	if (!names)
		return -ENOMEM;
	/* If the ELF headers contradict how the file is mapped, they are not believed. */
	if (m->code.load && offset != at - m->code.load)
		return append(frames, m->code.path, module__build_id(m->module),
			      address - m->code.load, NULL);
	for (size_t i = 0; i < names->n && !err; i++)
		err = append(frames, m->code.path, module__build_id(m->module), offset + is_return,
			     &names->v[i]);
	return err;
}

/* The module of the program that "pid" runs; NULL if it is not known. */
static struct module *exe_module(struct resolver *r, pid_t pid, const char *exe)
{
	static const char deleted[] =
		" (deleted)"; /* the kernel appends this to exe; paths of mappings are without it */
	size_t len = exe ? strlen(exe) : 0;
	struct process_maps *p = find(r, pid);

	if (len > strlen(deleted) && !strcmp(exe + len - strlen(deleted), deleted))
		len -= strlen(deleted);
	for (size_t i = 0; p && len && i < p->now.n; i++) {
		const struct mapped_code *m = &p->now.v[i];

		if (m->module && !strncmp(m->code.path, exe, len) && !m->code.path[len])
			return m->module;
	}
	return NULL;
}

char *resolver__exe_build_id(struct resolver *r, pid_t pid, const char *exe)
{
	struct module *m = exe_module(r, pid, exe);

	return m && module__build_id(m) ? strdup(module__build_id(m)) : NULL;
}

char *resolver__exe_text(struct resolver *r, pid_t pid, const char *exe, const char *begins)
{
	struct module *m = exe_module(r, pid, exe);
	const char *text = m ? module__text(m, begins) : NULL;

	return text ? strdup(text) : NULL;
}
