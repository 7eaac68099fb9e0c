/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out what this kernel allows, by trying it with programs that do nothing. Knows neither the
 * programs of the tracer nor their maps.
 */
#ifndef MIGPOP_PROBE_PROBE_H
#define MIGPOP_PROBE_PROBE_H

#include <stdbool.h>

#include "names.h"

struct btf;

/* Loads the types of the running kernel, which takes some milliseconds: do it once. NULL if there
 * are none; free with btf__free(). */
struct btf *probe__kernel_types(void);

/* True if typed (tp_btf) programs can find the tracepoint. */
bool probe__has_tracepoint(const struct btf *kernel, const char *name);

/* True if the kernel has the function, be it one that programs may call (kfunc). */
bool probe__has_function(const struct btf *kernel, const char *name);

/* True if programs at tracepoints can be preempted on this kernel; meanwhile they are skipped for
 * other threads. */
bool probe__preempts_programs(const struct btf *kernel);

/* Why classic tracepoints, which programs without preemption need, cannot be attached: they take
 * tracefs and perf events. A static string; NULL if no reason is known. */
const char *probe__why_no_classic_tracepoints(void);

/* Returns the first mode whose hooks can be attached. */
enum mode probe__mode(const struct btf *kernel);

#endif
