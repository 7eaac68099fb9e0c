/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which members the running kernel's structures have. Knows nothing of programs.
 */
#ifndef MIGPOP_PROBE_MEMBERS_H
#define MIGPOP_PROBE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

struct btf;

/* Has a structure or union that member, be it in a member that has no name? "member" may be a path:
 * "d_u.d_alias". */
bool members__has(const struct btf *kernel, const char *structure, const char *member);

/* A member that serves a name or a hint: the programs do without it. */
struct optional_member {
	const char *structure;
	const char *member;
	const char *former; /* where older kernels have it; NULL: in the same place */
	const char *serves; /* what is not known without it */
};

/* The first of them, from "after" on, that this kernel has not; NULL if there is none. "after" NULL
 * begins. */
const struct optional_member *members__next_missing(const struct btf *kernel,
						    const struct optional_member *after);

/*
 * Puts what libbpf says of a member that a program could not be given, somewhere in "log", into one
 * sentence: "kernel structure X has no member Y, which Z needs". "needs" is Z. False where the log
 * has no such words.
 */
bool members__explain(const struct btf *kernel, const char *log, const char *needs, char *why,
		      size_t size);

#endif
