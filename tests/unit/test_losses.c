// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a record says was lost: the judgement, and the words that text, page and JSON have for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "losses.h"
#include "output/json.h"
#include "output/text.h"

static void set(char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
}

static void add_site(struct record *r, int64_t pages, const char *end, size_t frames)
{
	struct record_callsite *c = record__add_callsite(r);

	set(&c->category, "other");
	c->context = RECORD_CONTEXT_USER;
	c->faults = c->populated_pages = pages;
	c->chain_end = end;
	for (size_t i = 0; i < frames; i++) {
		struct record_frame *f = record_frames__add(&c->frames);

		f->offset = 0x1000 + i;
		set(&f->module, i + 1 == frames ? "/usr/bin/qemu" : "/usr/lib/libc.so.6");
	}
	r->totals.populated_pages = record_count__sum(r->totals.populated_pages, pages);
}

static struct record *with_stack(const char *stack)
{
	struct record *r = record__new();
	struct record_target *t = record__add_target(r);

	t->pid = 4711;
	set(&t->exe, "/usr/bin/qemu");
	r->stack = stack;
	r->lost.events = 0;
	r->totals.populated_pages = 0;
	return r;
}

/* As the tracer leaves it. */
static void judge(struct record *r)
{
	assert_int_equal(record__count_chain_losses(r), 0);
	record__judge_losses(r);
}

static int write_text(const struct record *r, FILE *f)
{
	return output_text__write(r, f, &(struct text_options){.width = 400});
}

static char *written(const struct record *r, int (*write)(const struct record *r, FILE *f))
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(write(r, f), 0);
	fclose(f);
	return text;
}

static void has(const struct record *r, int (*write)(const struct record *r, FILE *f),
		const char *what, bool wanted)
{
	char *text = written(r, write);

	if (!!strstr(text, what) != wanted)
		fail_msg("%s\"%s\" in:\n%s", wanted ? "no " : "", what, text);
	free(text);
}

/* The three say the same: the page has what JSON has, and no judgement of its own. */
static void says(struct record *r, enum loss verdict, const char *text)
{
	char json[64];

	assert_int_equal(record__losses(r).verdict, verdict);
	has(r, write_text, text, true);
	has(r, write_text, "lost nothing", verdict == LOSS_NOTHING);
	if (verdict == LOSS_UNKNOWN)
		snprintf(json, sizeof(json), "\"verdict\": null");
	else
		snprintf(json, sizeof(json), "\"verdict\": \"%s\"",
			 names__word(NAMES_LOSS, (int)verdict));
	has(r, output_json__write, json, true);
}

static void whole_chains_are_nothing_lost(void **state)
{
	struct record *r = with_stack("cfi");

	(void)state;
	add_site(r, 262000, "complete", 9);
	add_site(r, 144, "jit", 2);
	add_site(r, 3, NULL, 0); /* a kernel worker */
	judge(r);
	says(r, LOSS_NOTHING, "lost nothing");
	assert_int_equal(r->lost.nr_unwind_errors, 0);
	assert_int_equal(r->lost.chainless_pages, 0);
	record__free(r);
}

static void a_few_chains_are_said(void **state)
{
	struct record *r = with_stack("cfi");

	(void)state;
	add_site(r, 262140, "complete", 9);
	add_site(r, 1, "no-cfi", 3);
	add_site(r, 3, "memory", 4);
	judge(r);
	says(r, LOSS_CHAINS,
	     "lost no event   no whole call chain for 4 of 262,144 pages (<0.01 %): no-cfi 1, "
	     "memory 3");
	has(r, output_json__write, "\"chainless_pages\": 4", true);
	assert_int_equal(r->lost.nr_room, 0);
	record__free(r);
}

/* As where no executable can be opened. */
static void chains_of_one_frame_are_never_nothing_lost(void **state)
{
	static const char *const ends[] = {"no-mapping", "no-cfi", "no-room-for-mappings",
					   "unreadable-file", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct record *r = with_stack("cfi");

		add_site(r, 16384, ends[i], 1);
		judge(r);
		says(r, LOSS_CHAINS, "no whole call chain for 16,384 of 16,384 pages (100 %)");
		record__free(r);
	}
}

static void frame_pointers_do_not_tell(void **state)
{
	struct record *r = with_stack("fp");

	(void)state;
	add_site(r, 10, NULL, 1);
	judge(r);
	says(r, LOSS_CHAINS,
	     "lost no event   whether call chains are whole is not known with frame pointers");
	has(r, output_json__write, "\"chainless_pages\": null", true);
	record__free(r);
}

static void none_was_asked_for(void **state)
{
	struct record *r = with_stack("none");

	(void)state;
	add_site(r, 10, NULL, 1);
	judge(r);
	says(r, LOSS_NOTHING, "lost nothing");
	record__free(r);
}

static void room_is_of_a_program_and_a_share(void **state)
{
	struct record *r = with_stack("cfi");

	(void)state;
	add_site(r, 131072 - 130241, "complete", 9);
	add_site(r, 130000, "no-room", 2);
	add_site(r, 241, "no-room", 5);
	judge(r);
	says(r, LOSS_CHAINS,
	     "no whole call chain for 130,241 of 131,072 pages (99.37 %): no-room 130,241");
	has(r, write_text, "no room in the table of unwind-rows for qemu: 130,241 pages (99.37 %)",
	    true);
	assert_int_equal(r->lost.nr_room, 1);
	assert_int_equal(r->lost.room[0].table, TABLE_UNWIND_ROWS);
	assert_int_equal(r->lost.room[0].pages, 130241);
	assert_string_equal(r->lost.room[0].module, "/usr/bin/qemu");
	record__free(r);
}

static void chains_that_were_not_kept(void **state)
{
	struct record *r = with_stack("cfi");

	(void)state;
	add_site(r, 100, "complete", 9);
	add_site(r, 7, "not-kept", 1);
	add_site(r, 5, "truncated", 127);
	judge(r);
	says(r, LOSS_CHAINS,
	     "no whole call chain for 12 of 112 pages (10.71 %)   5 cut short   7 not kept");
	has(r, write_text, "no room in the table of chains: 7 pages (6.25 %)", true);
	assert_int_equal(r->lost.stacks, 7);
	assert_int_equal(r->lost.truncated_stacks, 5);
	record__free(r);
}

static void events_that_are_in_no_count(void **state)
{
	struct record *r = with_stack("cfi");

	(void)state;
	add_site(r, 100, "complete", 9);
	record__add_lost(r, "events_without_a_call_site_entry", 12);
	judge(r);
	says(r, LOSS_EVENTS, "lost 12 events: events_without_a_call_site_entry 12");
	has(r, write_text, "no whole call chain", false);
	record__free(r);
}

static void a_record_that_does_not_say(void **state)
{
	struct record *r = with_stack("cfi");

	(void)state;
	r->lost.events = RECORD_UNKNOWN;
	add_site(r, 100, "complete", 9);
	judge(r);
	says(r, LOSS_UNKNOWN, "losses not known");
	record__free(r);
}

/* A record of another release has no judgement, or had another one: it is judged as it is read. */
static void what_is_read_is_judged_again(void **state)
{
	struct record *r = with_stack("cfi"), *back;
	char why[256], *text;

	(void)state;
	add_site(r, 100, "no-room", 1);
	judge(r);
	r->lost.verdict = LOSS_NOTHING;
	text = written(r, output_json__write);
	assert_int_equal(output_json__parse(&back, text, strlen(text), why, sizeof(why)), 0);
	assert_int_equal(back->lost.verdict, LOSS_CHAINS);
	free(text);
	record__free(back);
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_chains_are_nothing_lost),
		cmocka_unit_test(a_few_chains_are_said),
		cmocka_unit_test(chains_of_one_frame_are_never_nothing_lost),
		cmocka_unit_test(frame_pointers_do_not_tell),
		cmocka_unit_test(none_was_asked_for),
		cmocka_unit_test(room_is_of_a_program_and_a_share),
		cmocka_unit_test(chains_that_were_not_kept),
		cmocka_unit_test(events_that_are_in_no_count),
		cmocka_unit_test(a_record_that_does_not_say),
		cmocka_unit_test(what_is_read_is_judged_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
