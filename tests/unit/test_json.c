/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record survives the way to JSON and back unchanged; whatever else is in a file gives one clear
 * line and -EINVAL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/json.h"
#include "sample_record.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

static char why[256];

static struct record *parse(const char *text)
{
	struct record *r;

	if (output_json__parse(&r, text, strlen(text), why, sizeof(why)))
		fail_msg("%s", why);
	return r;
}

/* Refused with -EINVAL, in one line that holds @reason. */
static void refuses(const char *text, size_t len, const char *reason)
{
	struct record *r = (struct record *)1;

	assert_int_equal(output_json__parse(&r, text, len, why, sizeof(why)), -EINVAL);
	assert_null(r);
	assert_true(strlen(why) > 0 && strlen(why) < sizeof(why) - 1);
	for (const char *s = why; *s; s++)
		assert_true(*s >= ' ' && *s < 0x7f);
	if (reason && !strstr(why, reason))
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
}

static void round_trip_is_exact(struct record *r)
{
	struct record *back;
	size_t len, len2;
	char *text, *text2;

	record__judge_losses(r);
	text = sample__print(r, output_json__write, &len);
	back = parse(text);
	text2 = sample__print(back, output_json__write, &len2);
	assert_string_equal(text, text2);
	free(text);
	free(text2);
	record__free(back);
	record__free(r);
}

static void real_record(void **state)
{
	struct record *r = sample__record(), *back;
	size_t len;
	char *text = sample__print(r, output_json__write, &len);

	(void)state;
	back = parse(text);
	assert_int_equal(back->nr_callsites, 3);
	assert_int_equal(back->callsites[0].access, RECORD_ACCESS_READ);
	assert_true(back->callsites[0].fault_ns == RECORD_UNKNOWN);
	assert_int_equal(back->callsites[2].context, RECORD_CONTEXT_SYSCALL);
	assert_string_equal(back->callsites[2].syscall, "fallocate");
	assert_int_equal(back->callsites[0].frames.n, 4);
	assert_null(back->callsites[0].frames.v[1].symbol);
	assert_int_equal(back->callsites[0].frames.v[1].offset, 0x788311);
	assert_string_equal(back->target[0].cmdline[1], r->target[0].cmdline[1]);
	assert_int_equal(back->accounting[1].uncertainty_pages, 2);
	assert_true(back->accounting[2].traced_pages == RECORD_UNKNOWN);
	assert_string_equal(back->advice[0].error, "EACCES");
	assert_true(back->overhead.ns_per_event > 205.98 && back->overhead.ns_per_event < 206);
	assert_string_equal(back->lost.unwind_errors[0].name, "expression");
	assert_int_equal(back->lost.events, 0);
	assert_non_null(strstr(text, "\"ns_per_event\": 205.99"));
	assert_non_null(strstr(text, "\"fault_ns\": null"));
	free(text);
	record__free(back);
	round_trip_is_exact(r);
}

static void empty_record(void **state)
{
	(void)state;
	round_trip_is_exact(record__new());
}

static void all_null_elements(void **state)
{
	struct record *r = record__new();
	struct record_callsite *c = record__add_callsite(r);

	(void)state;
	record_callsite__add_backing(c);
	c->frames.v = calloc(1, sizeof(*c->frames.v));
	c->frames.n = 1;
	record__add_target(r);
	record__add_accounting(r);
	record__add_advice(r);
	record__add_backing(r);
	record__add_tick(r)->rss_pages = RECORD_UNKNOWN;
	round_trip_is_exact(r);
}

static void extreme_numbers(void **state)
{
	struct record *r = sample__record(), *back;
	size_t len;
	char *text;

	(void)state;
	r->totals.faults = INT64_MAX;
	r->accounting[0].residual_pages = -INT64_MAX;
	r->accounting[0].inode = UINT64_MAX;
	r->callsites[0].frames.v[0].offset = UINT64_MAX;
	r->callsites[0].pid = UINT32_MAX;
	r->overhead.ns_per_event = 0.1 + 0.2;
	text = sample__print(r, output_json__write, &len);
	back = parse(text);
	assert_true(back->totals.faults == INT64_MAX);
	assert_true(back->accounting[0].residual_pages == -INT64_MAX);
	assert_true(back->accounting[0].inode == UINT64_MAX);
	assert_true(back->callsites[0].frames.v[0].offset == UINT64_MAX);
	assert_true(back->callsites[0].pid == UINT32_MAX);
	assert_memory_equal(&back->overhead.ns_per_event, &r->overhead.ns_per_event,
			    sizeof(double));
	record__free(back);
	free(text);
	round_trip_is_exact(r);
}

static void hostile_names(void **state)
{
	struct record *r = sample__record(), *back;
	char *text, *longname = malloc(100001);
	size_t len;

	(void)state;
	memset(longname, 'A', 100000);
	longname[100000] = '\0';
	free(r->target[0].comm);
	r->target[0].comm = strdup("\x1b[2J\"\\\n\xff\xc3\xa9\xed\xa0\x80");
	free(r->callsites[0].frames.v[0].symbol);
	r->callsites[0].frames.v[0].symbol = longname;
	record__add_lost(r, "\xfe\"", 1);
	text = sample__print(r, output_json__write, &len);
	back = parse(text);
	assert_string_equal(back->target[0].comm, "\x1b[2J\"\\\n\\xff\xc3\xa9\\xed\\xa0\\x80");
	assert_string_equal(back->callsites[0].frames.v[0].symbol, longname);
	record__free(back);
	free(text);
	round_trip_is_exact(r);
}

static void many_call_sites(void **state)
{
	struct record *r = sample__record();

	(void)state;
	for (int i = 0; i < 5000; i++)
		sample__callsite(r, "other", RECORD_ACCESS_WRITE, i, 0, "memset");
	round_trip_is_exact(r);
}

static void truncated_anywhere(void **state)
{
	struct record *r = sample__record();
	size_t len;
	char *text = sample__print(r, output_json__write, &len);

	(void)state;
	assert_int_equal(text[len - 2], '}');
	/* in a block of its own length each time, so that a read past the end is seen */
	for (size_t n = 0; n < len - 1; n++) {
		char *cut = malloc(n ? n : 1);

		memcpy(cut, text, n);
		refuses(cut, n, n ? "ends in the middle" : "is empty");
		free(cut);
	}
	free(text);
	record__free(r);
}

/* Any byte changed to one of a few: a reason or a record, never a crash. */
static void changed_anywhere(void **state)
{
	static const char bytes[] = "\0\"{}[],:-9e.\\n\xff\x1f";
	struct record *r = sample__record(), *back;
	size_t len;
	char *text = sample__print(r, output_json__write, &len);

	(void)state;
	/* runs of blanks teach nothing; the bytes take turns, to end within seconds */
	for (size_t n = 0, turn = 0; n < len; n++) {
		char was = text[n];

		for (size_t i = 0; was != ' ' && i < 3; i++, turn++) {
			text[n] = bytes[turn % (sizeof(bytes) - 1)];
			if (output_json__parse(&back, text, len, why, sizeof(why)) == 0)
				record__free(back);
			else
				assert_true(why[0]);
		}
		text[n] = was;
	}
	free(text);
	record__free(r);
}

#define HEAD "{\"schema\":\"migpop.record/2\","

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *reason;
	} t[] = {
		{"", "empty"},
		{"   ", "ends"},
		{"hello", "not JSON at byte 0"},
		{"null", ""},
		{"[]", "no schema"},
		{"3", ""},
		{"{}", "no schema"},
		{"{\"schema\":1}", "no schema"},
		{"{\"schema\":\"migpop.verify/1\"}", "its schema is not migpop.record/2"},
		{HEAD "}", "not JSON"},
		{HEAD "\"a\":1}x", "not JSON"},
		{HEAD "\"totals\":[]}", "totals is not an object"},
		{HEAD "\"totals\":{\"faults\":-1}}", "totals.faults is negative"},
		{HEAD "\"totals\":{\"faults\":1.5}}", "totals.faults is not a whole number"},
		{HEAD "\"totals\":{\"faults\":\"1\"}}", "totals.faults is not a whole number"},
		{HEAD "\"totals\":{\"faults\":9223372036854775808}}", "totals.faults is above"},
		{HEAD "\"totals\":{\"faults\":99999999999999999999999}}", ""},
		{HEAD "\"totals\":{\"faults\":NaN}}", ""},
		{HEAD "\"overhead\":{\"ns_per_event\":NaN}}", ""},
		{HEAD "\"overhead\":{\"ns_per_event\":1e999}}", ""},
		{HEAD "\"overhead\":{\"ns_per_event\":-1}}", "overhead.ns_per_event"},
		{HEAD "\"accounting\":[{\"residual_pages\":-9223372036854775808}]}",
		 "accounting[0].residual_pages is below"},
		{HEAD "\"accounting\":[{\"residual_pages\":-9223372036854775809}]}", ""},
		{HEAD "\"targets\":[{\"pid\":4294967296}]}", "targets[0].pid is above"},
		{HEAD "\"targets\":[{\"cmdline\":[1]}]}", "targets[0].cmdline is not a string"},
		{HEAD "\"target\":3}", "target is not an object"},
		{HEAD "\"targets\":{}}", "targets is not an array"},
		{HEAD "\"callsites\":[{\"access\":\"read\",\"context\":\"user\"},3]}",
		 "callsites[1] is not an object"},
		{HEAD "\"callsites\":[{}]}", ""},
		{HEAD "\"callsites\":[{\"access\":\"x\"}]}", "callsites[0].access is none of"},
		{HEAD "\"callsites\":[{\"frames\":[null]}]}",
		 "callsites[0].frames[0] is not an object"},
		{HEAD "\"callsites\":[{\"backing\":[{\"shared\":1}]}]}",
		 "callsites[0].backing[0].shared is neither"},
		{HEAD "\"mode\":\"a\\u0000b\"}", "mode holds a NUL"},
		{HEAD "\"lost\":{\"kinds\":[]}}", "lost.kinds is not an object"},
		{HEAD "\"mode\":\"\xff\"}", ""},
		{HEAD "\"migration\":{\"outcome\":\"fine\"}}",
		 "migration.outcome is none of completed, failed"},
		{HEAD "\"window\":{\"opened_by\":\"attach, the migration was under way\"}}",
		 "window.opened_by is none of"},
		{HEAD "\"lost\":{\"room\":[{\"table\":3}]}}", "lost.room[0].table is none of"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (strcmp(t[i].text, HEAD "\"callsites\":[{}]}") == 0)
			record__free(parse(t[i].text));
		else
			refuses(t[i].text, strlen(t[i].text), t[i].reason);
	}
}

/* What an earlier release has written: every member that it had, and nothing guessed for the rest.
 */
static void version_1_is_read(void **state)
{
	struct record *r = parse(
		"{\"schema\":\"migpop.record/1\",\"window\":{\"opened_by\":\"attach\","
		"\"closed_by\":\"duration\",\"start_ns\":5,\"end_ns\":9},"
		"\"targets\":[{\"pid\":7,\"guest\":\"g\"}],"
		"\"advice\":[{\"call\":\"fallocate\",\"behavior\":\"allocate\"}]}");

	(void)state;
	assert_string_equal(r->opened_by_text, "attach");
	assert_string_equal(r->closed_by_text, "duration");
	assert_int_equal(r->opened_by, REASON_UNKNOWN);
	assert_int_equal(r->end_ns, 9);
	assert_string_equal(r->target[0].guest, "g");
	assert_string_equal(r->advice[0].behavior, "allocate");
	assert_true(r->target[0].uid == RECORD_UNKNOWN);
	assert_true(r->target[0].ram_bytes == RECORD_UNKNOWN);
	assert_int_equal(r->migration.outcome, OUTCOME_UNKNOWN);
	assert_true(r->migration.downtime_ms == RECORD_UNKNOWN);
	assert_null(r->started_at);
	round_trip_is_exact(r);
}

static void deep_nesting(void **state)
{
	char *text = malloc(1000001);

	(void)state;
	memset(text, '[', 1000000);
	text[1000000] = '\0';
	refuses(text, 1000000, "not JSON");
	free(text);
}

static void too_many_kinds(void **state)
{
	struct record *r = record__new();
	char name[16], *text;
	size_t len;

	(void)state;
	for (int i = 0; i < 1001; i++) {
		snprintf(name, sizeof(name), "%d", i);
		record__add_lost(r, name, 1);
	}
	text = sample__print(r, output_json__write, &len);
	refuses(text, len, "lost.kinds has more than 1000 members");
	free(text);
	record__free(r);
}

static void unknown_is_other(void **state)
{
	struct record *r = parse(HEAD "\"mode\":\"magic\",\"new\":{\"x\":[1]},"
				      "\"callsites\":[{\"category\":\"mine\"}],"
				      "\"target\":{\"pid\":7}}");

	(void)state;
	assert_string_equal(r->mode, "other");
	assert_string_equal(r->callsites[0].category, "mine"); /* users add categories */
	assert_true(r->totals.faults == RECORD_UNKNOWN);
	assert_int_equal(r->nr_target, 1);
	assert_int_equal(r->target[0].pid, 7);
	record__free(r);
}

static void reads_files(void **state)
{
	char path[] = "/tmp/migpop-test-json-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct record *r = sample__record(), *back;

	(void)state;
	assert_int_equal(output_json__write(r, f), 0);
	fclose(f);
	assert_int_equal(output_json__read(&back, path, why, sizeof(why)), 0);
	assert_int_equal(back->nr_callsites, 3);
	record__free(back);
	record__free(r);
	unlink(path);
	assert_int_equal(output_json__read(&back, path, why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "No such file or directory");
	assert_int_equal(output_json__read(&back, "/", why, sizeof(why)), -EISDIR);
	assert_int_equal(output_json__read(&back, "/dev/null", why, sizeof(why)), -EINVAL);
	assert_int_equal(output_json__read(&back, "/dev/zero", why, sizeof(why)), -EINVAL);
	assert_null(back);
}

static void full_disk_is_an_error(void **state)
{
	struct record *r = sample__record();
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(output_json__write(r, f), -ENOSPC);
	fclose(f);
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_record),           cmocka_unit_test(empty_record),
		cmocka_unit_test(all_null_elements),     cmocka_unit_test(extreme_numbers),
		cmocka_unit_test(hostile_names),         cmocka_unit_test(many_call_sites),
		cmocka_unit_test(truncated_anywhere),    cmocka_unit_test(changed_anywhere),
		cmocka_unit_test(says_what_is_wrong),    cmocka_unit_test(deep_nesting),
		cmocka_unit_test(version_1_is_read),     cmocka_unit_test(too_many_kinds),
		cmocka_unit_test(unknown_is_other),      cmocka_unit_test(reads_files),
		cmocka_unit_test(full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
