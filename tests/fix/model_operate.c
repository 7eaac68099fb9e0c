// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations on a region of libmigfix and on the model of it, each checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "model.h"

static void flush(struct model *model)
{
	returned(model,
		 chance(model, 2) ? migfix_flush(model->region)
				  : migfix_memory(model->region, &(void *){NULL}),
		 0);
	handled(model);
}

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

void operate(struct model *model)
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
