/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phases from what a monitor says, in the orders that QEMUs say it, and from a window that nobody
 * speaks for. What is not known is left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "books/phases.h"

enum { START = 1000, END = 2000 };

/* Events of a line each: "10 setup", "20 pass 1", "70 stop", "80 resume"; times from START on. */
static void tell(struct phases *p, const char *events)
{
	char word[32];
	unsigned int ns, pass;
	int len;

	for (; sscanf(events, " %u %31[a-z-]%n", &ns, word, &len) == 2; events += len) {
		if (!strcmp(word, "pass")) {
			events += len;
			assert_int_equal(sscanf(events, " %u%n", &pass, &len), 1);
			assert_int_equal(phases__on_pass(p, START + ns, pass), 0);
		} else if (!strcmp(word, "stop")) {
			assert_int_equal(phases__on_stop(p, START + ns), 0);
		} else if (!strcmp(word, "resume")) {
			assert_int_equal(phases__on_resume(p, START + ns), 0);
		} else {
			assert_int_equal(phases__on_status(p, START + ns, word), 0);
		}
	}
}

/* "setup 10-30, precopy 1 30-70" is what the record has then. */
static void has(struct phases *p, const char *expected)
{
	struct record *r = record__new();
	char said[512] = "", *at = said;

	r->start_ns = START;
	r->end_ns = END;
	assert_int_equal(phases__put(p->v, p->n, r), 0);
	for (size_t i = 0; i < r->nr_phases; i++) {
		const struct record_phase *v = &r->phases[i];

		at += sprintf(at, "%s%s ", i ? ", " : "", v->name);
		if (v->round)
			at += sprintf(at, "%u ", v->round);
		at += sprintf(at, "%u-%u", (unsigned int)v->begin_ns, (unsigned int)v->end_ns);
	}
	assert_string_equal(said, expected);
	record__free(r);
	phases__free(p);
}

static void source(void **state)
{
	struct phases p = {0};

	(void)state;
	tell(&p, "10 setup 20 pass 1 30 active 50 pass 2 70 stop 75 pass 3 90 completed");
	has(&p, "setup 10-30, precopy 1 30-50, precopy 2 50-70, downtime 3 70-90");
	/* a guest that does not run has no downtime */
	tell(&p, "10 setup 20 pass 1 30 active 50 pass 2 75 pass 3 80 device 90 completed");
	has(&p, "setup 10-30, precopy 1 30-50, precopy 2 50-75, precopy 3 75-90");
	tell(&p, "10 setup 20 pass 1 30 active 50 cancelling 60 cancelled 70 resume");
	has(&p, "setup 10-30, precopy 1 30-60");
	/* the first round is not announced, and the last before the guest stops: 11.1 */
	tell(&p, "10 setup 30 active 50 pass 2 70 stop 90 completed");
	has(&p, "setup 10-30, precopy 1 30-50, precopy 2 50-70, downtime 70-90");
	tell(&p, "10 setup 15 failed");
	has(&p, "setup 10-15");
}

static void postcopy(void **state)
{
	struct phases p = {0};

	(void)state;
	/* from 8.2 on */
	tell(&p, "10 setup 20 pass 1 30 active 50 stop 55 device 60 pass 2 70 postcopy-active "
		 "80 postcopy-paused 85 postcopy-recover 90 completed");
	assert_int_equal(phases__on_downtime(&p, 1), 0);
	has(&p, "setup 10-30, precopy 1 30-50, downtime 2 50-70, postcopy 70-90");
	/* before, QEMU says so first */
	tell(&p, "10 setup 20 pass 1 30 active 49 postcopy-active 50 stop 60 pass 2");
	tell(&p, "5000050 completed");
	assert_int_equal(phases__on_downtime(&p, 0), 0);
	has(&p, "setup 10-30, precopy 1 30-50, downtime 2 50-50, postcopy 50-1000");
	tell(&p, "10 setup 20 pass 1 30 active 49 postcopy-active 50 stop 60 pass 2 90 completed");
	assert_int_equal(phases__on_downtime(&p, -1), 0);
	has(&p, "setup 10-30, precopy 1 30-50, postcopy 50-90");
	/* of a guest that does not run */
	tell(&p, "10 setup 20 pass 1 30 active 50 postcopy-active 60 pass 2 90 completed");
	has(&p, "setup 10-30, precopy 1 30-50, postcopy 50-90");
}

/* Somebody stops the guest for a while: no downtime of the migration. */
static void stopped_between(void **state)
{
	struct phases p = {0};

	(void)state;
	tell(&p, "10 setup 20 pass 1 30 active 40 stop 50 resume 60 pass 2 70 stop 80 completed");
	has(&p, "setup 10-30, precopy 1 30-60, precopy 2 60-70, downtime 70-80");
	tell(&p, "10 setup 20 pass 1 30 active 40 stop 45 pass 2 50 resume 80 completed");
	has(&p, "setup 10-30, precopy 1 30-40, precopy 2 40-80");
}

static void destination(void **state)
{
	struct phases p = {.incoming = true};

	(void)state;
	tell(&p, "10 setup 20 active 60 resume 70 completed");
	has(&p, "incoming 20-60");
	p.incoming = true;
	tell(&p, "10 setup 20 active 60 postcopy-active 65 resume 70 completed");
	has(&p, "incoming 20-60, postcopy 60-70");
}

/* Found under way, or cut before the end. */
static void in_part(void **state)
{
	struct phases p = {0};

	(void)state;
	assert_int_equal(phases__on_pass(&p, 0, 4), 0);
	tell(&p, "0 active 50 pass 5");
	has(&p, "precopy 4 0-50, precopy 5 50-1000");
	/* what is said of others than a migration */
	tell(&p, "10 stop 20 resume 30 pass 3");
	has(&p, "");
	/* one that failed, then another */
	tell(&p, "10 setup 15 failed 20 setup 30 pass 1 40 active 50 completed");
	has(&p, "setup 20-40, precopy 1 40-50");
}

static void window(void **state)
{
	struct window w = {.open_ns = START, .close_ns = START + 90, WINDOW_UNKNOWN};
	struct phases p = {0};

	(void)state;
	w.closed_by = SIGNAL_THREAD_END;
	w.said = WORD_COMPLETED;
	assert_int_equal(phases__of_window(&p, &w), 0);
	has(&p, "");
	w.ran_ns = START + 80;
	assert_int_equal(phases__of_window(&p, &w), 0);
	has(&p, "stopped 80-90");
	/* it runs on */
	w.said = WORD_CANCELLED;
	assert_int_equal(phases__of_window(&p, &w), 0);
	has(&p, "");
	w.incoming = 1;
	w.closed_by = SIGNAL_STREAM_END;
	assert_int_equal(phases__of_window(&p, &w), 0);
	has(&p, "incoming 0-80");
	w.postcopy_ns = START + 60;
	assert_int_equal(phases__of_window(&p, &w), 0);
	has(&p, "incoming 0-60, postcopy 60-90");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source),          cmocka_unit_test(postcopy),
		cmocka_unit_test(stopped_between), cmocka_unit_test(destination),
		cmocka_unit_test(in_part),         cmocka_unit_test(window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
