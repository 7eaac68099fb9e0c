// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What holds of the record of any two snapshots, over many random ones: sums agree, the books
 * differ from the kernel's figures by what was not traced and by nothing else, and no count is
 * negative. MIGPOP_SEED and MIGPOP_RUNS in the environment choose other snapshots, and how many.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "books_made.h"

#ifdef __SANITIZE_ADDRESS__
#define RUNS 20000
#else
#define RUNS 120000
#endif

enum { PID = 4711, OTHER = 99, FILES = 3, PRIVATE = 2, SITES = 12, THREADS = 5, CHAINS = 6 };

static u64 random_state;

/* xorshift64*: the same on every machine. */
static u64 below(u64 n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return ((random_state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

static bool one_in(u64 n)
{
	return !below(n);
}

/* What happened in the window by the model, beside which the record is held. */
struct truth {
	struct made m;
	struct site totals, threads;
	int64_t files[FILES];       /* by how much each grew that is traced, */
	int64_t unseen[FILES];      /* and more than that by the kernel's figure */
	int64_t anon[MADE_TARGETS]; /* the same of private memory */
	int64_t anon_unseen[MADE_TARGETS];
	int64_t advice_calls, lost;
	bool zeros_unknown;
};

static struct backing_key file_key(size_t i)
{
	static const u32 kinds[FILES] = {KIND_SHMEM, KIND_FILE, KIND_HUGETLB};

	return (struct backing_key){.id = 10 + i, .dev = 1, .kind = kinds[i]};
}

static struct backing_key private_key(u32 pid, size_t i)
{
	return (struct backing_key){
		.id = 0x7000 + i, .tgid = pid, .kind = i ? KIND_PRIVATE_FILE : KIND_ANON};
}

static struct site random_counts(void)
{
	struct site s = {.populated = one_in(4) ? 0 : below(1000)};

	s.zero_populated = below(s.populated + 1);
	s.faults = below(s.populated + 10);
	s.released = one_in(3) ? below(500) : 0;
	s.fault_ns = s.faults * below(5000);
	return s;
}

static struct site sum_of(struct site a, const struct site *b)
{
	site__sum(&a, b);
	return a;
}

/* Chains of which some are equal, some end where nobody knows. */
static void make_chains(struct truth *t)
{
	static const u32 ends[] = {CHAIN_COMPLETE, CHAIN_JIT, CHAIN_NO_MAPPING,
				   CHAIN_STALE_MAPPING};

	for (s32 i = 0; i < CHAINS; i++) {
		u64 frames[4] = {0x10 + below(2), 0x20 + below(2),
				 (0x30 + below(2)) | (one_in(4) ? CHAIN_FRAME_EXACT : 0), 0x40};

		if (!one_in(5)) /* one that could not be read */
			made__add_chain(&t->m, i, ends[below(4)], (u32)below(5), frames);
	}
}

/* The number of the target, or nr_targets. */
static size_t target_of(const struct truth *t, u32 pid)
{
	size_t i = 0;

	while (i < t->m.facts.nr_targets && t->m.targets[i].pid != pid)
		i++;
	return i;
}

/* A key that no other site has: the instruction tells them apart. */
static struct site_key random_key(const struct truth *t, u64 ip)
{
	u32 pid = t->m.targets[below(t->m.facts.nr_targets)].pid;
	size_t memory = below(FILES + PRIVATE + 1);
	struct site_key k = {
		.ip = ip,
		.tgid = memory < FILES && one_in(6) ? OTHER : pid,
		.syscall = one_in(3) ? SYS_pread64 : SYSCALL_NONE,
		.stack = (s32)below(CHAINS + 2) - 2,
		.access = (u8)below(3),
		.context = (u8)below(3),
	};

	if (memory < FILES)
		k.backing = file_key(memory);
	else if (memory < FILES + PRIVATE)
		k.backing = private_key(pid, memory - FILES);
	return k;
}

static void add_to_truth(struct truth *t, const struct site_key *k, const struct site *counted,
			 bool holes_unknown)
{
	int64_t grown = (int64_t)counted->populated - (int64_t)counted->released;

	site__sum(&t->totals, counted);
	if (k->backing.kind == KIND_FILE && holes_unknown && k->access != ACCESS_WRITE &&
	    counted->populated)
		t->zeros_unknown = true;
	if (k->backing.tgid)
		t->anon[target_of(t, k->backing.tgid)] += grown;
	else if (k->backing.kind)
		t->files[k->backing.id - 10] += grown;
}

static void make_sites(struct truth *t, bool holes_unknown)
{
	size_t n = below(SITES + 1);

	for (size_t i = 0; i < n; i++) {
		struct site before = random_counts(), counted = random_counts();
		struct site_key k = random_key(t, 0x1000 + below(4));

		if (counters__find_site(&t->m.after.s.counters, &k))
			continue;
		if (one_in(2)) {
			made__add_site(&t->m.before, &k, before);
			made__add_site(&t->m.after, &k, sum_of(before, &counted));
		} else {
			made__add_site(&t->m.after, &k, counted);
		}
		/* So that the next key is looked for among all rows. */
		made_snapshot__sort(&t->m.before);
		made_snapshot__sort(&t->m.after);
		add_to_truth(t, &k, &counted, holes_unknown);
	}
}

/* Threads that together have counted no more than all call sites. */
static void make_threads(struct truth *t)
{
	struct site left = t->totals;
	u32 n = (u32)below(THREADS + 1);

	for (u32 i = 0; i < n; i++) {
		struct site before = random_counts(),
			    counted = {
				    .faults = below(left.faults + 1),
				    .populated = below(left.populated + 1),
				    .released = below(left.released + 1),
			    };
		struct thread_row *row;
		u64 least, most;

		left.faults -= counted.faults;
		left.populated -= counted.populated;
		left.released -= counted.released;
		/* No more zero pages than pages, neither here nor in what is left over. */
		most = counted.populated < left.zero_populated ? counted.populated
							       : left.zero_populated;
		least = left.zero_populated > left.populated ? left.zero_populated - left.populated
							     : 0;
		counted.zero_populated = least + below(most - least + 1);
		left.zero_populated -= counted.zero_populated;
		if (one_in(2))
			made__add_thread(&t->m.before, PID, 100 + i, before);
		else
			before = (struct site){0};
		row = made__add_thread(&t->m.after, PID, 100 + i, sum_of(before, &counted));
		if (one_in(2))
			strcpy(row->value.comm, "worker");
	}
}

/* The kernel's figures: what was traced, and sometimes something that was not. */
static void make_figures(struct truth *t, bool holes_unknown)
{
	for (size_t i = 0; i < FILES; i++) {
		struct backing_key k = file_key(i);
		u64 open = 100000 + below(1000);
		struct backing *b;

		t->unseen[i] = one_in(3) ? (int64_t)below(100) - 50 : 0;
		b = made__add_file(&t->m, &k, PID, open, open + (u64)(t->files[i] + t->unseen[i]));
		b->flags = holes_unknown ? BACKING_HOLES_UNKNOWN : 0;
		b->open_before -= one_in(4) ? below(50) : 0;
		b->exit_before += one_in(4) ? below(50) : 0;
	}
	for (size_t i = 0; i < t->m.facts.nr_targets; i++) {
		struct process *p = &t->m.after.processes[i].value;
		s64 grown;

		t->anon_unseen[i] = one_in(3) ? (int64_t)below(100) - 50 : 0;
		grown = t->anon[i] + t->anon_unseen[i];
		p->edges[EDGE_CLOSE].anon += grown;
		p->edges[EDGE_CLOSE_BEFORE].anon += grown + (s64)below(9) - 4;
		p->edges[EDGE_OPEN].running = (u32)below(4);
		p->settled = below(4);
		p->let_go = below(100);
		p->shared = one_in(4) ? below(100) : 0;
		p->copied = below(100);
		p->exited = !one_in(4);
		t->m.after.figures[i] = (struct target_figures){
			.figures = {.anon = p->edges[EDGE_CLOSE].anon, .known = 1},
			.rss = p->edges[EDGE_CLOSE].anon};
		for (int k = 0; k < NR_LOST; k++) {
			p->lost[k] = one_in(5) ? below(9) : 0;
			t->lost += (int64_t)p->lost[k];
		}
	}
}

static void make_advice(struct truth *t)
{
	for (u64 i = below(4); i; i--) {
		struct advice_key k = {.ip = i,
				       .tgid = PID,
				       .syscall = SYS_madvise,
				       .behavior = (s32)below(30),
				       .error = one_in(3) ? 22 : 0,
				       .stack = (s32)below(CHAINS)};
		struct advice before = {below(9), below(9999), below(9)},
			      counted = {below(9), below(9999), below(9)};

		t->advice_calls += (int64_t)counted.calls;
		made__add_advice(&t->m.before, &k, before);
		made__add_advice(&t->m.after, &k,
				 (struct advice){before.calls + counted.calls,
						 before.bytes + counted.bytes,
						 before.released + counted.released});
	}
}

static void make(struct truth *t)
{
	bool holes_unknown = one_in(3);
	struct counters *c;

	memset(t, 0, sizeof(*t));
	made__begin(&t->m, PID, 100000);
	if (one_in(3))
		made__add_target(&t->m, PID + 1, 50000);
	t->m.facts.mode = (enum mode)(MODE_FENTRY + below(3));
	t->m.facts.windowed = t->m.facts.nr_targets == 1 && one_in(2);
	t->m.facts.pages_of_fault = one_in(2) ? 1 : 512;
	t->m.facts.slack = one_in(4) ? (int64_t)below(200) : 0;
	t->m.facts.waiting = (int64_t)below(100);
	make_chains(t);
	make_sites(t, holes_unknown);
	make_threads(t);
	make_figures(t, holes_unknown);
	make_advice(t);
	c = &t->m.after.s.counters;
	c->lost[LOST_SITES] = one_in(4) ? below(9) : 0;
	t->lost += t->m.facts.windowed ? 0 : (int64_t)c->lost[LOST_SITES];
	c->events = below(1000000);
	c->sampled_ns = below(1000000);
}

/* --- what must hold --- */

static bool is_count(int64_t n)
{
	return n >= 0 || n == RECORD_UNKNOWN;
}

static void check_memory(const struct record_backing *b)
{
	assert_non_null(b->name);
	assert_true(names__value(NAMES_KIND, b->kind) >= 0);
	assert_true(b->populated_pages >= 0 && b->released_pages >= 0);
	assert_true(
		b->zero_populated_pages == RECORD_UNKNOWN ||
		(b->zero_populated_pages >= 0 && b->zero_populated_pages <= b->populated_pages));
	assert_true(is_count(b->zero_written_pages) && is_count(b->looked_pages));
}

static void check_callsites(const struct truth *t)
{
	const struct record *r = t->m.record;
	struct site sum = {0};
	int64_t of_backings = 0, of_sites = 0, without = 0;

	for (size_t i = 0; i < r->nr_callsites; i++) {
		const struct record_callsite *c = &r->callsites[i];
		int64_t populated = 0, released = 0;

		assert_non_null(c->category);
		assert_true(c->faults >= 0 && c->populated_pages >= 0 && c->released_pages >= 0);
		assert_true(c->faults + c->populated_pages + c->released_pages > 0);
		assert_true(r->totals.zero_populated_pages == RECORD_UNKNOWN ||
			    c->zero_populated_pages >= 0);
		assert_int_equal(c->fault_ns == RECORD_UNKNOWN, t->m.facts.mode == MODE_TRACEPOINT);
		assert_true(!c->chain_end || names__value(NAMES_CHAIN_END, c->chain_end) >= 0);
		assert_true(c->frames.n > 0 && !(c->frames.v[0].offset & CHAIN_FRAME_EXACT));
		sum.faults += (u64)c->faults;
		sum.populated += (u64)c->populated_pages;
		sum.released += (u64)c->released_pages;
		for (size_t k = 0; k < c->nr_backing; k++) {
			check_memory(&c->backing[k]);
			populated += c->backing[k].populated_pages;
			released += c->backing[k].released_pages;
		}
		if (!c->nr_backing)
			without += c->populated_pages;
		assert_true(populated <= c->populated_pages && released <= c->released_pages);
		of_sites += populated;
	}
	assert_int_equal(sum.faults, t->totals.faults);
	assert_int_equal(sum.populated, t->totals.populated);
	assert_int_equal(sum.released, t->totals.released);
	for (size_t i = 0; i < r->nr_backing; i++) {
		check_memory(&r->backing[i]);
		of_backings += r->backing[i].populated_pages;
	}
	assert_int_equal(of_backings, of_sites);
	assert_true(of_backings + without <= (int64_t)t->totals.populated);
}

static void check_totals(const struct truth *t)
{
	const struct record *r = t->m.record;

	assert_int_equal(r->totals.faults, t->totals.faults);
	assert_int_equal(r->totals.faults_user + r->totals.faults_kernel, t->totals.faults);
	assert_int_equal(r->totals.populated_pages, t->totals.populated);
	assert_int_equal(r->totals.released_pages, t->totals.released);
	assert_int_equal(r->totals.zero_populated_pages,
			 t->zeros_unknown ? RECORD_UNKNOWN : (int64_t)t->totals.zero_populated);
	assert_int_equal(r->totals.advice_calls, t->advice_calls);
	assert_int_equal(r->lost.events, t->lost);
	assert_true(is_count(r->totals.mapped_pages) && is_count(r->overhead.bpf_ns));
	assert_true(r->overhead.events >= 0 && r->start_ns <= r->end_ns);
	assert_true(names__value(NAMES_MODE, r->mode) >= 0);
	assert_int_equal(r->nr_target, t->m.facts.nr_targets);
}

static void check_threads(const struct truth *t)
{
	const struct record *r = t->m.record;
	struct site sum = {0};

	for (size_t i = 0; i < r->nr_threads; i++) {
		const struct record_thread *row = &r->threads[i];

		assert_true(row->tid || i + 1 == r->nr_threads);
		assert_true(row->faults >= 0 && row->populated_pages >= 0 &&
			    row->released_pages >= 0);
		assert_int_equal(row->zero_populated_pages == RECORD_UNKNOWN, t->zeros_unknown);
		sum.faults += (u64)row->faults;
		sum.populated += (u64)row->populated_pages;
		sum.released += (u64)row->released_pages;
		if (!t->zeros_unknown)
			sum.zero_populated += (u64)row->zero_populated_pages;
	}
	assert_int_equal(sum.faults, t->totals.faults);
	assert_int_equal(sum.populated, t->totals.populated);
	assert_int_equal(sum.released, t->totals.released);
	if (!t->zeros_unknown)
		assert_int_equal(sum.zero_populated, t->totals.zero_populated);
}

static void check_rows(const struct truth *t)
{
	const struct record *r = t->m.record;
	int64_t files = 0;

	for (size_t i = 0; i < r->nr_accounting; i++) {
		const struct record_accounting *a = &r->accounting[i];

		assert_non_null(a->name);
		assert_true(names__value(NAMES_KIND, a->kind) >= 0);
		assert_true(a->uncertainty_pages >= 0);
		if (!strcmp(a->kind, "page-tables"))
			continue;
		assert_int_equal(a->residual_pages, a->kernel_pages - a->traced_pages);
		if (a->pid) {
			assert_int_equal(a->traced_pages, t->anon[target_of(t, a->pid)]);
			assert_int_equal(a->residual_pages, t->anon_unseen[target_of(t, a->pid)]);
			continue;
		}
		assert_int_equal(a->traced_pages, t->files[a->inode - 10]);
		assert_int_equal(a->residual_pages, t->unseen[a->inode - 10]);
		files += a->traced_pages;
	}
	/* A file without a row did not move. */
	for (size_t i = 0; i < FILES; i++)
		files -= t->files[i];
	assert_int_equal(files, 0);
}

static u64 number_from(const char *name, u64 otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void it_holds_of_random_snapshots(void **state)
{
	u64 seed = number_from("MIGPOP_SEED", 20261130), runs = number_from("MIGPOP_RUNS", RUNS);
	static struct truth t;

	(void)state;
	printf("MIGPOP_SEED=%" PRIu64 " MIGPOP_RUNS=%" PRIu64 "\n", (uint64_t)seed, (uint64_t)runs);
	for (u64 run = 0; run < runs; run++) {
		/* Each run has a seed of its own, so that one which fails can be run alone. */
		random_state = (seed + run) * 0x9e3779b97f4a7c15ULL | 1;
		make(&t);
		assert_int_equal(made__make(&t.m), 0);
		check_totals(&t);
		check_callsites(&t);
		check_threads(&t);
		check_rows(&t);
		made__end(&t.m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_of_random_snapshots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
