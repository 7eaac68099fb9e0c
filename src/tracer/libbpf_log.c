// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libbpf's words. The first warning says "why": those after it say only what did not go on. But
 * where a kernel has not what a program reads, that is in the verifier's log, which comes later.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "probe/members.h"
#include "tracer/libbpf_log.h"

static char first[256];
static char relocation[256]; /* the line about what the kernel has not, */
static char program[64];     /* and the program that needs it */
static bool verbose;

/* The verifier's log is one message: "libbpf: prog 'NAME': -- BEGIN PROG LOAD LOG --…". */
static void keep_relocation(const char *said)
{
	const char *line = strstr(said, "failed to resolve CO-RE relocation");

	if (!line || *relocation)
		return;
	snprintf(relocation, sizeof(relocation), "%.*s", (int)strcspn(line, "\n"), line);
	if (sscanf(said, "libbpf: prog '%63[^']'", program) != 1)
		*program = '\0';
}

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	char *said;

	if (level == LIBBPF_DEBUG || (level != LIBBPF_WARN && !verbose))
		return 0;
	if (vasprintf(&said, format, args) < 0)
		return 0;
	if (level == LIBBPF_WARN) {
		if (!*first)
			snprintf(first, sizeof(first), "%.*s", (int)strcspn(said, "\n"), said);
		keep_relocation(said);
	}
	if (verbose)
		fputs(said, stderr);
	free(said);
	return 0;
}

void libbpf_log__begin(void)
{
	*first = *relocation = *program = '\0';
	libbpf_set_print(print);
}

void libbpf_log__set_verbose(bool is_verbose)
{
	verbose = is_verbose;
	libbpf_log__begin();
}

bool libbpf_log__member(const struct bpf_object *obj, const struct btf *kernel, char *why,
			size_t size)
{
	const struct bpf_program *prog = bpf_object__find_program_by_name(obj, program);
	const char *needs = prog ? bpf_program__section_name(prog) : "a program";

	return members__explain(kernel, relocation, needs, why, size);
}

void libbpf_log__why(const struct bpf_object *obj, const struct btf *kernel, char *why, size_t size)
{
	if (!libbpf_log__member(obj, kernel, why, size))
		snprintf(why, size, "%s", first);
}
