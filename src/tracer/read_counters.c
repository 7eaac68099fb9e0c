// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the maps into counters: call sites with what threads have counted and not added to them,
 * backings with the kernel's figures, advice, processes, losses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "clock.h"
#include "shared/task.h"
#include "tracer/steady.h"
#include "tracer/tracer.h"
#include "tracer/tracer_internal.h"

/* Reads an array that can be mapped, as read_map() does: a system call would keep programs from
 * running. */
static int read_mapped(const struct bpf_map *map, size_t row_size, size_t value_at, void **rows,
		       size_t *n)
{
	size_t value_size = bpf_map__value_size(map), step = (value_size + 7) & ~(size_t)7;
	u32 max = bpf_map__max_entries(map);
	const char *values = mmap(NULL, max * step, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
	char *out = calloc(max, row_size);
	int err = 0;

	if (values == MAP_FAILED || !out) {
		err = values == MAP_FAILED ? -errno : -ENOMEM;
		free(out);
		goto out;
	}
	for (u32 i = 0; i < max; i++) {
		memcpy(out + i * row_size, &i, sizeof(i));
		memcpy(out + i * row_size + value_at, values + i * step, value_size);
	}
	*rows = out;
	*n = max;
out:
	if (values != MAP_FAILED)
		munmap((void *)values, max * step);
	return err;
}

/* Reads up to *count elements by a system call. The call keeps programs of perf events and kprobes
 * from running on its CPU, so that it must not be preempted: it is made real-time. It is so for the
 * time of the call only, or the scheduler would let others go on in the midst of one. */
static int read_batch(struct tracer *t, const struct bpf_map *map, u32 *batch, bool first,
		      void *keys, void *values, u32 *count)
{
	bool steadily = t->classic || t->mode == MODE_KPROBE;
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	struct steady steady;
	int err;

	if (steadily && !steady__begin(&steady))
		t->unsteady = true;
	err = bpf_map_lookup_batch(bpf_map__fd(map), first ? NULL : batch, batch, keys, values,
				   count, &opts);
	if (steadily)
		steady__end(&steady);
	return err;
}

/* Reads all elements of a map into rows of "row_size" bytes, with the value at "value_at"; *n gets
 * their number. */
static int read_map(struct tracer *t, const struct bpf_map *map, size_t row_size, size_t value_at,
		    void **rows, size_t *n)
{
	size_t key_size = bpf_map__key_size(map), value_size = bpf_map__value_size(map);
	u32 max = bpf_map__max_entries(map), batch = 0, count, total = 0;
	char *keys = malloc(max * key_size), *values = malloc(max * value_size);
	bool first = true;
	int err = 0;
	char *out;

	*rows = NULL;
	*n = 0;
	if (bpf_map__map_flags(map) & BPF_F_MMAPABLE) {
		err = read_mapped(map, row_size, value_at, rows, n);
		goto out;
	}
	if (!keys || !values) {
		err = -ENOMEM;
		goto out;
	}
	do {
		count = max - total;
		err = read_batch(t, map, &batch, first, keys + total * key_size,
				 values + total * value_size, &count);
		if (err && err != -ENOENT)
			goto out;
		total += count;
		first = false;
	} while (!err && total < max);
	err = 0;
	out = calloc(total ? total : 1, row_size);
	if (!out) {
		err = -ENOMEM;
		goto out;
	}
	for (u32 i = 0; i < total; i++) {
		char *row = out + i * row_size;

		memcpy(row, keys + i * key_size, key_size);
		memcpy(row + value_at, values + i * value_size, value_size);
	}
	*rows = out;
	*n = total;
out:
	free(keys);
	free(values);
	return err;
}

u64 tracer__count(struct tracer *t, const struct bpf_map *map)
{
	void *rows;
	size_t n;

	if (read_map(t, map, bpf_map__key_size(map) + bpf_map__value_size(map),
		     bpf_map__key_size(map), &rows, &n))
		return 0;
	free(rows);
	return n;
}

struct task_row {
	u32 pid;
	struct task_state value;
};

#define READ_ROWS(t, map, rows, n)                                                                 \
	read_map(t, map, sizeof(**(rows)), offsetof(typeof(**(rows)), value), (void **)(rows), n)

static void visit_tasks(const struct task_row *rows, size_t n, void (*visit)(s32 stack, void *data),
			void *data)
{
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].value.task)
			continue;
		visit(rows[i].value.stack, data);
		visit(rows[i].value.tally_key.stack, data);
	}
}

int tracer__each_stack(struct tracer *t, void (*visit)(s32 stack, void *data), void *data)
{
	const struct bpf_map *tasks[] = {t->skel->maps.task_slots, t->skel->maps.tasks};
	struct advice_row *advice;
	struct task_row *threads;
	struct site_row *sites;
	size_t n;
	int err = 0;

	/* Threads come first: what a thread counts later has a chain that it took later. */
	for (int i = 0; !err && i < 2; i++) {
		err = READ_ROWS(t, tasks[i], &threads, &n);
		if (err)
			break;
		visit_tasks(threads, n, visit, data);
		free(threads);
	}
	if (!err)
		err = READ_ROWS(t, t->skel->maps.sites, &sites, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		visit(sites[i].key.stack, data);
	free(sites);
	err = READ_ROWS(t, t->skel->maps.advices, &advice, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		visit(advice[i].key.stack, data);
	free(advice);
	return 0;
}

struct gone_row {
	struct thread_key key;
	struct thread value;
};

static int add_gone_threads(struct tracer *t, const struct bpf_map *map, struct counters *c)
{
	struct gone_row *rows;
	size_t n;
	int err = READ_ROWS(t, map, &rows, &n);

	if (err)
		return err;
	c->threads = calloc(n + 1, sizeof(*c->threads));
	for (size_t i = 0; c->threads && i < n; i++)
		c->threads[c->nr_threads++] = (struct thread_row){rows[i].key, rows[i].value, 0, 0};
	free(rows);
	return c->threads ? 0 : -ENOMEM;
}

/* How often the tally of a thread has been added to the map of call sites. */
struct flush_mark {
	u64 task;
	u32 flushes, tgid;
};

struct flush_marks {
	struct flush_mark *v;
	size_t n;
};

static int flush_marks__add(struct flush_marks *marks, const struct task_row *rows, size_t n)
{
	struct flush_mark *more = realloc(marks->v, (marks->n + n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	marks->v = more;
	for (size_t i = 0; i < n; i++)
		if (rows[i].value.task)
			marks->v[marks->n++] = (struct flush_mark){rows[i].value.task,
								   rows[i].value.flushes,
								   rows[i].value.thread_key.tgid};
	return 0;
}

static void flush_marks__free(struct flush_marks *marks)
{
	free(marks->v);
	*marks = (struct flush_marks){0};
}

static int compare_marks(const void *a, const void *b)
{
	const struct flush_mark *x = a, *y = b;

	return (x->task > y->task) - (x->task < y->task);
}

/* Removes the marks of other processes than "tgid", unless it is 0, and sorts by task. */
static void flush_marks__keep(struct flush_marks *marks, u32 tgid)
{
	size_t n = 0;

	for (size_t i = 0; i < marks->n; i++)
		if (!tgid || marks->v[i].tgid == tgid)
			marks->v[n++] = marks->v[i];
	marks->n = n;
	if (n)
		qsort(marks->v, n, sizeof(*marks->v), compare_marks);
}

/* True if no tally was added to the map between the two, and none was being added. New threads have
 * had no tally. */
static bool flush_marks__hold(struct flush_marks *before, struct flush_marks *after, u32 tgid)
{
	flush_marks__keep(before, tgid);
	flush_marks__keep(after, tgid);
	for (size_t i = 0; i < before->n; i++) {
		const struct flush_mark *then = &before->v[i], *now;

		now = after->n ? bsearch(then, after->v, after->n, sizeof(*now), compare_marks)
			       : NULL;
		if (!now || now->flushes != then->flushes || then->flushes & 1)
			return false;
	}
	return true;
}

static int read_marks(struct tracer *t, struct flush_marks *marks)
{
	const struct bpf_map *maps[] = {t->skel->maps.task_slots, t->skel->maps.tasks};
	int err = 0;

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps) && !err; i++) {
		struct task_row *rows;
		size_t n;

		err = READ_ROWS(t, maps[i], &rows, &n);
		if (!err)
			err = flush_marks__add(marks, rows, n);
		free(rows);
	}
	return err;
}

static int add_tallies_of(struct tracer *t, const struct bpf_map *map, struct counters *c,
			  struct flush_marks *marks)
{
	struct thread_row *threads;
	struct site_row *more;
	struct task_row *rows;
	size_t n;
	int err;

	err = READ_ROWS(t, map, &rows, &n);
	if (err)
		return err;
	more = realloc(c->sites, (c->nr_sites + n + 1) * sizeof(*more));
	if (more)
		c->sites = more;
	threads = realloc(c->threads, (c->nr_threads + n + 1) * sizeof(*threads));
	if (threads)
		c->threads = threads;
	err = more && threads ? flush_marks__add(marks, rows, n) : -ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		const struct task_state *ts = &rows[i].value;

		if (!ts->task)
			continue;
		threads[c->nr_threads] = (struct thread_row){ts->thread_key, ts->thread, ts->events,
							     ts->sampled_ns};
		site__sum(&threads[c->nr_threads++].value.sum, &ts->tally);
		if (!(ts->tally.faults | ts->tally.populated | ts->tally.released))
			continue;
		c->sites[c->nr_sites].key = ts->tally_key;
		c->sites[c->nr_sites++].value = ts->tally;
	}
	free(rows);
	return err;
}

/* Makes one row of a thread that is gone and the thread that has its id now. */
static void merge_threads(struct counters *c)
{
	size_t to = 0;

	qsort(c->threads, c->nr_threads, sizeof(*c->threads), thread_key__compare);
	for (size_t i = 1; i < c->nr_threads; i++) {
		struct thread_row *last = &c->threads[to];

		if (thread_key__compare(last, &c->threads[i])) {
			c->threads[++to] = c->threads[i];
			continue;
		}
		site__sum(&last->value.sum, &c->threads[i].value.sum);
		last->events += c->threads[i].events;
		last->sampled_ns += c->threads[i].sampled_ns;
	}
	if (c->nr_threads)
		c->nr_threads = to + 1;
}

/* Adds the threads that are gone, then those that live with what they have counted last. */
static int add_tallies(struct tracer *t, struct counters *c, struct flush_marks *marks)
{
	size_t to = 0;
	int err = add_gone_threads(t, t->skel->maps.threads, c);

	if (!err)
		err = add_tallies_of(t, t->skel->maps.task_slots, c, marks);
	if (!err)
		err = add_tallies_of(t, t->skel->maps.tasks, c, marks);
	if (err)
		return err;
	merge_threads(c);
	qsort(c->sites, c->nr_sites, sizeof(*c->sites), site_key__compare);
	for (size_t i = 1; i < c->nr_sites; i++) {
		if (!site_key__compare(&c->sites[to], &c->sites[i]))
			site__sum(&c->sites[to].value, &c->sites[i].value);
		else
			c->sites[++to] = c->sites[i];
	}
	if (c->nr_sites)
		c->nr_sites = to + 1;
	return 0;
}

/* True if runs that were skipped of this program are of no interest: interrupts allocate and free,
 * too, and what was skipped then is the interrupt's own. That is not so if another task can have
 * been preempted in the program, or this one while it read. */
static bool allocates(const struct tracer *t, const struct bpf_program *prog)
{
	if (t->classic ? t->unsteady : t->preempted)
		return false;
	return prog == t->skel->progs.classic__mm_page_alloc ||
	       prog == t->skel->progs.classic__mm_page_free ||
	       prog == t->skel->progs.common__mm_page_alloc ||
	       prog == t->skel->progs.common__mm_page_free;
}

/* True if tracepoints of faults have told what this program missed. */
static bool is_seconded(const struct tracer *t, const struct bpf_program *prog)
{
	return t->skel->rodata->faults_by_tracepoint &&
	       (prog == t->skel->progs.fentry__handle_mm_fault ||
		prog == t->skel->progs.fentry__handle_mm_fault_end);
}

/* Runs that the kernel skipped because the same program was active on that CPU. */
static u64 missed_runs(struct tracer *t)
{
	struct bpf_program *prog;
	u64 missed = 0;

	bpf_object__for_each_program(prog, t->skel->obj)
	{
		struct bpf_prog_info info = {0};
		u32 len = sizeof(info);

		if (allocates(t, prog) || is_seconded(t, prog))
			continue;
		if (bpf_program__fd(prog) >= 0 &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			missed += info.recursion_misses;
	}
	return missed;
}

int tracer__read_backings(struct tracer *t, struct counters *c)
{
	int err;

	memset(c, 0, sizeof(*c));
	err = program__iterate(t->skel->progs.common__read_backings);
	if (!err)
		err = READ_ROWS(t, t->skel->maps.backings, &c->backings, &c->nr_backings);
	if (!err)
		qsort(c->backings, c->nr_backings, sizeof(*c->backings), backing_key__compare);
	return err;
}

/*
 * Reads the map of call sites, and what threads have counted and not added to it. What a thread
 * adds between the two readings would be in neither: the threads of a migration end while its
 * record is made, and a record lacked 3,423 pages of 12,758 and said "lost nothing". So read both
 * until nothing has moved. While threads go on that may never be, and then the counters are not of
 * one instant.
 */
static int read_sites(struct tracer *t, u32 tgid, struct counters *c)
{
	enum { TRIES = 64, TRIES_OF_ALL = 2 };
	int err, tries = tgid ? TRIES : TRIES_OF_ALL;
	bool hold = false;

	do {
		struct flush_marks before = {0}, after = {0};

		free(c->sites);
		free(c->threads);
		c->sites = NULL;
		c->threads = NULL;
		c->nr_sites = c->nr_threads = 0;
		err = read_marks(t, &before);
		if (!err)
			err = READ_ROWS(t, t->skel->maps.sites, &c->sites, &c->nr_sites);
		if (!err)
			err = add_tallies(t, c, &after);
		if (!err)
			hold = flush_marks__hold(&before, &after, tgid);
		flush_marks__free(&before);
		flush_marks__free(&after);
	} while (!err && !hold && --tries);
	return err;
}

int tracer__read(struct tracer *t, pid_t pid, struct counters *c)
{
	u64 now = clock__ns(CLOCK_BOOTTIME);
	int err;

	err = tracer__read_backings(t, c);
	c->taken_ns = now;
	if (!err)
		err = read_sites(t, (u32)pid, c);
	if (!err)
		err = READ_ROWS(t, t->skel->maps.advices, &c->advice, &c->nr_advice);
	if (!err)
		err = READ_ROWS(t, t->skel->maps.processes, &c->processes, &c->nr_processes);
	if (err) {
		counters__free(c);
		return err;
	}
	qsort(c->advice, c->nr_advice, sizeof(*c->advice), advice_key__compare);
	for (int i = 0; i < NR_LOST; i++)
		c->lost[i] = __atomic_load_n(&t->skel->bss->lost[i], __ATOMIC_RELAXED);
	counters__add_costs(c);
	c->events += __atomic_load_n(&t->skel->bss->events, __ATOMIC_RELAXED);
	c->sampled_ns += __atomic_load_n(&t->skel->bss->sampled_ns, __ATOMIC_RELAXED);
	c->missed = missed_runs(t) -
		    __atomic_load_n(&t->skel->bss->runs_not_missed, __ATOMIC_RELAXED);
	return 0;
}
