/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which members the structures of the running kernel have. Knows nothing of programs.
 */
#ifndef MIGPOP_PROBE_MEMBERS_H
#define MIGPOP_PROBE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

struct btf;

/* True if the structure or union has the member, even inside a member without a name. "member" may
 * be a path such as "d_u.d_alias". */
bool members__has(const struct btf *kernel, const char *structure, const char *member);

/* A member that gives a name or a hint: the programs can do without it. */
struct optional_member {
	const char *structure;
	const char *member;
	const char *former; /* where older kernels have it; NULL: at the same place */
	const char *serves; /* what is not known without it */
};

/* Returns the first optional member after "after" that this kernel does not have; NULL if there is
 * none. "after" NULL begins with the first member of the table. */
const struct optional_member *members__next_missing(const struct btf *kernel,
						    const struct optional_member *after);

/*
 * Looks in "log" for the message of libbpf about a missing member, and turns it into one sentence:
 * "kernel structure X has no member Y, which Z needs", where "needs" is Z. Returns false if the log
 * has no such message.
 */
bool members__explain(const struct btf *kernel, const char *log, const char *needs, char *why,
		      size_t size);

#endif
