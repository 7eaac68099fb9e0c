// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A record from hand-written snapshots: what it says was populated, by whom, what the kernel says
 * beside it, what was lost and what is not known.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "books_made.h"
#include "shared/task.h"

enum { PID = 4711, SECOND = 4712, DAEMON = 99, MEMFD = 7 };

static const struct backing_key memfd = {.id = MEMFD, .dev = 1, .kind = KIND_SHMEM};
static const struct backing_key anonymous = {.id = 0x7000, .tgid = PID, .kind = KIND_ANON};
static const struct backing_key disk = {.id = 12, .dev = 2, .kind = KIND_FILE};

static struct site_key key_of(u64 ip, const struct backing_key *backing)
{
	return (struct site_key){.ip = ip,
				 .backing = *backing,
				 .tgid = PID,
				 .syscall = SYSCALL_NONE,
				 .stack = STACK_NOT_TAKEN,
				 .access = ACCESS_READ,
				 .context = CONTEXT_USER};
}

static struct site reads(u64 pages)
{
	return (struct site){.faults = pages, .populated = pages, .zero_populated = pages};
}

static struct site writes(u64 pages)
{
	return (struct site){.faults = pages, .populated = pages};
}

/* 100 pages of a memfd that one call site read, and 10 private pages that another one wrote. */
static struct process *begin_usual(struct made *m)
{
	struct process *p = made__begin(m, PID, 50);
	struct site_key read = key_of(0x1000, &memfd), write = key_of(0x2000, &anonymous);

	write.access = ACCESS_WRITE;
	made__add_file(m, &memfd, PID, 1000, 1100);
	made__add_site(&m->after, &read, reads(100));
	made__add_site(&m->after, &write, writes(10));
	p->edges[EDGE_CLOSE].anon = p->edges[EDGE_CLOSE_BEFORE].anon = 60;
	return p;
}

static const struct record_accounting *row_of(const struct record *r, const char *kind, u32 pid)
{
	for (size_t i = 0; i < r->nr_accounting; i++)
		if (!strcmp(r->accounting[i].kind, kind) && (!pid || r->accounting[i].pid == pid))
			return &r->accounting[i];
	return NULL;
}

static void check_row(const struct record_accounting *a, int64_t traced, int64_t kernel,
		      int64_t uncertainty, enum record_books books)
{
	assert_non_null(a);
	assert_int_equal(a->traced_pages, traced);
	assert_int_equal(a->kernel_pages, kernel);
	assert_int_equal(a->uncertainty_pages, uncertainty);
	assert_int_equal(record_accounting__books(a), books);
}

static const struct record_callsite *site_at(const struct record *r, u64 ip)
{
	for (size_t i = 0; i < r->nr_callsites; i++)
		if (r->callsites[i].frames.n && r->callsites[i].frames.v[0].offset == ip)
			return &r->callsites[i];
	return NULL;
}

static const struct record_backing *backing_of(const struct record *r, const char *kind)
{
	for (size_t i = 0; i < r->nr_backing; i++)
		if (!strcmp(r->backing[i].kind, kind))
			return &r->backing[i];
	return NULL;
}

static void what_stands_still_balances(void **state)
{
	const struct record *r;
	struct made m;

	(void)state;
	begin_usual(&m);
	assert_int_equal(made__make(&m), 0);
	r = m.record;
	assert_int_equal(r->totals.populated_pages, 110);
	assert_int_equal(r->totals.zero_populated_pages, 100);
	assert_int_equal(r->totals.faults, 110);
	assert_int_equal(r->totals.faults_user, 110);
	assert_int_equal(r->totals.faults_kernel, 0);
	assert_int_equal(r->totals.released_pages, 0);
	assert_int_equal(r->nr_callsites, 2);
	assert_int_equal(r->nr_backing, 2);
	check_row(row_of(r, "shmem", 0), 100, 100, 0, RECORD_BOOKS_BALANCE);
	check_row(row_of(r, "anon", PID), 10, 10, 0, RECORD_BOOKS_BALANCE);
	assert_string_equal(row_of(r, "shmem", 0)->name, "memfd:ram0");
	assert_int_equal(r->start_ns, 1000000000);
	assert_int_equal(r->end_ns, 3000000000);
	assert_string_equal(r->mode, "tracepoint");
	assert_string_equal(r->stack, "cfi");
	assert_int_equal(r->callsites[0].fault_ns, RECORD_UNKNOWN);
	made__end(&m);
}

/* Only what the second snapshot has more than the first is the window's. */
static void what_was_counted_before_is_not_the_windows(void **state)
{
	struct site_key read = key_of(0x1000, &memfd), gone = key_of(0x3000, &memfd);
	struct made m;

	(void)state;
	begin_usual(&m);
	made__add_site(&m.before, &read, reads(30));
	made__add_site(&m.before, &gone, reads(5));
	made__add_site(&m.after, &gone, reads(5)); /* has counted nothing since */
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->totals.populated_pages, 80);
	assert_int_equal(m.record->nr_callsites, 2);
	check_row(row_of(m.record, "shmem", 0), 70, 100, 0, RECORD_BOOKS_DO_NOT);
	made__end(&m);
}

static void zero_pages(void **state)
{
	const struct look look = {memfd, 4096, 140};
	struct site_key write = key_of(0x3000, &memfd);
	const struct record_backing *b;
	struct made m;

	(void)state;
	begin_usual(&m);
	write.access = ACCESS_WRITE;
	made__add_site(&m.after, &write, writes(50));
	m.after.backings[0].value.open_pages = m.after.backings[0].value.open_before = 10;
	m.targets[0].looks = &look;
	m.targets[0].nr_looks = 1;
	assert_int_equal(made__make(&m), 0);
	/* Of 140 zero pages 100 were read and 10 were there before. */
	b = backing_of(m.record, "shmem");
	assert_int_equal(b->zero_populated_pages, 100);
	assert_int_equal(b->zero_written_pages, 30);
	assert_int_equal(b->looked_pages, 4096);
	assert_int_equal(m.record->totals.zero_written_pages, 30);
	assert_int_equal(site_at(m.record, 0x3000)->zero_written_pages, 30);
	assert_int_equal(site_at(m.record, 0x1000)->zero_written_pages, 0);
	assert_int_equal(site_at(m.record, 0x2000)->zero_written_pages, RECORD_UNKNOWN);
	made__end(&m);
}

/* Where a file system does not tell holes from data, nobody knows how many pages were zero. */
static void zero_pages_of_a_file_that_does_not_tell(void **state)
{
	struct site_key read = key_of(0x3000, &disk);
	struct made m;

	(void)state;
	begin_usual(&m);
	made__add_file(&m, &disk, PID, 0, 20)->flags = BACKING_HOLES_UNKNOWN;
	made__add_site(&m.after, &read, reads(20));
	made__add_thread(&m.after, PID, PID, reads(100));
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(backing_of(m.record, "file")->zero_populated_pages, RECORD_UNKNOWN);
	assert_int_equal(backing_of(m.record, "shmem")->zero_populated_pages, 100);
	assert_int_equal(m.record->totals.zero_populated_pages, RECORD_UNKNOWN);
	assert_int_equal(m.record->threads[0].zero_populated_pages, RECORD_UNKNOWN);
	check_row(row_of(m.record, "file", 0), 20, 20, 0, RECORD_BOOKS_BALANCE);
	/* A write tells: it fills the page. */
	for (size_t i = 0; i < 3; i++)
		if (m.after.sites[i].key.backing.kind == KIND_FILE)
			m.after.sites[i].key.access = ACCESS_WRITE;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->totals.zero_populated_pages, 120);
	made__end(&m);
}

static void what_was_not_seen_is_residual(void **state)
{
	struct process *p;
	struct made m;

	(void)state;
	p = begin_usual(&m);
	m.after.backings[0].value.exit_pages += 3;
	m.after.backings[0].value.exit_before += 3;
	p->edges[EDGE_CLOSE].anon -= 4;
	p->edges[EDGE_CLOSE_BEFORE].anon -= 4;
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "shmem", 0), 100, 103, 0, RECORD_BOOKS_DO_NOT);
	assert_int_equal(row_of(m.record, "shmem", 0)->residual_pages, 3);
	check_row(row_of(m.record, "anon", PID), 10, 6, 0, RECORD_BOOKS_DO_NOT);
	assert_int_equal(row_of(m.record, "anon", PID)->residual_pages, -4);
	made__end(&m);
}

static void a_window_that_opened_late(void **state)
{
	struct made m;

	(void)state;
	begin_usual(&m);
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->late_ns, 0);
	m.facts.late_ns = 5000;
	m.facts.late_pages = 12;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->late_ns, 5000);
	assert_int_equal(m.record->late_pages, 12);
	m.facts.late_ns = m.facts.late_pages = RECORD_UNKNOWN;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->late_ns, RECORD_UNKNOWN);
	made__end(&m);
}

static void events_without_room_in_each_table(void **state)
{
	static const struct {
		const char *kind;
		enum record_table table;
	} tables[NR_LOST] = {
		[LOST_SITES] = {"events_without_a_call_site_entry", TABLE_CALLSITES},
		[LOST_TASKS] = {"events_without_a_thread_entry", TABLE_THREADS},
		[LOST_BACKINGS] = {"backings_without_an_entry", TABLE_BACKINGS},
		[LOST_ADVICE] = {"advice_without_an_entry", TABLE_ADVICE},
	};

	(void)state;
	for (int i = 0; i < NR_LOST; i++) {
		struct process *p;
		struct made m;

		p = begin_usual(&m);
		m.before.s.counters.lost[i] = 5;
		m.after.s.counters.lost[i] = 7; /* of nobody known */
		p->lost[i] = 3;
		assert_int_equal(made__make(&m), 0);
		assert_int_equal(m.record->lost.events, 5);
		assert_int_equal(m.record->lost.nr_kinds, NR_LOST + 1);
		assert_string_equal(m.record->lost.kinds[i].name, tables[i].kind);
		assert_int_equal(m.record->lost.kinds[i].n, 5);
		assert_int_equal(m.record->lost.nr_room, 1);
		assert_int_equal(m.record->lost.room[0].table, tables[i].table);
		assert_int_equal(m.record->lost.room[0].pages, RECORD_UNKNOWN);
		/* If others share the tracer, nobody knows whose the first two are. */
		m.facts.windowed = true;
		assert_int_equal(made__make(&m), 0);
		assert_int_equal(m.record->lost.events, 3);
		made__end(&m);
	}
}

static void runs_that_the_kernel_skipped(void **state)
{
	struct made m;

	(void)state;
	begin_usual(&m);
	m.before.s.counters.missed = 4;
	m.after.s.counters.missed = 6;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->lost.events, 2);
	assert_string_equal(m.record->lost.kinds[NR_LOST].name, "program_runs_missed");
	/* Some turned out to be none. */
	m.after.s.counters.missed = 3;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->lost.events, 0);
	made__end(&m);
}

static void both_edges_are_uncertain(void **state)
{
	struct process *p;
	u64 again = 1109;
	struct made m;

	(void)state;
	p = begin_usual(&m);
	m.after.backings[0].value.open_before -= 5;
	m.after.backings[0].value.exit_before += 7;
	p->edges[EDGE_OPEN].running = 2;
	p->settled = 3;
	p->edges[EDGE_OPEN_BEFORE].anon -= 11;
	p->edges[EDGE_CLOSE_BEFORE].anon -= 13;
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "shmem", 0), 100, 100, 17, RECORD_BOOKS_BALANCE);
	check_row(row_of(m.record, "anon", PID), 10, 10, 29, RECORD_BOOKS_BALANCE);
	m.facts.slack = 100;
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "anon", PID), 10, 10, 229, RECORD_BOOKS_BALANCE);
	/* While the window is open, the figures of /proc are the last. */
	p->exited = 0;
	m.after.backings[0].value.exited = 0;
	m.after.backings[0].value.pages_now = 1101;
	m.after.s.pages_again = &again;
	m.after.figures[0] = (struct target_figures){.figures = {.anon = 61, .known = 1},
						     .rss = 61};
	m.facts.slack_now = 1000;
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "shmem", 0), 100, 101, 18, RECORD_BOOKS_BALANCE);
	check_row(row_of(m.record, "anon", PID), 10, 11, 1216, RECORD_BOOKS_BALANCE);
	made__end(&m);
}

static void the_end_of_a_process_is_after_the_books(void **state)
{
	struct site_key end = key_of(0, &anonymous);
	struct made m;

	(void)state;
	begin_usual(&m);
	end.syscall = SYSCALL_EXIT;
	end.context = CONTEXT_SYSCALL;
	made__add_site(&m.after, &end, (struct site){.released = 60});
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->totals.released_pages, 60);
	check_row(row_of(m.record, "anon", PID), 10, 10, 0, RECORD_BOOKS_BALANCE);
	made__end(&m);
}

/* Kernels up to 6.15 do not tell the figures of a process that has ended. */
static void a_process_that_ended_unseen(void **state)
{
	struct process *p;
	struct made m;

	(void)state;
	p = begin_usual(&m);
	p->edges[EDGE_CLOSE].known = 0;
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "anon", PID), 10, RECORD_UNKNOWN, 0, RECORD_BOOKS_UNKNOWN);
	assert_int_equal(m.record->target[0].rss_pages_after, 50); /* by /proc */
	/* It was looked at when it stood at its end. */
	m.targets[0].stands_at_end = true;
	m.after.figures[0] = (struct target_figures){.figures = {.anon = 60, .known = 1},
						     .rss = -1};
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "anon", PID), 10, 10, 0, RECORD_BOOKS_BALANCE);
	assert_int_equal(m.record->target[0].rss_pages_after, RECORD_UNKNOWN);
	assert_int_equal(m.record->target[0].rss_pages_before, 50);
	made__end(&m);
}

static void two_targets(void **state)
{
	const struct backing_key of_second = {.id = 0x7000, .tgid = SECOND, .kind = KIND_ANON};
	struct site_key write = key_of(0x2000, &of_second);
	struct process *p;
	struct made m;

	(void)state;
	begin_usual(&m);
	p = made__add_target(&m, SECOND, 500);
	write.tgid = SECOND;
	made__add_site(&m.after, &write, writes(25));
	p->edges[EDGE_CLOSE].anon = p->edges[EDGE_CLOSE_BEFORE].anon = 525;
	p->lost[LOST_SITES] = 2;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->nr_target, 2);
	assert_int_equal(m.record->target[1].pid, SECOND);
	assert_int_equal(m.record->target[1].rss_pages_after, 525);
	check_row(row_of(m.record, "anon", PID), 10, 10, 0, RECORD_BOOKS_BALANCE);
	check_row(row_of(m.record, "anon", SECOND), 25, 25, 0, RECORD_BOOKS_BALANCE);
	assert_int_equal(m.record->totals.populated_pages, 135);
	assert_int_equal(m.record->lost.events, 2);
	made__end(&m);
}

/* A process that is no target has populated memory of one: a vhost-user daemon. */
static void memory_that_another_populated(void **state)
{
	struct site_key key = key_of(0x5000, &memfd);
	struct made m;

	(void)state;
	begin_usual(&m);
	key.tgid = DAEMON;
	made__add_site(&m.after, &key, reads(7));
	m.names[0] = (struct thread_name){DAEMON, (char *)"virtiofsd"};
	m.facts.nr_names = 1;
	assert_int_equal(made__make(&m), 0);
	assert_string_equal(site_at(m.record, 0x5000)->comm, "virtiofsd");
	assert_null(site_at(m.record, 0x1000)->comm);
	check_row(row_of(m.record, "shmem", 0), 107, 100, 0, RECORD_BOOKS_DO_NOT);
	/* It is gone, and a thread of it has left its name. */
	m.facts.nr_names = 0;
	strcpy(made__add_thread(&m.after, DAEMON, DAEMON + 1, reads(7))->value.comm, "worker");
	assert_int_equal(made__make(&m), 0);
	assert_string_equal(site_at(m.record, 0x5000)->comm, "worker");
	made__end(&m);
}

/* The window is one process's: what another owns was not read at its edges. */
static void windowed(void **state)
{
	struct backing_row *open;
	struct made m;

	(void)state;
	begin_usual(&m);
	m.facts.windowed = true;
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "shmem", 0), 100, 100, 0, RECORD_BOOKS_BALANCE);
	m.after.backings[0].value.owner = SECOND;
	m.after.backings[0].value.pages_now = 1500;
	open = &m.before.backings[m.before.s.counters.nr_backings++];
	*open = (struct backing_row){.key = memfd, .value = {.pages_now = 1400}};
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "shmem", 0), 100, 100, 0, RECORD_BOOKS_BALANCE);
	made__end(&m);
}

static void the_migration_of_a_window(void **state)
{
	const struct window w = {.incoming = 1, .closed_by = SIGNAL_STREAM_END};
	struct made m;

	(void)state;
	begin_usual(&m);
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->migration.role, ROLE_UNKNOWN);
	m.facts.migration = &w;
	m.facts.outcome = OUTCOME_COMPLETED;
	m.facts.closed_by_text = "it came";
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->migration.role, ROLE_DESTINATION);
	assert_int_equal(m.record->migration.outcome, OUTCOME_COMPLETED);
	assert_int_equal(m.record->migration.total_ms, RECORD_UNKNOWN);
	assert_string_equal(m.record->closed_by_text, "it came");
	made__end(&m);
}

static void huge_pages(void **state)
{
	const struct backing_key private = {.id = 0x200000, .tgid = PID, .kind = KIND_HUGETLB};
	const struct backing_key shared = {.id = 9, .dev = 3, .kind = KIND_HUGETLB};
	struct site_key a = key_of(0x3000, &private), b = key_of(0x4000, &shared);
	const struct record_accounting *row;
	struct process *p;
	struct made m;

	(void)state;
	p = begin_usual(&m);
	made__add_file(&m, &shared, PID, 0, 512);
	made__add_site(&m.after, &a, reads(1024));
	made__add_site(&m.after, &b, reads(512));
	p->edges[EDGE_CLOSE].hugetlb = 1024;
	assert_int_equal(made__make(&m), 0);
	for (size_t i = 0; i < m.record->nr_accounting; i++) {
		row = &m.record->accounting[i];
		if (strcmp(row->kind, "hugetlb"))
			continue;
		check_row(row, row->pid ? 1024 : 512, row->pid ? 1024 : 512, 0,
			  RECORD_BOOKS_BALANCE);
	}
	/* A thread was clearing a huge page when the window opened. */
	m.facts.pages_of_fault = 512;
	p->edges[EDGE_OPEN].running = 1;
	p->edges[EDGE_CLOSE].anon += 512;
	p->edges[EDGE_CLOSE_BEFORE].anon += 512;
	assert_int_equal(made__make(&m), 0);
	check_row(row_of(m.record, "anon", PID), 10, 522, 513, RECORD_BOOKS_BALANCE);
	made__end(&m);
}

static void advice(void **state)
{
	const struct advice_key remove = {.ip = 0x8000,
					  .tgid = PID,
					  .syscall = SYS_madvise,
					  .behavior = MADV_REMOVE,
					  .stack = STACK_NOT_TAKEN};
	struct advice_key failed = remove;
	const struct record_advice *a;
	struct made m;

	(void)state;
	begin_usual(&m);
	failed.error = EINVAL;
	made__add_advice(&m.before, &remove, (struct advice){2, 8192, 2});
	made__add_advice(&m.after, &remove, (struct advice){5, 20480, 4});
	made__add_advice(&m.after, &failed, (struct advice){1, 4096, 0});
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->nr_advice, 2);
	a = &m.record->advice[m.record->advice[0].failed ? 1 : 0];
	assert_string_equal(a->call, "madvise");
	assert_string_equal(a->behavior, "MADV_REMOVE");
	assert_int_equal(a->calls, 3);
	assert_int_equal(a->bytes, 12288);
	assert_int_equal(a->released_pages, 2);
	assert_null(a->error);
	assert_true(a->frames.n == 1 && a->frames.v[0].is_return);
	a = &m.record->advice[m.record->advice[0].failed ? 0 : 1];
	assert_int_equal(a->failed, 1);
	assert_string_equal(a->error, "EINVAL");
	assert_int_equal(m.record->totals.advice_calls, 4);
	assert_int_equal(m.record->totals.advice_bytes, 16384);
	made__end(&m);
}

static void threads_and_what_is_left_over(void **state)
{
	const struct record_thread *t;
	struct made m;

	(void)state;
	begin_usual(&m);
	made__add_thread(&m.before, PID, PID, reads(1000));
	made__add_thread(&m.after, PID, PID, reads(1060));
	made__add_thread(&m.after, PID, PID + 1, (struct site){0});
	strcpy(made__add_thread(&m.after, PID, PID + 2, writes(10))->value.comm, "gone");
	m.names[0] = (struct thread_name){PID, (char *)"qemu"};
	m.facts.nr_names = 1;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->nr_threads, 3);
	t = m.record->threads;
	assert_string_equal(t[0].comm, "qemu");
	assert_int_equal(t[0].populated_pages, 60);
	assert_int_equal(t[0].zero_populated_pages, 60);
	assert_string_equal(t[1].comm, "gone");
	assert_int_equal(t[1].populated_pages, 10);
	assert_int_equal(t[2].tid, 0);
	assert_null(t[2].comm);
	assert_int_equal(t[2].populated_pages, 40);
	assert_int_equal(t[2].zero_populated_pages, 40);
	/* Nothing is left over: there is no such row. */
	made__add_thread(&m.after, PID, PID + 3, reads(40));
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->nr_threads, 3);
	assert_int_equal(m.record->threads[2].tid, PID + 3);
	made__end(&m);
}

static void overhead(void **state)
{
	struct made m;

	(void)state;
	begin_usual(&m);
	m.after.s.counters.events = 100;
	m.after.s.counters.sampled_ns = 50;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->overhead.events, 100); /* too few of them were timed */
	assert_int_equal(m.record->overhead.bpf_ns, RECORD_UNKNOWN);
	assert_true(isnan(m.record->overhead.ns_per_event));
	m.before.s.counters.events = 100;
	m.after.s.counters.events = 100 + 1000L * EVENTS_PER_SAMPLE;
	m.after.s.counters.sampled_ns = 50 + 200 * 1000;
	m.before.s.counters.sampled_ns = 50;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->overhead.bpf_ns, 200 * 1000L * EVENTS_PER_SAMPLE);
	assert_true(m.record->overhead.ns_per_event == 200);
	assert_true(fabs(m.record->overhead.share_of_window - 0.0251) < 1e-9);
	/* A thread ended while the counters were read. */
	m.before.s.counters.sampled_ns = m.after.s.counters.sampled_ns + 1;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->overhead.bpf_ns, RECORD_UNKNOWN);
	m.before.s.counters.events = m.after.s.counters.events + 1;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->overhead.events, 0);
	made__end(&m);
}

static void frames_are_addresses(void **state)
{
	static const u64 frames[] = {0x10, 0x20, 0x30 | CHAIN_FRAME_EXACT};
	struct site_key key = key_of(0x10, &memfd);
	const struct record_callsite *c;
	struct made m;

	(void)state;
	begin_usual(&m);
	made__add_chain(&m, 5, CHAIN_COMPLETE, 3, frames);
	key.stack = 5;
	made__add_site(&m.after, &key, reads(1));
	key.ip = 0x11;
	key.stack = STACK_NOT_KEPT;
	made__add_site(&m.after, &key, reads(1));
	key.ip = 0x12;
	key.stack = 6; /* could not be read */
	key.syscall = SYS_read;
	made__add_site(&m.after, &key, reads(1));
	assert_int_equal(made__make(&m), 0);
	c = site_at(m.record, 0x10);
	assert_int_equal(c->frames.n, 3);
	assert_string_equal(c->chain_end, "complete");
	assert_false(c->frames.v[0].is_return); /* it has faulted there */
	assert_true(c->frames.v[1].is_return);
	assert_false(c->frames.v[2].is_return); /* a signal has interrupted it there */
	assert_int_equal(c->frames.v[2].offset, 0x30);
	assert_null(c->frames.v[0].module);
	c = site_at(m.record, 0x11);
	assert_int_equal(c->frames.n, 1);
	assert_string_equal(c->chain_end, chain_end__name(CHAIN_NOT_KEPT));
	c = site_at(m.record, 0x12);
	assert_null(c->chain_end);
	assert_true(c->frames.v[0].is_return);
	assert_string_equal(c->syscall, "read");
	made__end(&m);
}

/* What was unwound at once and what was unwound later are one call site, if the chains are equal
 * and it is known where they end. */
static void equal_chains_are_one_call_site(void **state)
{
	static const u64 frames[] = {0x10, 0x20}, others[] = {0x10, 0x21};
	static const struct {
		u32 end;
		size_t sites; /* of chains 1, 2, 3 and 4 */
	} cases[] = {{CHAIN_COMPLETE, 2},
		     {CHAIN_JIT, 2},
		     {CHAIN_NO_MAPPING, 4},
		     {CHAIN_STALE_MAPPING, 4}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct site_key key = key_of(0x10, &memfd);
		struct made m;

		begin_usual(&m);
		m.after.s.counters.nr_sites = 0;
		made__add_chain(&m, 1, cases[i].end, 2, frames);
		made__add_chain(&m, 2, cases[i].end, 2, others);
		made__add_chain(&m, 3, cases[i].end, 2, frames);
		made__add_chain(&m, 4, cases[i].end, 2, others);
		for (key.stack = 1; key.stack <= 4; key.stack++)
			made__add_site(&m.after, &key, reads(25));
		assert_int_equal(made__make(&m), 0);
		assert_int_equal(m.record->nr_callsites, cases[i].sites);
		assert_int_equal(m.record->callsites[0].populated_pages,
				 100 / (int64_t)cases[i].sites);
		assert_int_equal(m.record->nr_backing, 1);
		check_row(row_of(m.record, "shmem", 0), 100, 100, 0, RECORD_BOOKS_BALANCE);
		made__end(&m);
	}
}

/* Chains that differ in length or in how they end are not equal. */
static void chains_that_differ(void **state)
{
	static const u64 frames[] = {0x10, 0x20};
	struct site_key key = key_of(0x10, &memfd);
	struct made m;

	(void)state;
	begin_usual(&m);
	m.after.s.counters.nr_sites = 0;
	made__add_chain(&m, 1, CHAIN_COMPLETE, 2, frames);
	made__add_chain(&m, 2, CHAIN_JIT, 2, frames);
	made__add_chain(&m, 3, CHAIN_COMPLETE, 1, frames);
	for (key.stack = 1; key.stack <= 3; key.stack++)
		made__add_site(&m.after, &key, reads(10));
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->nr_callsites, 3);
	made__end(&m);
}

static void one_call_site_in_two_backings(void **state)
{
	struct site_key key = key_of(0x1000, &anonymous);
	const struct record_callsite *c;
	struct made m;

	(void)state;
	begin_usual(&m);
	m.facts.mode = MODE_FENTRY;
	made__add_site(&m.after, &key, (struct site){.faults = 5, .populated = 5, .fault_ns = 900});
	assert_int_equal(made__make(&m), 0);
	c = site_at(m.record, 0x1000);
	assert_int_equal(m.record->nr_callsites, 2);
	assert_int_equal(c->nr_backing, 2);
	assert_int_equal(c->populated_pages, 105);
	assert_int_equal(c->fault_ns, 900);
	made__end(&m);
}

/* What a backing is called, and by what its RAM block is found. */
static void names_of_backings(void **state)
{
	static const struct {
		u32 kind, tgid, flags;
		const char *name;
		u64 start, end;
		const char *shown;
	} cases[] = {
		{KIND_ANON, PID, BACKING_HEAP, "", 0x1000, 0x2000, "[heap]"},
		{KIND_ANON, PID, BACKING_STACK, "", 0x1000, 0x2000, "[stack]"},
		{KIND_ANON, PID, 0, "", 0x1000, 0x2000, "[anon 0x1000]"},
		{KIND_ANON, PID, 0, "", 0, 0, "[anon]"},
		{KIND_HUGETLB, PID, 0, "", 0x1000, 0x2000, "[hugetlb]"},
		{KIND_SHMEM, 0, 0, "", 0x1000, 0x2000, "[unnamed]"},
		{KIND_PRIVATE_FILE, PID, 0, "libc.so.6", 0x1000, 0x2000, "libc.so.6"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct backing_key key = {.id = 0x1000,
					  .tgid = cases[i].tgid,
					  .kind = cases[i].kind,
					  .dev = cases[i].tgid ? 0 : 1};
		struct site_key site = key_of(0x10, &key);
		const struct record_backing *b;
		struct backing *backing;
		struct made m;

		made__begin(&m, PID, 50);
		backing = made__add_file(&m, &key, PID, 0, 1);
		backing->flags = cases[i].flags;
		backing->start = cases[i].start;
		backing->end = cases[i].end;
		memset(backing->name, 0, sizeof(backing->name));
		strcpy(backing->name, cases[i].name);
		made__add_site(&m.after, &site, reads(1));
		assert_int_equal(made__make(&m), 0);
		b = &m.record->backing[0];
		assert_string_equal(b->name, cases[i].shown);
		assert_int_equal(b->shared, !cases[i].tgid);
		assert_int_equal(b->place.pid, cases[i].tgid);
		assert_int_equal(b->place.dev, key.dev);
		assert_int_equal(b->place.inode, cases[i].tgid ? 0 : 0x1000);
		assert_int_equal(b->place.start, cases[i].start);
		assert_null(b->ram_block);
		made__end(&m);
	}
}

static void timeline_and_phases(void **state)
{
	static const struct phase_mark marks[] = {{500000000, PHASE_SETUP, 0},
						  {1500000000, PHASE_PRECOPY, 1},
						  {2500000000, PHASE_NONE, 0}};
	struct record_tick ticks[2];
	struct made m;

	(void)state;
	begin_usual(&m);
	books__tick(&m.before.s, &m.after.s, &ticks[0]);
	assert_int_equal(ticks[0].t_ns, 2000000000);
	assert_int_equal(ticks[0].faults, 110);
	assert_int_equal(ticks[0].populated_pages, 110);
	assert_int_equal(ticks[0].rss_pages, 50);
	ticks[1] = ticks[0];
	m.facts.ticks = ticks;
	m.facts.nr_ticks = 2;
	m.facts.phases = marks;
	m.facts.nr_phases = 3;
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->nr_timeline, 2);
	assert_int_equal(m.record->timeline[1].populated_pages, 110);
	assert_int_equal(m.record->nr_phases, 2);
	assert_string_equal(m.record->phases[1].name, "precopy");
	assert_int_equal(m.record->phases[1].begin_ns, 500000000);
	assert_int_equal(m.record->phases[1].end_ns, 1500000000);
	made__end(&m);
}

static void figures_that_were_read_again(void **state)
{
	struct backing_row now[] = {{.key = memfd, .value = {.pages_now = 5}},
				    {.key = disk, .value = {.pages_now = 6}}};
	struct backing_row later[] = {{.key = disk, .value = {.pages_now = 8}}};
	const struct counters c = {.backings = now, .nr_backings = 2},
			      again = {.backings = later, .nr_backings = 1};
	u64 pages[2];

	(void)state;
	books__pages_again(&c, &again, pages);
	assert_int_equal(pages[0], 5);
	assert_int_equal(pages[1], 8);
}

static void nothing_happened(void **state)
{
	struct made m;

	(void)state;
	made__begin(&m, PID, 50);
	assert_int_equal(made__make(&m), 0);
	assert_int_equal(m.record->nr_callsites, 0);
	assert_int_equal(m.record->nr_backing, 0);
	assert_int_equal(m.record->nr_threads, 0);
	assert_int_equal(m.record->totals.populated_pages, 0);
	assert_int_equal(m.record->totals.zero_written_pages, RECORD_UNKNOWN);
	check_row(row_of(m.record, "anon", PID), 0, 0, 0, RECORD_BOOKS_BALANCE);
	made__end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_happened),
		cmocka_unit_test(what_stands_still_balances),
		cmocka_unit_test(what_was_counted_before_is_not_the_windows),
		cmocka_unit_test(zero_pages),
		cmocka_unit_test(zero_pages_of_a_file_that_does_not_tell),
		cmocka_unit_test(what_was_not_seen_is_residual),
		cmocka_unit_test(a_window_that_opened_late),
		cmocka_unit_test(events_without_room_in_each_table),
		cmocka_unit_test(runs_that_the_kernel_skipped),
		cmocka_unit_test(both_edges_are_uncertain),
		cmocka_unit_test(the_end_of_a_process_is_after_the_books),
		cmocka_unit_test(a_process_that_ended_unseen),
		cmocka_unit_test(two_targets),
		cmocka_unit_test(memory_that_another_populated),
		cmocka_unit_test(windowed),
		cmocka_unit_test(the_migration_of_a_window),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(advice),
		cmocka_unit_test(threads_and_what_is_left_over),
		cmocka_unit_test(overhead),
		cmocka_unit_test(frames_are_addresses),
		cmocka_unit_test(equal_chains_are_one_call_site),
		cmocka_unit_test(chains_that_differ),
		cmocka_unit_test(one_call_site_in_two_backings),
		cmocka_unit_test(names_of_backings),
		cmocka_unit_test(timeline_and_phases),
		cmocka_unit_test(figures_that_were_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
