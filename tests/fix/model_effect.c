// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an operation does to the pages of the model, by what the memory and the flags allow. Must
 * not look at the memory itself.
 */
#include "model.h"

bool may_give_back(const struct model *model)
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

bool can_ask(const struct model *model)
{
	const struct memory *memory = &model->memory;

	return memory->kind == MEMORY_ANON || memory->kind == MEMORY_HUGETLB_ANON ||
	       (memory->fd_told && memory->kind != MEMORY_FILE);
}

bool reading_populates(const struct model *model)
{
	return memory_is_shmem(&model->memory) || memory_is_hugetlb(&model->memory);
}

bool has_owner(enum memory_state state)
{
	return state == STATE_UFFD_MISSING || state == STATE_UFFD_WP;
}

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

void may_populate(struct model *model, uint64_t off, uint64_t len)
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

void now_populated(struct model *model, uint64_t off, uint64_t len)
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

void may_handle_gathered(struct model *model)
{
	for (size_t i = 0; i < model->gathered_count; i++)
		may_fill_around(model, model->gathered[i].off, model->gathered[i].len);
}

void handled(struct model *model)
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

void zero_pages(struct model *model, uint64_t off, uint64_t len, bool later)
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
