// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What ends a turn of the loop: a descriptor, or the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "loop.h"

enum { MANY = 100 };

static void a_descriptor_is_ready_when_it_can_be_read(void **state)
{
	struct loop l = {0};
	int silent[2], speaks[2];

	(void)state;
	assert_int_equal(pipe(silent), 0);
	assert_int_equal(pipe(speaks), 0);
	assert_int_equal(write(speaks[1], "x", 1), 1);
	loop__begin(&l);
	loop__await(&l, silent[0]);
	loop__await(&l, -1);
	loop__await(&l, speaks[0]);
	loop__wait(&l);
	assert_true(loop__is_ready(&l, speaks[0]));
	assert_false(loop__is_ready(&l, silent[0]));
	assert_false(loop__is_ready(&l, -1));
	for (int i = 0; i < 2; i++) {
		close(silent[i]);
		close(speaks[i]);
	}
	loop__free(&l);
}

static void a_descriptor_is_ready_when_it_is_hung_up(void **state)
{
	struct loop l = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	loop__begin(&l);
	loop__await(&l, fds[0]);
	loop__wait(&l);
	assert_true(loop__is_ready(&l, fds[0]));
	close(fds[0]);
	loop__free(&l);
}

static void a_turn_ends_at_the_earliest_time(void **state)
{
	uint64_t now = clock__ms();
	struct loop l = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	loop__begin(&l);
	loop__await(&l, fds[0]);
	loop__await_time(&l, now + 3600000);
	loop__await_time(&l, now + 1);
	loop__await_time(&l, UINT64_MAX);
	loop__wait(&l);
	assert_false(loop__is_ready(&l, fds[0]));
	assert_true(clock__ms() > now);
	loop__await_time(&l, 0); /* long ago: the turn does not wait */
	loop__wait(&l);
	for (int i = 0; i < 2; i++)
		close(fds[i]);
	loop__free(&l);
}

static void a_turn_forgets_what_the_turn_before_awaited(void **state)
{
	struct loop l = {0};
	int fds[MANY][2];

	(void)state;
	loop__begin(&l);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
		loop__await(&l, fds[i][0]);
	}
	loop__wait(&l);
	for (int i = 0; i < MANY; i++)
		assert_true(loop__is_ready(&l, fds[i][0]));
	loop__begin(&l);
	loop__await(&l, fds[MANY - 1][0]);
	loop__wait(&l);
	assert_false(loop__is_ready(&l, fds[0][0]));
	assert_true(loop__is_ready(&l, fds[MANY - 1][0]));
	for (int i = 0; i < MANY; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	loop__free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_is_ready_when_it_can_be_read),
		cmocka_unit_test(a_descriptor_is_ready_when_it_is_hung_up),
		cmocka_unit_test(a_turn_ends_at_the_earliest_time),
		cmocka_unit_test(a_turn_forgets_what_the_turn_before_awaited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
