// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of code in real processes: by symbols, by FDEs alone, by DWARF, and after the library, its
 * mapping or the process has gone.
 */
#include "names/target.h"

static void test_symbols(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct record_frames f;
	struct target t;

	(void)state;
	target__start(&t, NAMES_PROGRAM, in_temp("symbols.so"));
	assert_int_equal(resolver__remember(r, t.pid), 0);
	check_name(r, &t, "exported", "exported", "exported");
	check_name(r, &t, "first", "first", "first");
	check_name(r, &t, "second", "second", "second");
	check_name(r, &t, "cold", "split.cold", "split.cold");
	/* What follows it, two bytes long, has neither symbol nor FDE. */
	f = resolve(r, t.pid, target__number(&t, "after") + 2, false);
	assert_name(f.v[0].function, NULL);
	record_frames__clear(&f);
	f = resolve(r, t.pid, target__number(&t, "first"), false);
	assert_name(f.v[0].module, in_temp("symbols.so"));
	assert_int_equal(strlen(f.v[0].build_id), 40);
	record_frames__clear(&f);
	target__end(&t);
	resolver__free(r);
}

/* All of a stripped function, three bytes long, is called after its start. */
static void check_one_name(struct resolver *r, const struct target *t, const char *place)
{
	struct record_frames start = resolve(r, t->pid, target__number(t, place), false);
	struct record_frames inside = resolve(r, t->pid, target__number(t, place) + 2, false);

	assert_int_equal(inside.v[0].offset, start.v[0].offset + 2);
	assert_name(inside.v[0].function, start.v[0].function);
	record_frames__clear(&start);
	record_frames__clear(&inside);
}

/* No static function has a name then, nor that of the exported one before it. */
static void test_stripped(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct target t;

	(void)state;
	target__start(&t, NAMES_PROGRAM, in_temp("stripped.so"));
	assert_int_equal(resolver__remember(r, t.pid), 0);
	check_name(r, &t, "exported", "exported", "exported");
	check_name(r, &t, "first", NULL, NULL);
	check_name(r, &t, "second", NULL, NULL);
	check_name(r, &t, "after", NULL, NULL);
	check_name(r, &t, "cold", NULL, NULL);
	check_one_name(r, &t, "second");
	target__end(&t);
	resolver__free(r);
}

/* The call ends its function: the return address is the start of the next one. */
static void test_return_address(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct record_frames at, back;
	struct target t;

	(void)state;
	target__start(&t, NAMES_PROGRAM, in_temp("symbols.so"));
	assert_int_equal(resolver__remember(r, t.pid), 0);
	at = resolve(r, t.pid, target__number(&t, "after"), false);
	back = resolve(r, t.pid, target__number(&t, "after"), true);
	assert_name(at.v[0].function, "after");
	assert_name(back.v[0].function, "ends_in_call");
	assert_int_equal(at.v[0].offset, back.v[0].offset);
	record_frames__clear(&at);
	record_frames__clear(&back);
	target__end(&t);
	resolver__free(r);
}

static void check_inlined(const struct target *t, const struct record_frames *f)
{
	static const char *const names[] = {"innermost", "middle", "outer"};
	char line[8];

	assert_int_equal(f->n, 3);
	for (int i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "line%d", i);
		assert_name(f->v[i].function, names[i]);
		assert_int_equal(f->v[i].line, target__number(t, line));
		assert_name(strrchr(f->v[i].file, '/'), "/code.c");
		assert_int_equal(f->v[i].inlined, i < 2);
		assert_int_equal(f->v[i].offset, f->v[0].offset);
		assert_name(f->v[i].module, f->v[0].module);
	}
	assert_name(f->v[0].symbol, NULL);
	assert_name(f->v[2].symbol, "outer");
}

static void test_inlined(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct target t;

	(void)state;
	target__start(&t, NAMES_PROGRAM, NAMES_LIBRARY);
	assert_int_equal(resolver__remember(r, t.pid), 0);
	/* Twice: the second answer comes from what was kept. */
	for (int i = 0; i < 2; i++) {
		struct record_frames f = resolve(r, t.pid, target__number(&t, "inlined"), false);

		check_inlined(&t, &f);
		record_frames__clear(&f);
	}
	target__end(&t);
	resolver__free(r);
}

/* Frames are appended: what is there already stays. */
static void test_appends(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct record_frames f = {0};
	struct target t;

	(void)state;
	target__start(&t, NAMES_PROGRAM, NAMES_LIBRARY);
	assert_int_equal(resolver__remember(r, t.pid), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(
			resolver__resolve(r, t.pid, target__number(&t, "inlined"), false, &f), 0);
	assert_int_equal(f.n, 60);
	for (size_t i = 0; i < f.n; i += 3)
		assert_name(f.v[i].function, "innermost");
	record_frames__clear(&f);
	target__end(&t);
	resolver__free(r);
}

/* Deleted before it is remembered, and the process gone before it is asked for. */
static void test_deleted_and_gone(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct record_frames f;
	struct target t;

	(void)state;
	run("cp symbols.so deleted.so");
	target__start(&t, NAMES_PROGRAM, in_temp("deleted.so"));
	run("rm deleted.so");
	assert_int_equal(resolver__remember(r, t.pid), 0);
	target__end(&t);
	assert_int_equal(resolver__remember(r, t.pid), -ESRCH);
	check_name(r, &t, "first", "first", "first");
	f = resolve(r, t.pid, target__number(&t, "first"), false);
	assert_name(f.v[0].module, in_temp("deleted.so"));
	record_frames__clear(&f);
	resolver__free(r);
}

/* Another file of the same name is not taken for it. */
static void test_replaced(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct target t;

	(void)state;
	run("cp symbols.so replaced.so");
	target__start(&t, NAMES_PROGRAM, in_temp("replaced.so"));
	run("echo something else > new; mv new replaced.so");
	assert_int_equal(resolver__remember(r, t.pid), 0);
	check_name(r, &t, "first", "first", "first");
	target__end(&t);
	resolver__free(r);
}

static void test_unloaded(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct target t;

	(void)state;
	target__start(&t, NAMES_PROGRAM, in_temp("symbols.so"));
	assert_int_equal(resolver__remember(r, t.pid), 0);
	fputc('u', t.in);
	fflush(t.in);
	target__listen(&t);
	assert_int_equal(resolver__remember(r, t.pid), 0);
	check_name(r, &t, "first", "first", "first");
	target__end(&t);
	resolver__free(r);
}

/* Of a program at a fixed address the offset counts from there. */
static void test_non_pie(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct record_frames f;
	struct target t;

	(void)state;
	target__start(&t, NAMES_PROGRAM_FIXED, NULL);
	assert_int_equal(resolver__remember(r, t.pid), 0);
	check_name(r, &t, "second", "second", "second");
	f = resolve(r, t.pid, target__number(&t, "second"), false);
	assert_int_equal(f.v[0].offset, target__number(&t, "second") - 0x400000);
	assert_name(f.v[0].module, NAMES_PROGRAM_FIXED);
	record_frames__clear(&f);
	target__end(&t);
	resolver__free(r);
}

/* It is in no file: its names are in the memory of the process. */
static void test_vdso(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	unsigned int named = 0;
	struct target t;
	uint64_t start;

	(void)state;
	target__start(&t, NAMES_PROGRAM, NULL);
	assert_int_equal(resolver__remember(r, t.pid), 0);
	start = target__number(&t, "vdso");
	for (uint64_t at = 0; at < 4096; at++) {
		struct record_frames f = resolve(r, t.pid, start + at, false);

		assert_name(f.v[0].module, "[vdso]");
		assert_int_equal(f.v[0].offset, at);
		named += f.v[0].symbol && strstr(f.v[0].symbol, "gettime") != NULL;
		record_frames__clear(&f);
	}
	assert_true(named > 0);
	target__end(&t);
	resolver__free(r);
}

static void test_no_module(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct record_frames f;
	struct target t;
	uint64_t jit;

	(void)state;
	target__start(&t, NAMES_PROGRAM, NULL);
	assert_int_equal(resolver__remember(r, t.pid), 0);
	jit = target__number(&t, "jit");
	f = resolve(r, t.pid, jit + 5, false);
	assert_name(f.v[0].module, "[jit]");
	assert_int_equal(f.v[0].offset, jit + 5);
	assert_name(f.v[0].function, NULL);
	record_frames__clear(&f);
	f = resolve(r, t.pid, 4096, true);
	assert_name(f.v[0].module, NULL);
	assert_int_equal(f.v[0].offset, 4096);
	record_frames__clear(&f);
	f = resolve(r, 1, jit, false);
	assert_name(f.v[0].module, NULL);
	record_frames__clear(&f);
	target__end(&t);
	resolver__free(r);
}

static void test_exe_build_id(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	struct target t;
	char *id;

	(void)state;
	target__start(&t, NAMES_PROGRAM, NULL);
	assert_int_equal(resolver__remember(r, t.pid), 0);
	id = resolver__exe_build_id(r, t.pid, NAMES_PROGRAM);
	assert_non_null(id);
	assert_int_equal(strlen(id), 40);
	assert_null(resolver__exe_build_id(r, t.pid, "/nothing"));
	free(id);
	target__end(&t);
	resolver__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),        cmocka_unit_test(test_stripped),
		cmocka_unit_test(test_return_address), cmocka_unit_test(test_inlined),
		cmocka_unit_test(test_appends),        cmocka_unit_test(test_deleted_and_gone),
		cmocka_unit_test(test_replaced),       cmocka_unit_test(test_unloaded),
		cmocka_unit_test(test_non_pie),        cmocka_unit_test(test_vdso),
		cmocka_unit_test(test_no_module),      cmocka_unit_test(test_exe_build_id),
	};

	return cmocka_run_group_tests(tests, make_temp, remove_temp);
}
