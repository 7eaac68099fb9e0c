// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows of the books of a record from hand-written snapshots: the kernel's figures beside the traced
 * ones, and how uncertain they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "books_usual.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_seen_is_residual),
		cmocka_unit_test(both_edges_are_uncertain),
		cmocka_unit_test(the_end_of_a_process_is_after_the_books),
		cmocka_unit_test(a_process_that_ended_unseen),
		cmocka_unit_test(two_targets),
		cmocka_unit_test(memory_that_another_populated),
		cmocka_unit_test(windowed),
		cmocka_unit_test(huge_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
