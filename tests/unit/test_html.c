/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page of a record: nothing in a record gets out of its place in the page, the page refers to
 * nothing outside of itself, and its data says what the record says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/html.h"
#include "output/json.h"
#include "sample_record.h"

#include <json-c/json.h>

#define DATA     "<script type=\"application/json\" id=\"data\">"
#define DATA_END "</script>"

static size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* Two scripts, of which one is data, and not one reference. */
static char *print(const struct record *r)
{
	size_t len;
	char *text = sample__print(r, output_html__write, &len);

	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	assert_int_equal(occurrences(text, "<script"), 2);
	assert_int_equal(occurrences(text, "</script"), 2);
	assert_int_equal(occurrences(text, "<!--"), 1);
	assert_int_equal(occurrences(text, "<style"), 1);
	assert_int_equal(occurrences(text, "<title>"), 1);
	assert_null(strstr(text, "http:"));
	assert_null(strstr(text, "https:"));
	assert_null(strstr(text, "url("));
	assert_null(strstr(text, "@import"));
	assert_null(strstr(text, " src="));
	assert_null(strstr(text, "{{"));
	assert_null(strstr(text, "innerHTML"));
	assert_int_equal(occurrences(text, "href=\"#") + 1, occurrences(text, "href="));
	return text;
}

static json_object *data_of(const char *page)
{
	const char *begin = strstr(page, DATA) + strlen(DATA), *end = strstr(begin, DATA_END);
	json_tokener *tokener = json_tokener_new();
	json_object *data;

	assert_null(memchr(begin, '<', (size_t)(end - begin)));
	data = json_tokener_parse_ex(tokener, begin, (int)(end - begin));
	assert_non_null(data);
	json_tokener_free(tokener);
	return data;
}

static json_object *member(json_object *object, const char *name)
{
	json_object *v;

	if (!json_object_object_get_ex(object, name, &v))
		fail_msg("no %s", name);
	return v;
}

/* Chains are numbers of frames, each of which is there once; all else is as in the JSON. */
static void test_data(void **state)
{
	struct record *r = sample__record();
	char *page = print(r), *json;
	json_object *data = data_of(page), *record = member(data, "record"), *theirs;
	json_object *site, *frames = member(record, "frames"), *number;
	size_t len;

	(void)state;
	json = sample__print(r, output_json__write, &len);
	theirs = json_tokener_parse(json);
	json_object_object_foreach(theirs, name, value)
	{
		if (strcmp(name, "callsites") != 0 && strcmp(name, "advice") != 0)
			assert_true(json_object_equal(value, member(record, name)));
	}
	/* 4 of the first site, 1 of each other, 2 of the advice, 1 system call and the root */
	assert_int_equal(json_object_array_length(frames), 4 + 1 + 1 + 2 + 1 + 1);
	site = json_object_array_get_idx(member(record, "callsites"), 1);
	number = json_object_array_get_idx(member(site, "frames"), 0);
	site = json_object_array_get_idx(frames, (size_t)json_object_get_int(number));
	assert_string_equal(json_object_get_string(member(site, "name")), "memcpy");
	assert_int_equal(json_object_get_int64(member(site, "offset")), 0x788310);
	assert_int_equal(json_object_array_length(member(data, "flame")), 5 * 8);
	assert_int_equal(json_object_get_int(member(member(record, "categories"), "zero-page")), 1);
	json_object_put(data);
	json_object_put(theirs);
	free(json);
	free(page);
	record__free(r);
}

static void test_names_stay_where_they_are(void **state)
{
	static const char name[] = "</script><script>alert(1)</script><!--</title></style>"
				   "\xff{{data}}{{script}}\"'&";
	struct record *r = sample__record();
	char *page;
	json_object *data, *site;

	(void)state;
	free(r->target[0].guest);
	free(r->target[0].cmdline[0]);
	free(r->callsites[0].category);
	free(r->callsites[0].frames.v[0].function);
	free(r->backing[0].name);
	free(r->opened_by_text);
	r->target[0].guest = strdup(name);
	r->target[0].cmdline[0] = strdup(name);
	r->callsites[0].category = strdup(name);
	r->callsites[0].frames.v[0].function = strdup(name);
	r->backing[0].name = strdup(name);
	r->opened_by_text = strdup(name);
	record__add_lost(r, name, 1);
	/* the marks of the template are in these names as well: that they stay is right */
	page = sample__print(r, output_html__write, &(size_t){0});
	assert_int_equal(occurrences(page, "<script"), 2);
	assert_int_equal(occurrences(page, "</script"), 2);
	assert_int_equal(occurrences(page, "<!--"), 1);
	assert_int_equal(occurrences(page, "</style"), 1);
	assert_int_equal(occurrences(page, "</title"), 1);
	data = data_of(page);
	site = json_object_array_get_idx(member(member(data, "record"), "callsites"), 0);
	assert_non_null(
		strstr(json_object_get_string(member(site, "category")),
		       "</script><script>alert(1)</script><!--</title></style>\\xff{{data}}"));
	json_object_put(data);
	free(page);
	record__free(r);
}

static void test_without_scripts(void **state)
{
	struct record *r = sample__record();
	char *page = print(r), *begin = strstr(page, "<noscript>"),
	     *end = strstr(page, "</noscript>");

	(void)state;
	*end = '\0';
	assert_non_null(strstr(begin, "262,175 pages (1.00 GiB)"));
	assert_non_null(strstr(begin, "books balance"));
	free(page);
	record__free(r);
}

static void test_extremes(void **state)
{
	struct record *r = record__new();
	char *page = print(r);
	json_object *data = data_of(page);

	(void)state;
	assert_null(member(member(member(data, "record"), "totals"), "populated_pages"));
	json_object_put(data);
	free(page);
	record__free(r);

	r = sample__record();
	for (size_t i = 0; i < r->nr_callsites; i++)
		r->callsites[i].populated_pages = INT64_MAX;
	r->callsites[0].frames.v[0].offset = UINT64_MAX;
	page = print(r);
	assert_non_null(strstr(page, "9223372036854775807"));
	assert_non_null(strstr(page, "18446744073709551615"));
	free(page);
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_names_stay_where_they_are),
		cmocka_unit_test(test_without_scripts),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
