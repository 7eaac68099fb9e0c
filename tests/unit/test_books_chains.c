// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The call sites of a raw record from hand-written snapshots: their frames, which of them are one, and
 * what their memory is called.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "books_usual.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_addresses),
		cmocka_unit_test(equal_chains_are_one_call_site),
		cmocka_unit_test(chains_that_differ),
		cmocka_unit_test(one_call_site_in_two_backings),
		cmocka_unit_test(names_of_backings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
