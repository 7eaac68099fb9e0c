/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migpop report: what it prints of a record, and the exit status for everything else. Each call is
 * in a process of its own, since usage errors end it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmd/report.h"
#include "output/formats.h"
#include "output/groups.h"
#include "output/json.h"
#include "sample_record.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/migpop-test-report-XXXXXX";
static char input[64], out[64], err[64], text[65536];

/* Takes the record. */
static int write_input(struct record *r)
{
	FILE *f = fopen(input, "w");
	int failed = output_json__write(r, f);

	fclose(f);
	record__free(r);
	return failed;
}

static int make_files(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(input, sizeof(input), "%s/record.json", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	snprintf(err, sizeof(err), "%s/err", dir);
	return write_input(sample__record());
}

static int remove_files(void **state)
{
	(void)state;
	unlink(input);
	unlink(out);
	unlink(err);
	return rmdir(dir);
}

static const char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* The exit status; what it printed is in the files @out and @err. */
static int run(const char *const *args)
{
	char *argv[16] = {(char *)(uintptr_t) "report"};
	int argc = 1, status;
	pid_t pid = fork();

	if (pid == 0) {
		for (; *args; args++)
			argv[argc++] = (char *)(uintptr_t)*args;
		if (!freopen(out, "w", stdout) || !freopen(err, "w", stderr))
			_exit(99);
		status = cmd_report(argc, argv);
		fflush(NULL);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void has(const char *path, const char *what)
{
	if (!strstr(slurp(path), what))
		fail_msg("no \"%s\" in:\n%s", what, text);
}

static void shows_the_record(void **state)
{
	char *copy;

	(void)state;
	assert_int_equal(RUN(input), 0);
	has(out, "populated 262,175 pages");
	assert_string_equal(slurp(err), "");
	copy = strdup(slurp(input));
	assert_int_equal(RUN(input, "--format", "json"), 0);
	assert_string_equal(slurp(out), copy);
	assert_int_equal(RUN(input, "--format=json", "-o", input), 0);
	assert_string_equal(slurp(input), copy);
	free(copy);
}

static void every_format(void **state)
{
	char names[] = OUTPUT_FORMATS;

	(void)state;
	assert_int_equal(RUN(input, "--format", "folded"), 0);
	has(out, "fn+0x788310;memcpy 49\n");
	assert_int_equal(RUN(input, "--format", "pprof"), 0);
	has(out, "\x1f\x8b");
	assert_int_equal(RUN(input, "--format", "html"), 0);
	has(out, "<title>fedora-7");
	assert_int_equal(RUN(input, "--format", "svg"), 0);
	has(out, "<svg ");
	/* the help says what the table has */
	for (char *s = strtok(names, ", "); s; s = strtok(NULL, ", "))
		assert_non_null(output_format__find(s));
	assert_null(output_format__find("tex"));
	assert_null(output_format__find(""));
}

static void groups(void **state)
{
	(void)state;
	assert_int_equal(RUN(input, "--by", "category"), 0);
	has(out, "    262,095    99.97 %      262,095           0      262,095  zero-page\n");
	has(out, "    262,175      100 %      262,095           0      262,175  all\n");
	assert_int_equal(RUN(input, "--by", "callsite"), 0);
	has(out, "memcpy ← qemu!fn+0x788310 ← qemu_loadvm_state_main ← main [write, page-payload]");
	assert_int_equal(RUN(input, "--by", "backing"), 0);
	has(out, "  ram0 (memfd, shared)\n");
	assert_int_equal(RUN(input, "--by", "thread"), 0);
	has(out,
	    "         80     0.03 %            0           0           80  mig/dst/recv_1 4722\n");
	assert_int_equal(RUN(input, "--by", "syscall"), 0);
	has(out, "         31     0.01 %            0           0           31  fallocate\n");
	assert_int_equal(RUN(input, "--by", "category", "--format", "json"), 0);
	has(out, "\"schema\": \"migpop.groups/1\"");
	has(out, "\"populated_pages\": 262095");
}

static void categories_anew(void **state)
{
	char rules[80];
	FILE *f;

	(void)state;
	snprintf(rules, sizeof(rules), "%s/mine.rules", dir);
	f = fopen(rules, "w");
	fputs("my-own in=memcpy<-main\n", f);
	fclose(f);
	setenv("MIGPOP_RULES_DIR", SOURCE_DIR "/rules", 1);
	assert_int_equal(RUN(input, "--by", "category", "--rules", rules), 0);
	has(out, "         49     0.02 %            0           0           49  my-own\n");
	has(out, "  zero-page\n"); /* by the shipped rules */
	f = fopen(rules, "w");
	fputs("my-own in=memcpy<-main\nmy-own\n", f);
	fclose(f);
	assert_int_equal(RUN(input, "--rules", rules), 2);
	has(err, "/mine.rules:2: my-own has no condition");
	assert_int_equal(RUN(input, "--rules", "/nonexistent"), 2);
	has(err, "migpop: cannot read rules: /nonexistent: No such file or directory\n");
	setenv("MIGPOP_RULES_DIR", "/nonexistent", 1);
	assert_int_equal(RUN(input, "--rules", "/dev/null"), 3);
	has(err, "migpop: no rules in /nonexistent: ");
	assert_int_equal(RUN(input), 0); /* which needs none */
	unsetenv("MIGPOP_RULES_DIR");
	unlink(rules);
}

/* As records were before there were threads in them. */
static void without_threads(void **state)
{
	struct record *r = sample__record();

	(void)state;
	while (r->nr_threads)
		free(r->threads[--r->nr_threads].comm);
	assert_int_equal(write_input(r), 0);
	assert_int_equal(RUN(input, "--by", "thread"), 2);
	has(err, "does not say which thread populated\n");
	assert_int_equal(RUN(input), 0);
	assert_int_equal(write_input(sample__record()), 0);
}

static void usage_errors(void **state)
{
	(void)state;
	assert_int_equal(RUN(input, "--by", "moon"), 2);
	assert_int_equal(RUN(input, "--format", "tex"), 2);
	assert_int_equal(RUN(input, "--by", "category", "--format", "folded"), 2);
	has(err, "--by goes with text and json only, not with --format folded\n");
	assert_int_equal(RUN(input, "--format", "pprof", "--by", "category"), 2);
	assert_int_equal(RUN(input, "--nothing"), 2);
	assert_int_equal(RUN(input, input), 2);
	assert_int_equal(RUN(NULL), 2);
	assert_int_equal(RUN("/nonexistent"), 2);
	has(err, "migpop: cannot read /nonexistent: No such file or directory\n");
	assert_int_equal(RUN("/dev/null"), 2);
	has(err, "migpop: cannot read /dev/null: is empty\n");
	assert_int_equal(RUN(input, "-o", "/nonexistent/x"), 2);
	has(err, "migpop: cannot write /nonexistent/x: No such file or directory\n");
	assert_string_equal(slurp(out), "");
}

static void faults(void **state)
{
	(void)state;
	assert_int_equal(RUN(input, "-o", "/dev/full"), 4);
	has(err, "migpop: cannot write /dev/full: No space left on device\n");
}

/* Equal names are one group, and nothing gets lost on the way. */
static void groups_add_up(void **state)
{
	struct record *r = sample__record();
	int64_t sum = 0;
	struct groups g;

	(void)state;
	for (int i = 0; i < 5000; i++)
		sample__callsite(r, i % 2 ? "io" : "vcpu", RECORD_ACCESS_WRITE, i, 0, "memset");
	assert_int_equal(groups__make(&g, r, GROUP_BY_CATEGORY), 0);
	assert_int_equal(g.n, 5);
	assert_string_equal(g.v[0].name, "io");
	for (size_t i = 0; i < g.n; i++)
		sum += g.v[i].populated_pages;
	assert_int_equal(sum, 262175 + 5000 * 4999 / 2);
	groups__clear(&g);
	record__free(r);
	r = record__new();
	assert_int_equal(groups__make(&g, r, GROUP_BY_CALLSITE), 0);
	assert_int_equal(g.n, 0);
	groups__clear(&g);
	record__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_record), cmocka_unit_test(every_format),
		cmocka_unit_test(groups),           cmocka_unit_test(categories_anew),
		cmocka_unit_test(without_threads),  cmocka_unit_test(usage_errors),
		cmocka_unit_test(faults),           cmocka_unit_test(groups_add_up),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
