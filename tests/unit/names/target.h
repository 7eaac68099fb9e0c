/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of names share: a temporary directory with the library in the forms that
 * distributions ship, and a process that has one of them loaded.
 */
#ifndef MIGPOP_TESTS_NAMES_TARGET_H
#define MIGPOP_TESTS_NAMES_TARGET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"
#include "symbol/resolve.h"

static char temp_dir[64];

static inline const char *in_temp(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", temp_dir, name);
	return path;
}

/* Runs a shell command in the temporary directory, where $lib is the library with all its debug
 * information. */
static inline void run(const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "set -e; cd %s; lib=%s; %s", temp_dir, NAMES_LIBRARY, command);
	if (system(line))
		fail_msg("failed: %s", line);
}

static inline int make_temp(void **state)
{
	(void)state;
	strcpy(temp_dir, "/tmp/migpop-names-XXXXXX");
	if (!mkdtemp(temp_dir))
		return -1;
	run("objcopy --strip-debug $lib symbols.so; objcopy --strip-all $lib stripped.so");
	return 0;
}

static inline int remove_temp(void **state)
{
	(void)state;
	run("rm -r \"$PWD\"");
	return 0;
}

struct target {
	pid_t pid;
	FILE *in, *out;
	struct {
		char name[32];
		uint64_t value;
	} said[32];
	size_t n;
};

/* Reads what it says, up to "end". */
static inline void target__listen(struct target *t)
{
	char line[128];

	while (fgets(line, sizeof(line), t->out)) {
		if (sscanf(line, "%31s %" SCNi64, t->said[t->n].name,
			   (int64_t *)&t->said[t->n].value) != 2)
			break;
		if (!strcmp(t->said[t->n].name, "end"))
			return;
		assert_true(++t->n < 32);
	}
	fail_msg("the target program did not say its addresses");
}

static inline void target__spawn(struct target *t, char *const argv[])
{
	int in[2], out[2];

	memset(t, 0, sizeof(*t));
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (!t->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	t->in = fdopen(in[1], "w");
	t->out = fdopen(out[0], "r");
}

static inline void target__start(struct target *t, const char *program, const char *library)
{
	char *argv[] = {(char *)program, (char *)library, NULL};

	target__spawn(t, argv);
	target__listen(t);
}

static inline void target__end(struct target *t)
{
	fclose(t->in);
	fclose(t->out);
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
}

static inline uint64_t target__number(const struct target *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->said[i].name, name))
			return t->said[i].value;
	fail_msg("the target program did not say %s", name);
	return 0;
}

static inline struct resolver *new_resolver(const char *debug_dir, bool debuginfod)
{
	struct resolver *r = resolver__new(
		&(struct resolver_options){.debug_dir = debug_dir, .debuginfod = debuginfod});

	assert_non_null(r);
	return r;
}

/* The frames of "address"; to be cleared. */
static inline struct record_frames resolve(struct resolver *r, pid_t pid, uint64_t address,
					   bool is_return)
{
	struct record_frames frames = {0};

	assert_int_equal(resolver__resolve(r, pid, address, is_return, &frames), 0);
	assert_true(frames.n >= 1);
	return frames;
}

static inline void assert_name(const char *name, const char *expected)
{
	if (!name || !expected)
		assert_ptr_equal(name, expected);
	else
		assert_string_equal(name, expected);
}

/* The one frame of what the target calls "place" has these; "function" NULL: fn+ its own start. */
static inline void check_name(struct resolver *r, const struct target *t, const char *place,
			      const char *symbol, const char *function)
{
	struct record_frames f = resolve(r, t->pid, target__number(t, place), false);
	char stripped[32];

	snprintf(stripped, sizeof(stripped), "fn+0x%" PRIx64, f.v[0].offset);
	assert_int_equal(f.n, 1);
	assert_name(f.v[0].symbol, symbol);
	assert_name(f.v[0].function, function ? function : stripped);
	record_frames__clear(&f);
}

#endif
