/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two records side by side: what counts as the same thing in both, what comes first, and what the
 * command does with files that are no records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/diff.h"
#include "sample_record.h"

#include <json-c/json.h>

static struct record *base, *fixed;
static struct diff d;

static int new_records(void **state)
{
	(void)state;
	base = sample__record();
	fixed = record__new();
	return 0;
}

static int free_records(void **state)
{
	(void)state;
	diff__clear(&d);
	record__free(base);
	record__free(fixed);
	return 0;
}

static struct record_callsite *fixed_site(const char *category, int64_t pages, const char *leaf)
{
	struct record_callsite *c = sample__callsite(fixed, category, RECORD_ACCESS_READ, pages,
						     pages, leaf);

	c->pid = 12;
	return c;
}

static void make(void)
{
	assert_int_equal(diff__make(&d, base, fixed), 0);
}

static char *print_text(int width, bool color)
{
	const struct text_options opt = {.color = color, .width = width};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(output_diff__text(&d, f, &opt), 0);
	fclose(f);
	return text;
}

static void has(const char *what)
{
	char *text = print_text(120, false);

	if (!strstr(text, what))
		fail_msg("no \"%s\" in:\n%s", what, text);
	free(text);
}

static void same_functions_are_one_row(void **state)
{
	struct record_callsite *c = fixed_site("zero-page", 95, "buffer_is_zero");

	(void)state;
	/* another build: all named functions elsewhere */
	for (size_t i = 0; i < c->frames.n; i++)
		if (i != 1)
			c->frames.v[i].offset += 4096;
	make();
	assert_int_equal(d.callsites.n, 3);
	assert_true(d.callsites.v[0].in[DIFF_BASE] && d.callsites.v[0].in[DIFF_FIXED]);
	assert_int_equal(d.callsites.v[0].count[DIFF_BASE][DIFF_POPULATED], 262095);
	assert_int_equal(d.callsites.v[0].count[DIFF_FIXED][DIFF_POPULATED], 95);
	assert_string_equal(d.callsites.v[1].site->category, "page-payload");
	assert_false(d.callsites.v[1].in[DIFF_FIXED]);
	has("     262,095           95      -262,000   read zero-page: buffer_is_zero ← "
	    "qemu!fn+0x788310 ← qemu_loadvm_state_main");
	has("          49            –           -49 < write page-payload: memcpy");
	has("          31            –           -31 < none prealloc: fallocate ← fallocate64");
}

/* A function without a name is known by its place, and that in one build alone. */
static void nameless_functions(void **state)
{
	struct record_callsite *c = fixed_site("zero-page", 95, "buffer_is_zero");

	(void)state;
	free(c->frames.v[1].build_id);
	c->frames.v[1].build_id = strdup("77");
	make();
	assert_int_equal(d.callsites.n, 4);
	diff__clear(&d);
	free(c->frames.v[1].build_id);
	c->frames.v[1].build_id = strdup("5f1e0c0d");
	make();
	assert_int_equal(d.callsites.n, 3);
	diff__clear(&d);
	/* without even that, by its address in the module */
	for (int i = 0; i < 2; i++) {
		struct record_frame *f = i ? &c->frames.v[1] : &base->callsites[0].frames.v[1];

		free(f->function);
		f->function = NULL;
	}
	make();
	assert_int_equal(d.callsites.n, 3);
	diff__clear(&d);
	c->frames.v[1].offset++;
	make();
	assert_int_equal(d.callsites.n, 4);
}

static void other_keys_are_other_rows(void **state)
{
	(void)state;
	fixed_site("io", 1, "buffer_is_zero");
	fixed_site("zero-page", 1, "buffer_is_zero")->access = RECORD_ACCESS_WRITE;
	fixed_site("zero-page", 1, "buffer_is_zero")->context = RECORD_CONTEXT_KERNEL;
	fixed_site("zero-page", 1, "buffer_is_zero")->syscall = strdup("read");
	fixed_site("zero-page", 1, "memset");
	/* two processes of the same program are one row */
	fixed_site("zero-page", 1, "memset")->pid = 13;
	make();
	assert_int_equal(d.callsites.n, 3 + 5);
	assert_int_equal(d.categories.n, 4);
	assert_string_equal(d.categories.v[0].key, "zero-page");
	assert_int_equal(d.categories.v[0].count[DIFF_FIXED][DIFF_POPULATED], 5);
}

static void backings(void **state)
{
	struct record_backing *b = record__add_backing(fixed);

	(void)state;
	b->name = strdup("memfd:elsewhere");
	b->ram_block = strdup("ram0");
	b->populated_pages = 44;
	for (int i = 0; i < 2; i++) {
		b = record__add_backing(fixed);
		b->name = strdup(i ? "[anon 0x7f0000000000]" : "[anon 0x7e0000000000]");
		b->populated_pages = 4;
	}
	make();
	assert_int_equal(d.backings.n, 3);
	assert_string_equal(d.backings.v[0].key, "ram0");
	assert_int_equal(d.backings.v[0].count[DIFF_FIXED][DIFF_POPULATED], 44);
	assert_string_equal(d.backings.v[2].key, "[anon]");
	assert_int_equal(d.backings.v[2].count[DIFF_FIXED][DIFF_POPULATED], 8);
	has("     262,144           44      -262,100   ram0\n");
	has("           –            8            +8 > [anon]\n");
}

static void totals(void **state)
{
	char *text;

	(void)state;
	fixed->totals.populated_pages = 80;
	fixed->totals.faults = RECORD_UNKNOWN;
	fixed->start_ns = 1000;
	fixed->end_ns = 369001000;
	make();
	has("     262,175           80      -262,095   populated (99.97 % less)\n");
	has("     262,144            ?             ?   faults\n");
	has("      3.05 s       369 ms       -2.68 s   window (87.90 % less)\n");
	text = print_text(120, true);
	assert_non_null(strstr(text, "\033[32m      -262,095\033[0m"));
	free(text);
}

static void equal_records(void **state)
{
	(void)state;
	assert_int_equal(diff__make(&d, base, base), 0);
	has("     262,175      262,175             =   populated\n");
	has("     262,175      262,175             =   … 3 more, none of them changed\n");
}

static void empty_records(void **state)
{
	struct record *empty = record__new();
	char *text;

	(void)state;
	assert_int_equal(diff__make(&d, empty, empty), 0);
	assert_int_equal(d.callsites.n + d.categories.n + d.backings.n, 0);
	text = print_text(0, false);
	assert_null(strstr(text, "call site"));
	free(text);
	record__free(empty);
}

static void hostile_names(void **state)
{
	char *text;

	(void)state;
	fixed_site("<script>\033[2J", INT64_MAX, "a;b\nc\xff");
	fixed_site("x\ny", -INT64_MAX, "\xe2\x80\xae");
	make();
	text = print_text(160, false);
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_non_null(strstr(text, "<script>\\x1b[2J: a;b\\x0ac\\xff ←"));
	free(text);
}

static json_object *at(json_object *o, const char *name)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(o, name, &v))
		fail_msg("no member %s", name);
	return v;
}

static void json(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	json_object *root, *row;

	(void)state;
	fixed_site("zero-page", 95, "buffer_is_zero");
	fixed->totals.released_pages = RECORD_UNKNOWN;
	make();
	assert_int_equal(output_diff__json(&d, f), 0);
	fclose(f);
	root = json_tokener_parse(text);
	assert_non_null(root);
	assert_string_equal(json_object_get_string(at(root, "schema")), "migpop.diff/1");
	assert_null(at(at(at(root, "totals"), "released_pages"), "change"));
	assert_int_equal(json_object_array_length(at(root, "callsites")), 3);
	row = json_object_array_get_idx(at(root, "callsites"), 0);
	assert_string_equal(json_object_get_string(at(row, "in")), "both");
	assert_int_equal(json_object_get_int64(at(at(row, "populated_pages"), "change")), -262000);
	assert_int_equal(json_object_array_length(at(row, "chain")), 4);
	row = json_object_array_get_idx(at(root, "callsites"), 1);
	assert_string_equal(json_object_get_string(at(row, "in")), "base");
	row = json_object_array_get_idx(at(root, "backing"), 0);
	assert_string_equal(json_object_get_string(at(row, "name")), "ram0");
	json_object_put(root);
	free(text);
}

static void changes_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(diff__change(5, 3), -2);
	assert_int_equal(diff__change(-INT64_MAX, INT64_MAX), INT64_MAX);
	assert_int_equal(diff__change(INT64_MAX, -INT64_MAX), -INT64_MAX);
	assert_int_equal(diff__change(1, -INT64_MAX), -INT64_MAX);
	assert_true(diff__change(RECORD_UNKNOWN, 3) == RECORD_UNKNOWN);
	assert_true(diff__change(3, RECORD_UNKNOWN) == RECORD_UNKNOWN);
}

#define DIFF_TEST(f) cmocka_unit_test_setup_teardown(f, new_records, free_records)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIFF_TEST(same_functions_are_one_row),
		DIFF_TEST(nameless_functions),
		DIFF_TEST(other_keys_are_other_rows),
		DIFF_TEST(backings),
		DIFF_TEST(totals),
		DIFF_TEST(equal_records),
		DIFF_TEST(empty_records),
		DIFF_TEST(hostile_names),
		DIFF_TEST(json),
		cmocka_unit_test(changes_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
