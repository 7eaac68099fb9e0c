// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the sorted table of .eh_frame_hdr. The table repeats what .eh_frame says, so damage in
 * either of them is found by comparing the two; and its order saves sorting.
 */
#include <errno.h>
#include <stdlib.h>

#include <dwarf.h>

#include "symbol/cfi_search.h"
#include "symbol/cfi_section.h"
#include "symbol/image.h"

enum {
	HEADER_SIZE = 12, /* version, three encodings, address of .eh_frame, number of entries */
	SEGMENT_MAX = 64 << 20,
};

void cfi_search__free(struct cfi_search *t)
{
	free(t->v);
	*t = (struct cfi_search){0};
}

static int read_table(struct cfi_search *t, const struct image *image, uint32_t n)
{
	const GElf_Phdr *segment = &image->eh_frame_hdr;
	size_t size = n * sizeof(*t->v);

	if (n > (segment->p_filesz - HEADER_SIZE) / sizeof(*t->v))
		return -EBADMSG;
	t->n = n;
	t->fills = size + HEADER_SIZE == segment->p_filesz;
	t->v = malloc(size + 1);
	return t->v ? image__read(image, segment->p_offset + HEADER_SIZE, t->v, size) : -ENOMEM;
}

int cfi_search__read(struct cfi_search *t, const struct image *image)
{
	const GElf_Phdr *segment = &image->eh_frame_hdr;
	const GElf_Phdr *load = image__load_at(image, segment->p_vaddr);
	struct {
		uint8_t version, eh_frame, count, table;
		int32_t eh_frame_at;
		uint32_t n;
	} header;
	int err;

	*t = (struct cfi_search){.address = segment->p_vaddr};
	if (!load || segment->p_filesz < HEADER_SIZE || segment->p_filesz > SEGMENT_MAX ||
	    segment->p_offset - load->p_offset != segment->p_vaddr - load->p_vaddr)
		return -EBADMSG;
	err = image__read(image, segment->p_offset, &header, HEADER_SIZE);
	if (err)
		return err;
	if (header.version != 1 || header.eh_frame != (DW_EH_PE_pcrel | DW_EH_PE_sdata4))
		return -EBADMSG;
	t->eh_frame = segment->p_vaddr + 4 + (uint64_t)(int64_t)header.eh_frame_at;
	if (header.count == DW_EH_PE_omit || header.table == DW_EH_PE_omit)
		return 0;
	if (header.count != DW_EH_PE_udata4 || header.table != (DW_EH_PE_datarel | DW_EH_PE_sdata4))
		return -EBADMSG;
	return read_table(t, image, header.n);
}

uint64_t cfi_search__last(const struct cfi_search *t)
{
	uint64_t last = 0;

	for (size_t i = 0; i < t->n; i++) {
		uint64_t at = t->address + (uint64_t)(int64_t)t->v[i].fde - t->eh_frame;

		last = at > last ? at : last;
	}
	return t->fills ? last : UINT64_MAX;
}

/* Finds the FDE at "offset". FDEs mostly follow each other in the section as they do in the table,
 * so the next one is tried first. */
static const struct cfi_fde *find_fde(const struct cfi_section *s, size_t guess, uint64_t offset)
{
	size_t low = 0, high = s->n_fde;

	if (guess < high && s->fde[guess].offset == offset)
		return &s->fde[guess];
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->fde[middle].offset == offset)
			return &s->fde[middle];
		if (s->fde[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool has_start(const struct cfi_search *t, uint64_t start)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		uint64_t here = t->address + (uint64_t)(int64_t)t->v[middle].start;

		if (here == start)
			return true;
		if (here < start)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Every function must be in the table. If lld has folded several functions into one, it keeps only
 * one of their entries; so it is enough if the start of each function is there. */
static int check_left_out(const struct cfi_search *t, const struct cfi_section *s)
{
	for (size_t i = 0; t->n != s->n_fde && i < s->n_fde; i++)
		if (s->fde[i].start != s->fde[i].end && !has_start(t, s->fde[i].start))
			return -EBADMSG;
	return 0;
}

int cfi_search__order(const struct cfi_search *t, struct cfi_section *s)
{
	struct cfi_fde *ordered;
	size_t guess = 0;

	if (!t->v)
		return 0;
	if (t->n > s->n_fde || check_left_out(t, s))
		return -EBADMSG;
	ordered = malloc((t->n + 1) * sizeof(*ordered));
	if (!ordered)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		uint64_t start = t->address + (uint64_t)(int64_t)t->v[i].start;
		uint64_t at = t->address + (uint64_t)(int64_t)t->v[i].fde;
		const struct cfi_fde *fde = find_fde(s, guess, at - s->address);

		if (!fde || fde->start != start || (i && start < ordered[i - 1].start)) {
			free(ordered);
			return -EBADMSG;
		}
		guess = (size_t)(fde - s->fde) + 1;
		ordered[i] = *fde;
	}
	free(s->fde);
	s->fde = ordered;
	s->n_fde = t->n;
	s->ordered = true;
	return 0;
}
