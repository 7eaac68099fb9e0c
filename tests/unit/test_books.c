// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A record from hand-written snapshots: what it says was populated and when, by which threads, what was
 * lost and what is not known.
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

#include "books_usual.h"
#include "shared/task.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_happened),
		cmocka_unit_test(what_stands_still_balances),
		cmocka_unit_test(what_was_counted_before_is_not_the_windows),
		cmocka_unit_test(zero_pages),
		cmocka_unit_test(zero_pages_of_a_file_that_does_not_tell),
		cmocka_unit_test(a_window_that_opened_late),
		cmocka_unit_test(events_without_room_in_each_table),
		cmocka_unit_test(runs_that_the_kernel_skipped),
		cmocka_unit_test(the_migration_of_a_window),
		cmocka_unit_test(advice),
		cmocka_unit_test(threads_and_what_is_left_over),
		cmocka_unit_test(overhead),
		cmocka_unit_test(timeline_and_phases),
		cmocka_unit_test(figures_that_were_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
