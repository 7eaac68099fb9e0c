/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of a migration, by the signs that the kernel's programs leave in its window: each
 * sign alone, and what counts where two are there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>

#include "books/outcome.h"

enum { THREAD = SIGNAL_THREAD_END, STREAM = SIGNAL_STREAM_END, PROCESS = SIGNAL_PROCESS_END };

/* The ends of streams of QEMU 7.2, 10.0 and 11.1: in precopy, in postcopy, and of one that goes on.
 */
#define PRECOPY  " 66}]}]}"
#define POSTCOPY "\0\x10\x7e\0\0\0\x02\0"
#define GOES_ON  "\0\0\x10\x7e\0\0\0\x02"

static const struct {
	const char *what, *tail;
	struct window w;
	enum migration_outcome outcome;
} cases[] = {
	{"precopy, whole", PRECOPY, {.closed_by = THREAD}, OUTCOME_COMPLETED},
	{"postcopy, whole", POSTCOPY, {.closed_by = THREAD}, OUTCOME_COMPLETED},
	{"in part, no sign", GOES_ON, {.closed_by = THREAD}, OUTCOME_ENDED},
	{"nothing was seen", NULL, {.closed_by = THREAD}, OUTCOME_ENDED},
	{"broken", GOES_ON, {.closed_by = THREAD, .broken = STREAM_FAILED}, OUTCOME_FAILED},
	{"broken after its end: the return path",
	 PRECOPY,
	 {.closed_by = THREAD, .broken = STREAM_FAILED},
	 OUTCOME_FAILED},
	{"the destination says so",
	 PRECOPY,
	 {.closed_by = THREAD, .shut = SHUT_BAD},
	 OUTCOME_FAILED},
	{"shut down as asked",
	 GOES_ON,
	 {.closed_by = THREAD, .broken = STREAM_CUT, .asked = CANCEL_ASKED},
	 OUTCOME_CANCELLED},
	{"shut down, not known why",
	 GOES_ON,
	 {.closed_by = THREAD, .broken = STREAM_CUT},
	 OUTCOME_ENDED},
	{"a pipe, asked to cancel",
	 GOES_ON,
	 {.closed_by = THREAD, .asked = CANCEL_ASKED, .file_type = S_IFIFO},
	 OUTCOME_CANCELLED},
	{"a file, asked to cancel, that fails",
	 GOES_ON,
	 {.closed_by = THREAD, .asked = CANCEL_ASKED, .file_type = S_IFREG, .complained = 1},
	 OUTCOME_ENDED},
	{"a pipe, asked to cancel too late",
	 PRECOPY,
	 {.closed_by = THREAD, .asked = CANCEL_ASKED, .file_type = S_IFIFO},
	 OUTCOME_COMPLETED},
	{"a pipe, asked for something else",
	 GOES_ON,
	 {.closed_by = THREAD, .asked = CANCEL_ASKED - 1, .file_type = S_IFIFO},
	 OUTCOME_ENDED},
	{"one of multifd's channels", GOES_ON, {.closed_by = THREAD, .channel = 1}, OUTCOME_FAILED},
	{"another's channel", PRECOPY, {.closed_by = THREAD, .channel = 1}, OUTCOME_COMPLETED},
	{"encrypted", PRECOPY, {.closed_by = THREAD, .encrypted = 1}, OUTCOME_ENDED},
	{"encrypted, QEMU says so",
	 NULL,
	 {.closed_by = THREAD, .encrypted = 1, .said = WORD_COMPLETED},
	 OUTCOME_COMPLETED},
	{"encrypted, asked to cancel",
	 NULL,
	 {.closed_by = THREAD, .encrypted = 1, .asked = CANCEL_ASKED, .file_type = S_IFSOCK},
	 OUTCOME_ENDED},
	{"QEMU knows better",
	 PRECOPY,
	 {.closed_by = THREAD, .said = WORD_CANCELLED},
	 OUTCOME_CANCELLED},
	{"read whole", PRECOPY, {.closed_by = STREAM, .incoming = 1}, OUTCOME_COMPLETED},
	{"read whole, then its end",
	 PRECOPY,
	 {.closed_by = STREAM, .incoming = 1, .broken = STREAM_FAILED},
	 OUTCOME_COMPLETED},
	{"read in part",
	 GOES_ON,
	 {.closed_by = STREAM, .incoming = 1, .broken = STREAM_FAILED},
	 OUTCOME_FAILED},
	{"left off", GOES_ON, {.closed_by = STREAM, .incoming = 1}, OUTCOME_ENDED},
	{"it says so",
	 GOES_ON,
	 {.closed_by = STREAM, .incoming = 1, .shut = SHUT_GOOD},
	 OUTCOME_COMPLETED},
	{"it says it could not",
	 PRECOPY,
	 {.closed_by = STREAM, .incoming = 1, .shut = SHUT_BAD},
	 OUTCOME_FAILED},
	{"could not load it, and exits",
	 PRECOPY,
	 {.closed_by = PROCESS, .incoming = 1, .exit_code = 1 << 8},
	 OUTCOME_FAILED},
	{"killed", GOES_ON, {.closed_by = PROCESS, .exit_code = 9}, OUTCOME_KILLED},
	{"killed, dumps core", GOES_ON, {.closed_by = PROCESS, .exit_code = 0x86}, OUTCOME_KILLED},
	{"told to quit", GOES_ON, {.closed_by = PROCESS}, OUTCOME_ENDED},
	{"over before it was watched", PRECOPY, {.closed_by = SIGNAL_ENDED_BEFORE}, OUTCOME_ENDED},
	{"the tracer was stopped", PRECOPY, {.closed_by = SIGNAL_NONE}, OUTCOME_UNKNOWN},
};

static void outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct window w = cases[i].w;

		if (cases[i].tail)
			memcpy(&w.tail, cases[i].tail, sizeof(w.tail));
		if (window__outcome(&w) != cases[i].outcome)
			fail_msg("%s: %s", cases[i].what,
				 migration_outcome__text(window__outcome(&w)));
	}
}

static void describe(u32 type, u32 incoming, u32 sender, u64 ran_ns, struct record_migration *out)
{
	struct window w = {
		.file_type = type, .incoming = incoming, .sender = sender, .ran_ns = ran_ns};

	memset(out, 0, sizeof(*out));
	window__describe(&w, out);
}

static void purposes(void **state)
{
	struct record_migration m;

	(void)state;
	describe(0, 0, SENDER_LIVE, 0, &m);
	assert_int_equal(m.transport, TRANSPORT_UNKNOWN);
	assert_int_equal(m.purpose, PURPOSE_UNKNOWN);
	assert_int_equal(m.role, ROLE_SOURCE);
	describe(S_IFSOCK, 0, SENDER_LIVE, 5, &m);
	assert_int_equal(m.transport, TRANSPORT_SOCKET);
	assert_int_equal(m.purpose, PURPOSE_LIVE);
	describe(S_IFIFO, 0, SENDER_LIVE, 0, &m);
	assert_int_equal(m.transport, TRANSPORT_PIPE);
	assert_int_equal(m.purpose, PURPOSE_SAVE);
	/* it may be tunnelled */
	describe(S_IFIFO, 0, SENDER_LIVE, 5, &m);
	assert_int_equal(m.purpose, PURPOSE_UNKNOWN);
	describe(S_IFIFO, 1, SENDER_UNKNOWN, 0, &m);
	assert_int_equal(m.purpose, PURPOSE_UNKNOWN);
	describe(S_IFREG, 1, SENDER_UNKNOWN, 5, &m);
	assert_int_equal(m.transport, TRANSPORT_FILE);
	assert_int_equal(m.purpose, PURPOSE_RESTORE);
	assert_int_equal(m.role, ROLE_DESTINATION);
	describe(S_IFREG, 0, SENDER_SNAPSHOT, 5, &m);
	assert_int_equal(m.purpose, PURPOSE_SNAPSHOT);
	describe(S_IFREG, 0, SENDER_DUMP, 0, &m);
	assert_int_equal(m.purpose, PURPOSE_DUMP);
	assert_int_equal(m.transport, TRANSPORT_FILE);
	assert_int_equal(m.role, ROLE_SOURCE);
	describe(S_IFCHR, 0, SENDER_LIVE, 0, &m);
	assert_int_equal(m.transport, TRANSPORT_FD);
}

/* What has come stays; what failed may come again. */
static void again(void **state)
{
	struct window w = {.closed_by = STREAM, .incoming = 1, .broken = STREAM_FAILED};

	(void)state;
	assert_true(window__comes_again(&w));
	w.said = WORD_COMPLETED;
	assert_false(window__comes_again(&w));
	w = (struct window){.closed_by = STREAM, .incoming = 1, .encrypted = 1};
	assert_false(window__comes_again(&w));
	w = (struct window){.closed_by = THREAD, .broken = STREAM_FAILED};
	assert_false(window__comes_again(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(outcomes), cmocka_unit_test(purposes),
					   cmocka_unit_test(again)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
