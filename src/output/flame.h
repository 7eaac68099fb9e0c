/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call sites of a record as one tree, which a flame graph draws. It must not know how the tree
 * is drawn.
 */
#ifndef MIGPOP_OUTPUT_FLAME_H
#define MIGPOP_OUTPUT_FLAME_H

#include "output/format.h"
#include "record.h"

enum flame_kind {
	FLAME_ALL,     /* the root */
	FLAME_PROCESS, /* below the root, if the record has more than one target */
	FLAME_END,     /* why an incomplete chain begins where it does, such as "[jit]" */
	FLAME_FRAME,
	FLAME_ORIGIN, /* the system call or kernel worker that requested the memory */
};

#define FLAME_NAME 400 /* most columns of a name */

struct flame_node {
	enum flame_kind kind;
	const struct record_frame *frame; /* set for FLAME_FRAME only */
	/* a call site whose path goes through this node; NULL for the root */
	const struct record_callsite *site;
	const char *category;    /* of the largest call site below; NULL: not known */
	int64_t populated_pages; /* of this node and all below it; never RECORD_UNKNOWN */
	int64_t zero_populated_pages;
	size_t parent;   /* index; the root's parent is the root, 0 */
	size_t first, n; /* children are v[first] to v[first + n - 1], largest first */
	size_t depth;    /* levels below the root */
};

/*
 * Frames share a node if their function and module are the same and all their callers are. The
 * record must outlive the tree. Call sites without populated pages are left out. Parents come
 * before their children.
 */
struct flame {
	struct flame_node *v; /* v[0] is the root */
	size_t n;
	size_t depth; /* number of levels, with the root's */
	const struct record *record;
};

/* Builds the tree of a record. Returns 0 or -ENOMEM; free with flame__clear() in either case. */
int flame__make(struct flame *flame, const struct record *r);
void flame__clear(struct flame *flame);

const char *flame_kind__name(enum flame_kind kind);
/* Appends the name that is shown for a node; a long name is cut. */
void flame_node__name(const struct flame *flame, const struct flame_node *node,
		      struct format_text *t);

#endif
