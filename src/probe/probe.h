/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this kernel lets in, found by trying with programs that do nothing else. Knows neither the
 * programs of the tracer nor their maps.
 */
#ifndef MIGPOP_PROBE_PROBE_H
#define MIGPOP_PROBE_PROBE_H

#include <stdbool.h>

#include "collect/tracer.h"

struct btf;

/* Types of the running kernel: some milliseconds, so they are read once. NULL if there are none;
 * to be freed by btf__free(). */
struct btf *probe__kernel_types(void);

/* Do programs with types find the tracepoint? */
bool probe__has_tracepoint(const struct btf *kernel, const char *name);

/* Are programs at tracepoints preempted here, and skipped for other threads meanwhile? */
bool probe__preempts_programs(const struct btf *kernel);

/* Why no classic tracepoint can be attached, in which they are not: that takes tracefs and perf
 * events. Static; NULL where nothing is known to be in the way. */
const char *probe__why_no_classic_tracepoints(void);

/* The first mode whose own hooks attach. */
enum mode probe__mode(const struct btf *kernel);

#endif
