/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of the metrics is that of all that was added, whenever it is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sample_record.h"
#include "serve/metrics.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_line(struct metrics *m, const char *line)
{
	char *text = NULL, *at;
	size_t len = 0, n = strlen(line);
	FILE *f = open_memstream(&text, &len);
	bool found = false;

	assert_int_equal(metrics__write(m, f), 0);
	fclose(f);
	for (at = text; !found && at && *at; at = strchr(at, '\n'), at += at != NULL)
		found = !strncmp(at, line, n) && at[n] == '\n';
	free(text);
	return found;
}

static void set_guest(struct record *r, const char *name)
{
	free(r->target[0].guest);
	r->target[0].guest = strdup(name);
}

static void each_record_is_in_the_next_text(void **state)
{
	struct metrics *m = metrics__new();
	struct record *r = sample__record();

	(void)state;
	set_guest(r, "g\"1");
	r->migration.role = ROLE_SOURCE;
	r->migration.outcome = OUTCOME_COMPLETED;
	assert_true(has_line(m, "# TYPE migpop_migrations_total counter"));
	assert_true(has_line(m, "migpop_errors_total{kind=\"web\"} 0"));
	for (int i = 1; i <= 3; i++) {
		char line[128];

		assert_int_equal(metrics__add(m, r), 0);
		snprintf(line, sizeof(line),
			 "migpop_migrations_total{guest=\"g\\\"1\",role=\"source\",outcome="
			 "\"completed\"} %d",
			 i);
		assert_true(has_line(m, line));
		metrics__add_error(m, "web");
		snprintf(line, sizeof(line), "migpop_errors_total{kind=\"web\"} %d", i);
		assert_true(has_line(m, line));
	}
	record__free(r);
	metrics__free(m);
}

static void tables_are_the_last(void **state)
{
	struct metrics *m = metrics__new();

	(void)state;
	metrics__set_tables(m, (const struct metrics_table[]){{"a", 1, 10}, {"b", 2, 20}}, 2);
	assert_true(has_line(m, "migpop_table_entries{table=\"b\"} 2"));
	metrics__set_tables(m, (const struct metrics_table[]){{"b", 3, 20}}, 1);
	assert_true(has_line(m, "migpop_table_entries{table=\"b\"} 3"));
	assert_true(has_line(m, "migpop_table_size{table=\"b\"} 20"));
	assert_false(has_line(m, "migpop_table_entries{table=\"a\"} 1"));
	metrics__free(m);
}

/* A name from outside takes so much of each series and no more. */
static void a_long_name_is_cut(void **state)
{
	struct metrics *m = metrics__new();
	struct record *r = sample__record();
	char name[100001], line[512];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	set_guest(r, name);
	r->migration.role = ROLE_DESTINATION;
	r->migration.outcome = OUTCOME_FAILED;
	assert_int_equal(metrics__add(m, r), 0);
	snprintf(line, sizeof(line),
		 "migpop_migrations_total{guest=\"%.255s\",role=\"destination\",outcome=\"failed\"}"
		 " 1",
		 name);
	assert_true(has_line(m, line));
	record__free(r);
	metrics__free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_record_is_in_the_next_text),
		cmocka_unit_test(tables_are_the_last),
		cmocka_unit_test(a_long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
