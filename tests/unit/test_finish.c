// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The passes that finish a raw record: names of this process's own functions, RAM blocks, losses of
 * chains, order and categories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/chain.h"
#include "symbol/resolve.h"
#include "symbol/rules.h"
#include "watch/finish.h"

enum { MEMFD = 7, DEVICE = 1 };

static char not_code[64];

/* Where the call returns to. */
__attribute__((noinline)) uint64_t finish_callee(void);
uint64_t finish_callee(void)
{
	return (uint64_t)(uintptr_t)__builtin_return_address(0);
}

__attribute__((noinline)) uint64_t finish_caller(void);
uint64_t finish_caller(void)
{
	uint64_t at = finish_callee();

	__asm__ volatile("" ::: "memory"); /* the call must not become a jump */
	return at;
}

static void add_frame(struct record_frames *frames, uint64_t address, bool is_return)
{
	struct record_frame *f = record_frames__add(frames);

	assert_non_null(f);
	f->offset = address;
	f->is_return = is_return;
}

static struct record_callsite *add_site(struct record *r, int64_t pages)
{
	struct record_callsite *c = record__add_callsite(r);

	assert_non_null(c);
	c->category = strdup("other");
	c->pid = (uint32_t)getpid();
	c->faults = c->populated_pages = pages;
	c->chain_end = chain_end__name(CHAIN_COMPLETE);
	return c;
}

static struct record_backing *init_backing(struct record_backing *b, struct record_place place)
{
	assert_non_null(b);
	b->name = strdup("memory");
	b->kind = kind__name(1);
	b->length_pages = b->numa_node = RECORD_UNKNOWN;
	b->populated_pages = 1;
	b->place = place;
	return b;
}

static struct record *new_record(void)
{
	struct record *r = record__new();
	struct record_target *t = r ? record__add_target(r) : NULL;

	assert_non_null(t);
	t->pid = (uint32_t)getpid();
	r->stack = "cfi";
	r->lost.events = 0;
	r->totals.populated_pages = 0;
	return r;
}

static int finish(struct record *r, const struct target *targets, size_t n,
		  const struct rules *rules)
{
	static const struct resolver_options options;
	struct resolver *resolver = resolver__new(&options);
	int err;

	assert_non_null(resolver);
	assert_int_equal(resolver__remember(resolver, getpid()), 0);
	err = finish__record(r, resolver, targets, n, rules);
	resolver__free(resolver);
	return err;
}

static void addresses_become_functions(void **state)
{
	struct record *r = new_record();
	struct record_callsite *c = add_site(r, 10);
	struct record_advice *a = record__add_advice(r);

	(void)state;
	add_frame(&c->frames, (uint64_t)(uintptr_t)finish_callee, false);
	add_frame(&c->frames, finish_caller(), true);
	a->pid = (uint32_t)getpid();
	add_frame(&a->frames, finish_caller(), true);
	assert_int_equal(finish(r, NULL, 0, NULL), 0);
	c = &r->callsites[0];
	assert_int_equal(c->frames.n, 2);
	assert_string_equal(c->frames.v[0].function, "finish_callee");
	assert_string_equal(c->frames.v[1].function, "finish_caller");
	assert_string_equal(r->advice[0].frames.v[0].function, "finish_caller");
	assert_string_equal(c->chain_end, "complete");
	assert_string_equal(c->category, "other");
	assert_int_equal(r->lost.verdict, LOSS_NOTHING);
	record__free(r);
}

/* What no call can have pushed ends the chain, and that is a loss. */
static void a_chain_ends_where_no_call_returns(void **state)
{
	struct record *r = new_record();
	struct record_callsite *c = add_site(r, 10);

	(void)state;
	add_frame(&c->frames, (uint64_t)(uintptr_t)finish_callee, false);
	add_frame(&c->frames, finish_caller(), true);
	add_frame(&c->frames, (uint64_t)(uintptr_t)not_code, true);
	add_frame(&c->frames, finish_caller(), true);
	assert_int_equal(finish(r, NULL, 0, NULL), 0);
	c = &r->callsites[0];
	assert_int_equal(c->frames.n, 2);
	assert_string_equal(c->chain_end, chain_end__name(CHAIN_NOT_A_RETURN));
	assert_int_equal(r->lost.verdict, LOSS_CHAINS);
	assert_int_equal(r->lost.chainless_pages, 10);
	assert_int_equal(r->lost.nr_unwind_errors, 1);
	record__free(r);
}

/* A signal's handler returns to code that nothing called; what it interrupted is no return address,
 * either. A chain that has ended early by itself keeps its reason. */
static void a_signal_is_no_end(void **state)
{
	struct record *r = new_record();
	struct record_callsite *c = add_site(r, 10);

	(void)state;
	add_frame(&c->frames, (uint64_t)(uintptr_t)finish_callee, false);
	add_frame(&c->frames, (uint64_t)(uintptr_t)not_code, true); /* the trampoline */
	add_frame(&c->frames, (uint64_t)(uintptr_t)not_code, false);
	assert_int_equal(finish(r, NULL, 0, NULL), 0);
	assert_int_equal(r->callsites[0].frames.n, 3);
	assert_string_equal(r->callsites[0].chain_end, "complete");
	record__free(r);

	r = new_record();
	c = add_site(r, 10);
	c->chain_end = chain_end__name(CHAIN_NO_MAPPING);
	add_frame(&c->frames, (uint64_t)(uintptr_t)finish_callee, false);
	add_frame(&c->frames, (uint64_t)(uintptr_t)not_code, true);
	assert_int_equal(finish(r, NULL, 0, NULL), 0);
	assert_int_equal(r->callsites[0].frames.n, 1);
	assert_string_equal(r->callsites[0].chain_end, chain_end__name(CHAIN_NO_MAPPING));
	record__free(r);
}

static void memory_becomes_ram_blocks(void **state)
{
	struct ram_block blocks[] = {
		{.id = "ram0", .length_pages = 512, .numa_node = 1, .dev = DEVICE, .inode = MEMFD},
		{.id = "ram1", .length_pages = 8, .numa_node = -1, .start = 0x1000, .end = 0x9000},
	};
	const struct target targets[] = {
		{.pid = 1},
		{.pid = getpid(), .blocks = {blocks, 2}},
	};
	const struct record_place other = {.pid = 1, .start = 0x1000},
				  private = {.pid = (uint32_t)getpid(), .start = 0x1000},
				  file = {.dev = DEVICE, .inode = MEMFD, .start = 0x1000};
	struct record *r = new_record();
	struct record_callsite *few = add_site(r, 1), *many;

	(void)state;
	init_backing(record_callsite__add_backing(few), file);
	many = add_site(r, 5);
	init_backing(record_callsite__add_backing(many), private);
	init_backing(record__add_backing(r), other);
	init_backing(record__add_backing(r), private);
	init_backing(record__add_backing(r), file);
	assert_int_equal(finish(r, targets, 2, NULL), 0);
	/* RAM blocks come first, and call sites with more pages. */
	for (size_t i = 0; i < 2; i++) {
		const struct record_backing *b = &r->backing[i];
		bool is_file = b->place.inode;

		assert_string_equal(b->ram_block, is_file ? "ram0" : "ram1");
		assert_int_equal(b->length_pages, is_file ? 512 : 8);
		assert_int_equal(b->numa_node, is_file ? 1 : RECORD_UNKNOWN);
	}
	assert_null(r->backing[2].ram_block);
	assert_int_equal(r->callsites[0].populated_pages, 5);
	assert_string_equal(r->callsites[0].backing[0].ram_block, "ram1");
	assert_string_equal(r->callsites[1].backing[0].ram_block, "ram0");
	record__free(r);
}

static void functions_have_categories(void **state)
{
	char path[] = "/tmp/migpop-test-finish-XXXXXX", why[512];
	struct rules *rules = rules__new();
	struct record *r = new_record();
	struct record_callsite *c = add_site(r, 10);
	FILE *f = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(f);
	fprintf(f, "ours in=finish_caller\n");
	fclose(f);
	assert_int_equal(rules__add_file(rules, path, why, sizeof(why)), 0);
	unlink(path);
	add_frame(&c->frames, finish_caller(), true);
	c = add_site(r, 5);
	add_frame(&c->frames, (uint64_t)(uintptr_t)finish_callee, false);
	assert_int_equal(finish(r, NULL, 0, rules), 0);
	assert_string_equal(r->callsites[0].category, "ours");
	assert_string_equal(r->callsites[1].category, "other");
	rules__free(rules);
	record__free(r);
}

/* A table that had no room is named with the file that the chain ended in, which only names tell. */
static void losses_are_counted_by_names(void **state)
{
	struct record *r = new_record();
	struct record_callsite *c = add_site(r, 10);

	(void)state;
	c->chain_end = chain_end__name(CHAIN_NO_ROOM);
	add_frame(&c->frames, (uint64_t)(uintptr_t)finish_callee, false);
	assert_int_equal(finish(r, NULL, 0, NULL), 0);
	assert_int_equal(r->lost.nr_room, 1);
	assert_int_equal(r->lost.room[0].table, TABLE_UNWIND_ROWS);
	assert_int_equal(r->lost.room[0].pages, 10);
	assert_non_null(strstr(r->lost.room[0].module, "test_finish"));
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_become_functions),
		cmocka_unit_test(a_chain_ends_where_no_call_returns),
		cmocka_unit_test(a_signal_is_no_end),
		cmocka_unit_test(memory_becomes_ram_blocks),
		cmocka_unit_test(functions_have_categories),
		cmocka_unit_test(losses_are_counted_by_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
