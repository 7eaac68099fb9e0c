/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles, decoded again: values, labels, stacks and what they refer to, for records of every kind
 * and names that nobody would choose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/format.h"
#include "output/pprof.h"
#include "profile.pb-c.h"
#include "sample_record.h"

#include <zlib.h>

static Pprof__Profile *decode(const struct record *r)
{
	static unsigned char plain[1 << 20];
	z_stream z = {.next_out = plain, .avail_out = sizeof(plain)};
	size_t len;
	char *packed = sample__print(r, output_pprof__write, &len);
	Pprof__Profile *p;

	assert_non_null(packed);
	z.next_in = (unsigned char *)packed;
	z.avail_in = (uInt)len;
	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	p = pprof__profile__unpack(NULL, z.total_out, plain);
	inflateEnd(&z);
	free(packed);
	assert_non_null(p);
	return p;
}

static const char *string(const Pprof__Profile *p, int64_t index)
{
	assert_in_range(index, 0, p->n_string_table - 1);
	return p->string_table[index];
}

/* What every reader relies on: numbers that refer to something, as many values as types, UTF-8. */
static void check(const Pprof__Profile *p)
{
	uint32_t c;
	int len;

	assert_string_equal(p->string_table[0], "");
	for (size_t i = 0; i < p->n_string_table; i++)
		for (const char *s = p->string_table[i]; *s; s += len)
			assert_true((len = format__utf8(s, &c)) > 0);
	for (size_t i = 0; i < p->n_mapping; i++)
		assert_int_equal(p->mapping[i]->id, i + 1);
	for (size_t i = 0; i < p->n_function; i++)
		assert_int_equal(p->function[i]->id, i + 1);
	for (size_t i = 0; i < p->n_location; i++) {
		assert_int_equal(p->location[i]->id, i + 1);
		assert_in_range(p->location[i]->mapping_id, 0, p->n_mapping);
		for (size_t k = 0; k < p->location[i]->n_line; k++)
			assert_in_range(p->location[i]->line[k]->function_id, 1, p->n_function);
	}
	for (size_t i = 0; i < p->n_sample; i++) {
		assert_int_equal(p->sample[i]->n_value, p->n_sample_type);
		for (size_t k = 0; k < p->sample[i]->n_location_id; k++)
			assert_in_range(p->sample[i]->location_id[k], 1, p->n_location);
	}
}

static const char *function(const Pprof__Profile *p, const Pprof__Location *l, size_t line)
{
	assert_true(line < l->n_line);
	return string(p, p->function[l->line[line]->function_id - 1]->name);
}

static const Pprof__Location *location(const Pprof__Profile *p, size_t sample, size_t depth)
{
	assert_true(depth < p->sample[sample]->n_location_id);
	return p->location[p->sample[sample]->location_id[depth] - 1];
}

static const char *label(const Pprof__Profile *p, size_t sample, const char *key)
{
	for (size_t i = 0; i < p->sample[sample]->n_label; i++)
		if (strcmp(string(p, p->sample[sample]->label[i]->key), key) == 0)
			return string(p, p->sample[sample]->label[i]->str);
	return NULL;
}

static void finish(Pprof__Profile *p, struct record *r)
{
	check(p);
	pprof__profile__free_unpacked(p, NULL);
	record__free(r);
}

static void values_and_labels(void **state)
{
	static const char *const types[] = {"populated_pages", "zero_populated_pages",
					    "released_pages", "faults", "populated_space"};
	struct record *r = sample__record();
	Pprof__Profile *p = decode(r);

	(void)state;
	assert_int_equal(p->n_sample_type, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(string(p, p->sample_type[i]->type), types[i]);
	assert_string_equal(string(p, p->default_sample_type), "populated_pages");
	assert_string_equal(string(p, p->sample_type[4]->unit), "bytes");
	assert_int_equal(p->duration_nanos, 3050000000);
	assert_true(p->time_nanos == 1796019167123456789);
	assert_int_equal(p->n_sample, 3);
	assert_int_equal(p->sample[0]->value[0], 262095);
	assert_int_equal(p->sample[0]->value[1], 262095);
	assert_int_equal(p->sample[0]->value[3], 262095);
	assert_int_equal(p->sample[0]->value[4], 262095L * 4096);
	assert_string_equal(label(p, 0, "category"), "zero-page");
	assert_string_equal(label(p, 0, "access"), "read");
	assert_string_equal(label(p, 0, "context"), "user");
	assert_string_equal(label(p, 0, "backing"), "ram0");
	assert_string_equal(label(p, 0, "process"), "qemu-system-x86");
	assert_string_equal(label(p, 0, "guest"), "fedora-7");
	assert_string_equal(label(p, 0, "role"), "destination");
	assert_null(label(p, 0, "syscall"));
	assert_string_equal(label(p, 2, "syscall"), "fallocate");
	assert_non_null(strstr(string(p, p->comment[0]), "CLOCK_BOOTTIME"));
	finish(p, r);
}

static void stacks(void **state)
{
	struct record *r = sample__record();
	Pprof__Profile *p = decode(r);
	const Pprof__Location *l = location(p, 0, 0);
	const Pprof__Mapping *m = p->mapping[0];

	(void)state;
	/* buffer_is_zero is inlined into the next, one location with both of them */
	assert_int_equal(p->sample[0]->n_location_id, 3);
	assert_int_equal(l->n_line, 2);
	assert_string_equal(function(p, l, 0), "buffer_is_zero");
	assert_string_equal(function(p, l, 1), "qemu!fn+0x788310");
	assert_int_equal(l->line[0]->line, 42);
	assert_int_equal(l->address, 0x788311);
	assert_int_equal(location(p, 0, 1)->address, 0x788312 - 1);
	assert_string_equal(function(p, location(p, 0, 2), 0), "main");
	assert_string_equal(function(p, location(p, 2, 0), 0), "[syscall:fallocate]");
	/* the callers are the same, once */
	assert_ptr_equal(location(p, 0, 2), location(p, 1, 2));
	assert_int_equal(p->n_mapping, 1);
	assert_string_equal(string(p, m->filename), "/usr/bin/qemu-system-x86_64");
	assert_string_equal(string(p, m->build_id), "5f1e0c0d");
	/* all of memory: addresses are those of the file, whatever its segments */
	assert_true(m->memory_limit == UINT64_MAX);
	/* one of them is stripped: whoever has the symbols may look */
	assert_false(m->has_functions);
	finish(p, r);
}

static void mappings_claim_what_all_their_frames_have(void **state)
{
	struct record *r = record__new();
	struct record_callsite *c = sample__callsite(r, "io", RECORD_ACCESS_WRITE, 7, 0, "memcpy");
	Pprof__Profile *p;

	(void)state;
	free(c->frames.v[1].function);
	c->frames.v[1].function = strdup("qemu_get_buffer");
	p = decode(r);
	assert_true(p->mapping[0]->has_functions);
	assert_false(p->mapping[0]->has_filenames);
	assert_false(p->mapping[0]->has_line_numbers);
	pprof__profile__free_unpacked(p, NULL);
	for (size_t i = 0; i < c->frames.n; i++) {
		free(c->frames.v[i].file);
		c->frames.v[i].file = strdup("x.c");
		c->frames.v[i].line = 1;
	}
	p = decode(r);
	assert_true(p->mapping[0]->has_filenames);
	assert_true(p->mapping[0]->has_line_numbers);
	finish(p, r);
}

/* Sums by label are those of the record, for a site with two backings and pages of neither. */
static void one_sample_a_backing(void **state)
{
	struct record *r = record__new();
	struct record_callsite *c = sample__callsite(r, "io", RECORD_ACCESS_WRITE, 100, 0,
						     "memcpy");
	struct record_backing *b = record_callsite__add_backing(c);
	Pprof__Profile *p;

	(void)state;
	c->backing[0].populated_pages = 60;
	b->name = strdup("[heap]");
	b->kind = "anon";
	b->populated_pages = 30;
	p = decode(r);
	assert_int_equal(p->n_sample, 3);
	assert_string_equal(label(p, 0, "backing"), "ram0");
	assert_string_equal(label(p, 1, "backing"), "[heap]");
	assert_null(label(p, 2, "backing"));
	assert_int_equal(p->sample[0]->value[0], 60);
	assert_int_equal(p->sample[1]->value[0], 30);
	assert_int_equal(p->sample[2]->value[0], 10);
	assert_int_equal(p->sample[0]->value[3] + p->sample[1]->value[3], 0);
	assert_int_equal(p->sample[2]->value[3], 100);
	finish(p, r);
}

static void what_nobody_knows_is_left_out(void **state)
{
	struct record *r = sample__record();
	Pprof__Profile *p;

	(void)state;
	for (size_t i = 0; i < r->nr_callsites; i++)
		r->callsites[i].zero_populated_pages = RECORD_UNKNOWN;
	r->host_page_size = 0;
	p = decode(r);
	assert_int_equal(p->n_sample_type, 3);
	assert_string_equal(string(p, p->sample_type[1]->type), "released_pages");
	assert_int_equal(p->sample[0]->value[2], 262095);
	finish(p, r);
}

static void hostile_names(void **state)
{
	struct record *r = sample__record();
	struct record_callsite *c = sample__callsite(r, "<script>", RECORD_ACCESS_WRITE, 7, 0,
						     "a;b\nc\xff\xc3");
	Pprof__Profile *p;

	(void)state;
	free(c->frames.v[3].module);
	c->frames.v[3].module = strdup("/tmp/\x80;x");
	free(c->frames.v[2].build_id);
	c->frames.v[2].build_id = NULL;
	c->populated_pages = INT64_MAX;
	p = decode(r);
	assert_string_equal(function(p, location(p, 3, 0), 0), "a;b\\x0ac\\xff\\xc3");
	assert_string_equal(label(p, 3, "category"), "<script>");
	assert_int_equal(p->sample[4]->value[4], INT64_MAX - 7L * 4096);
	finish(p, r);
}

static void without_frames(void **state)
{
	struct record *r = record__new();
	struct record_callsite *c = record__add_callsite(r);
	Pprof__Profile *p;

	(void)state;
	c->syscall = strdup("io_uring worker");
	c->populated_pages = 5;
	c->chain_end = "no-cfi";
	p = decode(r);
	assert_int_equal(p->sample[0]->n_location_id, 2);
	assert_string_equal(function(p, location(p, 0, 0), 0), "[io_uring worker]");
	assert_string_equal(function(p, location(p, 0, 1), 0), "[no-cfi]");
	assert_int_equal(p->n_mapping, 0);
	finish(p, r);
}

static void empty(void **state)
{
	struct record *r = record__new();
	Pprof__Profile *p = decode(r);

	(void)state;
	assert_int_equal(p->n_sample, 0);
	assert_int_equal(p->n_sample_type, 5);
	finish(p, r);
}

/* The same record, the same bytes: no time and no address of ours gets in. */
static void same_bytes(void **state)
{
	struct record *a = sample__record(), *b = sample__record();
	size_t n, m;
	char *x = sample__print(a, output_pprof__write, &n);
	char *y = sample__print(b, output_pprof__write, &m);

	(void)state;
	assert_int_equal(n, m);
	assert_memory_equal(x, y, n);
	free(x);
	free(y);
	record__free(a);
	record__free(b);
}

static void says_what_went_wrong(void **state)
{
	struct record *r = sample__record();
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	setvbuf(f, NULL, _IONBF, 0);
	assert_true(output_pprof__write(r, f) < 0);
	fclose(f);
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_labels),
		cmocka_unit_test(stacks),
		cmocka_unit_test(mappings_claim_what_all_their_frames_have),
		cmocka_unit_test(one_sample_a_backing),
		cmocka_unit_test(what_nobody_knows_is_left_out),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(without_frames),
		cmocka_unit_test(empty),
		cmocka_unit_test(same_bytes),
		cmocka_unit_test(says_what_went_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
