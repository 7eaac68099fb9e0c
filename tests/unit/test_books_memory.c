// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Without memory there is no record, whichever allocation fails: never a record that lacks something.
 * The linker puts the functions below in the place of those that allocate (--wrap).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "books/phases.h"
#include "books_usual.h"

static long allocations_left = -1; /* until one fails; negative: none does */

static bool fails(void)
{
	return allocations_left >= 0 && !allocations_left--;
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}

int __wrap_asprintf(char **out, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = fails() ? -1 : vasprintf(out, format, args);
	va_end(args);
	return n;
}

/* Snapshots from which something comes into every part of a record. */
static void begin_full(struct made *m)
{
	static const struct phase_mark marks[] = {{1500000000, PHASE_SETUP, 0}};
	static const struct record_tick tick = {.t_ns = 5};
	static const u64 frames[] = {0x1000, 0x20};
	static char program[] = "/usr/bin/qemu", *command[] = {program};
	const struct advice_key remove = {
		.ip = 0x8000, .tgid = PID, .syscall = SYS_madvise, .stack = STACK_NOT_TAKEN};
	struct site_key key = key_of(0x1000, &memfd);

	begin_usual(m);
	m->described[0].exe = program;
	m->described[0].cmdline = command;
	m->described[0].nr_cmdline = 1;
	made__add_chain(m, 1, CHAIN_COMPLETE, 2, frames);
	key.stack = 1;
	key.syscall = SYS_read;
	made__add_site(&m->after, &key, reads(1));
	key.tgid = DAEMON;
	made__add_site(&m->after, &key, reads(2));
	strcpy(made__add_thread(&m->after, DAEMON, DAEMON, reads(2))->value.comm, "worker");
	made__add_thread(&m->after, PID, PID, reads(2));
	m->names[0] = (struct thread_name){PID, (char *)"qemu"};
	m->facts.nr_names = 1;
	m->after.backings[0].value.end = 0x2000;
	made__add_file(m, &anonymous, PID, 0, 0)->end = 0x2000;
	m->after.backings[1].value.name[0] = 0;
	made__add_advice(&m->after, &remove, (struct advice){1, 2, 3});
	m->after.s.counters.lost[LOST_SITES] = 1;
	m->facts.phases = marks;
	m->facts.nr_phases = 1;
	m->facts.ticks = &tick;
	m->facts.nr_ticks = 1;
}

static void no_allocation_may_fail(void **state)
{
	struct made m;
	long n = 0;
	int err;

	(void)state;
	begin_full(&m);
	do {
		allocations_left = n++;
		err = made__make(&m);
		assert_true(err == -ENOMEM || (!err && allocations_left >= 0));
		assert_true(!err == (m.record != NULL));
	} while (err);
	allocations_left = -1;
	printf("%ld allocations failed, one at a time\n", n - 1);
	assert_true(n > 40);
	assert_int_equal(m.record->totals.populated_pages, 113);
	made__end(&m);
}

static void no_mark_may_fail(void **state)
{
	static const char *const statuses[] = {"setup", "active", "completed"};
	const struct window w = {.incoming = 1, .open_ns = 1, .postcopy_ns = 2, .close_ns = 3};

	(void)state;
	for (long n = 0; n < 3; n++) {
		struct phases p = {0};
		int err = 0;

		allocations_left = n;
		for (size_t i = 0; i < 3 && !err; i++)
			err = phases__on_status(&p, i, statuses[i]);
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(p.n, n);
		phases__free(&p);
		allocations_left = n;
		assert_int_equal(phases__of_window(&p, &w), -ENOMEM);
		phases__free(&p);
	}
	allocations_left = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_allocation_may_fail),
		cmocka_unit_test(no_mark_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
