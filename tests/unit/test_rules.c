/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules: what a file may say, what a call site has to be for each condition, which rule wins, and
 * that the shipped ones name the call sites that real QEMUs were seen to have (records/).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/json.h"
#include "record.h"
#include "symbol/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/migpop-test-rules-XXXXXX";
static char why[4096];

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* The path of a file of that name and text; good until the next call for the same name. */
static const char *file(const char *name, const char *text, size_t len)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int add_text(struct rules *rules, const char *text, size_t len)
{
	const char *path = file("test.rules", text, len);
	int err = rules__add_file(rules, path, why, sizeof(why));

	unlink(path);
	return err;
}

static struct rules *parse(const char *text)
{
	struct rules *rules = rules__new();

	if (add_text(rules, text, strlen(text)))
		fail_msg("%s: %s", text, why);
	return rules;
}

static void add_frame(struct record_callsite *c, const char *module, const char *symbol,
		      const char *function)
{
	struct record_frame *f;

	c->frames.v = realloc(c->frames.v, (c->frames.n + 1) * sizeof(*c->frames.v));
	f = memset(&c->frames.v[c->frames.n++], 0, sizeof(*f));
	f->module = module ? strdup(module) : NULL;
	f->symbol = symbol ? strdup(symbol) : NULL;
	f->function = function ? strdup(function) : NULL;
}

/* memcpy ← qemu_get_buffer ← (static) ← qemu_loadvm_state ← (no module), in read(). */
static struct record *example(void)
{
	struct record *r = record__new();
	struct record_callsite *c = record__add_callsite(r);

	c->access = RECORD_ACCESS_WRITE;
	c->context = RECORD_CONTEXT_KERNEL;
	c->syscall = strdup("io_uring worker");
	c->chain_end = "jit";
	record_callsite__add_backing(c)->kind = NULL;
	record_callsite__add_backing(c)->kind = "shmem";
	add_frame(c, "/usr/lib/libc.so.6", NULL, "memcpy");
	add_frame(c, "/usr/bin/qemu-system-x86_64", "qemu_get_buffer", "qemu_get_buffer");
	add_frame(c, "/usr/bin/qemu-system-x86_64", NULL, "fn+0x788310");
	add_frame(c, "/usr/bin/qemu-system-x86_64", "qemu_loadvm_state", "loader (shown)");
	add_frame(c, NULL, NULL, NULL);
	return r;
}

static bool matches(const char *conditions)
{
	struct record *r = example();
	struct rules *rules;
	char line[256];
	bool hit;

	snprintf(line, sizeof(line), "hit %s", conditions);
	rules = parse(line);
	assert_int_equal(rules__classify(rules, r), 0);
	hit = !strcmp(r->callsites[0].category, "hit");
	if (!hit)
		assert_string_equal(r->callsites[0].category, "other");
	rules__free(rules);
	record__free(r);
	return hit;
}

static const char *const holding[] = {
	"access=write",
	"access=read|write",
	"access!=read",
	"context=kernel",
	"syscall=\"io_uring worker\"",
	"\"syscall=io_uring worker\"",
	"syscall=io_*",
	"syscall=vhost*|io_uring?worker",
	"end=jit",
	"kind=shmem",
	"kind=anon|shmem",
	"kind!=hugetlb",
	"depth=5",
	"depth=4-6",
	"depth=5-",
	"depth=0-5",
	"depth!=4",
	"leaf=memcpy",
	"leaf=mem*",
	"leaf!=qemu_get_buffer",
	"leaf-module=libc.so*",
	"module=qemu-system-*",
	"module!=libz.so*",
	"in=memcpy",
	"in=qemu_loadvm_state",
	"in=\"loader (shown)\"",
	"in=fn+*",
	"in=qemu_get_[a-c]uffer",
	"in=qemu_get_buffer<-qemu_loadvm_state",
	"in=memcpy<-fn+0x788310<-qemu_loadvm*",
	"in=nobody|memcpy<-nobody|qemu_loadvm_state",
	"in!=vmstate_load_state",
	"in!=qemu_loadvm_state<-qemu_get_buffer",
	"in=memcpy in=qemu_get_buffer",
	"access=write  context=kernel\tleaf=memcpy # why",
};

static const char *const failing[] = {
	"access=read",
	"access=none",
	"access!=write",
	"context=user|syscall",
	"syscall=io_uring",
	"syscall=read",
	"end=complete",
	"kind=anon",
	"kind!=shmem",
	"depth=4",
	"depth=6-",
	"depth=0-4",
	"depth!=5",
	"leaf=qemu_get_buffer",
	"leaf=mem",
	"leaf!=memcpy",
	"leaf-module=qemu-system-*",
	"leaf-module=/usr/lib/libc.so.6",
	"module=libc",
	"module!=libc.so.6",
	"in=qemu_load",
	"in=QEMU_GET_BUFFER",
	"in!=memcpy",
	"in=qemu_loadvm_state<-qemu_get_buffer",
	"in=memcpy<-memcpy",
	"in=memcpy<-nobody<-qemu_loadvm_state",
	"in!=memcpy<-qemu_loadvm_state",
	"in=memcpy in=nobody",
	"access=write context=user",
};

static void conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(holding) / sizeof(*holding); i++)
		if (!matches(holding[i]))
			fail_msg("does not hold: %s", holding[i]);
	for (size_t i = 0; i < sizeof(failing) / sizeof(*failing); i++)
		if (matches(failing[i]))
			fail_msg("holds: %s", failing[i]);
}

/* No chain, no system call, no backing: what is not there is never matched, and never crashes. */
static void nothing_known(void **state)
{
	static const char *const none[] = {"leaf=*",  "in=*",      "module=*", "leaf-module=*",
					   "end=jit", "syscall=*", "kind=anon"};
	struct record *r = record__new();
	struct rules *rules;
	char line[64];

	(void)state;
	record__add_callsite(r);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		snprintf(line, sizeof(line), "hit %s", none[i]);
		rules = parse(line);
		assert_int_equal(rules__classify(rules, r), 0);
		assert_string_equal(r->callsites[0].category, "other");
		rules__free(rules);
	}
	rules = parse("bare depth=0 in!=* syscall!=*\n");
	assert_int_equal(rules__classify(rules, r), 0);
	assert_string_equal(r->callsites[0].category, "bare");
	rules__free(rules);
	record__free(r);
}

static void inlined_frames_are_no_depth(void **state)
{
	struct record *r = example();
	struct rules *rules = parse("hit depth=4");

	(void)state;
	r->callsites[0].frames.v[0].inlined = true;
	assert_int_equal(rules__classify(rules, r), 0);
	assert_string_equal(r->callsites[0].category, "hit");
	rules__free(rules);
	record__free(r);
}

static void first_match_wins(void **state)
{
	struct record *r = example();
	struct rules *rules = parse("# comment\n\n"
				    "miss\taccess=read\r\n"
				    "my-own-9 in=qemu_get_buffer\r\n"
				    "later in=qemu_get_buffer");

	(void)state;
	free(r->callsites[0].category);
	r->callsites[0].category = strdup("old");
	assert_int_equal(rules__classify(rules, r), 0);
	assert_string_equal(r->callsites[0].category, "my-own-9");
	rules__free(rules);
	record__free(r);
}

static const struct {
	const char *text, *why; /* behind FILE: */
} wrong[] = {
	{"zero-page\n", "1: zero-page has no condition, and would take every call site"},
	{"io in=x\n\n# x\nio   # in=x\n", "4: io has no condition, and would take every call site"},
	{"io in=x\nZero in=x\n", "2: Zero is no category: lower-case letters, digits and -"},
	{"in=x io\n", "1: in=x is no category: lower-case letters, digits and -"},
	{"-io in=x\n", "1: -io is no category: lower-case letters, digits and -"},
	{"io memcpy\n", "1: memcpy is no condition: in=, leaf=, access= and so on"},
	{"io symbol=x\n", "1: no such condition: symbol (there are access, context, syscall, end, "
			  "kind, depth, leaf, leaf-module, module, in)"},
	{"io =x\n", "1: no such condition:  (there are access, context, syscall, end, kind, "
		    "depth, leaf, leaf-module, module, in)"},
	{"io in=\n", "1: in: a name is missing"},
	{"io in=a||b\n", "1: in: a name is missing"},
	{"io in=a<-\n", "1: in: a name is missing"},
	{"io in=<-a\n", "1: in: a name is missing"},
	{"io access=raed\n", "1: access is never raed"},
	{"io access=r*\n", "1: access is never r*"},
	{"io context=kernel|guest\n", "1: context is never guest"},
	{"io kind=memfd\n", "1: kind is never memfd"},
	{"io end=tcg\n", "1: end is never tcg"},
	{"io depth=few\n", "1: depth is a number of frames, like 4, 3-6 or 6-, not few"},
	{"io depth=6-3\n", "1: depth is a number of frames, like 4, 3-6 or 6-, not 6-3"},
	{"io depth=-3\n", "1: depth is a number of frames, like 4, 3-6 or 6-, not -3"},
	{"io depth=3-x\n", "1: depth is a number of frames, like 4, 3-6 or 6-, not 3-x"},
	{"io depth=99999999999999999999\n",
	 "1: depth is a number of frames, like 4, 3-6 or 6-, not 99999999999999999999"},
	{"io in=x syscall=\"io_uring worker\n", "1: a quote does not end"},
	{"\"io in=x", "1: a quote does not end"},
};

static void errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct rules *rules = parse("before in=x");
		char expected[512];

		assert_int_equal(add_text(rules, wrong[i].text, strlen(wrong[i].text)), -EINVAL);
		snprintf(expected, sizeof(expected), "%s/test.rules:%s", dir, wrong[i].why);
		assert_string_equal(why, expected);
		rules__free(rules);
	}
}

static void files_that_are_no_rules(void **state)
{
	static const char binary[] = "io in=x\nio\0in=x\n";
	struct rules *rules = rules__new();
	char expected[512];

	(void)state;
	assert_int_equal(add_text(rules, binary, sizeof(binary) - 1), -EINVAL);
	snprintf(expected, sizeof(expected), "%s/test.rules:2: not text", dir);
	assert_string_equal(why, expected);
	assert_int_equal(rules__add_file(rules, dir, why, sizeof(why)), -EISDIR);
	snprintf(expected, sizeof(expected), "%s: Is a directory", dir);
	assert_string_equal(why, expected);
	assert_int_equal(rules__add_file(rules, "/nonexistent.rules", why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "/nonexistent.rules: No such file or directory");
	rules__free(rules);
}

/* A file that fails leaves nothing of itself behind, and what was there before. */
static void failed_file_adds_nothing(void **state)
{
	struct record *r = example();
	struct rules *rules = parse("mine context=user");

	(void)state;
	assert_int_equal(add_text(rules, "bad in=memcpy\nbad\n", 19), -EINVAL);
	assert_int_equal(add_text(rules, "good in=memcpy\n", 15), 0);
	assert_int_equal(rules__classify(rules, r), 0);
	assert_string_equal(r->callsites[0].category, "good");
	rules__free(rules);
	record__free(r);
}

static const char *category_by(const char *const *files, size_t n)
{
	static char category[64];
	struct record *r = example();
	struct rules *rules;

	if (rules__open(&rules, files, n, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(rules__classify(rules, r), 0);
	snprintf(category, sizeof(category), "%s", r->callsites[0].category);
	rules__free(rules);
	record__free(r);
	return category;
}

static void users_come_first(void **state)
{
	char shipped[64], users[64];
	const char *const files[] = {users};

	(void)state;
	snprintf(shipped, sizeof(shipped), "%s/shipped", dir);
	snprintf(users, sizeof(users), "%s/mine", dir);
	assert_int_equal(mkdir(shipped, 0700), 0);
	file("shipped/b.rules", "second in=memcpy", 16);
	file("shipped/a.rules", "first in=memcpy", 15);
	file("shipped/0.rules~", "backup in=memcpy", 16);
	file("mine", "mine in=memcpy", 14);
	setenv("MIGPOP_RULES_DIR", shipped, 1);
	assert_string_equal(category_by(NULL, 0), "first");
	assert_string_equal(category_by(files, 1), "mine");
	unlink(users);
	for (const char *const *name =
		     (const char *const[]){"a.rules", "b.rules", "0.rules~", NULL};
	     *name; name++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", shipped, *name);
		unlink(path);
	}
	assert_int_equal(rmdir(shipped), 0);
	unsetenv("MIGPOP_RULES_DIR");
}

static void missing_rules_are_said(void **state)
{
	struct rules *rules = (struct rules *)state; /* anything but NULL */
	char expected[512];

	setenv("MIGPOP_RULES_DIR", "/nonexistent", 1);
	assert_int_equal(rules__open(&rules, NULL, 0, why, sizeof(why)), -ENODATA);
	assert_null(rules);
	assert_string_equal(why, "no rules in /nonexistent: install migpop again, or say by "
				 "MIGPOP_RULES_DIR where its rules are");
	setenv("MIGPOP_RULES_DIR", dir, 1); /* empty */
	assert_int_equal(rules__open(&rules, NULL, 0, why, sizeof(why)), -ENODATA);
	snprintf(expected, sizeof(expected), "no rules in %s: ", dir);
	assert_memory_equal(why, expected, strlen(expected));
	unsetenv("MIGPOP_RULES_DIR");
}

static void complain(const char *path, const struct record_callsite *c, const char *expected)
{
	fprintf(stderr, "%s: %s, not %s: %s %s %s by", path, c->category, expected,
		record_access__name(c->access), record_context__name(c->context),
		c->syscall ? c->syscall : "-");
	for (size_t i = 0; i < c->frames.n; i++)
		fprintf(stderr, "%s %s", i ? " <-" : "",
			c->frames.v[i].function ? c->frames.v[i].function : "?");
	fputc('\n', stderr);
}

static const char *const categories[] = {"zero-page",   "page-payload", "zero-detect",
					 "bg-snapshot", "prealloc",     "postcopy",
					 "device-load", "vcpu",         "io"};

/* Chains of a real QEMU, each in the category that is known from what QEMU was made to do. */
static void shipped_rules_name(const char *name)
{
	struct rules *rules = rules__new();
	unsigned int seen = 0;
	char path[512];
	struct record *r;
	size_t wrongs = 0;

	assert_int_equal(rules__add_directory(rules, SOURCE_DIR "/rules", why, sizeof(why)), 0);
	snprintf(path, sizeof(path), "%s/tests/unit/records/%s.json", SOURCE_DIR, name);
	if (output_json__read(&r, path, why, sizeof(why)))
		fail_msg("%s: %s", path, why);
	for (size_t i = 0; i < r->nr_callsites; i++) {
		struct record_callsite *c = &r->callsites[i];
		struct record one = {.callsites = c, .nr_callsites = 1};
		char *expected = c->category;

		c->category = NULL;
		assert_int_equal(rules__classify(rules, &one), 0);
		for (size_t k = 0; k < sizeof(categories) / sizeof(*categories); k++)
			seen |= (unsigned int)!strcmp(expected, categories[k]) << k;
		if (strcmp(c->category, expected)) {
			complain(name, c, expected);
			wrongs++;
		}
		free(expected);
	}
	assert_int_equal(wrongs, 0);
	assert_int_equal(seen, (1U << sizeof(categories) / sizeof(*categories)) - 1);
	record__free(r);
	rules__free(rules);
}

static void qemu_7_2(void **state)
{
	(void)state;
	shipped_rules_name("qemu-7.2");
}

static void qemu_10_0(void **state)
{
	(void)state;
	shipped_rules_name("qemu-10.0");
}

/* Kernel workers have no chain at all. */
static void workers(void **state)
{
	static const char *const names[] = {"io_uring worker", "vhost worker"};
	struct rules *rules = rules__new();
	struct record *r = record__new();

	(void)state;
	assert_int_equal(rules__add_directory(rules, SOURCE_DIR "/rules", why, sizeof(why)), 0);
	for (size_t i = 0; i < 2; i++)
		record__add_callsite(r)->syscall = strdup(names[i]);
	record__add_callsite(r)->syscall = strdup("kernel thread");
	assert_int_equal(rules__classify(rules, r), 0);
	assert_string_equal(r->callsites[0].category, "io");
	assert_string_equal(r->callsites[1].category, "io");
	assert_string_equal(r->callsites[2].category, "other");
	rules__free(rules);
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions),
		cmocka_unit_test(nothing_known),
		cmocka_unit_test(inlined_frames_are_no_depth),
		cmocka_unit_test(first_match_wins),
		cmocka_unit_test(errors),
		cmocka_unit_test(files_that_are_no_rules),
		cmocka_unit_test(failed_file_adds_nothing),
		cmocka_unit_test(users_come_first),
		cmocka_unit_test(missing_rules_are_said),
		cmocka_unit_test(qemu_7_2),
		cmocka_unit_test(qemu_10_0),
		cmocka_unit_test(workers),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
