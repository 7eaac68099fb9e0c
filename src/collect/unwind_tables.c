// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows and mappings for the unwinder in the kernel. Rows are only ever added. The mappings of a
 * process are written anew beside the old ones, then the process is pointed there: a program that
 * reads the old ones meanwhile reads what was.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "collect/unwind_modules.h"
#include "collect/proc.h"
#include "collect/unwind_tables.h"

/* Room for libraries that are loaded later, QEMU's display and network back ends among them; and
 * for programs that are not known yet: a QEMU and its libraries have 650,000 rows. */
enum { SPARE_ROWS = 256 * 1024, PROGRAM_ROWS = 1280 * 1024, SPARE_MAPPINGS = 8192 };

struct code_process {
	pid_t pid;
	struct unwind_mapping *mappings; /* first_row is filled in when they are handed over */
	struct unwind_module **modules;
	size_t n;
	char *text; /* of /proc/PID/maps, which they were read from */
};

struct unwind_tables {
	struct unwind_modules modules;
	struct code_process *processes;
	size_t nr_processes;
	struct unwind_maps maps;
	size_t nr_rows;
	size_t next_mapping, half; /* the mappings in use are in one half of the array */
	pthread_t reader;
	bool reading;
};

struct unwind_tables *unwind_tables__new(void)
{
	return calloc(1, sizeof(struct unwind_tables));
}

static void process__clear(struct code_process *p)
{
	free(p->mappings);
	free(p->modules);
	free(p->text);
	memset(p, 0, sizeof(*p));
}

static void join(struct unwind_tables *t)
{
	if (t->reading)
		pthread_join(t->reader, NULL);
	t->reading = false;
}

void unwind_tables__free(struct unwind_tables *t)
{
	if (!t)
		return;
	join(t);
	for (size_t i = 0; i < t->nr_processes; i++)
		process__clear(&t->processes[i]);
	free(t->processes);
	unwind_modules__free(&t->modules);
	free(t);
}

static struct code_process *find(struct unwind_tables *t, pid_t pid)
{
	for (size_t i = 0; i < t->nr_processes; i++)
		if (t->processes[i].pid == pid)
			return &t->processes[i];
	return NULL;
}

struct scan {
	struct unwind_tables *t;
	struct code_process *process;
};

static int scan_mapping(const struct code_mapping *mapping, void *data)
{
	struct scan *scan = data;
	struct code_process *p = scan->process;
	struct unwind_mapping *mappings;
	struct unwind_module **modules;

	if ((s64)mapping->start < 0)
		return 0; /* the kernel's vsyscall page: no chain goes through it */
	mappings = realloc(p->mappings, (p->n + 1) * sizeof(*mappings));
	if (!mappings)
		return -ENOMEM;
	p->mappings = mappings;
	modules = realloc(p->modules, (p->n + 1) * sizeof(*modules));
	if (!modules)
		return -ENOMEM;
	p->modules = modules;
	modules[p->n] = unwind_modules__get(&scan->t->modules, p->pid, mapping);
	if (!modules[p->n])
		return -ENOMEM;
	/* Where the base is depends on the rows, which are not read yet: the file's offset till
	 * then. */
	mappings[p->n++] = (struct unwind_mapping){
		.start = mapping->start, .end = mapping->end, .base = mapping->file_offset};
	return 0;
}

/* "text" is the process's from then on. */
static int scan_text(struct unwind_tables *t, pid_t pid, char *text)
{
	struct code_process *p = find(t, pid), *more, fresh = {.pid = pid, .text = text};
	struct scan scan = {.t = t, .process = &fresh};
	char *copy;
	int err;

	copy = strdup(text);
	err = copy ? code_mappings__each(copy, scan_mapping, &scan) : -ENOMEM;
	free(copy);
	if (!err && !p) {
		more = realloc(t->processes, (t->nr_processes + 1) * sizeof(*more));
		if (more) {
			t->processes = more;
			p = &more[t->nr_processes++];
			memset(p, 0, sizeof(*p));
		} else {
			err = -ENOMEM;
		}
	}
	if (err) {
		process__clear(&fresh);
		return err;
	}
	process__clear(p);
	*p = fresh;
	return 0;
}

/* NULL for a process that is gone, and for one that is about to be. */
static char *read_maps(pid_t pid)
{
	size_t len = 0;
	char *text = proc__read(pid, "maps", &len);

	if (len)
		return text;
	free(text);
	return NULL;
}

int unwind_tables__scan(struct unwind_tables *t, pid_t pid)
{
	char *text = read_maps(pid);

	return text ? scan_text(t, pid, text) : -ESRCH;
}

void unwind_tables__sizes(const struct unwind_tables *t, bool programs, size_t *rows,
			  size_t *mappings)
{
	*rows = programs ? PROGRAM_ROWS : SPARE_ROWS;
	*mappings = SPARE_MAPPINGS;
	for (size_t i = 0; i < t->modules.n; i++)
		*rows += t->modules.v[i]->size_hint;
	for (size_t i = 0; i < t->nr_processes; i++)
		*mappings += 4 * t->processes[i].n; /* two halves, each with room for growth */
}

static void *read_modules(void *data)
{
	struct unwind_tables *t = data;

	unwind_modules__read(&t->modules);
	return NULL;
}

int unwind_tables__begin_reading(struct unwind_tables *t)
{
	int err = pthread_create(&t->reader, NULL, read_modules, t);

	t->reading = !err;
	return -err;
}

/* A copy of a file that was placed, as containers have, has its rows there already. */
static bool place_as_another(struct unwind_tables *t, struct unwind_module *m)
{
	for (size_t i = 0; m->build_id && i < t->modules.n; i++) {
		const struct unwind_module *other = t->modules.v[i];

		if (other == m || other->nr_rows != m->table.n || !other->nr_rows ||
		    other->base != m->table.base || !other->build_id ||
		    strcmp(other->build_id, m->build_id) ||
		    memcmp(t->maps.rows + other->first_row, m->table.rows,
			   m->table.n * sizeof(*m->table.rows)))
			continue;
		m->first_row = other->first_row;
		m->nr_rows = other->nr_rows;
		return true;
	}
	return false;
}

/* Puts the module's rows behind those of others, where there is room. */
static void place(struct unwind_tables *t, struct unwind_module *m)
{
	size_t n = m->table.n;

	if (m->placed)
		return;
	m->placed = true;
	if (m->end != CHAIN_COMPLETE)
		return;
	m->base = m->table.base;
	if (place_as_another(t, m)) {
		/* shared */
	} else if (n > t->maps.max_rows - t->nr_rows) {
		m->end = CHAIN_NO_ROOM;
	} else {
		memcpy(t->maps.rows + t->nr_rows, m->table.rows, n * sizeof(*m->table.rows));
		m->first_row = (u32)t->nr_rows;
		m->nr_rows = (u32)n;
		t->nr_rows += n;
	}
	cfi__free(&m->table);
}

static void fill_mapping(struct unwind_mapping *to, const struct unwind_mapping *scanned,
			 const struct unwind_module *m)
{
	struct code_mapping mapping = {
		.start = scanned->start, .end = scanned->end, .file_offset = scanned->base};

	*to = *scanned;
	to->first_row = m->end;
	if (m->end != CHAIN_COMPLETE || !m->nr_rows)
		return;
	if (!unwind_module__base(m, &mapping, &to->base)) {
		to->first_row = CHAIN_NO_CFI;
		return;
	}
	to->first_row = m->first_row;
	to->nr_rows = m->nr_rows;
}

static int hand_over(struct unwind_tables *t, const struct code_process *p)
{
	struct unwind_process value = {.first = (u32)t->next_mapping, .n = (u32)p->n};
	u32 tgid = (u32)p->pid;

	for (size_t i = 0; i < p->n; i++) {
		place(t, p->modules[i]);
		fill_mapping(&t->maps.mappings[t->next_mapping + i], &p->mappings[i],
			     p->modules[i]);
	}
	t->next_mapping += p->n;
	return bpf_map_update_elem(t->maps.processes_fd, &tgid, &value, BPF_ANY) ? -errno : 0;
}

static void raise_generation(struct unwind_tables *t)
{
	__atomic_fetch_add(t->maps.generation, 1, __ATOMIC_SEQ_CST);
}

static size_t room(const struct unwind_tables *t)
{
	return t->half + t->maps.max_mappings / 2 - t->next_mapping;
}

/* Hands all processes over in the half that begins at "half". */
static int hand_over_all(struct unwind_tables *t, size_t half)
{
	int err = 0;

	t->half = half;
	t->next_mapping = half;
	for (size_t i = 0; i < t->nr_processes && !err; i++)
		err = t->processes[i].n <= room(t) ? hand_over(t, &t->processes[i]) : -ENOSPC;
	return err;
}

/* All processes move to the other half, which none has used since the last such move. */
static int move_all(struct unwind_tables *t)
{
	int err = grace__wait(t->maps.grace);

	return err ? err : hand_over_all(t, t->half ? 0 : t->maps.max_mappings / 2);
}

int unwind_tables__publish(struct unwind_tables *t, const struct unwind_maps *maps)
{
	int err;

	join(t);
	unwind_modules__read(&t->modules);
	t->maps = *maps;
	err = hand_over_all(t, 0);
	raise_generation(t);
	return err;
}

static void forget(struct unwind_tables *t, struct code_process *p)
{
	u32 tgid = (u32)p->pid;

	bpf_map_delete_elem(t->maps.processes_fd, &tgid);
	process__clear(p);
	*p = t->processes[--t->nr_processes];
}

static int serve_text(struct unwind_tables *t, pid_t pid, char *text)
{
	int err = scan_text(t, pid, text);
	struct code_process *p = find(t, pid);

	if (err)
		return err;
	unwind_modules__read(&t->modules);
	err = p->n <= room(t) ? hand_over(t, p) : move_all(t);
	raise_generation(t);
	return err;
}

int unwind_tables__serve(struct unwind_tables *t, pid_t pid)
{
	struct code_process *p = find(t, pid);
	char *text = read_maps(pid);

	if (text)
		return serve_text(t, pid, text);
	if (p)
		forget(t, p);
	return -ESRCH;
}

int unwind_tables__refresh(struct unwind_tables *t, pid_t pid)
{
	struct code_process *p = find(t, pid);
	char *text = read_maps(pid);

	if (text && (!p || strcmp(text, p->text)))
		return serve_text(t, pid, text);
	free(text);
	return text ? 0 : -ESRCH;
}

void unwind_tables__serve_all(struct unwind_tables *t)
{
	for (size_t i = t->nr_processes; i > 0; i--)
		unwind_tables__serve(t, t->processes[i - 1].pid);
}

void unwind_tables__forget(struct unwind_tables *t, pid_t pid)
{
	struct code_process *p = find(t, pid);

	if (p)
		forget(t, p);
}
