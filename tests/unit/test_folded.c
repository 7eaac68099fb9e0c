/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folded stacks: one line a call site, outermost first, and no name that could be taken for more
 * than one, or for a count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/folded.h"
#include "sample_record.h"

static void is(struct record *r, const char *expected)
{
	size_t len;
	char *text = sample__print(r, output_folded__write, &len);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	record__free(r);
}

static struct record_callsite *site(struct record *r, const char *leaf, const char *syscall)
{
	struct record_callsite *c = leaf ? sample__callsite(r, "other", RECORD_ACCESS_WRITE, 7, 0,
							    leaf)
					 : record__add_callsite(r);

	c->pid = 4711;
	c->populated_pages = 7;
	c->syscall = syscall ? strdup(syscall) : NULL;
	return c;
}

static void one_line_a_call_site(void **state)
{
	(void)state;
	is(sample__record(),
	   "qemu-system-x86;main;qemu_loadvm_state_main;qemu!fn+0x788310;buffer_is_zero 262095\n"
	   "qemu-system-x86;main;qemu_loadvm_state_main;qemu!fn+0x788310;memcpy 49\n"
	   "qemu-system-x86;main;qemu_loadvm_state_main;qemu!fn+0x788310;fallocate64;"
	   "[syscall:fallocate] 31\n");
}

static void nothing_populated(void **state)
{
	struct record *r = record__new();

	(void)state;
	sample__callsite(r, "io", RECORD_ACCESS_NONE, 0, 0, "munmap");
	sample__callsite(r, "io", RECORD_ACCESS_NONE, RECORD_UNKNOWN, 0, "munmap");
	is(r, "");
	is(record__new(), "");
}

static void names_cannot_break_out(void **state)
{
	struct record *r = record__new();

	(void)state;
	site(r, "<script>a;b\nc\x80", NULL);
	site(r, "operator new(unsigned long)", NULL);
	site(r, "lambda 12", NULL);
	site(r, "lambda 1.5", NULL);
	is(r, "[pid 4711];main;qemu_loadvm_state_main;qemu!fn+0x788310;<script>a:b\\x0ac\\x80 7\n"
	      "[pid 4711];main;qemu_loadvm_state_main;qemu!fn+0x788310;operator new(unsigned long) "
	      "7\n"
	      "[pid 4711];main;qemu_loadvm_state_main;qemu!fn+0x788310;lambda\\x2012 7\n"
	      "[pid 4711];main;qemu_loadvm_state_main;qemu!fn+0x788310;lambda\\x201.5 7\n");
}

static void stacks_without_frames(void **state)
{
	struct record *r = record__new();

	(void)state;
	site(r, NULL, "io_uring worker");
	site(r, NULL, "syscall 999");
	site(r, NULL, NULL);
	site(r, NULL, NULL)->context = RECORD_CONTEXT_SYSCALL;
	site(r, NULL, "vhost worker")->chain_end = "no-cfi";
	is(r, "[pid 4711];[io_uring worker] 7\n"
	      "[pid 4711];[syscall 999] 7\n"
	      "[pid 4711];[unknown] 7\n"
	      "[pid 4711];[unknown system call] 7\n"
	      "[pid 4711];[no-cfi];[vhost worker] 7\n");
}

static void chains_that_end_early_say_so(void **state)
{
	struct record *r = record__new();

	(void)state;
	site(r, "memset", NULL)->chain_end = "jit";
	is(r, "[pid 4711];[jit];main;qemu_loadvm_state_main;qemu!fn+0x788310;memset 7\n");
}

static void says_what_went_wrong(void **state)
{
	struct record *r = sample__record();
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	setvbuf(f, NULL, _IONBF, 0);
	assert_true(output_folded__write(r, f) < 0);
	fclose(f);
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_a_call_site),
		cmocka_unit_test(nothing_populated),
		cmocka_unit_test(names_cannot_break_out),
		cmocka_unit_test(stacks_without_frames),
		cmocka_unit_test(chains_that_end_early_say_so),
		cmocka_unit_test(says_what_went_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
