/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libbpf says while it opens and loads programs: shown, or kept for the one line of an error.
 */
#ifndef MIGPOP_TRACER_LIBBPF_LOG_H
#define MIGPOP_TRACER_LIBBPF_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;
struct btf;

/* From here on what libbpf says is kept; what it said before is forgotten. */
void libbpf_log__begin(void);

/* Does it go to stderr as well? */
void libbpf_log__set_verbose(bool verbose);

/* Which member of the kernel's structures the programs of "obj" need in vain, in one line; false,
 * and "why" stays as it is, if it is not that. */
bool libbpf_log__member(const struct bpf_object *obj, const struct btf *kernel, char *why,
			size_t size);

/* Why the programs of "obj" could not be loaded, in one line without its end; empty if libbpf said
 * nothing. "kernel" are the running kernel's types. */
void libbpf_log__why(const struct bpf_object *obj, const struct btf *kernel, char *why,
		     size_t size);

#endif
