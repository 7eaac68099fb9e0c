/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flame graph is well-formed XML whatever the names are, says in tooltips what it shows, and
 * refers to nothing outside of itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/svg.h"
#include "output/xml.h"
#include "sample_record.h"

#define NAMESPACE "http://www.w3.org/2000/svg"

/* xmllint, where there is one, is who knows what is well-formed. */
static void assert_well_formed(const char *text, size_t len)
{
	FILE *f;

	if (system("command -v xmllint >/dev/null") != 0) {
		print_message("SKIP: no xmllint: well-formedness is not checked\n");
		return;
	}
	f = popen("xmllint --noout --huge -", "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(pclose(f), 0);
}

static char *print(const struct record *r)
{
	size_t len;
	char *text = sample__print(r, output_svg__write, &len), *http;

	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	assert_well_formed(text, len);
	http = strstr(text, "http");
	assert_ptr_equal(http, strstr(text, NAMESPACE));
	assert_null(strstr(http + 1, "http"));
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "href"));
	assert_null(strstr(text, "url("));
	return text;
}

static void test_says_what_it_shows(void **state)
{
	struct record *r = sample__record();
	char *text = print(r);

	(void)state;
	assert_non_null(strstr(text, "populated 262,175 pages (1.00 GiB)"));
	assert_non_null(strstr(text, "zero pages nobody needed 262,095 (99.97 %)"));
	assert_non_null(strstr(text,
			       "<title>buffer_is_zero (inlined)\n/usr/bin/qemu-system-x86_64\n"
			       "262,095 pages, 99.97 % of all, 262,095 of them zero pages"));
	assert_non_null(strstr(text, ">qemu!fn+0x788310</text>"));
	assert_non_null(strstr(text, ">zero-page</text>"));
	free(text);
	record__free(r);
}

static void test_names_are_text(void **state)
{
	struct record *r = sample__record();
	struct record_callsite *c = &r->callsites[0];
	char *text, *name = malloc(10001);

	(void)state;
	memset(name, '<', 10000);
	name[10000] = '\0';
	free(c->frames.v[0].function);
	c->frames.v[0].function =
		strdup("<script>alert(1)</script>&\"'\xff\xc3\x01\xef\xbf\xbe]]>");
	free(c->frames.v[1].function);
	c->frames.v[1].function = name;
	free(c->frames.v[2].module);
	c->frames.v[2].module = strdup("</title><script>\xed\xa0\x80");
	free(c->category);
	c->category = strdup("</style><script>");
	free(r->target[0].guest);
	r->target[0].guest = strdup("</text><script>\x08");
	text = print(r);
	assert_non_null(
		strstr(text, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;\\xff\\xc3\\x01"
			     "\\xef\\xbf\\xbe]]&gt;"));
	free(text);
	record__free(r);
}

/* A chain too narrow to be seen takes no room either, however deep. */
static void test_as_high_as_what_is_seen(void **state)
{
	const char *const deep[] = {"g", "f", "e", "d", "c", "b", "a"};
	struct record *r = sample__record();
	struct record_callsite *c = record__add_callsite(r);
	char *text;

	(void)state;
	c->populated_pages = 1;
	sample__frames(&c->frames, deep, 7);
	text = print(r);
	/* the root and the four frames of the first call site, 20 px each */
	assert_non_null(strstr(text, "width=\"1200\" height=\"198\""));
	free(text);
	record__free(r);
}

static void test_extremes(void **state)
{
	struct record *r = record__new();
	char *text = print(r);

	(void)state;
	assert_non_null(strstr(text, "no call site that populated"));
	free(text);
	record__free(r);

	r = sample__record();
	for (size_t i = 0; i < r->nr_callsites; i++)
		r->callsites[i].populated_pages = r->callsites[i].zero_populated_pages = INT64_MAX;
	text = print(r);
	assert_non_null(strstr(text, "9,223,372,036,854,775,807 pages"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf\""));
	free(text);
	record__free(r);
}

/* XML 1.0 has no way at all to say these. */
static void test_characters_outside_of_xml(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	xml__put(f, "a\x1f\x7f\xc2\x85\xef\xbf\xbf\xf0\x9f\x90\xa7\n\t<&>");
	fclose(f);
	assert_string_equal(text,
			    "a\\x1f\x7f\xc2\x85\\xef\\xbf\\xbf\xf0\x9f\x90\xa7\n\t&lt;&amp;&gt;");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_it_shows),
		cmocka_unit_test(test_names_are_text),
		cmocka_unit_test(test_as_high_as_what_is_seen),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_characters_outside_of_xml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
