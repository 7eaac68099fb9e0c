/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF object and its programs: what each is for, by its name and section, and how one is
 * attached or run. Knows nothing of maps, targets or windows.
 */
#ifndef MIGPOP_TRACER_OBJECT_H
#define MIGPOP_TRACER_OBJECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "names.h"
#include "shared/types.h"

struct bpf_link;
struct bpf_object;
struct bpf_program;
struct btf;
struct migpop_bpf;

/* Opens the object that is for this kernel, whose types are "kernel" (NULL: not known), without
 * loading it, and begins to keep what libbpf says (libbpf_log.h). To be
 * freed by migpop_bpf__destroy(). NULL, with errno, on failure. */
struct migpop_bpf *object__open(const struct btf *kernel);

/* The mode that the program belongs to, which its name begins with: "fentry__handle_mm_fault";
 * MODE_AUTO if every mode has it. */
enum mode program__mode(const struct bpf_program *prog);

/* True if tracing goes on without the program, and knows less. */
bool program__is_optional(const struct bpf_program *prog);

/* True if the program attaches to a tracepoint as kernels before BTF had them: "classic__NAME". */
bool program__is_classic(const struct bpf_program *prog);

/* True if the program is "common__NAME", and the object has a "classic__NAME" that does the same.
 */
bool program__is_replaced(const struct bpf_program *prog, const struct bpf_object *obj);

/* True if the program is needed only where targets have windows of their own. */
bool program__is_for_windows(const struct bpf_program *prog);

/* True if the program tells that a process or a migration begins or ends. Such events are rare, and
 * a tracer at rest has attached no other programs. */
bool program__rests(const struct bpf_program *prog);

/* True if the program is attached to a hook. An iterator and a program of section "raw_tp" are not:
 * the two functions at the end of this file run them. */
bool program__has_hook(const struct bpf_program *prog);

/* True if the program's hook is no typed tracepoint, or one that the kernel has. */
bool program__finds_tracepoint(const struct bpf_program *prog, const struct btf *kernel);

/* Attaches the program to its hook. NULL, with a negative errno in *err, on failure. */
struct bpf_link *program__attach(const struct bpf_program *prog, int *err);

/* Why the kernel refused perf events to the program, after program__attach() failed with "err". A
 * static string; NULL if perf events are not the reason. */
const char *program__why_not_attached(const struct bpf_program *prog, int err);

/* Runs an iterator over all tasks, or over those of the process "pid". 0, or a negative errno:
 * -ESRCH if there is no such process. */
int program__iterate(const struct bpf_program *prog);
int program__iterate_process(const struct bpf_program *prog, pid_t pid);

/* Runs a program of section "raw_tp" once, on this CPU, without preemption. 0, or a negative errno.
 */
int program__run(const struct bpf_program *prog, u64 first, u64 second);

#endif
