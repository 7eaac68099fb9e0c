/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the tracer share: struct tracer itself.
 */
#ifndef MIGPOP_TRACER_TRACER_INTERNAL_H
#define MIGPOP_TRACER_TRACER_INTERNAL_H

#include "tracer/grace.h"
#include "tracer/object.h"
#include "tracer/skeleton.h"
#include "tracer/tracer.h"

enum { TRACER_LINKS_MAX = 32 };

struct tracer {
	struct migpop_bpf *skel;
	struct bpf_link *links[TRACER_LINKS_MAX];
	size_t nr_links;
	size_t nr_resting_links; /* the first of them, that stay while the tracer rests */
	enum mode mode;
	bool preempted; /* programs at tracepoints are: some of their runs are skipped, */
	bool classic;   /* but for those that are attached as classic ones, */
	bool unsteady;  /* which this program, preempted, can have kept from running */
	/* Call chains by call frame information; else NULL. */
	struct unwind_tables *tables;
	struct ring_buffer *changes;
	/* Stacks that the kernel could not unwind yet. */
	struct raw_stacks *raw;
	struct ring_buffer *raw_ring;
	struct ring_buffer *window_events;
	tracer_event_fn *on_event;
	void *on_event_data;
	struct unwind_row *rows; /* mapped */
	struct unwind_mapping *mappings;
	struct chain *chains;
	size_t max_rows, max_mappings;
	struct grace grace;
	void (*problem)(pid_t pid, const char *kind, const char *what, void *data);
	void *problem_data;
	void (*on_read)(pid_t pid, void *data);
	void *on_read_data;
};

/* The stages of what call chains need: before the programs are loaded, after, and at the end. */
int tracer__prepare_unwinding(struct tracer *t, const struct tracer_options *options);
void tracer__size_unwinding(struct tracer *t, const struct tracer_options *options);
int tracer__begin_unwinding(struct tracer *t);
/* Reads the mappings of these processes, where they have changed since they were last read. */
void tracer__read_mappings(struct tracer *t, const pid_t *tgids, size_t n);
void tracer__unmap_unwinding(struct tracer *t);
void tracer__end_unwinding(struct tracer *t);

/* Enters the memory of every process that has a window. */
int tracer__enter_windows(struct tracer *t);

/* Stacks that are unwound later (tracer_raw.c). */
int tracer__begin_raw(struct tracer *t);
void tracer__end_raw(struct tracer *t);
/* The mappings of a process have changed while it was at its program "exec": stacks of programs
 * before that are unwound with what is known still, before; those of this one after. */
void tracer__unwind_raw_before(struct tracer *t, u32 tgid, u32 exec);
void tracer__unwind_raw_after(struct tracer *t, u32 tgid, u32 exec);
/* Unwinds what has not been tried. */
void tracer__unwind_fresh(struct tracer *t);
/* Unwinds all that can be: a record is about to be made. */
void tracer__unwind_all(struct tracer *t);
void tracer__forget_raw(struct tracer *t, pid_t pid);

/* Finds where the kernel's array of pages begins: pages of this thread are allocated while the
 * program that is told their addresses and the one that is told their numbers are both attached. 0,
 * or a negative errno with one line in "why". */
int tracer__find_vmemmap(struct tracer *t, char *why, size_t size);

/* The bit of a process in target_bits and its like. */
void tgid_bit__set(u64 *bits, pid_t tgid);
void tgid_bit__clear(u64 *bits, pid_t tgid);

/* Tell the kernel's programs of VMMs: of their programs before the object is loaded, of their
 * threads before it is attached. Return 0 or a negative errno. */
void tracer__name_programs(struct tracer *t);
int tracer__name_threads(struct tracer *t);

int tracer__begin_windows(struct tracer *t);
bool tracer__has_open_window(struct tracer *t);
void tracer__detach(struct tracer *t);

/* Calls "visit" with the number of each chain that a call site, an advice or a thread has. 0, or a
 * negative errno. */
int tracer__each_stack(struct tracer *t, void (*visit)(s32 stack, void *data), void *data);

/* Removes all that was counted of a process, and its backings. */
void tracer__remove_all(struct tracer *t, pid_t pid);

/* Elements of a hash map. */
u64 tracer__count(struct tracer *t, const struct bpf_map *map);

#endif
