/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a record answers every question on one screen, whatever is in the record, and never
 * lets a name reach the terminal as an escape sequence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/format.h"
#include "output/text.h"
#include "sample_record.h"

#include <errno.h>

static struct text_options options;

static int write_text(const struct record *r, FILE *f)
{
	return output_text__write(r, f, &options);
}

static int columns(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

/* On one screen: 40 lines, none above @width columns; no byte that a terminal would obey. */
static char *print(const struct record *r, int width)
{
	size_t len;
	char *text;
	int lines = 0;

	options = (struct text_options){.width = width};
	text = sample__print(r, write_text, &len);
	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	for (const char *s = text, *end; *s; s = end + 1) {
		uint32_t c;

		end = strchr(s, '\n');
		assert_non_null(end);
		if (width && columns(s, (size_t)(end - s)) > width)
			fail_msg("above %d columns: %.*s", width, (int)(end - s), s);
		for (const char *p = s; p < end; p += format__utf8(p, &c)) {
			assert_true(format__utf8(p, &c) > 0);
			assert_true(c >= 0x20 && !(c >= 0x7f && c < 0xa0));
		}
		lines++;
	}
	if (lines > 40)
		fail_msg("%d lines:\n%s", lines, text);
	return text;
}

static void has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no \"%s\" in:\n%s", what, text);
}

static void has_not(const char *text, const char *what)
{
	if (strstr(text, what))
		fail_msg("\"%s\" in:\n%s", what, text);
}

static void answers_all(void **state)
{
	struct record *r = sample__record();
	char *text = print(r, 100);

	(void)state;
	has(text, "pid 4711 qemu-system-x86_64   guest fedora-7   tracepoint mode, cfi stacks");
	has(text, "window 3.05 s, setup → completed");
	has(text, "setup 12.0 ms   precopy 3.03 s in 2 rounds (2.49 s, 540 ms)   downtime 10.0 ms");
	has(text, "populated 262,175 pages (1.00 GiB)");
	has(text, "zero pages nobody needed 262,095 (99.97 %)");
	has(text, "given back 5\n");
	has(text, "by read 262,095, by write 49, by neither 31");
	has(text,
	    "  262,095    262,095  read   zero-page     buffer_is_zero ← qemu!fn+0x788310 ← ");
	has(text, "  call   prealloc      fallocate ← fallocate64 ← ");
	has(text, "ram0       memfd, shared         262,144    262,095           5    262,144\n");
	has(text, "given back 5 by MADV_REMOVE, 3 calls, 1 failed (EACCES), 20.0 KiB: "
		  "qemu_ram_discard ← main");
	has(text, "books balance: kernel 262,144, traced 262,144   "
		  "anonymous memory: kernel 31, traced 31 (±2)");
	has(text, "page tables +514");
	has(text, "lost no event   no whole call chain: expression 7   7 cut short");
	has(text, "no room in the table of unwind-rows for qemu: 130,241 pages (49.68 %)");
	has(text, "cost 0.2 µs an event (262,144 events, 54.0 ms)");
	free(text);
	record__free(r);
}

static void books_that_do_not_balance(void **state)
{
	struct record *r = sample__record();
	char *text;

	(void)state;
	r->accounting[0].kernel_pages += 1234;
	r->accounting[0].residual_pages = 1234;
	text = print(r, 100);
	has(text, "books do not balance (1 of 2 rows)");
	has(text, "  kernel 263,378, traced 262,144, residual 1,234: shmem memfd:ram0\n");
	has_not(text, "books balance");
	free(text);
	/* what may have moved at the edges is no fault, one page more is */
	r->accounting[0].uncertainty_pages = 1234;
	text = print(r, 100);
	has(text, "books balance: kernel 263,378, traced 262,144");
	has(text, "stopped while memory moved: between 262,144 and 264,612 pages");
	free(text);
	r->accounting[0].residual_pages = -1235;
	text = print(r, 100);
	has(text, "books do not balance");
	has(text, "residual -1,235");
	free(text);
	record__free(r);
}

static void losses_by_kind(void **state)
{
	struct record *r = sample__record();
	char *text;

	(void)state;
	record__add_lost(r, "map-full", 1500);
	record__add_lost(r, "missed", 2);
	r->lost.stacks = 3;
	text = print(r, 100);
	has(text, "lost 1,502 events: map-full 1,500, missed 2");
	has(text, "3 not kept");
	has_not(text, "lost nothing");
	free(text);
	record__free(r);
}

static void what_is_not_known(void **state)
{
	struct record *r = record__new();
	char *text = print(r, 100);

	(void)state;
	has(text, "populated an unknown number of pages");
	has(text, "zero pages nobody needed not known in this mode");
	has(text, "books cannot be checked");
	has(text, "losses not known");
	has(text, "cost not measured");
	has_not(text, "9,223");
	free(text);
	record__add_callsite(r);
	record__add_target(r);
	record__add_accounting(r)->residual_pages = RECORD_UNKNOWN;
	record__add_advice(r);
	record__add_backing(r)->populated_pages = RECORD_UNKNOWN;
	text = print(r, 100);
	has(text, "(call chain not known)");
	has(text, "1 row cannot be checked");
	free(text);
	record__free(r);
}

static void hostile_names(void **state)
{
	static const char evil[] = "\x1b[2J\r\n\t\x7f\xc2\x9b\xff\xe2\x80\xae"
				   "end";
	struct record *r = sample__record();
	char *longname = malloc(100001), *text;

	(void)state;
	memset(longname, 'A', 100000);
	longname[100000] = '\0';
	free(r->target[0].exe);
	r->target[0].exe = strdup(evil);
	free(r->target[0].guest);
	r->target[0].guest = strdup(longname);
	free(r->opened_by_text);
	r->opened_by_text = strdup(evil);
	free(r->backing[0].ram_block);
	r->backing[0].ram_block = strdup(evil);
	free(r->backing[1].name);
	r->backing[1].name = strdup(longname);
	free(r->accounting[0].name);
	r->accounting[0].name = strdup(evil);
	r->accounting[0].residual_pages = 1;
	free(r->callsites[0].frames.v[0].function);
	r->callsites[0].frames.v[0].function = strdup(evil);
	free(r->callsites[1].frames.v[0].function);
	r->callsites[1].frames.v[0].function = strdup(longname);
	free(r->callsites[1].frames.v[1].module);
	r->callsites[1].frames.v[1].module = strdup(evil);
	free(r->callsites[2].syscall);
	r->callsites[2].syscall = strdup(evil);
	record__add_lost(r, evil, 5);
	record__add_unwind_error(r, longname, 5);
	for (int width = 1; width < 200; width += 13)
		free(print(r, width < 80 ? 80 : width));
	text = print(r, 120);
	has(text, "\\x1b[2J\\x0d\\x0a\\x09\\x7f\\xc2\\x9b\\xff\\xe2\\x80\\xaeend");
	has(text, "AAA…");
	free(text);
	/* as narrow as it gets: nothing breaks, whatever it looks like */
	options = (struct text_options){.width = 1};
	text = sample__print(r, write_text, &(size_t){0});
	assert_non_null(text);
	free(text);
	free(longname);
	record__free(r);
}

static void huge_counts(void **state)
{
	struct record *r = sample__record();
	char *text;

	(void)state;
	r->totals.populated_pages = INT64_MAX;
	r->totals.zero_populated_pages = INT64_MAX - 1;
	r->totals.faults = INT64_MAX;
	for (size_t i = 0; i < 3; i++)
		r->callsites[i].populated_pages = INT64_MAX;
	r->accounting[0].kernel_pages = INT64_MAX;
	r->accounting[0].residual_pages = -INT64_MAX;
	r->advice[0].bytes = INT64_MAX;
	r->overhead.ns_per_event = 1e300;
	r->end_ns = UINT64_MAX;
	for (int i = 0; i < 20; i++)
		sample__callsite(r, "io", RECORD_ACCESS_WRITE, INT64_MAX, INT64_MAX, "x");
	text = print(r, 120);
	has(text, "9,223,372,036,854,775,807");
	has(text, ">99.99 %");
	has(text, "residual -9,223,372,036,854,775,807");
	free(text);
	record__free(r);
}

static void five_thousand_call_sites(void **state)
{
	struct record *r = sample__record();
	char *text;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct record_callsite *c = sample__callsite(r, "io", RECORD_ACCESS_WRITE, 3, 1,
							     "memset");
		struct record_backing *b = record__add_backing(r);
		struct record_accounting *a = record__add_accounting(r);
		struct record_advice *v = record__add_advice(r);

		c->frames.v[0].offset = (uint64_t)i;
		b->name = strdup("/usr/lib/libx.so");
		b->kind = "file";
		b->populated_pages = 2;
		a->kind = "file";
		a->residual_pages = 1;
		v->call = "munmap";
		record__add_target(r)->pid = (uint32_t)i;
	}
	record__sort(r);
	text = print(r, 100);
	has(text, "and 5000 more processes");
	has(text, "for zero-page 262,095");
	has(text, "io 15,000");
	has(text, "more call sites");
	has(text, "… 4998 more");
	has(text, "more sites, ");
	has(text, "more rows do not balance");
	has(text, "cost 0.2 µs");
	free(text);
	record__free(r);
}

/* The rows shown and the row for the rest add up to all. */
static void the_rest_adds_up(void **state)
{
	struct record *r = sample__record();
	char *text, expect[64];

	(void)state;
	for (int i = 0; i < 50; i++)
		sample__callsite(r, "io", RECORD_ACCESS_WRITE, 1, 0, "memset");
	record__sort(r);
	text = print(r, 100);
	/* 53 call sites, 12 lines: 11 of them and the rest of 42 pages */
	snprintf(expect, sizeof(expect), "%9d  %9d  … %d more call sites", 42, 0, 42);
	has(text, expect);
	free(text);
	record__free(r);
}

static void colour_is_for_verdicts(void **state)
{
	struct record *r = sample__record();
	size_t len;
	char *text;

	(void)state;
	options = (struct text_options){.color = true, .width = 100};
	text = sample__print(r, write_text, &len);
	has(text, "\033[32mbooks balance\033[0m");
	has(text, "\033[32mlost no event\033[0m");
	has(text, "\033[33mzero pages nobody needed\033[0m");
	free(text);
	record__free(r);
}

static void full_disk_is_an_error(void **state)
{
	struct record *r = sample__record();
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	setvbuf(f, NULL, _IONBF, 0);
	assert_true(output_text__write(r, f, &options) < 0);
	assert_int_equal(output_text__live(NULL, r, f, &options), -ENOSPC);
	fclose(f);
	record__free(r);
}

static const struct record *before;

static int write_live(const struct record *r, FILE *f)
{
	return output_text__live(before, r, f, &options);
}

static void live_rates(void **state)
{
	struct record *r = sample__record(), *s = sample__record();
	size_t len;
	char *text;

	(void)state;
	options = (struct text_options){.width = 100};
	s->end_ns = r->end_ns + 2000000000;
	s->totals.faults += 2000;
	s->totals.populated_pages += 4001;
	s->totals.zero_populated_pages = RECORD_UNKNOWN;
	s->timeline[0].rss_pages = 262144;
	before = r;
	text = sample__print(s, write_live, &len);
	assert_string_equal(text, "      5.0        1,000        2,001            ?            0"
				  "        266,176   1.00 GiB\n");
	free(text);
	before = NULL;
	text = sample__print(s, write_live, &len);
	has(text, "faults/s");
	free(text);
	/* no time has passed, or it went backwards */
	before = s;
	text = sample__print(r, write_live, &len);
	has(text, "?");
	free(text);
	before = NULL;
	options.refresh = true;
	text = sample__print(s, write_live, &len);
	has(text, "\033[H\033[J");
	has(text, "buffer_is_zero");
	free(text);
	record__free(r);
	record__free(s);
}

static void figures(void **state)
{
	char buf[FORMAT_NUMBER];

	(void)state;
	assert_string_equal(format__count(buf, 0), "0");
	assert_string_equal(format__count(buf, 999), "999");
	assert_string_equal(format__count(buf, -1000), "-1,000");
	assert_string_equal(format__count(buf, RECORD_UNKNOWN), "?");
	assert_string_equal(format__size(buf, 0), "0 B");
	assert_string_equal(format__size(buf, 4096), "4.00 KiB");
	assert_string_equal(format__size(buf, 1073741824.0), "1.00 GiB");
	assert_string_equal(format__size(buf, 1024.0 * 1023.999), "1.00 MiB");
	assert_string_equal(format__percent(buf, 1, 1000000), "<0.01 %");
	assert_string_equal(format__percent(buf, 999999, 1000000), ">99.99 %");
	assert_string_equal(format__percent(buf, 5, 5), "100 %");
	assert_string_equal(format__percent(buf, 1, 0), "?");
	assert_string_equal(format__time(buf, 205), "0.2 µs");
	assert_string_equal(format__time(buf, 3.05e9), "3.05 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_all),
		cmocka_unit_test(books_that_do_not_balance),
		cmocka_unit_test(losses_by_kind),
		cmocka_unit_test(what_is_not_known),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(huge_counts),
		cmocka_unit_test(five_thousand_call_sites),
		cmocka_unit_test(the_rest_adds_up),
		cmocka_unit_test(colour_is_for_verdicts),
		cmocka_unit_test(full_disk_is_an_error),
		cmocka_unit_test(live_rates),
		cmocka_unit_test(figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
