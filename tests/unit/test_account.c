// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The books from hand-written snapshots: what balances, what does not, and how uncertain it is at
 * both edges; then, over random snapshots, that the rows of the books are the sums of the call
 * sites.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "books/account.h"

enum { PID = 4711, OTHER = 4712, MEMFD = 7, FILES_MAX = 5, SITES_MAX = 40 };

/* One process with one memfd, that has populated 100 pages of it by reads, and 10 anonymous ones.
 */
struct books {
	struct site_row sites[SITES_MAX];
	struct backing_row backings[FILES_MAX];
	struct process_row process;
	struct snapshot before, after;
	struct target_figures figures;
	struct facts_target target;
	struct facts facts;
	struct record *record;
};

static const struct backing_key memfd = {.id = MEMFD, .dev = 1, .kind = KIND_SHMEM};
static const struct backing_key anonymous = {.id = 4096, .tgid = PID, .kind = KIND_ANON};

static struct site_row *add_site(struct books *b, const struct backing_key *backing, s32 syscall,
				 u64 populated, u64 released)
{
	struct site_row *row = &b->sites[b->after.counters.nr_sites++];

	*row = (struct site_row){
		.key = {.ip = b->after.counters.nr_sites,
			.backing = *backing,
			.tgid = PID,
			.syscall = syscall},
		.value = {.faults = populated, .populated = populated, .released = released},
	};
	return row;
}

static struct backing *add_file(struct books *b, u64 id, u64 open, u64 close)
{
	struct backing_row *row = &b->backings[b->after.counters.nr_backings++];

	row->key = memfd;
	row->key.id = id;
	row->value = (struct backing){
		.open_before = open,
		.open_pages = open,
		.exit_before = close,
		.exit_pages = close,
		.pages_now = close + 1000, /* is of later */
		.exited = 1,
		.owner = PID,
		.name = "memfd:ram0",
	};
	return &row->value;
}

static void begin(struct books *b)
{
	struct figures *edges = b->process.value.edges;

	memset(b, 0, sizeof(*b));
	b->after.counters.sites = b->sites;
	b->after.counters.backings = b->backings;
	b->after.counters.processes = &b->process;
	b->after.counters.nr_processes = 1;
	b->process.tgid = PID;
	b->process.value.exited = 1;
	edges[EDGE_OPEN_BEFORE] = edges[EDGE_OPEN] =
		(struct figures){.anon = 50, .page_tables = 8192, .known = 1};
	edges[EDGE_CLOSE_BEFORE] = edges[EDGE_CLOSE] =
		(struct figures){.anon = 60, .page_tables = 16384, .known = 1};
	b->after.figures = &b->figures;
	b->after.nr_targets = 1;
	b->target = (struct facts_target){.pid = PID};
	b->facts = (struct facts){.targets = &b->target,
				  .nr_targets = 1,
				  .counts_files = true,
				  .waiting = 62,
				  .pages_of_fault = 1,
				  .page_size = 4096};
}

static void begin_usual(struct books *b)
{
	begin(b);
	add_file(b, MEMFD, 1000, 1100);
	add_site(b, &memfd, SYSCALL_NONE, 100, 0);
	add_site(b, &anonymous, SYSCALL_NONE, 10, 0);
}

/* The row of that kind and, where it is not 0, that inode. */
static const struct record_accounting *row_of(const struct books *b, const char *kind, u64 inode)
{
	for (size_t i = 0; i < b->record->nr_accounting; i++)
		if (!strcmp(b->record->accounting[i].kind, kind) &&
		    (!inode || b->record->accounting[i].inode == inode))
			return &b->record->accounting[i];
	return NULL;
}

static const struct record_accounting *fill(struct books *b, const char *kind)
{
	record__free(b->record);
	b->record = record__new();
	assert_int_equal(account__fill(&b->before, &b->after, b->sites, b->after.counters.nr_sites,
				       &b->facts, b->record),
			 0);
	return row_of(b, kind, 0);
}

static void end(struct books *b)
{
	record__free(b->record);
}

static void check_row(const struct record_accounting *a, int64_t traced, int64_t kernel,
		      int64_t uncertainty, enum record_books books)
{
	assert_non_null(a);
	assert_int_equal(a->traced_pages, traced);
	assert_int_equal(a->kernel_pages, kernel);
	assert_int_equal(a->uncertainty_pages, uncertainty);
	if (traced != RECORD_UNKNOWN && kernel != RECORD_UNKNOWN)
		assert_int_equal(a->residual_pages, kernel - traced);
	assert_int_equal(record_accounting__books(a), books);
}

static void what_stands_still_balances(void **state)
{
	struct books b;

	(void)state;
	begin_usual(&b);
	check_row(fill(&b, "shmem"), 100, 100, 0, RECORD_BOOKS_BALANCE);
	check_row(row_of(&b, "anon", 0), 10, 10, 0, RECORD_BOOKS_BALANCE);
	check_row(row_of(&b, "page-tables", 0), RECORD_UNKNOWN, 2, 0, RECORD_BOOKS_UNKNOWN);
	end(&b);
}

static void what_nobody_touched_has_no_row(void **state)
{
	struct books b;

	(void)state;
	begin(&b);
	add_file(&b, MEMFD, 1000, 1000);
	assert_null(fill(&b, "shmem"));
	check_row(row_of(&b, "anon", 0), 0, 10, 0, RECORD_BOOKS_DO_NOT);
	end(&b);
}

static void what_was_not_seen_is_residual(void **state)
{
	struct books b;

	(void)state;
	begin_usual(&b);
	b.backings[0].value.exit_pages += 3;
	b.backings[0].value.exit_before += 3;
	check_row(fill(&b, "shmem"), 100, 103, 0, RECORD_BOOKS_DO_NOT);
	/* A page that was given back and not seen. */
	b.backings[0].value.exit_pages -= 4;
	b.backings[0].value.exit_before -= 4;
	check_row(fill(&b, "shmem"), 100, 99, 0, RECORD_BOOKS_DO_NOT);
	end(&b);
}

static void both_edges_are_uncertain(void **state)
{
	struct books b;

	(void)state;
	begin_usual(&b);
	b.backings[0].value.open_before -= 5;
	check_row(fill(&b, "shmem"), 100, 100, 5, RECORD_BOOKS_BALANCE);
	b.backings[0].value.exit_before += 7; /* pages may go as well */
	check_row(fill(&b, "shmem"), 100, 100, 12, RECORD_BOOKS_BALANCE);
	b.process.value.edges[EDGE_OPEN].running = 2;
	b.process.value.settled = 3;
	check_row(fill(&b, "shmem"), 100, 100, 17, RECORD_BOOKS_BALANCE);
	check_row(row_of(&b, "anon", 0), 10, 10, 5, RECORD_BOOKS_BALANCE);
	/* Either thread may have been in the midst of a huge page, where the figures show one. */
	b.facts.pages_of_fault = 512;
	check_row(fill(&b, "anon"), 10, 10, 5, RECORD_BOOKS_BALANCE);
	b.process.value.edges[EDGE_OPEN].anon -= 512;
	b.process.value.edges[EDGE_OPEN_BEFORE].anon -= 512;
	check_row(fill(&b, "anon"), 10, 522, 517, RECORD_BOOKS_BALANCE);
	b.process.value.edges[EDGE_OPEN].anon -= 1024;
	b.process.value.edges[EDGE_OPEN_BEFORE].anon -= 1024;
	check_row(fill(&b, "anon"), 10, 1546, 5, RECORD_BOOKS_DO_NOT);
	b.process.value.edges[EDGE_OPEN].anon += 1536;
	b.process.value.edges[EDGE_OPEN_BEFORE].anon += 1536;
	b.facts.pages_of_fault = 1;
	b.process.value.edges[EDGE_OPEN_BEFORE].anon -= 1;
	b.process.value.edges[EDGE_CLOSE_BEFORE].anon -= 2;
	check_row(fill(&b, "anon"), 10, 10, 8, RECORD_BOOKS_BALANCE);
	b.backings[0].value.exit_pages += 17;
	b.backings[0].value.exit_before += 17;
	check_row(fill(&b, "shmem"), 100, 117, 17, RECORD_BOOKS_BALANCE);
	b.backings[0].value.exit_pages++;
	b.backings[0].value.exit_before++;
	check_row(fill(&b, "shmem"), 100, 118, 17, RECORD_BOOKS_DO_NOT);
	end(&b);
}

static void inexact_kernels_say_so(void **state)
{
	struct books b;

	(void)state;
	begin_usual(&b);
	b.facts.slack = 128;
	check_row(fill(&b, "anon"), 10, 10, 256, RECORD_BOOKS_BALANCE);
	check_row(row_of(&b, "shmem", 0), 100, 100, 0, RECORD_BOOKS_BALANCE);
	end(&b);
}

static void a_window_that_is_still_open(void **state)
{
	struct books b;
	u64 again = 1108;

	(void)state;
	begin_usual(&b);
	b.backings[0].value.exited = 0;
	b.backings[0].value.pages_now = 1105;
	b.process.value.exited = 0;
	b.figures.figures = (struct figures){.anon = 61, .page_tables = 16384, .known = 1};
	b.after.pages_again = &again;
	b.facts.slack_now = 128;
	check_row(fill(&b, "shmem"), 100, 105, 3, RECORD_BOOKS_DO_NOT);
	check_row(row_of(&b, "anon", 0), 10, 11, 128, RECORD_BOOKS_BALANCE);
	b.target.stands_at_end = true;
	check_row(fill(&b, "anon"), 10, 11, 0, RECORD_BOOKS_DO_NOT);
	end(&b);
}

static void who_is_gone_is_not_known(void **state)
{
	struct books b;

	(void)state;
	begin_usual(&b);
	b.process.value.edges[EDGE_CLOSE].known = 0; /* up to 6.15 */
	check_row(fill(&b, "anon"), 10, RECORD_UNKNOWN, 0, RECORD_BOOKS_UNKNOWN);
	b.figures.figures = (struct figures){.anon = 60, .page_tables = FIGURE_UNKNOWN, .known = 1};
	b.target.stands_at_end = true;
	check_row(fill(&b, "anon"), 10, 10, 0, RECORD_BOOKS_BALANCE);
	check_row(row_of(&b, "page-tables", 0), RECORD_UNKNOWN, RECORD_UNKNOWN, 0,
		  RECORD_BOOKS_UNKNOWN);
	b.after.counters.nr_processes = 0;
	check_row(fill(&b, "anon"), 10, RECORD_UNKNOWN, 0, RECORD_BOOKS_UNKNOWN);
	end(&b);
}

static void the_end_of_a_process_is_after_the_books(void **state)
{
	struct books b;

	(void)state;
	begin_usual(&b);
	add_site(&b, &anonymous, SYSCALL_EXIT, 0, 60);
	add_site(&b, &memfd, SYSCALL_EXIT, 0, 1100);
	check_row(fill(&b, "anon"), 10, 10, 0, RECORD_BOOKS_BALANCE);
	check_row(row_of(&b, "shmem", 0), 100, 100, 0, RECORD_BOOKS_BALANCE);
	/* What went with a process before the last one is in the kernel's figure. */
	b.backings[0].value.exit_released = 40;
	b.backings[0].value.exit_before = b.backings[0].value.exit_pages = 1060;
	check_row(fill(&b, "shmem"), 60, 60, 0, RECORD_BOOKS_BALANCE);
	end(&b);
}

static void pages_that_are_let_go(void **state)
{
	struct books b;

	(void)state;
	begin_usual(&b);
	/* Twelve may be unmapped, nine of them were freed. */
	b.process.value.let_go = 3;
	add_site(&b, &anonymous, SYS_munmap, 0, 9);
	b.process.value.edges[EDGE_CLOSE].anon = b.process.value.edges[EDGE_CLOSE_BEFORE].anon = 48;
	check_row(fill(&b, "anon"), 1, -2, 3, RECORD_BOOKS_BALANCE);
	/* More than the batches hold cannot wait. */
	b.process.value.let_go = 100000;
	check_row(fill(&b, "anon"), 1, -2, 62, RECORD_BOOKS_BALANCE);
	/* Parts of huge pages can. */
	b.process.value.let_go_huge = 300;
	check_row(fill(&b, "anon"), 1, -2, 362, RECORD_BOOKS_BALANCE);
	b.process.value.let_go_huge = 0;
	/* Children can hold them, and what was copied since. */
	b.process.value.shared = 1000;
	b.process.value.copied = 20;
	check_row(fill(&b, "anon"), 1, -2, 1082, RECORD_BOOKS_BALANCE);
	/* What another call frees may have waited since before the window. */
	b.process.value.let_go = b.process.value.shared = b.process.value.copied = 0;
	b.sites[2].key.syscall = SYS_read;
	check_row(fill(&b, "anon"), 1, -2, 9, RECORD_BOOKS_BALANCE);
	end(&b);
}

static void a_file_whose_callers_are_not_seen(void **state)
{
	struct books b;

	(void)state;
	begin_usual(&b);
	b.backings[0].key.kind = KIND_FILE;
	b.facts.counts_files = false;
	check_row(fill(&b, "file"), RECORD_UNKNOWN, 100, 0, RECORD_BOOKS_UNKNOWN);
	end(&b);
}

static void memory_of_another_who_has_a_window(void **state)
{
	struct books b;
	struct backing_row open = {.key = memfd, .value = {.pages_now = 1020}};

	(void)state;
	begin_usual(&b);
	b.facts.windowed = true;
	b.backings[0].value.owner = OTHER;
	b.backings[0].value.pages_now = 1120;
	b.before.counters.backings = &open;
	b.before.counters.nr_backings = 1;
	check_row(fill(&b, "shmem"), 100, 100, 0, RECORD_BOOKS_BALANCE);
	end(&b);
}

static void what_is_only_mapped(void **state)
{
	struct books b;
	struct record_target *t;

	(void)state;
	begin_usual(&b);
	for (int grown = 105; grown <= 700; grown += 595) {
		record__free(b.record);
		b.record = record__new();
		t = record__add_target(b.record);
		t->rss_pages_before = 2000;
		t->rss_pages_after = 2000 + grown;
		assert_int_equal(account__fill(&b.before, &b.after, b.sites,
					       b.after.counters.nr_sites, &b.facts, b.record),
				 0);
		assert_int_equal(b.record->totals.mapped_pages, grown > 110 ? grown - 110 : 0);
	}
	end(&b);
}

static u64 random_below(u64 n)
{
	return (u64)rand() % n;
}

/* The rows of the books are the sums of the call sites, and balance where the kernel's figures are
 * those sums; one page that is missing in a random file is found in its row alone. */
static void sums_over_random_snapshots(void **state)
{
	(void)state;
	srand(42);
	for (int run = 0; run < 2000; run++) {
		int64_t sums[FILES_MAX] = {0}, anon = 0, traced = 0, sites = 0;
		size_t nr_files = 1 + random_below(FILES_MAX), bad = random_below(nr_files);
		struct books b;

		begin(&b);
		for (size_t i = 0, n = random_below(SITES_MAX); i < n; i++) {
			struct backing_key key = memfd;
			u64 populated = random_below(1000), released = random_below(100);
			size_t file = random_below(nr_files + 1);

			key.id = file + 1;
			add_site(&b, file < nr_files ? &key : &anonymous, SYS_read, populated,
				 released);
			*(file < nr_files ? &sums[file] : &anon) += (int64_t)populated -
								    (int64_t)released;
			sites += (int64_t)populated - (int64_t)released;
		}
		for (size_t i = 0; i < nr_files; i++) {
			u64 open = 100000 + random_below(1000);

			add_file(&b, i + 1, open,
				 open + (u64)sums[i] + (i == bad && run % 2 ? 1 : 0));
		}
		b.process.value.edges[EDGE_CLOSE].anon =
			b.process.value.edges[EDGE_CLOSE_BEFORE].anon = 50 + anon;
		b.facts.waiting = 0;
		fill(&b, "anon");
		for (size_t i = 0; i < b.record->nr_accounting; i++) {
			const struct record_accounting *a = &b.record->accounting[i];
			bool is_bad = run % 2 && a->inode == bad + 1;

			if (a->traced_pages == RECORD_UNKNOWN)
				continue;
			traced += a->traced_pages;
			assert_int_equal(a->traced_pages, a->inode ? sums[a->inode - 1] : anon);
			assert_int_equal(a->residual_pages, is_bad ? 1 : 0);
			assert_int_equal(a->uncertainty_pages, 0);
		}
		assert_int_equal(traced, sites);
		end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_still_balances),
		cmocka_unit_test(what_nobody_touched_has_no_row),
		cmocka_unit_test(what_was_not_seen_is_residual),
		cmocka_unit_test(both_edges_are_uncertain),
		cmocka_unit_test(inexact_kernels_say_so),
		cmocka_unit_test(a_window_that_is_still_open),
		cmocka_unit_test(who_is_gone_is_not_known),
		cmocka_unit_test(the_end_of_a_process_is_after_the_books),
		cmocka_unit_test(pages_that_are_let_go),
		cmocka_unit_test(a_file_whose_callers_are_not_seen),
		cmocka_unit_test(memory_of_another_who_has_a_window),
		cmocka_unit_test(what_is_only_mapped),
		cmocka_unit_test(sums_over_random_snapshots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
