/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snapshots that most tests of the books begin with, and how they find what the record says.
 */
#ifndef MIGPOP_TESTS_BOOKS_USUAL_H
#define MIGPOP_TESTS_BOOKS_USUAL_H

#include "books_made.h"

enum { PID = 4711, SECOND = 4712, DAEMON = 99, MEMFD = 7 };

static const struct backing_key memfd = {.id = MEMFD, .dev = 1, .kind = KIND_SHMEM};
static const struct backing_key anonymous = {.id = 0x7000, .tgid = PID, .kind = KIND_ANON};
static const struct backing_key disk = {.id = 12, .dev = 2, .kind = KIND_FILE};

static inline struct site_key key_of(u64 ip, const struct backing_key *backing)
{
	return (struct site_key){.ip = ip,
				 .backing = *backing,
				 .tgid = PID,
				 .syscall = SYSCALL_NONE,
				 .stack = STACK_NOT_TAKEN,
				 .access = ACCESS_READ,
				 .context = CONTEXT_USER};
}

static inline struct site reads(u64 pages)
{
	return (struct site){.faults = pages, .populated = pages, .zero_populated = pages};
}

static inline struct site writes(u64 pages)
{
	return (struct site){.faults = pages, .populated = pages};
}

/* 100 pages of a memfd that one call site read, and 10 private pages that another one wrote. */
static inline struct process *begin_usual(struct made *m)
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

static inline const struct record_accounting *row_of(const struct record *r, const char *kind,
						     u32 pid)
{
	for (size_t i = 0; i < r->nr_accounting; i++)
		if (!strcmp(r->accounting[i].kind, kind) && (!pid || r->accounting[i].pid == pid))
			return &r->accounting[i];
	return NULL;
}

static inline void check_row(const struct record_accounting *a, int64_t traced, int64_t kernel,
			     int64_t uncertainty, enum record_books books)
{
	assert_non_null(a);
	assert_int_equal(a->traced_pages, traced);
	assert_int_equal(a->kernel_pages, kernel);
	assert_int_equal(a->uncertainty_pages, uncertainty);
	assert_int_equal(record_accounting__books(a), books);
}

static inline const struct record_callsite *site_at(const struct record *r, u64 ip)
{
	for (size_t i = 0; i < r->nr_callsites; i++)
		if (r->callsites[i].frames.n && r->callsites[i].frames.v[0].offset == ip)
			return &r->callsites[i];
	return NULL;
}

static inline const struct record_backing *backing_of(const struct record *r, const char *kind)
{
	for (size_t i = 0; i < r->nr_backing; i++)
		if (!strcmp(r->backing[i].kind, kind))
			return &r->backing[i];
	return NULL;
}

#endif
