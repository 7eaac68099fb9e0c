// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model held against the memory: content, what is populated, what is present, and the guards
 * beside.
 */
#include "model.h"

bool is_counted(const struct model *model)
{
	const struct memory *memory = &model->memory;

	return memory->kind != MEMORY_FILE && memory->state != STATE_UFFD_WP;
}

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

void check_content(struct model *model, uint64_t off, uint64_t len)
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

void touch(struct model *model, size_t first, size_t end)
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

void check_population(struct model *model, bool all)
{
	/* Where each page is asked for, not all are each time. */
	bool more = all || (model->memory.state != STATE_THP && chance(model, 8));

	if (model->memory.kind == MEMORY_FILE)
		check_file(model, all);
	else if (is_counted(model) && memory_has_own_pages(&model->memory))
		check_pages(model, more ? 0 : model->first,
			    more ? model->memory.pages : model->end);
	else if (is_counted(model))
		check_count(model, all);
	settle(model);
}

void check_present(struct model *model)
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

void check_everything(struct model *model)
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

/* Operations from one look at everything to the next. */
static unsigned int check_everything_in(const struct model *model)
{
	return memory_is_hugetlb(&model->memory) || model->memory.state == STATE_THP ? 2048 : 64;
}

void check(struct model *model, uint64_t off, uint64_t len)
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
