// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes and their mappings for the unwinder in the kernel. The mappings of a process are
 * written anew beside the old ones, then the process is pointed there: a program that reads the old
 * ones meanwhile reads what was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "proc/maps.h"
#include "reader/unreadable.h"
#include "tracer/unwind_tables_internal.h"

/* Room for libraries that are loaded later, QEMU's display and network back ends among them. */
enum { SPARE_ROWS = 256 * 1024, SPARE_MAPPINGS = 8192 };

/* Room for programs that are not known yet. A QEMU and its libraries have 650,000 rows and 52
 * mappings: four of them at least, of builds that have no library in common, and a thousandth of
 * the host's memory, up to 64 MiB; and 600 processes. */
enum { PROGRAM_ROWS = 2560 * 1024, PROGRAM_ROWS_MAX = 8192 * 1024, PROGRAM_MAPPINGS = 32 * 1024 };

/* The first mapping is that of a process for whose own there is no room. */
enum { MAPPING_NO_ROOM };

/* So many unreadable files of one process are told one by one. */
enum { UNREADABLE_TOLD_MAX = 8 };

struct unwind_tables *unwind_tables__new(void)
{
	struct unwind_tables *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->done_fd = -1;
	unwind_modules__begin(&t->modules);
	return t;
}

static void process__clear(struct unwind_tables *t, struct code_process *p)
{
	if (p->handed)
		ranges__give_back(&t->mappings, p->first, p->handed);
	for (size_t i = 0; i < p->n; i++)
		unwind_module__drop(t, p->modules[i]);
	free(p->mappings);
	free(p->modules);
	free(p->text);
	memset(p, 0, sizeof(*p));
}

static void join(struct unwind_tables *t)
{
	unwind_modules__end_reading(t->reading);
	t->reading = NULL;
}

void unwind_tables__free(struct unwind_tables *t)
{
	if (!t)
		return;
	join(t);
	for (size_t i = 0; i < t->nr_processes; i++)
		process__clear(t, &t->processes[i]);
	free(t->processes);
	while (t->modules.n)
		unwind_room__forget(t, t->modules.n - 1);
	unwind_modules__free(&t->modules);
	ranges__free(&t->rows);
	ranges__free(&t->mappings);
	if (t->done_fd >= 0)
		close(t->done_fd);
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
	unwind_module__hold(scan->t, modules[p->n]);
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
	int err = code_mappings__each(text, strlen(text), scan_mapping, &scan);

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
		process__clear(t, &fresh);
		return err;
	}
	/* Until they are handed over the kernel has the mappings that were. */
	fresh.first = p->first;
	fresh.handed = p->handed;
	fresh.no_room = p->no_room;
	fresh.nr_told = p->nr_told;
	p->handed = 0;
	process__clear(t, p);
	*p = fresh;
	return 0;
}

/* NULL for a process that is gone, and for one that is about to be. If the text was cut, chains
 * that reach the rest of the process's code are counted as those without a mapping. */
static char *read_maps(pid_t pid)
{
	size_t len;
	bool cut;
	char *text = maps__read(pid, &maps_budget, &len, &cut);

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

static size_t program_rows(void)
{
	u64 bytes = (u64)sysconf(_SC_PHYS_PAGES) * (u64)sysconf(_SC_PAGESIZE);
	size_t rows = bytes / 1000 / sizeof(struct unwind_row);

	return rows < PROGRAM_ROWS       ? PROGRAM_ROWS
	       : rows > PROGRAM_ROWS_MAX ? PROGRAM_ROWS_MAX
					 : rows;
}

void unwind_tables__sizes(const struct unwind_tables *t, bool programs, size_t *rows,
			  size_t *mappings)
{
	*rows = programs ? program_rows() : SPARE_ROWS;
	*mappings = programs ? PROGRAM_MAPPINGS : SPARE_MAPPINGS;
	for (size_t i = 0; i < t->modules.n; i++)
		*rows += t->modules.v[i]->headers.size_hint;
	/* A process has its old mappings and the new ones for a moment; and room for growth. */
	for (size_t i = 0; i < t->nr_processes; i++)
		*mappings += 4 * t->processes[i].n;
}

void unwind_tables__begin_reading(struct unwind_tables *t)
{
	t->reading = unwind_modules__begin_reading(&t->modules, -1);
}

int unwind_tables__read_in_background(struct unwind_tables *t)
{
	t->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return t->done_fd < 0 ? -errno : t->done_fd;
}

static void fill_mapping(struct unwind_mapping *to, const struct unwind_mapping *scanned,
			 const struct unwind_module *m)
{
	struct code_mapping mapping = {
		.start = scanned->start, .end = scanned->end, .file_offset = scanned->base};

	*to = *scanned;
	to->first_row = m->read ? m->end : CHAIN_UNREAD;
	if (m->end != CHAIN_COMPLETE || !m->place)
		return;
	if (!unwind_module__base(m, &mapping, &to->base)) {
		to->first_row = CHAIN_NO_CFI;
		return;
	}
	to->first_row = (u32)m->place->first;
	to->nr_rows = (u32)m->place->n;
}

static void lacks(struct unwind_tables *t, const struct unwind_lack *lack)
{
	if (t->maps.lacks)
		t->maps.lacks(lack, t->maps.data);
}

/* Tells of each unreadable file once, and of a bounded number of files a process: a process may map
 * any number of them. */
static void tell_unreadable(struct unwind_tables *t, struct code_process *p,
			    struct unwind_module *m)
{
	if (m->end != CHAIN_UNREADABLE_FILE || m->told || !t->maps.unreadable)
		return;
	m->told = true;
	/* Somebody may have been told of it when its names were wanted. */
	if (reader__has_failed(m->err) && !unreadable__tell(&m->st))
		return;
	if (p->nr_told++ < UNREADABLE_TOLD_MAX)
		t->maps.unreadable(p->pid, m->path, m->err, t->maps.data);
}

static void place(struct unwind_tables *t, struct code_process *p, struct unwind_module *m)
{
	tell_unreadable(t, p, m);
	if (unwind_room__place(t, m))
		lacks(t, &(struct unwind_lack){.pid = p->pid,
					       .table = "rows",
					       .path = m->path,
					       .wanted = m->wanted,
					       .used = t->rows_used,
					       .size = t->maps.max_rows});
}

static int point_to(struct unwind_tables *t, struct code_process *p, size_t first, size_t n)
{
	struct unwind_process value = {.first = (u32)first, .n = (u32)n};
	u32 tgid = (u32)p->pid;

	if (bpf_map_update_elem(t->maps.processes_fd, &tgid, &value, BPF_ANY))
		return -errno;
	if (p->handed)
		ranges__give_back(&t->mappings, p->first, p->handed);
	p->first = first;
	p->handed = 0;
	return 0;
}

/* Chains of the process end where they begin, and say why. */
static int hand_over_none(struct unwind_tables *t, struct code_process *p)
{
	if (!p->no_room)
		lacks(t, &(struct unwind_lack){.pid = p->pid,
					       .table = "mappings",
					       .wanted = p->n,
					       .used = t->maps.max_mappings -
						       t->mappings.free.elements,
					       .size = t->maps.max_mappings});
	p->no_room = true;
	return point_to(t, p, MAPPING_NO_ROOM, 1);
}

static int hand_over(struct unwind_tables *t, struct code_process *p)
{
	size_t first = MAPPING_NO_ROOM;
	int err;

	for (size_t i = 0; i < p->n; i++)
		if (p->modules[i]->read)
			place(t, p, p->modules[i]);
	if (!p->n)
		return point_to(t, p, first, 0);
	err = unwind_room__take_mappings(t, p->n, &first);
	if (err)
		return err == -ENOSPC ? hand_over_none(t, p) : err;
	for (size_t i = 0; i < p->n; i++)
		fill_mapping(&t->maps.mappings[first + i], &p->mappings[i], p->modules[i]);
	err = point_to(t, p, first, p->n);
	if (err) {
		ranges__give_back(&t->mappings, first, p->n);
		return err;
	}
	p->handed = p->n;
	p->no_room = false;
	return 0;
}

static void raise_generation(struct unwind_tables *t)
{
	__atomic_fetch_add(t->maps.generation, 1, __ATOMIC_SEQ_CST);
}

int unwind_tables__publish(struct unwind_tables *t, const struct unwind_maps *maps)
{
	int err;

	join(t);
	unwind_modules__read(&t->modules);
	t->maps = *maps;
	err = ranges__init(&t->rows, 0, maps->max_rows);
	if (!err)
		err = ranges__init(&t->mappings, MAPPING_NO_ROOM + 1, maps->max_mappings - 1);
	if (err)
		return err;
	maps->mappings[MAPPING_NO_ROOM] =
		(struct unwind_mapping){.end = INT64_MAX, .first_row = CHAIN_NO_MAPPING_ROOM};
	for (size_t i = 0; i < t->nr_processes && !err; i++)
		err = hand_over(t, &t->processes[i]);
	raise_generation(t);
	return err;
}

static void forget(struct unwind_tables *t, struct code_process *p)
{
	u32 tgid = (u32)p->pid;

	bpf_map_delete_elem(t->maps.processes_fd, &tgid);
	process__clear(t, p);
	*p = t->processes[--t->nr_processes];
	unwind_room__trim(t);
}

static bool is_read(const struct code_process *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->modules[i]->read)
			return false;
	return true;
}

/* Is that done in the background? What is read there already is waited for first. */
static bool read_later(struct unwind_tables *t)
{
	if (t->done_fd < 0)
		return false;
	if (!t->reading)
		t->reading = unwind_modules__begin_reading(&t->modules, t->done_fd);
	return t->reading;
}

/* To read the rows of a QEMU takes a quarter of a second: where its code lies is told before that,
 * by which stacks that are met meanwhile are known from one another (bpf/raw.bpf.h). */
static int serve_text(struct unwind_tables *t, pid_t pid, char *text)
{
	struct code_process *p;
	int err = scan_text(t, pid, text);

	if (err)
		return err;
	p = find(t, pid);
	if (!is_read(p)) {
		err = hand_over(t, p);
		raise_generation(t);
		if (err || read_later(t))
			return err;
		unwind_modules__read(&t->modules);
	}
	err = hand_over(t, p);
	unwind_room__trim(t);
	raise_generation(t);
	return err;
}

/* Hands over what was read in the background: to those whose modules it is of. */
static void take_read(struct unwind_tables *t)
{
	for (size_t i = 0; i < t->nr_processes; i++)
		t->processes[i].asks = !is_read(&t->processes[i]);
	join(t);
	for (size_t i = 0; i < t->nr_processes; i++)
		if (t->processes[i].asks)
			hand_over(t, &t->processes[i]);
	unwind_room__trim(t);
	raise_generation(t);
	for (size_t i = 0; i < t->nr_processes && !t->reading; i++)
		if (!is_read(&t->processes[i]))
			read_later(t);
}

bool unwind_tables__take_read(struct unwind_tables *t)
{
	eventfd_t value;

	if (!t->reading || t->done_fd < 0 || eventfd_read(t->done_fd, &value))
		return false;
	take_read(t);
	return true;
}

void unwind_tables__wait_read(struct unwind_tables *t)
{
	eventfd_t value;

	while (t->reading) {
		take_read(t);
		if (t->done_fd >= 0 && !t->reading)
			eventfd_read(t->done_fd, &value);
	}
}

static int serve(struct unwind_tables *t, pid_t pid)
{
	struct code_process *p = find(t, pid);
	char *text = read_maps(pid);
	u32 tgid = (u32)pid;

	if (text)
		return serve_text(t, pid, text);
	if (p)
		forget(t, p);
	else
		bpf_map_delete_elem(t->maps.processes_fd, &tgid);
	return -ESRCH;
}

/* Those that had no room get it, where some has come back. */
static void serve_lacking(struct unwind_tables *t)
{
	bool rows = unwind_room__has_come_back(t);
	size_t room = t->mappings.free.elements + t->mappings.waiting.elements;

	for (size_t i = 0; i < t->nr_processes; i++) {
		struct code_process *p = &t->processes[i];

		p->asks = p->no_room && p->n <= room && p->n <= t->maps.max_mappings / 4;
		for (size_t j = 0; rows && !p->asks && j < p->n; j++)
			p->asks = p->modules[j]->again;
	}
	/* One that is gone leaves its place to the last, which has been looked at. */
	for (size_t i = t->nr_processes; i > 0; i--)
		if (t->processes[i - 1].asks)
			serve(t, t->processes[i - 1].pid);
}

int unwind_tables__read_mappings(struct unwind_tables *t, pid_t pid)
{
	int err = serve(t, pid);

	serve_lacking(t);
	return err;
}

int unwind_tables__refresh(struct unwind_tables *t, pid_t pid)
{
	struct code_process *p = find(t, pid);
	char *text = read_maps(pid);

	if (text && (!p || strcmp(text, p->text))) {
		int err = serve_text(t, pid, text);

		serve_lacking(t);
		return err;
	}
	free(text);
	return text ? 0 : -ESRCH;
}

void unwind_tables__read_all_mappings(struct unwind_tables *t)
{
	for (size_t i = t->nr_processes; i > 0; i--)
		serve(t, t->processes[i - 1].pid);
	serve_lacking(t);
}

void unwind_tables__forget(struct unwind_tables *t, pid_t pid)
{
	struct code_process *p = find(t, pid);

	if (p)
		forget(t, p);
	serve_lacking(t);
}

void unwind_tables__sweep(struct unwind_tables *t)
{
	for (size_t i = t->nr_processes; i > 0; i--) {
		char *text = read_maps(t->processes[i - 1].pid);

		if (!text)
			forget(t, &t->processes[i - 1]);
		free(text);
	}
	serve_lacking(t);
}

void unwind_tables__fill(const struct unwind_tables *t, struct unwind_fill *fill)
{
	*fill = (struct unwind_fill){.rows = t->rows_used,
				     .max_rows = t->maps.max_rows,
				     .max_mappings = t->maps.max_mappings};
	for (size_t i = 0; i < t->nr_processes; i++)
		fill->mappings += t->processes[i].handed;
}

bool unwind_tables__code(struct unwind_tables *t, pid_t pid, struct raw_code *code)
{
	const struct code_process *p = find(t, pid);

	*code = (struct raw_code){.rows = t->maps.rows, .nr_rows = t->maps.max_rows};
	if (!p || !p->handed)
		return false;
	code->mappings = t->maps.mappings + p->first;
	code->nr_mappings = p->handed;
	return true;
}
