/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plain array of bytes and a plain array of pages, which a region of libmigfix is held against.
 *
 * Of each page the model knows at least and at most whether it may take memory ("least", "most").
 * After every operation the kernel's own count of the region is held against the sum of that, each
 * page of which it is not known is looked at, and so is the content of the pages that were touched.
 * All pages, all content and the guards beside are looked at every so many operations, and when the
 * region is closed.
 */
#ifndef MODEL_H
#define MODEL_H

#include <migfix.h>
#include <string.h>

#include "memory.h"
#include "random.h"

#define MAX_PAGES  1024 /* of a region */
#define MAX_RANGES 8

struct range {
	uint64_t off, len;
};

struct page {
	bool populated, kept;
	bool least, most; /* after what was done since it was looked at */
	bool gathered;    /* by migfix_zero_later(), and maybe not handled yet */
	bool zeroed;      /* since it was last looked whether it must be present */
};

struct model {
	struct memory memory;
	struct migfix_region *region;
	enum migfix_policy policy;
	uint32_t flags;           /* told, as they are now */
	uint64_t len;             /* of the region; its last page may be a part */
	uint8_t *content, *found; /* of the whole memory, guards included */
	uint8_t *below;           /* the file of a private mapping */
	size_t size;              /* of each of these */
	size_t guards;            /* pages of them that take memory */
	struct page pages[MAX_PAGES];
	size_t populated;  /* pages, when they were last looked at */
	size_t first, end; /* of the pages that something was done to since */
	bool peeks;        /* what is populated is read in place */
	struct range gathered[MAX_RANGES];
	size_t gathered_count;
	uint64_t not_freed;
	uint64_t random;
	bool page_out;
	unsigned long operation;
	const char *doing;
	char name[64];
};

/* model.c */

/* Says so, and ends the case: a model that went wrong once says nothing more. */
__attribute__((format(printf, 2, 3))) _Noreturn void wrong(struct model *model, const char *fmt,
							   ...);
void returned(struct model *model, int result, int expected);

/* model_effect.c: what the memory and the flags allow, and what operations do to pages. */

bool may_give_back(const struct model *model);
/* Is whether a page was ever populated known to the library? */
bool can_ask(const struct model *model);
/* Does reading a hole allocate? */
bool reading_populates(const struct model *model);
/* What a userfaultfd waits for is its owner's to make present. */
bool has_owner(enum memory_state state);
/* By a fault on [off, off + len). */
void may_populate(struct model *model, uint64_t off, uint64_t len);
void now_populated(struct model *model, uint64_t off, uint64_t len);
void may_handle_gathered(struct model *model);
void handled(struct model *model);
void zero_pages(struct model *model, uint64_t off, uint64_t len, bool later);

/* model_check.c */

/* Does the kernel tell which page of this memory is populated, and only what it does itself? */
bool is_counted(const struct model *model);
/* Of the pages that [off, off + len) lies in; a gathered page may read as before or as after. Of
 * huge pages only what is near. */
void check_content(struct model *model, uint64_t off, uint64_t len);
void check_population(struct model *model, bool all);
void check_present(struct model *model);
void check_everything(struct model *model);
/* After an operation on [off, off + len). */
void check(struct model *model, uint64_t off, uint64_t len);
/* That something was done to these pages. */
void touch(struct model *model, size_t first, size_t end);

/* model_operate.c */

/* A random operation; counts its steps. */
void operate(struct model *model);

/* Small things that all of them need. */

static inline uint64_t below(struct model *model, uint64_t limit)
{
	return random_below(&model->random, limit);
}

static inline bool chance(struct model *model, unsigned int of)
{
	return !below(model, of);
}

static inline uint64_t page_of(const struct model *model, uint64_t off)
{
	return off / model->memory.page;
}

static inline uint64_t end_page(const struct model *model, uint64_t off, uint64_t len)
{
	return (off + len + model->memory.page - 1) / model->memory.page;
}

static inline uint8_t *content_at(struct model *model, uint64_t off)
{
	return model->content + model->memory.guard + off;
}

static inline bool is_zero(const uint8_t *bytes, uint64_t len)
{
	return !len || (!bytes[0] && !memcmp(bytes, bytes + 1, len - 1));
}

#endif
