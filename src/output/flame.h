/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call sites of a record as one tree: what a flame graph draws. It must not know how it is
 * drawn.
 */
#ifndef MIGPOP_OUTPUT_FLAME_H
#define MIGPOP_OUTPUT_FLAME_H

#include "output/format.h"
#include "record.h"

enum flame_kind {
	FLAME_ALL,     /* the root */
	FLAME_PROCESS, /* below it, where a record has more than one target */
	FLAME_END,     /* why a chain that is not complete begins where it does, "[jit]" */
	FLAME_FRAME,
	FLAME_ORIGIN, /* the system call or kernel worker that asked for the memory */
};

#define FLAME_NAME 400 /* columns of the longest name */

struct flame_node {
	enum flame_kind kind;
	const struct record_frame *frame;   /* of FLAME_FRAME, else NULL */
	const struct record_callsite *site; /* one that goes through it; NULL: the root */
	const char *category;               /* of the largest call site below; NULL: not known */
	int64_t populated_pages;            /* with all that is below; never RECORD_UNKNOWN */
	int64_t zero_populated_pages;
	size_t parent;   /* the root's is 0, itself */
	size_t first, n; /* children: v[first] to v[first + n - 1], largest first */
	size_t depth;    /* of the root: 0 */
};

/*
 * Frames are one node where the function, its module and all that called it are the same. The
 * record must outlive the tree. Call sites without populated pages are not in it. Parents come
 * before children.
 */
struct flame {
	struct flame_node *v; /* v[0] is the root */
	size_t n;
	size_t depth; /* levels, the root's included */
	const struct record *record;
};

/* 0 or -ENOMEM; free with flame__clear in either case. */
int flame__make(struct flame *flame, const struct record *r);
void flame__clear(struct flame *flame);

const char *flame_kind__name(enum flame_kind kind);
/* As it is shown; long names are cut. */
void flame_node__name(const struct flame *flame, const struct flame_node *node,
		      struct format_text *t);

#endif
