// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations on a region of libmigfix, held against a plain array of bytes and a plain array
 * of pages: memory of every kind, in every state, under every policy, with and without
 * must-be-present and tracking. Knows the header, and nothing of how the library does it.
 *
 * Of each page the model knows at least and at most whether it may take memory ("least", "most").
 * After every operation the kernel's own count of the region is held against the sum of that, each
 * page of which it is not known is looked at, and so is the content of the pages that were touched.
 * All pages, all content and the guards beside are looked at every "check_everything_in"
 * operations, and when the region is closed.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <migfix.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"

#define MAX_PTES_NONE "/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"

#define NR_1G "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"

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

static struct {
	uint64_t seed;
	unsigned long operations;
	const char *pattern;
	bool swap, list;
} options = {.operations = 200, .pattern = "*"};

static const char *const policy_names[] = {
	[MIGFIX_POLICY_AUTO] = "auto",
	[MIGFIX_POLICY_READ_FIRST] = "read-first",
	[MIGFIX_POLICY_MADVISE_FIRST] = "madvise-first",
};

static unsigned int failures;
static jmp_buf next_case;

/* A model that went wrong once says nothing more. */
__attribute__((format(printf, 2, 3))) _Noreturn static void wrong(struct model *model,
								  const char *fmt, ...)
{
	va_list args;

	printf("FAIL %s, operation %lu, %s: ", model->name, model->operation, model->doing);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" (--case %s --seed %llu --operations %lu)\n", model->name,
	       (unsigned long long)options.seed, options.operations);
	failures++;
	longjmp(next_case, 1);
}

static void returned(struct model *model, int result, int expected)
{
	if (result != expected)
		wrong(model, "returned %d, expected %d", result, expected);
}

static uint64_t below(struct model *model, uint64_t limit)
{
	return random_below(&model->random, limit);
}

static bool chance(struct model *model, unsigned int of)
{
	return !below(model, of);
}

/* What the memory and the flags allow. */

static bool may_give_back(const struct model *model)
{
	if (model->policy == MIGFIX_POLICY_READ_FIRST)
		return false;
	if (model->flags & (MIGFIX_PINNED | MIGFIX_PREALLOCATED | MIGFIX_LOCKED))
		return false;
	switch (model->memory.state) {
	case STATE_FALLOCATED:
	case STATE_LOCKED:
	case STATE_PINNED:
	case STATE_UFFD_MISSING:
	case STATE_UFFD_WP:
	case STATE_SEALED:
	case STATE_READ_ONLY:
		return false;
	default:
		return model->memory.kind == MEMORY_ANON || memory_is_shmem(&model->memory);
	}
}

/* Is whether a page was ever populated known to the library? */
static bool can_ask(const struct model *model)
{
	const struct memory *memory = &model->memory;

	return memory->kind == MEMORY_ANON || memory->kind == MEMORY_HUGETLB_ANON ||
	       (memory->fd_told && memory->kind != MEMORY_FILE);
}

/* Does reading a hole allocate? */
static bool reading_populates(const struct model *model)
{
	return memory_is_shmem(&model->memory) || memory_is_hugetlb(&model->memory);
}

/* Does the kernel tell which page of this memory is populated, and only what it does itself? */
static bool is_counted(const struct model *model)
{
	const struct memory *memory = &model->memory;

	return memory->kind != MEMORY_FILE && memory->state != STATE_UFFD_WP;
}

/* Operations from one look at everything to the next, and on one region. */

static unsigned int check_everything_in(const struct model *model)
{
	return memory_is_hugetlb(&model->memory) || model->memory.state == STATE_THP ? 2048 : 64;
}

static unsigned long round_length(enum memory_kind kind, enum memory_state state)
{
	/* To make huge pages takes milliseconds, and so does a child that has a copy of them. */
	return kind >= MEMORY_HUGETLB_MEMFD || state == STATE_THP ? 8192 : 1024;
}

static uint64_t page_of(const struct model *model, uint64_t off)
{
	return off / model->memory.page;
}

static uint64_t end_page(const struct model *model, uint64_t off, uint64_t len)
{
	return (off + len + model->memory.page - 1) / model->memory.page;
}

static uint8_t *content_at(struct model *model, uint64_t off)
{
	return model->content + model->memory.guard + off;
}

static bool is_zero(const uint8_t *bytes, uint64_t len)
{
	return !len || (!bytes[0] && !memcmp(bytes, bytes + 1, len - 1));
}

/* Checks. */

_Noreturn static void wrong_byte(struct model *model, uint64_t at, const uint8_t *found)
{
	uint64_t page = model->memory.page, i = 0;

	while (found[i] == model->content[at + i])
		i++;
	wrong(model, "byte %llu of page %lld is %02x, expected %02x",
	      (unsigned long long)((at + i) % page),
	      (long long)((at + i) / page) - (long long)(model->memory.guard / page), found[i],
	      model->content[at + i]);
}

/* Without the mapping that is tested, and without a guess at what is populated. */
static void check_bytes(struct model *model, uint64_t off, uint64_t len)
{
	uint64_t at = model->memory.guard + off;

	memory_read(&model->memory, at, len, model->found + at);
	if (memcmp(model->found + at, model->content + at, len))
		wrong_byte(model, at, model->found + at);
}

/* Of one page of which it is known whether it is populated. */
static void check_known(struct model *model, size_t index, uint64_t off, uint64_t len)
{
	uint64_t at = model->memory.guard + off;
	const uint8_t *found = memory_peek(&model->memory, at);

	if (!model->peeks || !found) {
		check_bytes(model, off, len);
		return;
	}
	if (!model->pages[index].populated) {
		if (!memory_is_private(&model->memory)) {
			if (!is_zero(model->content + at, len))
				wrong(model, "page %zu is a hole, and was not zero", index);
			return;
		}
		found = model->below + at;
	}
	if (memcmp(found, model->content + at, len))
		wrong_byte(model, at, found);
}

/* Of the pages that [off, off + len) lies in; a gathered page may read as before or as after. Of
 * huge pages only what is near. */
static void check_content(struct model *model, uint64_t off, uint64_t len)
{
	uint64_t page = model->memory.page, near = page_size;

	for (uint64_t i = page_of(model, off); i < end_page(model, off, len); i++) {
		uint64_t start = i * page, end = start + page;

		if (model->pages[i].gathered)
			continue;
		if (start + near < off)
			start = off - near;
		if (end > off + len + near)
			end = off + len + near;
		check_known(model, i, start, end - start);
	}
}

static void check_all_content(struct model *model)
{
	size_t guard = model->memory.guard, beside = guard ? page_size : 0;

	for (size_t i = 0, end; i < model->memory.pages; i = end + 1) {
		for (end = i; end < model->memory.pages && !model->pages[end].gathered;)
			end++;
		if (i < end)
			check_bytes(model, i * model->memory.page, (end - i) * model->memory.page);
	}
	check_bytes(model, -(uint64_t)beside, beside);
	check_bytes(model, model->memory.pages * model->memory.page, beside);
	if (!memory_is_private(&model->memory))
		return;
	memory_read_file(&model->memory, 0, model->memory.size, model->found);
	if (memcmp(model->found, model->below, model->memory.size))
		wrong(model, "the file below has changed");
}

static void touch(struct model *model, size_t first, size_t end)
{
	bool none = model->first == model->end;

	model->first = none || first < model->first ? first : model->first;
	model->end = none || end > model->end ? end : model->end;
}

/* Those that are gathered may change yet. */
static void settle(struct model *model)
{
	size_t first = model->first, end = model->end;

	while (first < end && !model->pages[first].gathered)
		first++;
	while (first < end && !model->pages[end - 1].gathered)
		end--;
	model->first = first;
	model->end = end;
}

static void found_populated(struct model *model, size_t index, bool populated)
{
	struct page *page = &model->pages[index];

	if (populated < page->least)
		wrong(model, "page %zu lost its memory", index);
	if (populated > page->most)
		wrong(model, "page %zu is populated%s", index,
		      page->populated ? " still" : ": it was a hole");
	model->populated = model->populated - page->populated + populated;
	page->populated = populated;
	if (!page->gathered)
		page->least = page->most = populated;
}

static void check_pages(struct model *model, size_t first, size_t end)
{
	uint8_t populated[MAX_PAGES];

	memory_populated(&model->memory, first, end - first, populated);
	for (size_t i = first; i < end; i++)
		found_populated(model, i, populated[i - first]);
}

/* Only those of which it is not known anyway. */
static void check_unknown(struct model *model)
{
	size_t end = model->end;

	for (size_t i = model->first, next; i < end; i = next) {
		const struct page *page = &model->pages[i];

		next = i + 1;
		if (page->least == page->most) {
			found_populated(model, i, page->least);
			continue;
		}
		while (next < end && model->pages[next].least != model->pages[next].most)
			next++;
		check_pages(model, i, next);
	}
}

/* Of a file on a disk it is known only that what has data on it is never punched. */
static void check_file(struct model *model, bool all)
{
	size_t first = all ? 0 : model->first, end = all ? model->memory.pages : model->end;
	uint8_t data[MAX_PAGES];

	memory_populated(&model->memory, first, end - first, data);
	for (size_t i = first; i < end; i++) {
		if (data[i - first] < model->pages[i].populated)
			wrong(model, "page %zu of the file lost its data", i);
		model->pages[i].populated = data[i - first];
	}
}

/* What the kernel counts in one call tells of all pages, as long as it is known of each. */
static void check_count(struct model *model, bool all)
{
	size_t least = model->populated, most = model->populated, count;
	bool each = model->memory.state != STATE_FALLOCATED;

	for (size_t i = model->first; i < model->end; i++) {
		least = least - model->pages[i].populated + model->pages[i].least;
		most = most - model->pages[i].populated + model->pages[i].most;
	}
	count = memory_count(&model->memory) - model->guards;
	if (each && (all || count < least || count > most))
		check_pages(model, 0, model->memory.pages);
	else if (each || least == most)
		check_unknown(model);
	if (count < least || count > most || (each && count != model->populated))
		wrong(model, "%zu pages take memory, expected %zu to %zu", count, least, most);
}

static void check_population(struct model *model, bool all)
{
	/* Where each page is asked for, not all are each time. */
	bool more = all || (model->memory.state != STATE_THP && chance(model, 8));

	if (model->memory.kind == MEMORY_FILE)
		check_file(model, all);
	else if (is_counted(model) && memory_is_counted(&model->memory))
		check_count(model, all);
	else if (is_counted(model))
		check_pages(model, more ? 0 : model->first,
			    more ? model->memory.pages : model->end);
	settle(model);
}

static void check_present(struct model *model)
{
	uint8_t present[MAX_PAGES];
	size_t first = model->first, end = model->end;
	bool must = false;

	for (size_t i = first; i < end; i++)
		must |= model->pages[i].zeroed && !model->pages[i].gathered;
	if (!must)
		return;
	if (model->flags & MIGFIX_MUST_BE_PRESENT)
		memory_present(&model->memory, first, end - first, present);
	for (size_t i = first; i < end; i++) {
		if (model->pages[i].gathered || !model->pages[i].zeroed)
			continue;
		if (model->flags & MIGFIX_MUST_BE_PRESENT && !present[i - first])
			wrong(model, "page %zu is zeroed and not present", i);
		model->pages[i].zeroed = false;
	}
}

static void check_everything(struct model *model)
{
	check_population(model, true);
	check_all_content(model);
}

/* A page of which the kernel did not give back what it was asked to is populated still. */
static void allow_not_freed(struct model *model)
{
	struct migfix_stats stats;

	returned(model, migfix_region_stats(model->region, &stats, sizeof(stats)), 0);
	if (stats.not_freed_pages > model->not_freed && model->memory.state == STATE_THP)
		for (size_t i = model->first; i < model->end; i++)
			model->pages[i].most |= model->pages[i].populated;
	else if (stats.not_freed_pages > model->not_freed && !model->page_out &&
		 model->memory.state != STATE_FORKED)
		wrong(model, "%llu pages were not freed",
		      (unsigned long long)(stats.not_freed_pages - model->not_freed));
	model->not_freed = stats.not_freed_pages;
}

/* What operations do to pages. */

/* A huge page comes only where there is nothing yet. */
static bool may_be_huge(const struct model *model, uint64_t first)
{
	const size_t around = HUGE_SIZE / page_size;

	if (model->memory.state != STATE_THP)
		return false;
	first = first / around * around;
	for (uint64_t i = first; i < first + around; i++)
		if (model->pages[i].populated && model->pages[i].least)
			return false;
	return true;
}

/* By a fault on [off, off + len). */
static void may_populate(struct model *model, uint64_t off, uint64_t len)
{
	const size_t around = HUGE_SIZE / page_size;
	uint64_t first = page_of(model, off), end = end_page(model, off, len);

	if (may_be_huge(model, first))
		first = first / around * around;
	if (may_be_huge(model, end - 1))
		end = (end + around - 1) / around * around;
	for (uint64_t i = first; i < end; i++)
		model->pages[i].most = true;
	touch(model, first, end);
}

static void now_populated(struct model *model, uint64_t off, uint64_t len)
{
	may_populate(model, off, len);
	for (uint64_t i = page_of(model, off); i < end_page(model, off, len); i++)
		model->pages[i].least = true;
}

/* Where a hole beside is filled with a huge page. */
static void may_fill_around(struct model *model, uint64_t off, uint64_t len)
{
	bool reads = model->policy == MIGFIX_POLICY_READ_FIRST || !can_ask(model);

	if (model->memory.state == STATE_THP && reading_populates(model) &&
	    (reads || model->flags & MIGFIX_MUST_BE_PRESENT))
		may_populate(model, off, len);
}

static void may_handle_gathered(struct model *model)
{
	for (size_t i = 0; i < model->gathered_count; i++)
		may_fill_around(model, model->gathered[i].off, model->gathered[i].len);
}

static void handled(struct model *model)
{
	may_handle_gathered(model);
	for (size_t i = model->first; i < model->end; i++)
		model->pages[i].gathered = false;
	model->gathered_count = 0;
}

/* Of one page of which [off, off + len) is made zero; "joins": maybe with what was gathered. */
static void now_zero(struct model *model, size_t index, uint64_t off, uint64_t len, bool joins)
{
	struct page *page = &model->pages[index];
	bool whole = len == model->memory.page || off + len == model->len;
	bool give = may_give_back(model) && !page->kept;
	bool was_zero = is_zero(content_at(model, off), len);
	bool reads = model->policy == MIGFIX_POLICY_READ_FIRST || !can_ask(model);

	/* Its owner fills what is looked at. */
	if (model->memory.state == STATE_UFFD_MISSING)
		page->most = true;
	/* Where a page is a hole of a private mapping, what shows may be of the file. */
	if (memory_is_private(&model->memory) && !page->most) {
		page->least = !was_zero;
		page->most = !was_zero || (model->flags & MIGFIX_MUST_BE_PRESENT);
		return;
	}
	if (model->flags & MIGFIX_MUST_BE_PRESENT) {
		page->most = true;
		if (reading_populates(model))
			page->least = true;
		else if (give)
			page->least = false;
		return;
	}
	if (give && (whole || joins))
		page->least = false;
	/* Where there is nobody to ask, what is given back is up to the library. Nor is anything
	 * asked of a page known to be zero, though to read it, or to write beside it in a huge one,
	 * may have populated it. */
	if (give && can_ask(model) && len == model->memory.page &&
	    !(was_zero && model->flags & MIGFIX_TRACK))
		page->most = false;
	else if (reads && reading_populates(model))
		page->most = true;
}

static void zero_pages(struct model *model, uint64_t off, uint64_t len, bool later)
{
	for (uint64_t i = page_of(model, off); i < end_page(model, off, len); i++) {
		uint64_t start = i * model->memory.page, end = start + model->memory.page;
		struct page before = model->pages[i], *page = &model->pages[i];

		start = start > off ? start : off;
		end = end < off + len ? end : off + len;
		/* What is joined to a run may become whole pages. */
		now_zero(model, i, start, end - start, later || model->gathered_count);
		if (later || before.gathered || model->gathered_count) {
			page->least &= before.least;
			page->most |= before.most;
		}
		page->gathered |= later;
		page->zeroed = true;
	}
	touch(model, page_of(model, off), end_page(model, off, len));
	may_fill_around(model, off, len);
	memset(content_at(model, off), 0, len);
}

static void flush(struct model *model)
{
	returned(model,
		 chance(model, 2) ? migfix_flush(model->region)
				  : migfix_memory(model->region, &(void *){NULL}),
		 0);
	handled(model);
}

static void check(struct model *model, uint64_t off, uint64_t len)
{
	may_handle_gathered(model);
	/* Presence first: looking at content must not make it. */
	check_present(model);
	allow_not_freed(model);
	check_population(model, false);
	check_content(model, off, len);
	if (chance(model, check_everything_in(model)))
		check_everything(model);
}

/* Operations. */

/* Mostly a page or less, as migrations do. */
static struct range random_range(struct model *model)
{
	uint64_t page = model->memory.page, off, len;
	/* To go through huge pages takes long. */
	unsigned int rare = memory_is_hugetlb(&model->memory)  ? 512
			    : model->memory.state == STATE_THP ? 64
							       : 4;

	off = below(model, model->len);
	if (!chance(model, 4))
		off -= off % page_size;
	if (chance(model, rare))
		off -= off % page;
	switch (below(model, 8)) {
	case 0:
		len = below(model, 64) + 1;
		break;
	case 1:
	case 2:
		len = below(model, page_size) + 1;
		break;
	case 3:
		len = (below(model, 4) + 1) * 1024;
		break;
	case 4:
		len = below(model, 8 * page_size) + 1;
		break;
	case 5:
		len = (below(model, 8) + 1) * page_size;
		break;
	case 6:
		len = chance(model, rare) ? (below(model, model->memory.pages) + 1) * page
					  : page_size;
		break;
	default:
		len = page_size;
	}
	if (len > model->len - off)
		len = model->len - off;
	return (struct range){off, len};
}

static void put(struct model *model, uint64_t off, uint64_t len, char *to)
{
	uint8_t *content = content_at(model, off);
	uint64_t edge = len < 64 ? len : 64;

	if (len > 4 * page_size)
		len = 4 * page_size;
	switch (below(model, 8)) {
	case 0: /* populated, and zero */
		memset(content, 0, len);
		break;
	case 1:
	case 2: /* a single byte is the hardest to find */
		memset(content, 0, len);
		content[below(model, len)] = 1;
		break;
	default:
		memset(content, (int)below(model, 255) + 1, len);
		random_fill(&model->random, content, edge);
		random_fill(&model->random, content + len - edge, edge);
	}
	memcpy(to, content, len);
	now_populated(model, off, len);
}

static void write_payload(struct model *model, uint64_t off, uint64_t len)
{
	void *to = NULL;

	model->doing = "write";
	if (model->memory.state == STATE_READ_ONLY)
		return;
	if (len > 4 * page_size)
		len = 4 * page_size;
	returned(model, migfix_write(model->region, off, len, &to), 0);
	if (to != model->memory.region + off)
		wrong(model, "the address is %p, expected %p", to,
		      (void *)(model->memory.region + off));
	/* Nothing of these pages is gathered any more, so all of them has its content. */
	for (uint64_t i = page_of(model, off); i < end_page(model, off, len); i++)
		model->pages[i].gathered = false;
	if (model->first < model->end)
		check_population(model, false);
	check_content(model, off, len);
	put(model, off, len, to);
	check(model, off, len);
}

/* Behind the library's back, as others may who are not tracked; what is gathered would be lost. */
static void write_directly(struct model *model, uint64_t off, uint64_t len)
{
	struct memory *memory = &model->memory;
	bool protect = memory->state == STATE_READ_ONLY && memory->writable == memory->map;

	if (model->flags & MIGFIX_TRACK)
		return;
	model->doing = "direct write";
	flush(model);
	if (protect)
		check_call("mprotect", !mprotect(memory->region, memory->pages * memory->page,
						 PROT_READ | PROT_WRITE));
	put(model, off, len, memory->writable + memory->guard + off);
	if (protect)
		check_call("mprotect",
			   !mprotect(memory->region, memory->pages * memory->page, PROT_READ));
	check(model, off, len);
}

static void zero(struct model *model, uint64_t off, uint64_t len)
{
	bool refused = model->memory.state == STATE_READ_ONLY &&
		       !is_zero(content_at(model, off), len);

	model->doing = "zero";
	returned(model, migfix_zero(model->region, off, len), refused ? -EACCES : 0);
	if (refused) {
		may_populate(model, off, len);
		check_content(model, off, len);
		return;
	}
	zero_pages(model, off, len, false);
	check(model, off, len);
}

/* Behind what was gathered last, as the pages of a stream are; of the size of a target page. */
static struct range next_in_run(struct model *model, uint64_t len)
{
	const struct range *last = &model->gathered[model->gathered_count - 1];
	uint64_t off = (last->off + last->len) / 1024 * 1024;

	len = (len + 1023) / 1024 * 1024;
	return (struct range){off, len < model->len - off ? len : model->len - off};
}

static void zero_later(struct model *model, uint64_t off, uint64_t len)
{
	model->doing = "zero later";
	if (model->memory.state == STATE_READ_ONLY)
		return;
	if (model->gathered_count == MAX_RANGES) {
		flush(model);
		check(model, off, len);
	}
	if (model->gathered_count && chance(model, 2)) {
		struct range next = next_in_run(model, len);

		if (next.len)
			off = next.off, len = next.len;
	}
	returned(model, migfix_zero_later(model->region, off, len), 0);
	model->gathered[model->gathered_count++] = (struct range){off, len};
	zero_pages(model, off, len, true);
	check(model, off, len);
}

static void flush_and_check(struct model *model, uint64_t off, uint64_t len)
{
	struct range gathered[MAX_RANGES];
	size_t count = model->gathered_count;

	model->doing = "flush";
	memcpy(gathered, model->gathered, sizeof(gathered));
	flush(model);
	check(model, off, len);
	for (size_t i = 0; i < count; i++)
		check_content(model, gathered[i].off, gathered[i].len);
}

static void detect(struct model *model, uint64_t off, uint64_t len)
{
	model->doing = "is zero";
	returned(model, migfix_is_zero(model->region, off, len),
		 is_zero(content_at(model, off), len));
	if (!can_ask(model))
		may_populate(model, off, len);
	check(model, off, len);
}

struct discarded {
	struct migfix_section sections[4];
	size_t count;
};

static int next_discarded(void *opaque, uint64_t off, struct migfix_section *section)
{
	const struct discarded *discarded = opaque;

	for (size_t i = 0; i < discarded->count; i++) {
		if (discarded->sections[i].off + discarded->sections[i].len <= off)
			continue;
		*section = discarded->sections[i];
		return 1;
	}
	return 0;
}

static bool is_discarded(const struct discarded *discarded, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < discarded->count; i++)
		if (discarded->sections[i].off < end &&
		    discarded->sections[i].off + discarded->sections[i].len > start)
			return true;
	return false;
}

static struct discarded random_discarded(struct model *model, uint64_t granule)
{
	struct discarded discarded = {.count = below(model, 5)};
	uint64_t at = 0;

	for (size_t i = 0; i < discarded.count; i++) {
		struct migfix_section *section = &discarded.sections[i];

		section->off = at + below(model, model->len / 4) / granule * granule;
		section->len = (below(model, model->len / 8) / granule + 1) * granule;
		at = section->off + section->len;
	}
	return discarded;
}

static int populate_by_bitmap(struct model *model, uint64_t off, uint64_t len,
			      const struct discarded *discarded, uint64_t granule)
{
	uint64_t bits = (model->len + granule - 1) / granule;
	uint64_t *bitmap = calloc(bits / 64 + 1, sizeof(*bitmap));
	int result;

	check_call("calloc", bitmap != NULL);
	for (uint64_t i = 0; i < bits; i++)
		if (is_discarded(discarded, i * granule, (i + 1) * granule))
			bitmap[i / 64] |= 1ULL << (i % 64);
	result = migfix_populate_read_bitmap(model->region, off, len, bitmap, granule);
	free(bitmap);
	return result;
}

static void populate(struct model *model, uint64_t off, uint64_t len)
{
	bool by_bitmap = chance(model, 2);
	uint64_t granule = by_bitmap ? page_size / 4 << below(model, 8) : 1;
	struct discarded discarded = random_discarded(model, granule);
	uint64_t page = model->memory.page;
	uint8_t present[MAX_PAGES];

	/* Long enough for discarded sections to lie in it. */
	if (chance(model, model->memory.state == STATE_THP ? 16 : 2))
		len = below(model, model->len - off) + 1;
	model->doing = by_bitmap ? "populate by bitmap" : "populate";
	returned(model,
		 by_bitmap ? populate_by_bitmap(model, off, len, &discarded, granule)
			   : migfix_populate_read(model->region, off, len, next_discarded,
						  &discarded),
		 0);
	memory_present(&model->memory, 0, model->memory.pages, present);
	for (uint64_t i = page_of(model, off); i < end_page(model, off, len); i++) {
		if (is_discarded(&discarded, i * page, (i + 1) * page))
			continue;
		if (!present[i] && !model->pages[i].gathered && !model->page_out)
			wrong(model, "page %llu is not present", (unsigned long long)i);
		may_populate(model, i * page, 1);
		if (reading_populates(model) && !model->pages[i].gathered)
			model->pages[i].least = true;
	}
	check(model, off, len);
}

/* A page that was zeroed is written, and zeroed again, as a guest that goes to and fro does. */
static void to_and_fro(struct model *model, uint64_t off, uint64_t len)
{
	zero(model, off, len);
	write_payload(model, off, len);
	zero_later(model, off, len);
	write_payload(model, off, len);
}

/* What a userfaultfd waits for is its owner's to make present. */
static bool has_owner(enum memory_state state)
{
	return state == STATE_UFFD_MISSING || state == STATE_UFFD_WP;
}

static void change_flags(struct model *model, uint64_t off, uint64_t len)
{
	static const uint32_t told[] = {MIGFIX_PINNED, MIGFIX_PREALLOCATED, MIGFIX_LOCKED,
					MIGFIX_MUST_BE_PRESENT};
	uint32_t flag = told[below(model, sizeof(told) / sizeof(told[0]))];
	bool detected = model->memory.state == STATE_PINNED ||
			model->memory.state == STATE_LOCKED ||
			model->memory.state == STATE_FALLOCATED ||
			model->memory.state == STATE_TOUCHED ||
			model->memory.state == STATE_POPULATED;

	model->doing = "flags";
	flush(model);
	check(model, off, len);
	if (chance(model, 32) && (model->flags & MIGFIX_TRACK)) {
		returned(model, migfix_region_set_flags(model->region, 0, MIGFIX_TRACK), 0);
		model->flags &= ~(uint32_t)MIGFIX_TRACK;
	} else if (flag == MIGFIX_MUST_BE_PRESENT ? !has_owner(model->memory.state) : !detected) {
		bool set = !(model->flags & flag);

		/* Of what keeps pages seldom all is clear otherwise. */
		if (set && !chance(model, 4))
			return;
		returned(model,
			 migfix_region_set_flags(model->region, set ? flag : 0, set ? 0 : flag), 0);
		model->flags ^= flag;
	}
}

static void page_out_some(struct model *model, uint64_t off, uint64_t len)
{
	uint64_t page = model->memory.page;
	uint64_t around = model->memory.state == STATE_THP ? HUGE_SIZE / page_size : 1;
	uint64_t first = page_of(model, off) / around * around;
	uint64_t end = (end_page(model, off, len) + around - 1) / around * around;

	madvise(model->memory.region + first * page, (end - first) * page, MADV_PAGEOUT);
	touch(model, first, end);
	for (uint64_t i = first; i < end; i++) {
		uint64_t rest = model->len > i * page ? model->len - i * page : 0;

		/* What was gathered may have been handled, and be swapped out again. */
		model->pages[i].zeroed = false;
		/* A page of tmpfs that was only ever read is clean: reclaim drops it. A page of
		 * zeros in a huge one is mapped to the kernel's when that is split (Linux 6.12). */
		if ((memory_is_shmem(&model->memory) || model->memory.state == STATE_THP) &&
		    is_zero(content_at(model, i * page), rest < page ? rest : page))
			model->pages[i].least = false;
	}
}

static void operate(struct model *model)
{
	static const struct {
		void (*run)(struct model *model, uint64_t off, uint64_t len);
		unsigned int weight, steps;
	} operations[] = {
		{write_payload, 6, 1}, {write_directly, 3, 1},  {zero, 6, 1},
		{zero_later, 6, 1},    {flush_and_check, 2, 1}, {detect, 4, 1},
		{populate, 2, 1},      {change_flags, 1, 1},    {to_and_fro, 2, 4},
	};
	struct range at = random_range(model);
	uint64_t dice = below(model, 32); /* the sum of the weights */

	if (model->page_out && chance(model, 32))
		page_out_some(model, at.off, at.len);
	for (size_t i = 0;; i++) {
		if (dice < operations[i].weight) {
			operations[i].run(model, at.off, at.len);
			model->operation += operations[i].steps;
			return;
		}
		dice -= operations[i].weight;
	}
}

/* One region, from open to close. */

static void look_at_first(struct model *model)
{
	struct memory *memory = &model->memory;
	uint8_t populated[MAX_PAGES] = {0};

	memory_read(memory, 0, memory->size, model->content);
	if (memory_is_private(memory))
		memory_read_file(memory, 0, memory->size, model->below);
	model->first = model->end = model->populated = 0;
	memset(model->pages, 0, sizeof(model->pages));
	if (!is_counted(model)) {
		touch(model, 0, memory->pages);
		return;
	}
	memory_populated(memory, 0, memory->pages, populated);
	model->guards = memory_count(memory);
	for (size_t i = 0; i < memory->pages; i++) {
		bool is = populated[i] || memory->state == STATE_FALLOCATED;

		model->pages[i] = (struct page){is, is, is, is, false, false};
		model->populated += is;
	}
	model->guards -= model->populated;
}

/* Sizes differ from round to round: the largest so far is kept. */
static void allocate(struct model *model)
{
	if (model->size < model->memory.size) {
		free(model->content);
		model->size = model->memory.size;
		model->content = malloc(3 * model->size);
		check_call("malloc", model->content != NULL);
	}
	model->found = model->content + model->size;
	model->below = model->found + model->size;
}

static void open_region(struct model *model, bool told)
{
	static const enum migfix_backing backings[] = {
		[MEMORY_ANON] = MIGFIX_BACKING_ANON,
		[MEMORY_ANON_SHARED] = MIGFIX_BACKING_ANON_SHARED,
		[MEMORY_MEMFD] = MIGFIX_BACKING_SHMEM,
		[MEMORY_TMPFS] = MIGFIX_BACKING_SHMEM,
		[MEMORY_FILE] = MIGFIX_BACKING_FILE,
		[MEMORY_MEMFD_PRIVATE] = MIGFIX_BACKING_FILE_PRIVATE,
		[MEMORY_FILE_PRIVATE] = MIGFIX_BACKING_FILE_PRIVATE,
		[MEMORY_HUGETLB_MEMFD] = MIGFIX_BACKING_HUGETLB,
		[MEMORY_HUGETLB_ANON] = MIGFIX_BACKING_HUGETLB,
		[MEMORY_HUGETLB_1G] = MIGFIX_BACKING_HUGETLB,
	};
	const struct memory *memory = &model->memory;
	struct migfix_options how = MIGFIX_OPTIONS_INIT;

	model->doing = "open";
	how.policy = model->policy;
	how.flags = model->flags;
	if (memory->fd_told) {
		how.fd = memory->fd;
		how.fd_offset = memory->guard;
	}
	if (told && (memory->fd < 0 || memory->fd_told))
		how.backing = backings[memory->kind];
	how.batch = chance(model, 2) ? 0 : (below(model, 8) + 1) * page_size;
	returned(model, migfix_region_open(&model->region, memory->region, model->len, &how), 0);
}

static void check_info(struct model *model)
{
	struct migfix_info info;

	model->doing = "info";
	returned(model, migfix_region_info(model->region, &info, sizeof(info)), 0);
	if (info.page_size != model->memory.page)
		wrong(model, "page size %llu, expected %zu", (unsigned long long)info.page_size,
		      model->memory.page);
	if (info.gives_back && !may_give_back(model))
		wrong(model, "gives back what must be kept");
	if (info.policy != model->policy || (info.flags & model->flags) != model->flags)
		wrong(model, "policy %d flags %x, expected %d %x", (int)info.policy, info.flags,
		      (int)model->policy, model->flags);
}

static void run_round(struct model *model, enum memory_kind kind, enum memory_state state,
		      unsigned long round, unsigned long operations)
{
	bool track = state != STATE_READ_ONLY && (round & 1);

	model->random = options.seed ^ (round + 1) * 0xd6e8feb86659fd93ULL;
	/* No case takes the steps of another. */
	for (const char *at = model->name; *at; at++)
		model->random = (model->random ^ (uint8_t)*at) * 0x100000001b3ULL;
	memory_make(&model->memory, kind, state, random_next(&model->random));
	allocate(model);
	/* What was allocated and not written yet a look through a mapping would make data. */
	model->peeks = is_counted(model) && !model->page_out && state != STATE_FALLOCATED;
	if (model->peeks)
		memory_observe(&model->memory);
	model->gathered_count = model->not_freed = 0;
	model->len = model->memory.pages * model->memory.page;
	if (chance(model, 4))
		model->len -= below(model, page_size);
	model->flags = (track ? (uint32_t)MIGFIX_TRACK : 0) |
		       (round & 2 && !has_owner(state) ? (uint32_t)MIGFIX_MUST_BE_PRESENT : 0) |
		       (state == STATE_PINNED ? (uint32_t)MIGFIX_PINNED : 0);
	look_at_first(model);
	open_region(model, round & 4);
	check_info(model);
	operations += model->operation;
	while (model->operation < operations)
		operate(model);
	model->doing = "close";
	returned(model, migfix_region_close(model->region), 0);
	handled(model);
	check_present(model);
	check_everything(model);
	if (!memory_free(&model->memory))
		wrong(model, "what a child kept has changed");
}

static bool wanted(struct model *model, enum memory_kind kind, enum memory_state state,
		   enum migfix_policy policy)
{
	snprintf(model->name, sizeof(model->name), "%s/%s/%s", memory_kind_name(kind),
		 memory_state_name(state), policy_names[policy]);
	return memory_possible(kind, state) && !fnmatch(options.pattern, model->name, 0);
}

static void run_case(struct model *model, enum memory_kind kind, enum memory_state state,
		     enum migfix_policy policy)
{
	/* Each with and without tracking, must-be-present, and being told the backing. */
	unsigned long each = options.operations / 8, longest = round_length(kind, state);

	each = each < longest ? each : longest;

	model->policy = policy;
	model->operation = 0;
	model->page_out = options.swap;
	if (setjmp(next_case)) {
		memory_free(&model->memory);
		return;
	}
	for (unsigned long round = 0; model->operation < options.operations; round++)
		run_round(model, kind, state, round, each ? each : 1);
}

static void run_kind(enum memory_kind kind, unsigned long *cases, unsigned long *operations)
{
	static struct model model;

	for (enum memory_state state = 0; state < MEMORY_STATES; state++) {
		for (enum migfix_policy policy = 0; policy <= MIGFIX_POLICY_MADVISE_FIRST;
		     policy++) {
			if (!wanted(&model, kind, state, policy))
				continue;
			if (options.list) {
				puts(model.name);
				continue;
			}
			run_case(&model, kind, state, policy);
			++*cases;
			*operations += model.operation;
		}
	}
}

static bool has_case(enum memory_kind kind)
{
	static struct model model;

	for (enum memory_state state = 0; state < MEMORY_STATES; state++)
		for (enum migfix_policy policy = 0; policy <= MIGFIX_POLICY_MADVISE_FIRST; policy++)
			if (wanted(&model, kind, state, policy))
				return true;
	return false;
}

static void parse(int argc, char **argv)
{
	static const struct option known[] = {
		{"seed", required_argument, NULL, 's'},
		{"operations", required_argument, NULL, 'n'},
		{"case", required_argument, NULL, 'c'},
		{"swap", no_argument, NULL, 'w'},
		{"list", no_argument, NULL, 'l'},
		{0},
	};
	int option;

	options.seed = (uint64_t)time(NULL);
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options.operations = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			options.pattern = optarg;
			break;
		case 'w':
			options.swap = true;
			break;
		case 'l':
			options.list = true;
			break;
		default:
			fprintf(stderr, "usage: model [--seed N] [--operations N] [--case "
					"KIND/STATE/POLICY] "
					"[--swap] [--list]\n");
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long cases = 0, operations = 0;
	size_t huge_pages = 0;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", (unsigned long long)options.seed);
	for (enum memory_kind kind = 0; kind < MEMORY_HUGETLB_1G; kind++)
		if (has_case(kind) && memory_huge_pages(kind) > huge_pages)
			huge_pages = memory_huge_pages(kind);
	if (huge_pages && !options.list)
		hugetlb_need(huge_pages);
	/* It would fill holes beside what is populated, at a time of its own. */
	if (!options.list && !setting_set(MAX_PTES_NONE, "0"))
		skip("cannot set " MAX_PTES_NONE);
	if (options.swap)
		swap_need(65536);
	for (enum memory_kind kind = 0; kind < MEMORY_HUGETLB_1G; kind++)
		run_kind(kind, &cases, &operations);
	/* Moves a GiB at a time: only for who asks for it. */
	if (!strncmp(options.pattern, "hugetlb-1g", strlen("hugetlb-1g"))) {
		if (!options.list && !setting_set(NR_1G, "1"))
			skip("no huge page of 1 GiB to be had: " NR_1G);
		run_kind(MEMORY_HUGETLB_1G, &cases, &operations);
	}
	printf("%lu cases, %lu operations, %u failed\n", cases, operations, failures);
	if (!options.list && !cases)
		fail("no case is called %s", options.pattern);
	return failures != 0;
}
